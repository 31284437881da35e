/** 100 steps apart: the same recipe, steps and seed for each cell. */
import * as assert from 'uvu/assert';
import { recipes } from '../../examples/learn.js';
import { adding } from '../../examples/synthetic.js';
import { init, Random } from '../../src/index.js';
import { suite } from '../support/suite.js';
import { outcome } from './outcome.js';

const { test, run } = suite('learning/adding');

await init({ deterministic: true });

const task = adding(100);

test('one value of each half is marked', () => {
  const B = 50;
  const { x } = task.draw(new Random(1), B);
  for (let b = 0; b < B; b++) {
    const marked = Array.from({ length: 100 }, (_, t) => t).filter(
      t => x[(t * B + b) * 2 + 1] === 1,
    );
    assert.ok(marked.length === 2 && marked[0]! < 50 && marked[1]! >= 50, `marks at ${marked}`);
  }
});

test('a tanh RNN learns no more than to answer 1, clipped as it is', async () => {
  const { loss } = await outcome(task, recipes.adding, 'rnn');
  assert.ok(loss > 0.155 && loss < 0.18, `squared error ${loss}, without memory ${task.baseline}`);
});

for (const cell of ['gru', 'lstm'] as const) {
  test(`${cell} adds`, async () => {
    const { loss } = await outcome(task, recipes.adding, cell);
    assert.ok(loss < 0.01, `squared error ${loss}`);
  });
}

run();
