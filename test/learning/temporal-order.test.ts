/** 40 and 90 steps to the end: the same recipe, steps and seed for each cell. */
import * as assert from 'uvu/assert';
import { recipes } from '../../examples/learn.js';
import { temporalOrder } from '../../examples/synthetic.js';
import { init } from '../../src/index.js';
import { suite } from '../support/suite.js';
import { outcome } from './outcome.js';

const { test, run } = suite('learning/temporal-order');

await init({ deterministic: true });

const task = temporalOrder(100);

test('a tanh RNN guesses among the four orders', async () => {
  const { loss, accuracy } = await outcome(task, recipes.temporalOrder, 'rnn');
  assert.ok(loss > 0.97 * task.baseline, `cross-entropy ${loss}, guessing ${task.baseline}`);
  assert.ok(accuracy! < 0.35, `${accuracy} right`);
});

for (const cell of ['gru', 'lstm'] as const) {
  test(`${cell} tells the orders apart`, async () => {
    const { accuracy } = await outcome(task, recipes.temporalOrder, cell);
    assert.ok(accuracy! > 0.99, `${accuracy} right`);
  });
}

run();
