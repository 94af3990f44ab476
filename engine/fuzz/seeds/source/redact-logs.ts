// Removes access tokens, e-mail addresses, payment card numbers and IP addresses from log text, and counts them.
import type { PlatformContext } from 'jfrog-workers';

interface Request {
  text: string;
  /** What to remove; everything unless said otherwise. */
  only?: Kind[];
}

interface Redacted {
  text: string;
  counts: Partial<Record<Kind, number>>;
}

class RequestError extends Error {
  override name = 'RequestError';
}

/** Counts one find and returns the text to put in its place. */
type Mark = (detail?: string) => string;
type Rule = (text: string, mark: Mark) => string;

const TOKEN = /(?<=\bbearer\s+|\bauthorization:\s*basic\s+|[?&](?:access_)?token=)[\w.~+/-]{8,}=*/gi;

// The lookbehind lets a match begin only where a word does: without it a long word with no @ costs quadratic time.
const EMAIL = /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]+@(?:[\p{L}\p{N}-]+\.)+\p{L}{2,}/gu;

const DIGIT_GROUPS = /(?<!\d|\d\.)\d+(?:[ -]\d+)*/g;
const IPV4 = /(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)/g;
const IPV6 = /(?<![\w:.])(?:[0-9a-f]{0,4}:){2,8}(?:[0-9a-f]{1,4}|(?<=::))(?!\w|:\w)/gi;

/** Applied in this order. */
const rules = {
  token: (text, mark) => text.replace(TOKEN, () => mark()),
  email: (text, mark) => text.replace(EMAIL, () => mark()),
  card: (text, mark) => text.replace(DIGIT_GROUPS, (run) => maskCards(run, mark)),
  ip: (text, mark) =>
    text
      .replace(IPV4, (found) => (found.split('.').every((octet) => Number(octet) <= 255) ? mark() : found))
      .replace(IPV6, (found) => (isIpv6(found) ? mark() : found)),
} satisfies Record<string, Rule>;

type Kind = keyof typeof rules;
const KINDS = Object.keys(rules) as Kind[];

/** A card may stand between other numbers, so every stretch of whole groups is tried, and the longest taken. */
function maskCards(run: string, mark: Mark): string {
  const groups = [...run.matchAll(/\d+/g)];
  let masked = '';
  let done = 0;
  for (let first = 0; first < groups.length; first++) {
    let digits = '';
    let card: { end: number; last: number; ending: string } | undefined;
    for (let last = first; last < groups.length && digits.length < 19; last++) {
      digits += groups[last][0];
      if (!isCard(digits)) continue;
      const end = groups[last].index + groups[last][0].length;
      const written = run.slice(groups[first].index, end);
      const mixed = written.includes(' ') && written.includes('-');
      if (!mixed) card = { end, last, ending: digits.slice(-4) };
    }
    if (!card) continue;
    masked += run.slice(done, groups[first].index) + mark(` …${card.ending}`);
    done = card.end;
    first = card.last;
  }
  return masked + run.slice(done);
}

/** 13 to 19 digits, a first digit that card networks use, and a valid check digit (Luhn). */
function isCard(digits: string): boolean {
  if (!/^[2-6]\d{12,18}$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const weighted = i % 2 === 0 ? digit : digit * 2;
    sum += weighted > 9 ? weighted - 9 : weighted;
  }
  return sum % 10 === 0;
}

/** Eight groups, or fewer around one `::`. A time such as 12:30:45 is neither. */
function isIpv6(text: string): boolean {
  const halves = text.split('::');
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  return halves.length === 2 ? groups.length > 0 && groups.length < 8 : halves.length === 1 && groups.length === 8;
}

function check(data: unknown): asserts data is Request {
  const { text, only = [] } = (data ?? {}) as Partial<Request>;
  if (typeof text !== 'string') throw new RequestError('The payload needs "text", a string.');
  const unknown = Array.isArray(only) ? only.find((kind) => !KINDS.includes(kind)) : only;
  if (unknown !== undefined) {
    throw new RequestError(`"only" lists some of ${KINDS.join(', ')}, not ${JSON.stringify(unknown)}.`);
  }
}

export default async (context: PlatformContext, data: unknown): Promise<Redacted> => {
  check(data);
  let { text } = data;
  const counts: Redacted['counts'] = {};
  for (const kind of KINDS.filter((name) => data.only?.includes(name) ?? true)) {
    let count = 0;
    text = rules[kind](text, (detail = '') => {
      count++;
      return `[${kind}${detail}]`;
    });
    counts[kind] = count;
  }
  if (counts.token) console.warn(`access tokens found in this log, to be revoked: ${counts.token}`);
  return { text, counts };
};
