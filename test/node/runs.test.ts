import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { init, lm, text } from '../../src/index.js';
import { openRuns } from '../../src/node/runs.js';
import { sentences } from '../support/sentences.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('node/runs');
await init({ deterministic: true });

const folder = mkdtempSync(join(tmpdir(), 'throughtime-runs-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

test('counts that are kept in a file give the model that counts in memory give', () => {
  const source = sentences(900);
  const vocab = text.Vocab.fromText(source, { level: 'word' });
  const ids = vocab.encode(source);
  const whole = new lm.NgramCounter({ vocab, order: 4 });
  whole.add(ids);
  const store = openRuns(folder);
  const counter = new lm.NgramCounter({ vocab, order: 4, block: 500, store });
  counter.add(ids);
  assert.is(readdirSync(folder).length, 1);
  assert.equal(lm.NgramLM.of(counter).save(), lm.NgramLM.of(whole).save());
  store.close();
  assert.equal(readdirSync(folder), []);
});

test('rows are read from anywhere in a run', () => {
  const store = openRuns(folder);
  const first = store.write(Uint32Array.of(1, 2, 3, 4, 5, 6), 3);
  const second = store.write(Uint32Array.of(7, 8, 9), 3);
  assert.equal([...first.read(1, 2)], [4, 5, 6]);
  assert.equal([...second.read(0, 1)], [7, 8, 9]);
  assert.equal([first.length, second.length], [2, 1]);
  store.close();
});

test('a folder that is not there is an error of the system', () => {
  throws(() => openRuns(join(folder, 'nowhere')), Error, /ENOENT/);
});

run();
