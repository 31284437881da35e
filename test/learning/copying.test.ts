/** Ten symbols over 20 steps: the same recipe, steps and seed for each cell. */
import * as assert from 'uvu/assert';
import { recipes } from '../../examples/learn.js';
import { copying } from '../../examples/synthetic.js';
import { init } from '../../src/index.js';
import { suite } from '../support/suite.js';
import { outcome } from './outcome.js';

const { test, run } = suite('learning/copying');

await init({ deterministic: true });

const task = copying(20);

test('a tanh RNN counts the steps and forgets the symbols', async () => {
  const { loss, accuracy } = await outcome(task, recipes.copying, 'rnn');
  assert.ok(
    loss > 0.97 * task.baseline && loss < 1.1 * task.baseline,
    `cross-entropy ${loss}, without memory ${task.baseline}`,
  );
  assert.ok(accuracy! < 0.2, `${accuracy} recalled`);
});

for (const [cell, share, recalled] of [
  ['gru', 0.35, 0.7],
  ['lstm', 0.75, 0.35],
] as const) {
  test(`${cell} recalls more than ${100 * recalled} % of the symbols, where guessing recalls 12.5 %`, async () => {
    const { loss, accuracy } = await outcome(task, recipes.copying, cell);
    assert.ok(
      loss < share * task.baseline,
      `cross-entropy ${loss}, without memory ${task.baseline}`,
    );
    assert.ok(accuracy! > recalled, `${accuracy} recalled`);
  });
}

run();
