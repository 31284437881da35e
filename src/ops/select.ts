/** Choosing elements by masks and by indices. */
import { borrow, i32, u8 } from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import { broadcastShapes, normalizeAxis, sizeOf } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor, tensor } from '../tensor/tensor.js';
import type { Operand } from './elementwise.js';
import { embedding } from './embedding.js';
import { type ReduceOptions, reduction } from './reduce.js';
import { expand, reshape, transpose } from './strided.js';

/**
 * a where the mask holds, b elsewhere; a and b are broadcast together. Nothing of the one that is
 * not chosen shows in the result or in gradients, be it NaN.
 *
 * @param mask one value for each element of the result, row by row: 0 or false chooses b
 * @throws RangeError for a mask of another size
 */
export function where(mask: ArrayLike<number | boolean>, a: Operand, b: Operand): Tensor {
  const x = typeof a === 'number' ? tensor(a) : a;
  const y = typeof b === 'number' ? tensor(b) : b;
  const shape = broadcastShapes(x.shape, y.shape, 'where');
  const n = sizeOf(shape);
  if (mask.length !== n)
    throw new RangeError(`where: a mask of ${mask.length} for the ${n} elements of [${shape}]`);
  const [p, q] = [expand(x, shape), expand(y, shape)];
  const flags = borrow(n);
  const view = u8(flags, n);
  for (let i = 0; i < n; i++) view[i] = mask[i] ? 1 : 0;
  const z = output(shape, [p, q]);
  kernels.select(z.ptr, flags, p.ptr, q.ptr, n);
  record([z], () => {
    if (p.requiresGrad) kernels.masked_add(p.wantGrad(), z.gradPtr, flags, n, 0);
    if (q.requiresGrad) kernels.masked_add(q.wantGrad(), z.gradPtr, flags, n, 1);
  });
  return z;
}

/**
 * x with `value` where the mask holds: −Infinity before a softmax gives masked elements probability
 * 0.
 *
 * @param mask one value for each element of x
 */
export function maskedFill(x: Tensor, mask: ArrayLike<number | boolean>, value: number): Tensor {
  return where(mask, value, x);
}

/** The position of the largest element along an axis, the first of equals; NaN is the largest. */
export function argmax(x: Tensor, options: Omit<ReduceOptions, 'keep'> = {}): Int32Array {
  const { outer, n, inner, shape } = reduction(x, options, 'argmax');
  if (n === 0) throw new RangeError(`argmax: of no elements, shape [${x.shape}]`);
  const size = sizeOf(shape);
  const index = borrow(4 * size);
  kernels.max_forward(0, index, x.ptr, outer, n, inner);
  return i32(index, size).slice();
}

/** The position of the smallest element along an axis, the first of equals; NaN is the smallest. */
export function argmin(x: Tensor, options: Omit<ReduceOptions, 'keep'> = {}): Int32Array {
  const opposite = output(x.shape, []);
  kernels.affine(opposite.ptr, x.ptr, x.size, -1, 0);
  return argmax(opposite, options);
}

/**
 * x[…, ids, …] along an axis: its slices by number, in any order and number; PyTorch's
 * `index_select`.
 *
 * @throws RangeError for an id outside the axis
 */
export function indexSelect(x: Tensor, axis: number, ids: Int32Array): Tensor {
  const rank = x.shape.length;
  const a = normalizeAxis(axis, rank, 'indexSelect');
  const front = [a, ...x.shape.keys()].filter((each, i) => i === 0 || each !== a);
  const moved = a === 0 ? x : transpose(x, front);
  const [n, ...rest] = moved.shape;
  const rows = embedding(reshape(moved, [n!, sizeOf(rest)]), ids);
  const picked = reshape(rows, [ids.length, ...rest]);
  if (a === 0) return picked;
  return transpose(
    picked,
    x.shape.map((_, axis) => front.indexOf(axis)),
  );
}
