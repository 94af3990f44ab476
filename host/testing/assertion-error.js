// AssertionError, and what it says where the test says nothing.
import { diff } from "host:test/diff";
import { show } from "host:test/show";

const SENTENCES = {
  strictEqual: "Expected values to be strictly equal:",
  deepStrictEqual: "Expected values to be strictly deep-equal:",
  partialDeepStrictEqual: "Expected values to be partially and strictly deep-equal:",
  equal: "Expected values to be loosely equal:",
  deepEqual: "Expected values to be loosely deep-equal:",
  notStrictEqual: 'Expected "actual" to be strictly unequal to:',
  notDeepStrictEqual: 'Expected "actual" not to be strictly deep-equal to:',
  notEqual: 'Expected "actual" to be loosely unequal to:',
  notDeepEqual: 'Expected "actual" not to be loosely deep-equal to:',
};

/** Of the values themselves, so many characters. */
const MOST_CHARS = 10_000;

const cut = (text) => (text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text);

function sentence({ actual, expected, operator }) {
  const first = SENTENCES[operator];
  if (!first) return `The values do not fit: ${operator}`;
  if (operator.startsWith("not")) return `${first}\n\n${cut(show(expected))}`;
  return `${first}\n${difference(actual, expected)}`;
}

const difference = (actual, expected) => `+ actual - expected\n\n${cut(diff(show(actual), show(expected)))}`;

export class AssertionError extends Error {
  constructor(options) {
    const { message, actual, expected, operator } = options;
    const own = message !== undefined;
    const compared = operator in SENTENCES && !operator.startsWith("not");
    // Node's reporters show what was compared below a sentence of the test's own.
    super(own ? (compared ? `${message}\n${difference(actual, expected)}` : `${message}`) : sentence(options));
    this.generatedMessage = !own;
    this.code = "ERR_ASSERTION";
    Object.assign(this, { actual, expected, operator });
  }
}
Object.defineProperty(AssertionError.prototype, "name", {
  value: "AssertionError",
  writable: true,
  configurable: true,
});
