import { init, ops, scope, tensor, zeros } from '../../src/index.js';
import { at, build, type Dense, total } from '../reference/dense.js';
import { checkOp } from '../support/checkop.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('matrix products');

/** a [..., M, K] · b [..., K, N] by multi-index; the leading axes of b are a's or none. */
function product(a: Dense, b: Dense): Dense {
  const K = a.shape.at(-1)!;
  return build([...a.shape.slice(0, -1), b.shape.at(-1)!], index => {
    const lead = index.slice(0, -2);
    const [m, n] = index.slice(-2) as [number, number];
    return total(
      K,
      k => at(a, [...lead, m, k]) * at(b, [...(b.shape.length > 2 ? lead : []), k, n]),
    );
  });
}

test('matmul of two matrices, of every small shape and around the register tiles', () => {
  for (const [M, K, N] of [
    [1, 1, 1],
    [1, 3, 4],
    [3, 1, 5],
    [4, 4, 4],
    [5, 8, 3],
    [2, 17, 1],
    [7, 5, 9],
    [8, 9, 17],
    [17, 4, 8],
  ] as const) {
    checkOp(`matmul [${M},${K}]·[${K},${N}]`, {
      inputs: [
        [M, K],
        [K, N],
      ],
      op: ops.matmul,
      reference: product,
    });
  }
});

test('matmul with leading axes: a stack of pairs, or one matrix for all', () => {
  checkOp('matmul [2,3,4]·[2,4,5]', {
    inputs: [
      [2, 3, 4],
      [2, 4, 5],
    ],
    op: ops.matmul,
    reference: product,
  });
  checkOp('matmul [3,2,1,4]·[3,2,4,3]', {
    inputs: [
      [3, 2, 1, 4],
      [3, 2, 4, 3],
    ],
    op: ops.matmul,
    reference: product,
  });
  checkOp('matmul [2,3,4]·[4,5]', {
    inputs: [
      [2, 3, 4],
      [4, 5],
    ],
    op: ops.matmul,
    reference: product,
  });
  checkOp('matmul [2,2,3,4]·[4,1]', {
    inputs: [
      [2, 2, 3, 4],
      [4, 1],
    ],
    op: ops.matmul,
    reference: product,
  });
});

test('matmul of a matrix with itself has both gradients', () => {
  checkOp('matmul a·a', {
    inputs: [[5, 5]],
    op: a => ops.matmul(a, a),
    reference: a => product(a, a),
  });
});

test('matmul refuses inner extents and leading axes that differ, with both shapes', () => {
  scope(() => {
    throws(
      () => ops.matmul(zeros([2, 3]), zeros([4, 2])),
      RangeError,
      /^matmul: \[2,3\] · \[4,2\]/,
    );
    throws(() => ops.matmul(zeros([2, 3, 4]), zeros([3, 4, 5])), RangeError, /^matmul/);
    throws(() => ops.matmul(zeros([3]), zeros([3, 2])), RangeError, /^matmul/);
    throws(() => ops.matmul(zeros([2, 3]), zeros([3])), RangeError, /^matmul/);
    throws(() => ops.matmul(zeros([2, 3]), zeros([5, 3, 2])), RangeError, /^matmul/);
  });
});

const affine = (x: Dense, w: Dense, b?: Dense): Dense =>
  build([...x.shape.slice(0, -1), w.shape[0]!], index => {
    const o = index.at(-1)!;
    return (
      total(w.shape[1]!, i => at(x, [...index.slice(0, -1), i]) * at(w, [o, i])) +
      (b ? at(b, [o]) : 0)
    );
  });

test('linear is x·Wᵀ + b over any leading axes, with the gradients of x, W and b', () => {
  for (const [lead, I, O] of [
    [[1], 1, 1],
    [[3], 4, 5],
    [[5], 3, 8],
    [[], 4, 3],
    [[2, 3], 5, 4],
    [[2, 1, 4], 3, 17],
    [[17], 9, 1],
  ] as const) {
    checkOp(`linear [${lead}], ${I} to ${O}`, {
      inputs: [[...lead, I], [O, I], [O]],
      op: (x, w, b) => ops.linear(x, w, b),
      reference: affine,
    });
    checkOp(`linear without bias [${lead}], ${I} to ${O}`, {
      inputs: [
        [...lead, I],
        [O, I],
      ],
      op: (x, w) => ops.linear(x, w),
      reference: affine,
    });
  }
});

test('a product over no inner elements is zero, and linear over none is its bias', () => {
  scope(() => {
    // what the next results would show if they were not written
    const dirty = tensor([1, 2, 3, 4, 5, 6, 7, 8]);
    ops.mul(dirty, dirty);
    near(ops.matmul(zeros([2, 0]), zeros([0, 3])).toArray(), [0, 0, 0, 0, 0, 0], 0, 'matmul');
    near(
      ops.linear(zeros([2, 0]), zeros([3, 0]), tensor([1, 2, 3])).toArray(),
      [1, 2, 3, 1, 2, 3],
      0,
      'linear',
    );
  });
});

test('linear of no rows is empty', () => {
  scope(() => {
    const y = ops.linear(zeros([0, 3]), zeros([2, 3], { requiresGrad: true }), zeros([2]));
    if (String(y.shape) !== '0,2') throw new Error(`shape [${y.shape}]`);
    ops.sum(y).backward();
  });
});

test('linear names the shapes that do not fit', () => {
  scope(() => {
    throws(
      () => ops.linear(zeros([2, 3]), zeros([4, 5])),
      RangeError,
      /^linear: x \[2,3\] must end in 5, the columns of w \[4,5\]/,
    );
    throws(
      () => ops.linear(zeros([2, 3]), zeros([4, 3]), zeros([3])),
      RangeError,
      /^linear: b is \[3\], expected \[4\]/,
    );
    throws(() => ops.linear(zeros([2, 3]), zeros([3])), RangeError, /^linear: w is \[3\]/);
  });
});

test('a product of NaN is NaN: nothing is skipped because a factor is zero', () => {
  scope(() => {
    const y = ops.matmul(tensor([[NaN, 1]]), tensor([[0], [1]])).item();
    if (!Number.isNaN(y)) throw new Error(`NaN·0 + 1·1 is ${y}`);
    near(ops.matmul(tensor([[2, 1]]), tensor([[0], [1]])).toArray(), [1], 0, 'finite');
  });
});

run();
