import { kernels } from '../runtime/kernels.js';
import { noOthers } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor } from '../tensor/tensor.js';

/**
 * Each element is zeroed with probability p, the others are scaled by 1/(1 − p).
 *
 * @param random draws the mask
 * @param locked one mask for all time steps of x [T, ...], its first axis (Gal & Ghahramani 2016).
 *   Default: false
 */
export function dropout(
  x: Tensor,
  p: number,
  random: Random,
  { locked = false, ...rest }: { locked?: boolean } = {},
): Tensor {
  noOthers('dropout', rest);
  if (!(p >= 0 && p < 1)) throw new RangeError(`dropout: p is ${p}, expected 0 ≤ p < 1`);
  if (p === 0) return x;
  const period = locked ? x.size / (x.shape[0] || 1) : x.size;
  const low = random.uint32();
  const high = random.uint32();
  const y = output(x.shape, [x]);
  kernels.dropout_forward(y.ptr, x.ptr, x.size, period, p, low, high);
  record([y], () =>
    kernels.dropout_backward(x.wantGrad(), y.gradPtr, x.size, period, p, low, high),
  );
  return y;
}
