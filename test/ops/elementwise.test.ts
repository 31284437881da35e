import { init, ops, Parameter, scope, tensor } from '../../src/index.js';
import { at, build, type Dense, dense } from '../reference/dense.js';
import { binary } from '../reference/elementwise.js';
import { checkOp } from '../support/checkop.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('arithmetic with broadcasting');

/** [a, b, their broadcast]: every way in which axes can be missing or 1. */
const PAIRS: [number[], number[], number[]][] = [
  [[], [], []],
  [[], [5], [5]],
  [[1], [], [1]],
  [[3], [3], [3]],
  [[1], [4], [4]],
  [[2, 3], [3], [2, 3]],
  [[2, 1], [3], [2, 3]],
  [
    [2, 3],
    [2, 1],
    [2, 3],
  ],
  [[2, 3], [], [2, 3]],
  [
    [1, 1],
    [2, 3],
    [2, 3],
  ],
  [
    [4, 1],
    [1, 5],
    [4, 5],
  ],
  [[2, 3, 4], [4], [2, 3, 4]],
  [
    [2, 3, 4],
    [3, 1],
    [2, 3, 4],
  ],
  [
    [2, 1, 4],
    [3, 1],
    [2, 3, 4],
  ],
  [
    [2, 1, 1],
    [1, 3, 4],
    [2, 3, 4],
  ],
  [
    [2, 3, 4],
    [2, 3, 4],
    [2, 3, 4],
  ],
  [
    [1, 3, 1],
    [2, 1, 17],
    [2, 3, 17],
  ],
  [
    [2, 1, 3, 1, 2],
    [5, 1, 4, 1],
    [2, 5, 3, 4, 2],
  ],
];

/** Numbers in ±(0.5, 1.5): none near zero, where 1/x is steep. */
function awayFromZero(shape: readonly number[], seed: number): Dense {
  const random = new TestRandom(seed);
  return build(shape, () => Math.fround((random.next() < 0.5 ? -1 : 1) * (0.5 + random.next())));
}

for (const name of ['add', 'sub', 'mul', 'div'] as const) {
  test(`${name} broadcasts every pair of shapes, either way round, with the gradients of the reference`, () => {
    for (const [a, b, shape] of PAIRS) {
      for (const [left, right] of [
        [a, b],
        [b, a],
      ] as const) {
        checkOp(`${name} [${left}] [${right}]`, {
          inputs: [awayFromZero(left, 1), awayFromZero(right, 2)],
          op: ops[name],
          reference: (x, y) => build(shape, index => binary[name](at(x, index), at(y, index))),
        });
      }
    }
  });

  test(`${name} takes a number on either side`, () => {
    const x = awayFromZero([2, 3], 3);
    checkOp(`${name} x, number`, {
      inputs: [x],
      op: t => ops[name](t, -0.75),
      reference: d => build(d.shape, index => binary[name](at(d, index), -0.75)),
    });
    checkOp(`${name} number, x`, {
      inputs: [x],
      op: t => ops[name](1.25, t),
      reference: d => build(d.shape, index => binary[name](1.25, at(d, index))),
    });
    scope(() => near([ops[name](3, 4).item()], [binary[name](3, 4)], 1e-7, 'two numbers'));
  });

  test(`${name} of a tensor with itself has both gradients`, () => {
    const x = awayFromZero([2, 5], 4);
    if (name === 'add' || name === 'mul') {
      checkOp(`${name} x, x`, {
        inputs: [x],
        op: t => ops[name](t, t),
        reference: d => build(d.shape, index => binary[name](at(d, index), at(d, index))),
      });
      return;
    }
    const p = new Parameter([2, 5]); // x − x and x/x are constant: both parts cancel
    p.set(x.data);
    scope(() => ops.sum(ops[name](p, p)).backward());
    near(
      Float64Array.from(p.grad!, d => d + 1),
      new Float64Array(10).fill(1),
      1e-6,
      '1 + dx',
    );
    p.dispose();
  });

  test(`${name} refuses shapes that do not broadcast, with both of them`, () => {
    scope(() => {
      throws(
        () => ops[name](tensor([1, 2, 3]), tensor([1, 2])),
        RangeError,
        new RegExp(`^${name}: shapes \\[3\\] and \\[2\\] do not broadcast: 3 against 2`),
      );
      throws(
        () =>
          ops[name](
            tensor([
              [1, 2],
              [3, 4],
            ]),
            tensor([[1, 2, 3]]),
          ),
        RangeError,
        /\[2,2\] and \[1,3\]/,
      );
    });
  });
}

test('an empty tensor broadcasts like any other', () => {
  scope(() => {
    const empty = ops.add(tensor([], { shape: [0, 3] }), tensor([1, 2, 3]));
    if (String(empty.shape) !== '0,3' || empty.size !== 0)
      throw new Error(`shape [${empty.shape}]`);
  });
});

test('affine is scale·x + shift, neg is −x', () => {
  checkOp('affine', {
    inputs: [[3, 5]],
    op: x => ops.affine(x, -2, 0.5),
    reference: d => build(d.shape, index => -2 * at(d, index) + 0.5),
  });
  checkOp('neg', {
    inputs: [[7]],
    op: ops.neg,
    reference: d => build(d.shape, index => -at(d, index)),
  });
});

test('detach copies values and stops the gradient', () => {
  checkOp('x·detach(x)', {
    inputs: [dense([1, -2, 3]), dense([1, -2, 3])],
    op: (x, y) => ops.mul(x, ops.detach(y)),
    reference: (x, y) => build([3], index => at(x, index) * at(y, index)),
    constants: [1],
  });
});

run();
