/**
 * Elementwise functions, each with its derivative written in the value that is cheapest to keep.
 */
import { kernels } from '../runtime/kernels.js';
import { noOthers } from '../runtime/options.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor } from '../tensor/tensor.js';

type Forward = (y: number, x: number, n: number) => void;
/** `kept`: the address of x or of y, whichever the derivative is computed from. */
type Backward = (dx: number, dy: number, kept: number, n: number) => void;

function activation(x: Tensor, forward: Forward, backward: Backward, kept: 'x' | 'y'): Tensor {
  const y = output(x.shape, [x]);
  forward(y.ptr, x.ptr, x.size);
  const saved = kept === 'x' ? x : y;
  record([y], () => backward(x.wantGrad(), y.gradPtr, saved.ptr, x.size), [saved]);
  return y;
}

/** eˣ.   ∂y/∂x = y */
export const exp = (x: Tensor): Tensor =>
  activation(x, kernels.exp_forward, kernels.exp_backward, 'y');

/** Natural logarithm.   ∂y/∂x = 1/x */
export const log = (x: Tensor): Tensor =>
  activation(x, kernels.log_forward, kernels.log_backward, 'x');

/** √x.   ∂y/∂x = 1/(2y) */
export const sqrt = (x: Tensor): Tensor =>
  activation(x, kernels.sqrt_forward, kernels.sqrt_backward, 'y');

/** |x|.   ∂y/∂x = sign x, 0 at 0 */
export const abs = (x: Tensor): Tensor =>
  activation(x, kernels.abs_forward, kernels.abs_backward, 'x');

/**
 * x, limited to [low, high] (PyTorch's `clamp`).   ∂y/∂x = 1 within the limits, both included;
 * 0 outside
 *
 * @param limits one of them may be left out
 * @throws RangeError where low is above high
 */
export function clamp(
  x: Tensor,
  { low = -Infinity, high = Infinity, ...rest }: { low?: number; high?: number },
): Tensor {
  noOthers('clamp', rest);
  if (!(low <= high)) throw new RangeError(`clamp: low is ${low} and high ${high}`);
  return activation(
    x,
    (y, from, n) => kernels.clamp_forward(y, from, n, low, high),
    (dx, dy, kept, n) => kernels.clamp_backward(dx, dy, kept, n, low, high),
    'x',
  );
}

/** xᵖ, element by element; NaN for a negative x and a p that is not whole.   ∂y/∂x = p·xᵖ⁻¹ */
export function pow(x: Tensor, p: number): Tensor {
  return activation(
    x,
    (y, from, n) => kernels.pow_forward(y, from, n, p),
    (dx, dy, kept, n) => kernels.pow_backward(dx, dy, kept, n, p),
    'x',
  );
}

/** Hyperbolic tangent.   ∂y/∂x = 1 − y² */
export const tanh = (x: Tensor): Tensor =>
  activation(x, kernels.tanh_forward, kernels.tanh_backward, 'y');

/** σ(x) = 1/(1 + e⁻ˣ).   ∂y/∂x = y(1 − y) */
export const sigmoid = (x: Tensor): Tensor =>
  activation(x, kernels.sigmoid_forward, kernels.sigmoid_backward, 'y');

/** max(x, 0).   ∂y/∂x = 1 where y > 0, else 0 */
export const relu = (x: Tensor): Tensor =>
  activation(x, kernels.relu_forward, kernels.relu_backward, 'y');
