import { borrow } from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import { expectShape } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor } from '../tensor/tensor.js';
import { rows } from './softmax.js';

/**
 * (x − mean)/√(variance + eps)·w + b over the last axis (Ba et al. 2016).   x [..., C], w [C], b
 * [C]
 */
export function layerNorm(x: Tensor, w: Tensor, b: Tensor, eps = 1e-5): Tensor {
  const { N, C } = rows(x, 'layerNorm');
  expectShape(w, [C], 'w', 'layerNorm');
  expectShape(b, [C], 'b', 'layerNorm');
  const y = output(x.shape, [x, w, b]);
  const mean = borrow(4 * N);
  const rstd = borrow(4 * N);
  kernels.layer_norm_forward(y.ptr, mean, rstd, x.ptr, w.ptr, b.ptr, N, C, eps);
  record(
    [y],
    () =>
      kernels.layer_norm_backward(
        x.wantGrad(),
        w.wantGrad(),
        b.wantGrad(),
        y.gradPtr,
        x.ptr,
        mean,
        rstd,
        w.ptr,
        N,
        C,
      ),
    [x, w],
  );
  return y;
}
