// node:test, as far as a worker's tests need it: every test runs in a sandbox of its own, with the hooks around it.
export {
  after,
  afterEach,
  before,
  beforeEach,
  describe,
  describe as suite,
  test,
  test as it,
} from "host:test/registry";
export { mock } from "host:test/mock";
import { after, afterEach, before, beforeEach, describe, test } from "host:test/registry";
import { mock } from "host:test/mock";

export const { skip, todo, only } = test;

export default Object.assign(test, {
  after,
  afterEach,
  before,
  beforeEach,
  describe,
  it: test,
  mock,
  suite: describe,
  test,
});
