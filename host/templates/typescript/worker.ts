// Called once per request, in a sandbox of its own. What is outside of the function runs once, when the worker is built.
import type { PlatformContext } from "jfrog-workers";
import type { CustomPayload, CustomResponse } from "./types.ts";

export default async (context: PlatformContext, data?: CustomPayload): Promise<CustomResponse> => {
  const name = data?.name?.trim();
  if (!name) throw new TypeError('The payload needs a name, such as {"name": "you"}.');
  const greetings = Number(context.state.get("greetings") ?? 0) + 1;
  context.state.set("greetings", greetings);
  console.log(`greeting number ${greetings}`);
  return { message: `Hello ${name}`, greetings };
};
