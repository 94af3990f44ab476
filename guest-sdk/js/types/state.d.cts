// context.state: strings kept from one execution of a worker to the next.

/**
 * Key-value pairs of strings. At most 10 items, keys of at most 40 and values of at most 250 characters (UTF-16 units).
 * The limits are those that the vendor documents for JFrog Workers.
 *
 * Read whole from the host at the first touch of an execution, and kept as last written if the execution succeeds;
 * nothing is kept of one that fails.
 */
export interface StateManager {
  /** The value under `key`; `undefined` at run time when there is none. Typed as in `jfrog-workers`. */
  get(key: string): string;
  /**
   * Sets a value; what is not a string becomes JSON.
   * @throws RangeError when the key, the value (as JSON) or the number of items is over its limit
   * @throws TypeError when the value is nothing JSON can hold: `undefined`, a function, a symbol, a BigInt, a cycle
   */
  set(key: string, value: any): void;
  /** Whether there is a value under `key`. */
  has(key: string): boolean;
  /** Removes the value under `key`; does nothing when there is none. */
  delete(key: string): void;
  /** Removes all values. */
  clear(): void;
  /** A copy of all pairs. */
  getAll(): Record<string, string>;
}
