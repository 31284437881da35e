import { init, ops, Parameter, scope, tensor } from '../../src/index.js';
import { at, build, type Dense, indices, total } from '../reference/dense.js';
import { checkOp } from '../support/checkop.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('reductions');

const SHAPES = [[5], [1], [17], [2, 3], [3, 1], [2, 3, 4], [1, 8, 2], [2, 1, 2, 3]];

/** The reduction of x over one axis (or all) by `f` of its elements. */
function reduce(
  x: Dense,
  axis: number | undefined,
  keep: boolean,
  f: (values: number[]) => number,
): Dense {
  const reduced = (a: number) =>
    axis === undefined || a === (axis + x.shape.length) % x.shape.length;
  const kept = x.shape.map((extent, a) => (reduced(a) ? 1 : extent));
  const groups = new Map<string, number[]>();
  for (const full of indices(x.shape)) {
    const key = String(full.map((i, a) => (reduced(a) ? 0 : i)));
    groups.set(key, [...(groups.get(key) ?? []), at(x, full)]);
  }
  const { data } = build(kept, index => f(groups.get(String(index))!));
  return { shape: keep ? kept : x.shape.filter((_, a) => !reduced(a)), data };
}

const functions = {
  sum: (values: number[]) => total(values.length, k => values[k]!),
  mean: (values: number[]) => total(values.length, k => values[k]!) / values.length,
  max: (values: number[]) => Math.max(...values),
};

for (const name of ['sum', 'mean', 'max'] as const) {
  test(`${name} over each axis, counted from either end, and over all, keeping the axis or not`, () => {
    for (const shape of SHAPES) {
      for (const axis of [
        undefined,
        ...shape.keys(),
        ...[...shape.keys()].map(a => a - shape.length),
      ]) {
        for (const keep of [false, true]) {
          checkOp(`${name} of [${shape}], axis ${axis}, keep ${keep}`, {
            inputs: [shape],
            op: x => ops[name](x, axis === undefined ? { keep } : { axis, keep }),
            reference: x => reduce(x, axis, keep, functions[name]),
          });
        }
      }
    }
  });

  test(`${name} refuses an axis that is not there`, () => {
    scope(() => {
      throws(
        () => ops[name](tensor([1, 2]), { axis: 1 }),
        RangeError,
        new RegExp(`^${name}: axis 1 of a tensor with 1 axes`),
      );
      throws(() => ops[name](tensor([1, 2]), { axis: -2 }), RangeError, /axis -2/);
      throws(() => ops[name](tensor([1, 2]), { axis: 0.5 }), RangeError, /axis 0.5/);
    });
  });
}

test('of a scalar sum, mean and max are the scalar', () => {
  for (const name of ['sum', 'mean', 'max'] as const)
    checkOp(`${name} of a scalar`, { inputs: [[]], op: x => ops[name](x), reference: x => x });
});

test('the gradient of max goes to the first of equal elements', () => {
  const p = new Parameter([2, 4]);
  p.set([1, 3, 3, 2, 5, 5, 5, 5]);
  scope(() => ops.sum(ops.mul(ops.max(p, { axis: 1 }), tensor([2, 7]))).backward());
  near(p.grad!, [0, 2, 0, 0, 7, 0, 0, 0], 0, 'dx by row');
  p.zeroGrad();
  scope(() => ops.max(p).backward());
  near(p.grad!, [0, 0, 0, 0, 1, 0, 0, 0], 0, 'dx of all');
  p.dispose();
});

test('a NaN among the elements is their sum, mean and max', () => {
  scope(() => {
    for (const name of ['sum', 'mean', 'max'] as const)
      if (!Number.isNaN(ops[name](tensor([1, NaN, 3])).item()))
        throw new Error(`${name} lost the NaN`);
  });
});

test('the sum of nothing is 0; mean and max of nothing are refused', () => {
  scope(() => {
    const empty = tensor([], { shape: [0, 3] });
    near(ops.sum(empty, { axis: 0 }).toArray(), [0, 0, 0], 0, 'sum of no rows');
    throws(() => ops.mean(empty), RangeError, /^mean: of no elements, shape \[0,3\]/);
    throws(() => ops.max(empty, { axis: 0 }), RangeError, /^max: of no elements, shape \[0,3\]/);
  });
});

run();
