// What becomes of an exception that no caller can catch: a line in the log, and the execution goes on.
import { inspect } from "node-inspect-extracted";
import { native } from "./host.js";

const ERROR = 3;

export function report(error) {
  native.log(ERROR, `Uncaught ${inspect(error)}`);
}

export function reportError(error) {
  if (arguments.length === 0) throw new TypeError("reportError needs 1 argument, but got 0");
  report(error);
}
