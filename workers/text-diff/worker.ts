// Compares two texts line by line and writes the shortest difference as a unified patch.
import type { PlatformContext } from 'jfrog-workers';

interface Request {
  before: string;
  after: string;
  path?: string;
  /** Unchanged lines around each change; 3 unless said otherwise. */
  context?: number;
}

interface Difference {
  patch: string;
  hunks: number;
  removed: number;
  added: number;
}

class RequestError extends Error {
  override name = 'RequestError';
}

/** Lines keep their line feed, so a last line without one differs from the same line with one. */
const splitLines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+/g) ?? [];

/** Two sequences of numbers and, for each element, whether the shortest edit removes or adds it. */
class Comparison {
  readonly removed: Uint8Array;
  readonly added: Uint8Array;
  // How far each diagonal was followed, from the start and from the end. Diagonals can be negative, hence the shift.
  readonly #ahead: Int32Array;
  readonly #back: Int32Array;
  readonly #shift: number;

  constructor(
    private readonly a: Int32Array,
    private readonly b: Int32Array,
  ) {
    this.removed = new Uint8Array(a.length);
    this.added = new Uint8Array(b.length);
    this.#shift = a.length + b.length + 1;
    this.#ahead = new Int32Array(2 * this.#shift + 1);
    this.#back = new Int32Array(2 * this.#shift + 1);
    this.#compare(0, a.length, 0, b.length);
  }

  /** Divide and conquer over a[aFrom..aTo) and b[bFrom..bTo): memory stays linear in the number of lines. */
  #compare(aFrom: number, aTo: number, bFrom: number, bTo: number): void {
    while (aFrom < aTo && bFrom < bTo && this.a[aFrom] === this.b[bFrom]) {
      aFrom++;
      bFrom++;
    }
    while (aFrom < aTo && bFrom < bTo && this.a[aTo - 1] === this.b[bTo - 1]) {
      aTo--;
      bTo--;
    }
    if (aFrom === aTo || bFrom === bTo) {
      this.removed.fill(1, aFrom, aTo);
      this.added.fill(1, bFrom, bTo);
      return;
    }
    const [aMiddle, bMiddle] = this.#middle(aFrom, aTo, bFrom, bTo);
    this.#compare(aFrom, aMiddle, bFrom, bMiddle);
    this.#compare(aMiddle, aTo, bMiddle, bTo);
  }

  /** A point on a shortest path (Myers 1986, section 4b): searches from both ends until they meet on a diagonal. */
  #middle(aFrom: number, aTo: number, bFrom: number, bTo: number): [number, number] {
    const { a, b } = this;
    const [ahead, back, shift] = [this.#ahead, this.#back, this.#shift];
    const [width, height] = [aTo - aFrom, bTo - bFrom];
    const delta = width - height;
    const odd = delta % 2 !== 0;
    ahead[shift + 1] = 0;
    back[shift + 1] = 0;
    for (let edits = 0; ; edits++) {
      for (let k = -edits; k <= edits; k += 2) {
        const at = shift + k;
        let x = k === -edits || (k !== edits && ahead[at - 1] < ahead[at + 1]) ? ahead[at + 1] : ahead[at - 1] + 1;
        while (x < width && x - k < height && a[aFrom + x] === b[bFrom + x - k]) x++;
        ahead[at] = x;
        if (odd && Math.abs(delta - k) < edits && x + back[shift + delta - k] >= width)
          return [aFrom + x, bFrom + x - k];
      }
      for (let k = -edits; k <= edits; k += 2) {
        const at = shift + k;
        let x = k === -edits || (k !== edits && back[at - 1] < back[at + 1]) ? back[at + 1] : back[at - 1] + 1;
        while (x < width && x - k < height && a[aTo - 1 - x] === b[bTo - 1 - x + k]) x++;
        back[at] = x;
        if (!odd && Math.abs(delta - k) <= edits && x + ahead[shift + delta - k] >= width)
          return [aTo - x, bTo - x + k];
      }
    }
  }
}

/** `before` and `after` count the lines of each text that come first. */
type Edit = { kind: 'keep' | 'remove' | 'add'; line: string; before: number; after: number };

/** The edits that turn one list of lines into the other; in each change, removals come before additions. */
function* edits(before: readonly string[], after: readonly string[]): Generator<Edit> {
  const [known, wanted] = [new Set(before), new Set(after)];
  // A line that the other side lacks can match nothing. Leaving these out, two unlike texts compare in linear time.
  const sharedBefore = [...before.keys()].filter((i) => wanted.has(before[i]));
  const sharedAfter = [...after.keys()].filter((i) => known.has(after[i]));
  const numbers = new Map([...known].map((line, number) => [line, number]));
  const { removed, added } = new Comparison(
    Int32Array.from(sharedBefore, (i) => numbers.get(before[i]) ?? -1),
    Int32Array.from(sharedAfter, (i) => numbers.get(after[i]) ?? -1),
  );

  const keptBefore = new Set(sharedBefore.filter((_, i) => !removed[i]));
  const keptAfter = new Set(sharedAfter.filter((_, i) => !added[i]));
  for (let i = 0, j = 0; i < before.length || j < after.length;) {
    if (i < before.length && !keptBefore.has(i)) yield { kind: 'remove', line: before[i], before: i++, after: j };
    else if (j < after.length && !keptAfter.has(j)) yield { kind: 'add', line: after[j], before: i, after: j++ };
    else {
      yield { kind: 'keep', line: before[i], before: i++, after: j++ };
    }
  }
}

/** Stretches [from, to) of the edits: the changes with their context, joined where the contexts touch. */
function* stretches(all: readonly Edit[], context: number): Generator<[number, number]> {
  let open: [number, number] | undefined;
  for (const [i, { kind }] of all.entries()) {
    if (kind === 'keep') continue;
    if (open && i - context <= open[1]) open[1] = i + 1 + context;
    else {
      if (open) yield open;
      open = [Math.max(0, i - context), i + 1 + context];
    }
  }
  if (open) yield open;
}

const PREFIX = { keep: ' ', remove: '-', add: '+' } satisfies Record<Edit['kind'], string>;

function hunk(edits: readonly Edit[]): string {
  const side = (name: 'before' | 'after', other: Edit['kind']) => {
    const first = edits[0][name];
    const count = edits.filter(({ kind }) => kind !== other).length;
    // An empty side is placed after the line before it, and a count of one is left out.
    return count === 1 ? `${first + 1}` : `${count === 0 ? first : first + 1},${count}`;
  };
  const whole = (line: string) => (line.endsWith('\n') ? line : `${line}\n\\ No newline at end of file\n`);
  const lines = edits.map(({ kind, line }) => PREFIX[kind] + whole(line));
  return `@@ -${side('before', 'add')} +${side('after', 'remove')} @@\n${lines.join('')}`;
}

function check(data: unknown): asserts data is Request {
  const { before, after, path = '', context = 3 } = (data ?? {}) as Partial<Request>;
  if (typeof before !== 'string' || typeof after !== 'string') {
    throw new RequestError('The payload needs "before" and "after", both strings.');
  }
  if (typeof path !== 'string' || path.includes('\n')) throw new RequestError('The path must be one line.');
  if (!Number.isInteger(context) || context < 0) throw new RequestError('The context must be a number of lines.');
}

export default async (_: PlatformContext, data: unknown): Promise<Difference> => {
  check(data);
  const { before, after, path = 'text', context = 3 } = data;
  const all = [...edits(splitLines(before), splitLines(after))];
  const hunks = [...stretches(all, context)].map(([from, to]) => hunk(all.slice(from, to)));
  const count = (wanted: Edit['kind']) => all.filter(({ kind }) => kind === wanted).length;
  return {
    patch: hunks.length === 0 ? '' : `--- a/${path}\n+++ b/${path}\n${hunks.join('')}`,
    hunks: hunks.length,
    removed: count('remove'),
    added: count('add'),
  };
};
