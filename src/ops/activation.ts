/** Functions of one element, each with its derivative in terms of what is cheapest to keep. */
import { kernels } from '../runtime/kernels.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor } from '../tensor/tensor.js';

type Name = 'exp' | 'log' | 'sqrt' | 'tanh' | 'sigmoid' | 'relu';

function activation(name: Name, x: Tensor, kept: 'x' | 'y'): Tensor {
  const y = output(x.shape, [x]);
  kernels[`${name}_forward`](y.ptr, x.ptr, x.size);
  record([y], () => kernels[`${name}_backward`](x.wantGrad(), y.gradPtr, kept === 'x' ? x.ptr : y.ptr, x.size));
  return y;
}

/** eˣ.   ∂y/∂x = y */
export const exp = (x: Tensor): Tensor => activation('exp', x, 'y');

/** Natural logarithm.   ∂y/∂x = 1/x */
export const log = (x: Tensor): Tensor => activation('log', x, 'x');

/** √x.   ∂y/∂x = 1/(2y) */
export const sqrt = (x: Tensor): Tensor => activation('sqrt', x, 'y');

/** Hyperbolic tangent.   ∂y/∂x = 1 − y² */
export const tanh = (x: Tensor): Tensor => activation('tanh', x, 'y');

/** σ(x) = 1/(1 + e⁻ˣ).   ∂y/∂x = y(1 − y) */
export const sigmoid = (x: Tensor): Tensor => activation('sigmoid', x, 'y');

/** max(x, 0).   ∂y/∂x = 1 where y > 0, else 0 */
export const relu = (x: Tensor): Tensor => activation('relu', x, 'y');
