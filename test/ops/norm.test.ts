import { init, ops, scope, tensor, zeros } from '../../src/index.js';
import { at, build, type Dense, total } from '../reference/dense.js';
import { checkOp } from '../support/checkop.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('layer normalisation');

const reference =
  (eps: number) =>
  (x: Dense, w: Dense, b: Dense): Dense => {
    const C = x.shape.at(-1)!;
    return build(x.shape, index => {
      const row = index.slice(0, -1);
      const c = index.at(-1)!;
      const mean = total(C, k => at(x, [...row, k])) / C;
      const variance = total(C, k => (at(x, [...row, k]) - mean) ** 2) / C;
      return ((at(x, index) - mean) / Math.sqrt(variance + eps)) * at(w, [c]) + at(b, [c]);
    });
  };

test('layerNorm over the last axis, with the gradients of x, w and b', () => {
  for (const shape of [[3], [4, 4], [2, 5], [3, 2, 8], [2, 17]]) {
    const C = shape.at(-1)!;
    checkOp(`layerNorm [${shape}]`, {
      inputs: [shape, [C], [C]],
      op: (x, w, b) => ops.layerNorm(x, w, b),
      reference: reference(1e-5),
      tolerance: 5e-5,
    });
    checkOp(`layerNorm [${shape}], eps 0.5`, {
      inputs: [shape, [C], [C]],
      op: (x, w, b) => ops.layerNorm(x, w, b, 0.5),
      reference: reference(0.5),
      tolerance: 5e-5,
    });
  }
});

test('a row far from zero keeps its variance', () => {
  scope(() => {
    const y = ops
      .layerNorm(tensor([10000, 10001, 10002, 10003]), tensor([1, 1, 1, 1]), zeros([4]))
      .toArray();
    near(
      y,
      [-1.5, -0.5, 0.5, 1.5].map(v => v / Math.sqrt(1.25 + 1e-5)),
      1e-5,
      'y',
    );
  });
});

test('a constant row becomes the bias', () => {
  scope(() =>
    near(
      ops.layerNorm(tensor([5, 5, 5]), tensor([2, 3, 4]), tensor([1, -1, 0.5])).toArray(),
      [1, -1, 0.5],
      1e-6,
      'y',
    ),
  );
});

test('weights of another size are refused', () => {
  scope(() =>
    throws(
      () => ops.layerNorm(zeros([2, 3]), zeros([2]), zeros([3])),
      RangeError,
      /^layerNorm: w is \[2\], expected \[3\]/,
    ),
  );
});

run();
