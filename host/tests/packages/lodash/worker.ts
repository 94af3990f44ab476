// Groups builds by their repository.
import _ from 'lodash';
import chunk from 'lodash/chunk';

interface Build { repo: string; size: number }

export default async (_context: unknown, data: Build[]): Promise<object> => ({
  sizes: _.chain(data).groupBy('repo').mapValues((builds) => _.sumBy(builds, 'size')).value(),
  pairs: chunk(data.map((build) => build.size), 2),
  merged: _.merge({ a: { b: 1 } }, { a: { c: [1] } }),
  title: _.startCase('some-repo name'),
  copied: _.isEqual(_.cloneDeep(data), data),
});
