// Picks the highest version that satisfies a range, by npm's rules: ^, ~, ||, comparators, hyphen and x-ranges.
import type { PlatformContext } from 'jfrog-workers';

interface Query {
  range: string;
  versions: string[];
}

interface Choice {
  picked: string | null;
  /** Every version that satisfies the range, highest first. */
  matching: string[];
}

class QueryError extends Error {
  override name = 'QueryError';
}

const NUMBER = '(?:0|[1-9]\\d*)';
const PRERELEASE = '(?:0|[1-9]\\d*|\\d*[a-z-][\\da-z-]*)(?:\\.(?:0|[1-9]\\d*|\\d*[a-z-][\\da-z-]*))*';
const SUFFIX = `(?:-(?<prerelease>${PRERELEASE}))?(?:\\+[\\da-z-]+(?:\\.[\\da-z-]+)*)?`;
const VERSION = new RegExp(`^v?(?<core>${NUMBER}\\.${NUMBER}\\.${NUMBER})${SUFFIX}$`, 'i');
const PART = `(?:${NUMBER}|[x*])`;
const COMPARATOR = new RegExp(
  `^(?<operator>\\^|~>?|[<>]=?|=|)v?(?<major>${PART})(?:\\.(?<minor>${PART})(?:\\.(?<patch>${PART})${SUFFIX})?)?$`,
  'i',
);

class Version {
  constructor(
    readonly core: readonly number[],
    readonly prerelease: readonly string[] = [],
  ) {}

  static parse(text: string): Version | undefined {
    const { core, prerelease } = VERSION.exec(text.trim())?.groups ?? {};
    return core ? new Version(core.split('.').map(Number), prerelease?.split('.')) : undefined;
  }

  /** Positive when this one is the higher. */
  compare(other: Version): number {
    return this.compareCore(other) || this.#comparePrerelease(other.prerelease);
  }

  compareCore(other: Version): number {
    return this.core.map((number, i) => number - other.core[i]).find((difference) => difference !== 0) ?? 0;
  }

  #comparePrerelease(other: readonly string[]): number {
    const own = this.prerelease;
    // A release ranks above all of its prereleases.
    if (own.length === 0 || other.length === 0) return other.length - own.length;
    for (let i = 0; i < Math.min(own.length, other.length); i++) {
      const [left, right] = [own[i], other[i]];
      if (left === right) continue;
      const [leftNumeric, rightNumeric] = [/^\d+$/.test(left), /^\d+$/.test(right)];
      if (leftNumeric && rightNumeric) return Number(left) - Number(right);
      if (leftNumeric !== rightNumeric) return leftNumeric ? -1 : 1;
      return left < right ? -1 : 1;
    }
    return own.length - other.length;
  }
}

/** A version as ranges write it: only the numbers before the first x, or before the end, are given. */
class PartialVersion {
  constructor(
    readonly given: readonly number[],
    readonly prerelease: readonly string[],
  ) {}

  get complete(): boolean {
    return this.given.length === 3;
  }

  floor(prerelease: readonly string[] = this.complete ? this.prerelease : []): Version {
    return new Version(
      [0, 1, 2].map((i) => this.given[i] ?? 0),
      prerelease,
    );
  }

  /** The first version past all that share the leading `kept` numbers; `-0` is the lowest prerelease there can be. */
  ceiling(kept = this.given.length, prerelease: readonly string[] = ['0']): Version {
    return new Version(
      [0, 1, 2].map((i) => (i < kept ? this.given[i] + (i === kept - 1 ? 1 : 0) : 0)),
      prerelease,
    );
  }
}

type Test = { sign: '<' | '<=' | '>' | '>=' | '='; bound: Version };

const NOTHING: Test = { sign: '<', bound: new Version([0, 0, 0], ['0']) };

/** Rewrites one comparator as plain bounds, all of which a version must meet. */
function bounds(operator: string, partial: PartialVersion): Test[] {
  const { given, complete } = partial;
  const from: Test = { sign: '>=', bound: partial.floor() };
  if (given.length === 0) return operator === '<' || operator === '>' ? [NOTHING] : [from];
  switch (operator) {
    case '^': {
      // Everything up to the first number that is not zero stays.
      const leading = given.findIndex((number) => number > 0);
      return [from, { sign: '<', bound: partial.ceiling(leading < 0 ? given.length : leading + 1) }];
    }
    case '~':
    case '~>':
      return [from, { sign: '<', bound: partial.ceiling(Math.min(given.length, 2)) }];
    case '>=':
      return [from];
    case '>':
      return [
        complete ? { sign: '>', bound: partial.floor() } : { sign: '>=', bound: partial.ceiling(given.length, []) },
      ];
    case '<':
      return [{ sign: '<', bound: complete ? partial.floor() : partial.floor(['0']) }];
    case '<=':
      return [complete ? { sign: '<=', bound: partial.floor() } : { sign: '<', bound: partial.ceiling() }];
    default:
      return complete ? [{ sign: '=', bound: partial.floor() }] : [from, { sign: '<', bound: partial.ceiling() }];
  }
}

/** An alternative is a list of tests that must all hold; a range is satisfied by any one of its alternatives. */
function parseRange(range: string): Test[][] {
  return range.split('||').map((alternative) => {
    const text = alternative
      .trim()
      .replace(/^(\S+)\s+-\s+(\S+)$/, '>=$1 <=$2')
      .replace(/([<>=~^])\s+/g, '$1');
    return (text || '*').split(/\s+/).flatMap((token) => {
      const { operator, major, minor, patch, prerelease } = COMPARATOR.exec(token)?.groups ?? {};
      // Once a part is x or left out, every part after it is too; so the numbers come first.
      const parts = [major, minor, patch].map((part = 'x') => (/[x*]/i.test(part) ? NaN : Number(part)));
      const given = parts.filter(Number.isFinite);
      if (!major || given.some((number, i) => number !== parts[i])) {
        throw new QueryError(`"${token}" is not a version range.`);
      }
      return bounds(operator, new PartialVersion(given, prerelease?.split('.') ?? []));
    });
  });
}

function satisfies(version: Version, tests: readonly Test[]): boolean {
  const holds = tests.every(({ sign, bound }) => {
    const order = version.compare(bound);
    return order === 0 ? sign.endsWith('=') : sign.startsWith(order < 0 ? '<' : '>');
  });
  // Whoever names a prerelease of 1.2.3 accepts the prereleases of 1.2.3, and of nothing else.
  const invited = ({ bound }: Test) => bound.prerelease.length > 0 && bound.compareCore(version) === 0;
  return holds && (version.prerelease.length === 0 || tests.some(invited));
}

function check(data: unknown): asserts data is Query {
  const { range, versions } = (data ?? {}) as Partial<Query>;
  if (typeof range !== 'string') throw new QueryError('The payload needs "range", a string.');
  if (!Array.isArray(versions)) throw new QueryError('The payload needs "versions", a list.');
}

export default async (context: PlatformContext, data: unknown): Promise<Choice> => {
  check(data);
  const alternatives = parseRange(data.range);
  const matching = data.versions
    .flatMap((text) => {
      const version = Version.parse(String(text));
      if (!version) console.warn(`ignored ${JSON.stringify(text)}: not a semantic version`);
      return version ? [{ text, version }] : [];
    })
    .filter(({ version }) => alternatives.some((tests) => satisfies(version, tests)))
    .sort((a, b) => b.version.compare(a.version))
    .map(({ text }) => text);
  return { picked: matching[0] ?? null, matching };
};
