import { init, ops, Parameter, scope, type Tensor, tensor } from '../../src/index.js';
import { at, build, type Dense, dense } from '../reference/dense.js';
import { checkOp } from '../support/checkop.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('ops that move values');

test('reshape keeps the order of elements; one extent may be −1', () => {
  for (const [from, to, actual] of [
    [
      [2, 3],
      [3, 2],
      [3, 2],
    ],
    [[2, 3], [-1], [6]],
    [[12], [2, -1, 3], [2, 2, 3]],
    [[], [1, 1], [1, 1]],
    [[1], [], []],
  ] as const) {
    checkOp(`reshape [${from}] to [${to}]`, {
      inputs: [from],
      op: x => ops.reshape(x, to),
      reference: x => ({ ...x, shape: actual }),
    });
  }
  scope(() => {
    const x = tensor([1, 2, 3, 4, 5, 6]);
    throws(() => ops.reshape(x, [4, -1]), RangeError, /^reshape: \[6\] of 6 elements to \[4,-1\]/);
    throws(() => ops.reshape(x, [5]), RangeError, /^reshape/);
    throws(() => ops.reshape(x, [-1, -1]), RangeError, /./);
    throws(() => ops.reshape(x, [-2, -3]), RangeError, /./);
  });
});

test('transpose exchanges the last two axes, or takes any order', () => {
  const permuted = (x: Dense, order: readonly number[]) =>
    build(
      order.map(axis => x.shape[axis]!),
      index =>
        at(
          x,
          x.shape.map((_, axis) => index[order.indexOf(axis)]!),
        ),
    );
  checkOp('transpose [3,5]', {
    inputs: [[3, 5]],
    op: x => ops.transpose(x),
    reference: x => permuted(x, [1, 0]),
  });
  checkOp('transpose [2,3,4]', {
    inputs: [[2, 3, 4]],
    op: x => ops.transpose(x),
    reference: x => permuted(x, [0, 2, 1]),
  });
  for (const order of [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ]) {
    checkOp(`transpose [2,3,5] to ${order}`, {
      inputs: [[2, 3, 5]],
      op: x => ops.transpose(x, order),
      reference: x => permuted(x, order),
    });
  }
  checkOp('transpose with negative axes', {
    inputs: [[2, 3, 4]],
    op: x => ops.transpose(x, [-1, 0, 1]),
    reference: x => permuted(x, [2, 0, 1]),
  });
  scope(() => {
    const x = tensor([[1, 2, 3]]);
    throws(() => ops.transpose(x, [0, 0]), RangeError, /^transpose: order \[0,0\]/);
    throws(() => ops.transpose(x, [0]), RangeError, /^transpose: order \[0\]/);
    throws(() => ops.transpose(x, [0, 2]), RangeError, /^transpose: axis 2/);
    throws(() => ops.transpose(tensor([1, 2])), RangeError, /^transpose: \[2\] has 1 axes/);
  });
});

test('slice takes a range of any axis', () => {
  const cut = (x: Dense, axis: number, from: number, to: number) =>
    build(
      x.shape.map((extent, a) => (a === axis ? to - from : extent)),
      index =>
        at(
          x,
          index.map((i, a) => (a === axis ? i + from : i)),
        ),
    );
  for (const [shape, axis, start, end, from, to] of [
    [[7], 0, 2, 5, 2, 5],
    [[7], 0, -3, 7, 4, 7],
    [[7], -1, 1, -1, 1, 6],
    [[4, 5], 0, 1, 3, 1, 3],
    [[4, 5], 1, 1, 4, 1, 4],
    [[4, 5], -1, 4, 5, 4, 5],
    [[2, 6, 3], 1, 2, 6, 2, 6],
    [[2, 6, 3], 2, 0, 1, 0, 1],
    [[3, 4, 5], 0, 1, 3, 1, 3],
  ] as const) {
    const whole = axis < 0 ? axis + shape.length : axis;
    checkOp(`slice [${shape}] axis ${axis}, ${start} to ${end}`, {
      inputs: [shape],
      op: x => ops.slice(x, axis, start, end),
      reference: x => cut(x, whole, from, to),
    });
  }
  scope(() => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    if (ops.slice(x, 1, 1, 1).size !== 0) throw new Error('an empty slice has elements');
    throws(() => ops.slice(x, 1, 2, 4), RangeError, /^slice: 2 to 4 of axis 1, whose extent is 3/);
    throws(() => ops.slice(x, 0, 2, 1), RangeError, /^slice: 2 to 1/);
    throws(() => ops.slice(x, 0, 0.5, 1), RangeError, /^slice: 0.5/);
    throws(() => ops.slice(x, 0, -3, 1), RangeError, /^slice: -3/);
    throws(() => ops.slice(x, 2, 0, 1), RangeError, /^slice: axis 2/);
  });
});

/** The parts one after the other along an axis. */
function joined(parts: readonly Dense[], axis: number): Dense {
  const shape = parts[0]!.shape.map((extent, a) =>
    a === axis ? parts.reduce((sum, part) => sum + part.shape[a]!, 0) : extent,
  );
  return build(shape, index => {
    let i = index[axis]!;
    for (const part of parts) {
      if (i < part.shape[axis]!)
        return at(
          part,
          index.map((own, a) => (a === axis ? i : own)),
        );
      i -= part.shape[axis]!;
    }
    throw new Error('joined: past the end');
  });
}

test('concat joins along any axis', () => {
  const concat =
    (axis: number) =>
    (...x: Tensor[]) =>
      ops.concat(x, axis);
  checkOp('concat vectors', {
    inputs: [[3], [1], [4]],
    op: concat(0),
    reference: (...x) => joined(x, 0),
  });
  checkOp('concat rows', {
    inputs: [
      [2, 3],
      [1, 3],
    ],
    op: concat(0),
    reference: (...x) => joined(x, 0),
  });
  checkOp('concat columns', {
    inputs: [
      [2, 3],
      [2, 5],
      [2, 2],
    ],
    op: concat(1),
    reference: (...x) => joined(x, 1),
  });
  checkOp('concat the middle, counted from the end', {
    inputs: [
      [2, 2, 3],
      [2, 3, 3],
    ],
    op: concat(-2),
    reference: (...x) => joined(x, 1),
  });
  checkOp('concat the last axis', {
    inputs: [
      [2, 2, 3],
      [2, 2, 1],
    ],
    op: concat(-1),
    reference: (...x) => joined(x, 2),
  });
  checkOp('concat one', { inputs: [[2, 2]], op: concat(0), reference: x => x });
  checkOp('concat a tensor with itself', {
    inputs: [[2, 3]],
    op: x => ops.concat([x, x], 1),
    reference: x => joined([x, x], 1),
  });
  scope(() => {
    throws(() => ops.concat([]), RangeError, /^concat: no tensors/);
    throws(
      () => ops.concat([tensor([[1, 2]]), tensor([[1, 2, 3]])]),
      RangeError,
      /^concat: \[1,3\] does not go with \[1,2\] along axis 0/,
    );
    throws(() => ops.concat([tensor([1]), tensor([[1]])]), RangeError, /^concat/);
    near(
      ops.concat([tensor([], { shape: [2, 0] }), tensor([[1], [2]])], 1).toArray(),
      [1, 2],
      0,
      'with an empty part',
    );
  });
});

test('stack makes a new first axis', () => {
  checkOp('stack', {
    inputs: [
      [2, 3],
      [2, 3],
      [2, 3],
    ],
    op: (...x) => ops.stack(x),
    reference: (...x) => ({
      shape: [3, 2, 3],
      data: Float64Array.from(x.flatMap(part => [...part.data])),
    }),
  });
  checkOp('stack scalars', {
    inputs: [[], []],
    op: (...x) => ops.stack(x),
    reference: (x, y) => dense([x!.data[0]!, y!.data[0]!]),
  });
  scope(() =>
    throws(
      () => ops.stack([tensor([1, 2]), tensor([1, 2, 3])]),
      RangeError,
      /\[1,3\] does not go with \[1,2\]/,
    ),
  );
});

test('expand repeats extents of 1 and new leading axes; the gradient is the sum over the copies', () => {
  for (const [from, to] of [
    [[], [4]],
    [[3], [2, 3]],
    [[1], [5]],
    [
      [2, 1],
      [2, 4],
    ],
    [
      [2, 1, 3],
      [5, 2, 4, 3],
    ],
    [
      [2, 3],
      [2, 3],
    ],
    [
      [1, 1],
      [17, 5],
    ],
  ] as const) {
    checkOp(`expand [${from}] to [${to}]`, {
      inputs: [from],
      op: x => ops.expand(x, to),
      reference: x => build(to, index => at(x, index)),
    });
  }
  scope(() => {
    throws(() => ops.expand(tensor([1, 2]), [3]), RangeError, /^expand: shapes \[2\] and \[3\]/);
    throws(() => ops.expand(tensor([1, 2]), [1]), RangeError, /^expand: \[2\] to \[1\]/);
    throws(() => ops.expand(tensor([[1, 2]]), [2]), RangeError, /^expand: \[1,2\] to \[2\]/);
  });
});

test('more than six axes are refused by every op that has to walk them', () => {
  const seven = [1, 2, 1, 2, 1, 1, 2];
  scope(() => {
    const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], { shape: seven });
    for (const op of [
      () => ops.transpose(x),
      () => ops.expand(x, [2, 2, 1, 2, 1, 1, 2]),
      () => ops.concat([x, x], 1),
      () => ops.slice(x, 1, 0, 1),
    ]) {
      throws(op, RangeError, /has 7 axes, at most 6/);
    }
  });
});

test('a view shares values and gradient with its base', () => {
  const p = new Parameter([4, 3]);
  p.set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  scope(() => {
    const middle = ops.slice(p, 0, 1, 3);
    const flat = ops.reshape(middle, [6]);
    near(flat.toArray(), [3, 4, 5, 6, 7, 8], 0, 'view of a view');
    p.set(p.toArray().map(v => v + 1));
    near(flat.toArray(), [4, 5, 6, 7, 8, 9], 0, 'view after its base changed');
    ops.add(ops.sum(ops.mul(flat, tensor([1, 2, 3, 4, 5, 6]))), ops.sum(ops.mul(p, 10))).backward();
    near(middle.grad!, [11, 12, 13, 14, 15, 16], 0, 'gradient of the view');
  });
  near(p.grad!, [10, 10, 10, 11, 12, 13, 14, 15, 16, 10, 10, 10], 0, 'gradient of the base');
  p.dispose();
});

run();
