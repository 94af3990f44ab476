// queueMicrotask. QuickJS has one too, but an exception in it would reach nobody.
import { report } from "./report.js";

const resolved = Promise.resolve();
const { then } = Promise.prototype;

export function queueMicrotask(callback) {
  if (typeof callback !== "function") throw new TypeError("queueMicrotask: the callback must be a function");
  Reflect.apply(then, resolved, [
    () => {
      try {
        callback();
      } catch (error) {
        report(error);
      }
    },
  ]);
}
