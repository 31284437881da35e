import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { publicApi, SNAPSHOT } from '../support/api.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('api');

test('the public API is the one in test/api/snapshot.txt; where a change is meant, `npm run api` takes it over', () => {
  assert.fixture(publicApi(), readFileSync(SNAPSHOT, 'utf8'));
});

run();
