import * as assert from 'uvu/assert';
import {
  infer,
  init,
  ops,
  Parameter,
  runtimeInfo,
  scope,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { at, build, type Dense } from '../reference/dense.js';
import { checkOp } from '../support/checkop.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init();
const { test, run } = suite('ops/select');

const SHAPES = [[1], [3], [4], [5], [2, 8], [3, 17]];

/** Element by element. */
const map =
  (f: (x: number) => number) =>
  ({ shape, data }: Dense): Dense => ({ shape, data: data.map(f) });

test('abs, clamp and pow, with their gradients', () => {
  for (const shape of SHAPES) {
    checkOp(`abs [${shape}]`, { inputs: [shape], op: ops.abs, reference: map(Math.abs) });
    checkOp(`clamp [${shape}]`, {
      inputs: [shape],
      op: x => ops.clamp(x, { low: -0.9, high: 0.95 }),
      reference: map(x => Math.min(Math.max(x, -0.9), 0.95)),
    });
    for (const p of [2, 3, 1, -1])
      checkOp(`pow ${p} [${shape}]`, {
        inputs: [build(shape, i => 0.5 + (i.reduce((a, b) => a + b, 0) % 3))],
        op: x => ops.pow(x, p),
        reference: map(x => x ** p),
      });
  }
});

test('the edges: 0 has the slope 0 of abs, limits belong to clamp, pow of negative numbers', () => {
  const p = new Parameter([5]);
  p.set([-2, -1, 0, 1, 2]);
  const step = (f: (x: Parameter) => ReturnType<typeof ops.abs>) => {
    p.zeroGrad();
    return scope(() => {
      const y = f(p);
      ops.sum(y).backward();
      return [[...y.toArray()], [...p.grad!]];
    });
  };
  assert.equal(step(ops.abs), [
    [2, 1, 0, 1, 2],
    [-1, -1, 0, 1, 1],
  ]);
  assert.equal(
    step(x => ops.clamp(x, { low: -1, high: 1 })),
    [
      [-1, -1, 0, 1, 1],
      [0, 1, 1, 1, 0],
    ],
  );
  assert.equal(step(x => ops.clamp(x, { low: 0 }))[0], [0, 0, 0, 1, 2]);
  assert.equal(
    step(x => ops.pow(x, 2)),
    [
      [4, 1, 0, 1, 4],
      [-4, -2, 0, 2, 4],
    ],
  );
  assert.equal(
    step(x => ops.pow(x, 0)),
    [
      [1, 1, 1, 1, 1],
      [0, 0, 0, 0, 0],
    ],
  );
  assert.ok(Number.isNaN(step(x => ops.pow(x, 0.5))[0]![0]));
  throws(
    () => infer(() => ops.clamp(p, { low: 2, high: 1 })),
    RangeError,
    /^clamp: low is 2 and high 1$/,
  );
  p.dispose();
});

test('where and maskedFill choose by a mask, and hide what is not chosen', () => {
  for (const shape of SHAPES) {
    const n = shape.reduce((a, b) => a * b, 1);
    const mask = Uint8Array.from({ length: n }, (_, i) => +(i % 3 !== 1));
    const flag = (i: number): number => mask[i]!;
    if (n > 1)
      checkOp(`where [${shape}]`, {
        inputs: [shape, shape],
        op: (a, b) => ops.where(mask, a!, b!),
        reference: (a, b) => ({ shape, data: a!.data.map((x, i) => (flag(i) ? x : b!.data[i]!)) }),
      });
  }
  checkOp('where, broadcast', {
    inputs: [[2, 1], [3]],
    op: (a, b) => ops.where([1, 0, 1, 0, 1, 0], a!, b!),
    reference: (a, b) =>
      build([2, 3], i => ((i[0]! * 3 + i[1]!) % 2 === 0 ? at(a!, i) : at(b!, i))),
  });
  const p = new Parameter([3]);
  p.set([1, NaN, 3]);
  scope(() => {
    const y = ops.maskedFill(p, [false, true, false], -Infinity);
    near(ops.softmax(y).toArray(), [0.1192029, 0, 0.8807971], 1e-6, 'softmax');
    ops.sum(ops.where([1, 0, 1], ops.mul(p, 2), 0)).backward();
  });
  assert.equal([...p.grad!], [2, 0, 2]);
  throws(
    () => infer(() => ops.where([1], p, 0)),
    RangeError,
    /^where: a mask of 1 for the 3 elements of \[3\]$/,
  );
  p.dispose();
});

/** The reduction of an axis by a function of its elements. */
const reduced =
  (axis: number, f: (values: number[]) => number, keep = false) =>
  (x: Dense): Dense => {
    const a = axis < 0 ? axis + x.shape.length : axis;
    const kept = x.shape.map((extent, i) => (i === a ? 1 : extent));
    const all = build(kept, index =>
      f(
        Array.from({ length: x.shape[a]! }, (_, k) =>
          at(
            x,
            index.map((i, j) => (j === a ? k : i)),
          ),
        ),
      ),
    );
    return keep ? all : { ...all, shape: x.shape.filter((_, i) => i !== a) };
  };

test('min, logsumexp over any axis, with their gradients', () => {
  for (const shape of [[4], [3, 5], [2, 3, 4]])
    for (let axis = -shape.length; axis < shape.length; axis++) {
      checkOp(`min [${shape}] ${axis}`, {
        inputs: [shape],
        op: x => ops.min(x, { axis }),
        reference: reduced(axis, values => Math.min(...values)),
      });
      checkOp(`logsumexp [${shape}] ${axis}`, {
        inputs: [shape],
        op: x => ops.logsumexp(x, { axis, keep: axis < 0 }),
        reference: reduced(
          axis,
          values => Math.log(values.reduce((sum, x) => sum + Math.exp(x), 0)),
          axis < 0,
        ),
      });
    }
  infer(() => {
    near([ops.logsumexp(tensor([1e4, 1e4])).item()], [1e4 + Math.LN2], 1e-7, 'large');
    near([ops.logsumexp(tensor([-Infinity, 3])).item()], [3], 1e-7, 'one that cannot be');
  });
});

test('argmax and argmin give the first of equals, along any axis', () => {
  infer(() => {
    const x = tensor([
      [1, 5, 5],
      [4, -2, -2],
    ]);
    assert.equal(ops.argmax(x, { axis: 1 }), Int32Array.of(1, 0));
    assert.equal(ops.argmin(x, { axis: 1 }), Int32Array.of(0, 1));
    assert.equal(ops.argmax(x, { axis: 0 }), Int32Array.of(1, 0, 0));
    assert.equal(ops.argmax(x), Int32Array.of(1));
    assert.equal(ops.argmin(x), Int32Array.of(4));
  });
});

test('flip turns axes round, indexSelect picks along any axis, with their gradients', () => {
  for (const shape of [[5], [3, 4], [2, 3, 4]])
    for (let axis = -shape.length; axis < shape.length; axis++) {
      const a = axis < 0 ? axis + shape.length : axis;
      const n = shape[a]!;
      checkOp(`flip [${shape}] ${axis}`, {
        inputs: [shape],
        op: x => ops.flip(x, axis),
        reference: x =>
          build(shape, i =>
            at(
              x,
              i.map((k, j) => (j === a ? n - 1 - k : k)),
            ),
          ),
      });
      const ids = Int32Array.of(n - 1, 0, n - 1, 1);
      checkOp(`indexSelect [${shape}] ${axis}`, {
        inputs: [shape],
        op: x => ops.indexSelect(x, axis, ids),
        reference: x =>
          build(
            shape.map((extent, j) => (j === a ? ids.length : extent)),
            i =>
              at(
                x,
                i.map((k, j) => (j === a ? ids[k]! : k)),
              ),
          ),
      });
    }
  checkOp('flip of two axes', {
    inputs: [[2, 3, 4]],
    op: x => ops.flip(x, 0, 2),
    reference: x => build([2, 3, 4], ([i, j, k]) => at(x, [1 - i!, j!, 3 - k!])),
  });
  throws(
    () => infer(() => ops.indexSelect(tensor([1, 2]), 0, Int32Array.of(2))),
    RangeError,
    /id 2/,
  );
});

test('a custom op computes on plain arrays, and its gradient is that of its backward', () => {
  const softplus = (x: Parameter | ReturnType<typeof tensor>) =>
    ops.custom([x], {
      shape: x.shape,
      forward: (y, [x]) => {
        for (let i = 0; i < y.length; i++) y[i] = Math.log1p(Math.exp(x![i]!));
      },
      backward: ([dx], dy, [x]) => {
        for (let i = 0; i < dy.length; i++) dx![i]! += dy[i]! / (1 + Math.exp(-x![i]!));
      },
    });
  for (const shape of SHAPES)
    checkOp(`softplus [${shape}]`, {
      inputs: [shape],
      op: softplus,
      reference: map(x => Math.log1p(Math.exp(x))),
    });
  const [a, b] = [new Parameter([2]), new Parameter([3])];
  a.set([1, 2]);
  b.set([3, 4, 5]);
  const outer = (x: Parameter, y: Parameter) =>
    ops.custom([x, y], {
      shape: [2, 3],
      forward: (z, [x, y]) => {
        for (let i = 0; i < 6; i++) z[i] = x![Math.floor(i / 3)]! * y![i % 3]!;
      },
      backward: ([dx, dy], dz, [x, y]) => {
        for (let i = 0; i < 6; i++) {
          if (dx) dx[Math.floor(i / 3)]! += dz[i]! * y![i % 3]!;
          if (dy) dy[i % 3]! += dz[i]! * x![Math.floor(i / 3)]!;
        }
      },
    });
  a.requiresGrad = false;
  scope(() => {
    const z = outer(a, b);
    near(z.toArray(), [3, 4, 5, 6, 8, 10], 0, 'z');
    ops.sum(z).backward();
  });
  assert.is(a.grad, null);
  near(b.grad!, [3, 3, 3], 0, 'db');
  throws(
    () =>
      scope(() => {
        const loss = ops.sum(outer(a, b));
        b.set([1, 1, 1]);
        loss.backward();
      }),
    Error,
    /^backward: a tensor that the gradient/,
  );
  for (const each of [a, b]) each.dispose();
});

test('a result stands where it belongs when an input, computed then, makes the memory grow', () => {
  const E = 2 ** 18;
  const table = new Parameter([2, E]);
  table.set(new Float32Array(2 * E).fill(7));
  const growing = (op: (x: Tensor) => Tensor) => {
    const n = Math.ceil(runtimeInfo().memory.free / (4 * E)) + 1;
    infer(() => {
      const looked = ops.embedding(table, new Int32Array(n)); // read for the first time below
      const { total } = runtimeInfo().memory;
      assert.is(op(looked).toArray().at(-1), 7);
      assert.ok(runtimeInfo().memory.total > total, 'the memory grew');
    });
  };
  growing(x => ops.custom([x], { shape: [1], forward: (y, [x]) => (y[0] = x![x!.length - 1]!) }));
  growing(ops.detach);
  table.dispose();
});

run();
