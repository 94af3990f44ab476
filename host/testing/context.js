// The context of the execution that runs: the real one, which the mocks take hashes, random bytes and axios from.
const current = { context: undefined };

/** Remembers the context for the rest of the execution. */
export function enter(context) {
  current.context = context;
}

/** A member of it; `what` says who asks. */
export function real(what) {
  if (current.context === undefined)
    throw new TypeError(`${what} is there while a test runs, not at the top level of its file`);
  return current.context;
}
