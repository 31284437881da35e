import { init, ops, scope, tensor } from '../../src/index.js';
import { activations } from '../reference/activation.js';
import { build, map } from '../reference/dense.js';
import { checkOp } from '../support/checkop.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

await init({ deterministic: true });
const { test, run } = suite('activations');

for (const name of ['exp', 'log', 'sqrt', 'tanh', 'sigmoid', 'relu'] as const) {
  test(`${name} and its gradient are the reference's, in every shape`, () => {
    const random = new TestRandom(5);
    const positive = name === 'log' || name === 'sqrt';
    for (const shape of [[], [1], [3], [2, 4], [3, 1, 17]]) {
      const x = build(shape, () =>
        Math.fround(
          positive
            ? 0.2 + 3 * random.next()
            : (random.next() < 0.5 ? -1 : 1) * (0.1 + 2 * random.next()),
        ),
      );
      if (name === 'relu') x.data[0] = 0.7; // some gradient must get through
      checkOp(`${name} [${shape}]`, {
        inputs: [x],
        op: ops[name],
        reference: d => map(d, activations[name].f),
      });
    }
  });
}

test('tanh and sigmoid saturate and exp overflows to Infinity, without NaN; log of a negative number is NaN', () => {
  scope(() => {
    const extreme = () => tensor([-1e30, -200, 200, 1e30]);
    const same = (actual: Float32Array, expected: number[]) => {
      if (String(Array.from(actual)) !== String(expected))
        throw new Error(`${Array.from(actual)}, expected ${expected}`);
    };
    same(ops.tanh(extreme()).toArray(), [-1, -1, 1, 1]);
    same(
      ops
        .sigmoid(extreme())
        .toArray()
        .map(y => (y < 1e-37 ? 0 : y)),
      [0, 0, 1, 1],
    );
    same(ops.relu(extreme()).toArray().map(Math.fround), [0, 0, 200, 1e30].map(Math.fround));
    if (!Number.isNaN(ops.log(tensor(-1)).item())) throw new Error('log(−1) is a number');
  });
});

run();
