import { readFileSync } from 'node:fs';
import { publicApi, SNAPSHOT } from '../support/api.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('api');

/** Lines of `a` that are not in `b`, marked. */
const beyond = (a: string, b: string, mark: string): string[] => {
  const known = new Set(b.split('\n'));
  return a
    .split('\n')
    .filter(line => !known.has(line))
    .map(line => `${mark} ${line}`);
};

test('the public API is the one in test/api/snapshot.txt', () => {
  const api = publicApi();
  const snapshot = readFileSync(SNAPSHOT, 'utf8');
  if (api === snapshot) return;
  throw new Error(
    [
      'the public API has changed; where that is meant, take it over with `npm run api`',
      ...beyond(snapshot, api, '-'),
      ...beyond(api, snapshot, '+'),
    ].join('\n'),
  );
});

run();
