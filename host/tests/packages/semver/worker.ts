// Picks the newest version of a range.
import semver from 'semver';

export default async (_context: unknown, data: { versions: string[]; range: string }): Promise<object> => ({
  best: semver.maxSatisfying(data.versions, data.range),
  sorted: semver.sort([...data.versions]),
  next: semver.inc('1.2.3', 'minor'),
});
