/** Ops that only move values: one strided copy forward, its adjoint backward. */
import { borrow, i32 } from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import {
  broadcastShapes,
  normalizeAxis,
  type Shape,
  sameShape,
  sizeOf,
  stridesOf,
} from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor, view } from '../tensor/tensor.js';

/** What the strided kernels read: [axes, sizes…, strides…]. */
export function stridedTable(sizes: Shape, strides: Shape): number {
  if (sizes.length > 6)
    throw new RangeError(
      `throughtime: [${sizes}] has ${sizes.length} axes, at most 6 are supported`,
    );
  const table = [sizes.length, ...sizes, ...strides];
  const address = borrow(4 * table.length);
  i32(address, table.length).set(table);
  return address;
}

/** y[i] = x[offset + Σ iₐ·strideₐ], a copy of the shape `shape`. */
function gatherStrided(x: Tensor, shape: Shape, strides: Shape, offset = 0): Tensor {
  const y = output(shape, [x]);
  const table = stridedTable(shape, strides);
  kernels.strided_gather(y.ptr, x.ptr + 4 * offset, table);
  record([y], () => kernels.strided_scatter_add(x.wantGrad() + 4 * offset, y.gradPtr, table));
  return y;
}

/** The same values under another shape; nothing is copied. One extent may be −1. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = sizeOf(shape.filter(extent => extent !== -1));
  const target = shape.map(extent => (extent === -1 ? x.size / known : extent));
  if (sizeOf(target) !== x.size || !target.every(Number.isInteger))
    throw new RangeError(`reshape: [${x.shape}] of ${x.size} elements to [${shape}]`);
  return view(x, target);
}

/** x repeated along axes of extent 1 (and new leading ones) to `shape`, by NumPy's rule. */
export function expand(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcastShapes(x.shape, shape, 'expand'), shape))
    throw new RangeError(`expand: [${x.shape}] to [${shape}]`);
  const own = stridesOf(x.shape);
  const lead = shape.length - x.shape.length;
  return gatherStrided(
    x,
    shape,
    shape.map((_, axis) => (axis < lead || x.shape[axis - lead] === 1 ? 0 : own[axis - lead]!)),
  );
}

/**
 * The axes in another order: axis i of the result is axis `order[i]` of x. Default: the last two
 * exchanged.
 */
export function transpose(x: Tensor, order?: readonly number[]): Tensor {
  const rank = x.shape.length;
  const axes = order?.map(axis => normalizeAxis(axis, rank, 'transpose')) ?? [
    ...Array(rank).keys(),
  ];
  if (!order) {
    if (rank < 2)
      throw new RangeError(`transpose: [${x.shape}] has ${rank} axes, expected at least 2`);
    axes.splice(-2, 2, rank - 1, rank - 2);
  }
  if (new Set(axes).size !== rank || axes.length !== rank)
    throw new RangeError(`transpose: order [${order}] is no permutation of the ${rank} axes`);
  const strides = stridesOf(x.shape);
  return gatherStrided(
    x,
    axes.map(axis => x.shape[axis]!),
    axes.map(axis => strides[axis]!),
  );
}

/** x with the order along one axis, or several, turned round. */
export function flip(x: Tensor, ...axes: readonly number[]): Tensor {
  const turned = axes.map(axis => normalizeAxis(axis, x.shape.length, 'flip'));
  const strides = stridesOf(x.shape);
  let offset = 0;
  for (const axis of new Set(turned)) offset += Math.max(x.shape[axis]! - 1, 0) * strides[axis]!;
  return gatherStrided(
    x,
    x.shape,
    strides.map((stride, axis) => (turned.includes(axis) ? -stride : stride)),
    offset,
  );
}

/**
 * x[…, start:end, …] along `axis`; negative bounds count from the end. Along axis 0 nothing is
 * copied.
 */
export function slice(x: Tensor, axis: number, start: number, end: number): Tensor {
  const a = normalizeAxis(axis, x.shape.length, 'slice');
  const extent = x.shape[a]!;
  const from = start < 0 ? start + extent : start;
  const to = end < 0 ? end + extent : end;
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to > extent || from > to) {
    throw new RangeError(`slice: ${start} to ${end} of axis ${axis}, whose extent is ${extent}`);
  }
  const shape = x.shape.slice();
  shape[a] = to - from;
  if (a === 0) return view(x, shape, extent === 0 ? 0 : from * (x.size / extent));
  const strides = stridesOf(x.shape);
  return gatherStrided(x, shape, strides, from * strides[a]!);
}

/** The tensors one after the other along `axis`; all other extents must agree. */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = tensors[0];
  if (first === undefined) throw new RangeError('concat: no tensors');
  if (tensors.length === 1) return first;
  const a = normalizeAxis(axis, first.shape.length, 'concat');
  for (const x of tensors) {
    if (
      x.shape.length !== first.shape.length ||
      !x.shape.every((extent, i) => i === a || extent === first.shape[i])
    ) {
      throw new RangeError(
        `concat: [${x.shape}] does not go with [${first.shape}] along axis ${axis}`,
      );
    }
  }
  const y = output(
    first.shape.map((extent, i) =>
      i === a ? tensors.reduce((sum, x) => sum + x.shape[a]!, 0) : extent,
    ),
    tensors,
  );
  return a === 0 ? concatRows(y, tensors) : concatStrided(y, tensors, a);
}

/** Along axis 0: each part is one stretch of y. */
function concatRows(y: Tensor, tensors: readonly Tensor[]): Tensor {
  let start = 0;
  for (const x of tensors) {
    kernels.copy(y.ptr + start, x.ptr, x.size);
    start += 4 * x.size;
  }
  record([y], () => {
    let from = y.gradPtr;
    for (const x of tensors) {
      if (x.requiresGrad) kernels.add_to(x.wantGrad(), from, x.size);
      from += 4 * x.size;
    }
  });
  return y;
}

function concatStrided(y: Tensor, tensors: readonly Tensor[], a: number): Tensor {
  const strides = stridesOf(y.shape);
  let start = 0;
  const parts = tensors.map(x => {
    const part = { x, offset: 4 * start * strides[a]!, table: stridedTable(x.shape, strides) };
    kernels.strided_scatter(y.ptr + part.offset, x.ptr, part.table);
    start += x.shape[a]!;
    return part;
  });
  record([y], () => {
    for (const { x, offset, table } of parts) {
      if (x.requiresGrad) kernels.strided_gather_add(x.wantGrad(), y.gradPtr + offset, table);
    }
  });
  return y;
}

/** Tensors of one shape along a new first axis. */
export function stack(tensors: readonly Tensor[]): Tensor {
  return concat(tensors.map(x => view(x, [1, ...x.shape])));
}
