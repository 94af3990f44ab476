// Called once per request, in a sandbox of its own. What is outside of the function runs once, when the worker is built.

/**
 * @param {import("jfrog-workers").PlatformContext} context
 * @param {{ name?: string }} [data]
 */
export default async (context, data) => {
  const name = data?.name?.trim();
  if (!name) throw new TypeError('The payload needs a name, such as {"name": "you"}.');
  const greetings = Number(context.state.get("greetings") ?? 0) + 1;
  context.state.set("greetings", greetings);
  console.log(`greeting number ${greetings}`);
  return { message: `Hello ${name}`, greetings };
};
