/** Sums, means and maxima over one axis or all. */
import { borrow } from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import { noOthers } from '../runtime/options.js';
import { normalizeAxis, type Shape, sizeOf } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor } from '../tensor/tensor.js';
import { affine, sub } from './elementwise.js';
import { logSoftmax } from './softmax.js';
import { reshape, stridedTable, transpose } from './strided.js';

/** The axis that is reduced, and whether it stays. */
export interface ReduceOptions {
  /** The axis to reduce; negative ones count from the end. Default: all elements. */
  axis?: number;
  /** Keep the reduced axis with extent 1. Default: false. */
  keep?: boolean;
}

/** @internal x seen as [outer, n, inner], reduced over n, and the shape of the result. */
export function reduction(
  x: Tensor,
  { axis, keep = false, ...rest }: ReduceOptions,
  who: string,
): { outer: number; n: number; inner: number; shape: Shape } {
  noOthers(who, rest);
  if (axis === undefined)
    return { outer: 1, n: x.size, inner: 1, shape: keep ? x.shape.map(() => 1) : [] };
  const a = normalizeAxis(axis, x.shape.length, who);
  const shape = keep
    ? x.shape.map((extent, i) => (i === a ? 1 : extent))
    : x.shape.filter((_, i) => i !== a);
  return {
    outer: sizeOf(x.shape.slice(0, a)),
    n: x.shape[a]!,
    inner: sizeOf(x.shape.slice(a + 1)),
    shape,
  };
}

/** Σ x. */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { outer, n, inner, shape } = reduction(x, options, 'sum');
  const y = output(shape, [x]);
  if (n > 0) kernels.sum_forward(y.ptr, x.ptr, outer, n, inner);
  else kernels.fill(y.ptr, y.size, 0);
  record([y], () =>
    kernels.strided_gather_add(
      x.wantGrad(),
      y.gradPtr,
      stridedTable([outer, n, inner], [inner, 0, 1]),
    ),
  );
  return y;
}

/** Σ x / n. */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { n } = reduction(x, options, 'mean');
  if (n === 0) throw new RangeError(`mean: of no elements, shape [${x.shape}]`);
  return affine(sum(x, options), 1 / n);
}

/** The largest element; its gradient goes to the first that attains it. NaN wins. */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { outer, n, inner, shape } = reduction(x, options, 'max');
  if (n === 0) throw new RangeError(`max: of no elements, shape [${x.shape}]`);
  const y = output(shape, [x]);
  const index = borrow(4 * y.size);
  kernels.max_forward(y.ptr, index, x.ptr, outer, n, inner);
  record([y], () => kernels.max_backward(x.wantGrad(), y.gradPtr, index, outer, n, inner));
  return y;
}

/** The smallest element; its gradient goes to the first that attains it. NaN wins. */
export function min(x: Tensor, options: ReduceOptions = {}): Tensor {
  if (x.size === 0) throw new RangeError(`min: of no elements, shape [${x.shape}]`);
  return affine(max(affine(x, -1), options), -1);
}

/**
 * ln Σ eˣ, without overflow. Its gradient is the softmax.
 *
 * @param options axis: default the last
 */
export function logsumexp(
  x: Tensor,
  { axis = -1, keep = false, ...rest }: ReduceOptions = {},
): Tensor {
  noOthers('logsumexp', rest);
  const a = normalizeAxis(axis, x.shape.length, 'logsumexp');
  const last = x.shape.length - 1;
  const order = [...x.shape.keys()].filter(each => each !== a).concat(a);
  const rows = a === last ? x : transpose(x, order);
  // the logarithm of the largest share is max x − ln Σ eˣ
  const y = sub(max(rows, { axis: -1 }), max(logSoftmax(rows), { axis: -1 }));
  return keep
    ? reshape(
        y,
        x.shape.map((extent, i) => (i === a ? 1 : extent)),
      )
    : y;
}
