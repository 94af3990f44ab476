// Writes the Markdown changelog of a release from its conventional commits, and says which version number it bumps.
import type { PlatformContext } from 'jfrog-workers';

interface Commit {
  hash: string;
  message: string;
}

interface Release {
  version: string;
  /** YYYY-MM-DD. */
  date: string;
  /** Web address that `/commit/<hash>` can follow; without it hashes are not links. */
  repository?: string;
  /** Newest first, as `git log` prints them. */
  commits: Commit[];
}

type Entry =
  | { kind: 'change'; hash: string; type: string; scope?: string; subject: string; breaking?: string; issues: string[] }
  | { kind: 'revert'; hash: string; subject: string; target: string }
  | { kind: 'other'; hash: string; title: string };

type Change = Extract<Entry, { kind: 'change' }>;
type Revert = Extract<Entry, { kind: 'revert' }>;
type Bump = 'major' | 'minor' | 'patch' | 'none';

class ReleaseError extends Error {
  override name = 'ReleaseError';
}

/** Types a reader of the changelog cares about, in the order of their sections. The others are left out. */
const SECTIONS = { feat: 'Features', fix: 'Bug Fixes', perf: 'Performance' } satisfies Record<string, string>;

const HEADER = /^(?<type>\p{L}+)(?:\((?<scope>[^()]+)\))?(?<mark>!)?: +(?<subject>\S.*)$/u;
/** A footer runs on until a blank line or the next `Token: ` or `Token #`. */
const BREAKING = /^BREAKING[ -]CHANGE: (.+(?:\n(?![\w-]+(?:: | #)).+)*)/m;
const ISSUES = /^(?:closes|fixes|resolves):? +(#\d+(?:, *#\d+)*)$/gim;
const REVERTED = /\bThis reverts commit ([0-9a-f]{7,40})\b/;

function parse({ hash, message }: Commit): Entry {
  const text = message.replaceAll('\r\n', '\n');
  const [title, ...rest] = text.split('\n');
  const body = rest.join('\n');
  const target = REVERTED.exec(body)?.[1];
  if (target)
    return { kind: 'revert', hash, target, subject: title.replace(/^revert:? +/i, '').replace(/^"(.*)"$/, '$1') };
  const { type, scope, mark, subject } = HEADER.exec(title)?.groups ?? {};
  if (!type) return { kind: 'other', hash, title };
  const note = BREAKING.exec(body)?.[1].replaceAll('\n', ' ');
  return {
    kind: 'change',
    hash,
    type: type.toLowerCase(),
    scope,
    subject,
    breaking: note ?? (mark && subject),
    issues: [...body.matchAll(ISSUES)].flatMap(([, numbers]) => numbers.split(/, */)),
  };
}

/** Drops a commit and its revert when both are here. The newest decides, so a reverted revert is void. */
function settle(entries: readonly Entry[]): Entry[] {
  const dropped = new Set<Entry>();
  for (const entry of entries) {
    if (entry.kind !== 'revert' || dropped.has(entry)) continue;
    const target = entries.find(({ hash }) => hash.startsWith(entry.target) || entry.target.startsWith(hash));
    if (target) dropped.add(entry).add(target);
  }
  return entries.filter((entry) => !dropped.has(entry));
}

const isKind =
  <K extends Entry['kind']>(kind: K) =>
  (entry: Entry): entry is Extract<Entry, { kind: K }> =>
    entry.kind === kind;

function groupBy<T, K>(items: Iterable<T>, key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

function bumpOf(changes: readonly Change[], reverts: number): Bump {
  if (changes.some(({ breaking }) => breaking)) return 'major';
  if (changes.some(({ type }) => type === 'feat')) return 'minor';
  return reverts > 0 || changes.some(({ type }) => Object.hasOwn(SECTIONS, type)) ? 'patch' : 'none';
}

function* markdown({ version, date, repository }: Release, changes: Change[], reverts: Revert[]): Generator<string> {
  const link = (hash: string) =>
    repository ? `[${hash.slice(0, 7)}](${repository}/commit/${hash})` : hash.slice(0, 7);
  const scoped = (scope: string | undefined, text: string) => (scope ? `**${scope}:** ${text}` : text);
  yield `## ${version} (${date})`;

  const breaking = changes.flatMap((change) => (change.breaking ? [scoped(change.scope, change.breaking)] : []));
  if (breaking.length > 0) yield* ['', '### ⚠ Breaking Changes', '', ...breaking.map((text) => `- ${text}`)];

  const byType = groupBy(changes, ({ type }) => type);
  for (const [type, title] of Object.entries(SECTIONS)) {
    const section = byType.get(type);
    if (!section) continue;
    yield* ['', `### ${title}`, ''];
    for (const { scope, subject, hash, issues } of section) {
      const closes = issues.length > 0 ? `, closes ${issues.join(', ')}` : '';
      yield `- ${scoped(scope, subject)} (${link(hash)})${closes}`;
    }
  }
  if (reverts.length > 0)
    yield* ['', '### Reverts', '', ...reverts.map(({ subject, hash }) => `- ${subject} (${link(hash)})`)];
}

function check(data: unknown): asserts data is Release {
  const { version, date, commits } = (data ?? {}) as Partial<Release>;
  if (!version) throw new ReleaseError('The release needs a version.');
  if (!/^\d{4}-\d\d-\d\d$/.test(date ?? '')) throw new ReleaseError('The release needs a date written YYYY-MM-DD.');
  const whole = (commit: Partial<Commit> | null) =>
    typeof commit?.hash === 'string' && typeof commit.message === 'string';
  if (!Array.isArray(commits) || !commits.every(whole)) {
    throw new ReleaseError('The release needs "commits", each with a hash and a message.');
  }
}

export default async (context: PlatformContext, data: unknown): Promise<{ bump: Bump; markdown: string }> => {
  check(data);
  const entries = settle(data.commits.map(parse));
  const changes = entries.filter(isKind('change'));
  const reverts = entries.filter(isKind('revert'));
  for (const { hash, title } of entries.filter(isKind('other'))) {
    console.warn(`${hash.slice(0, 7)} is not a conventional commit: ${title}`);
  }
  return { bump: bumpOf(changes, reverts.length), markdown: [...markdown(data, changes, reverts), ''].join('\n') };
};
