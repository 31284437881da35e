import { borrow } from '../runtime/arena.js';
import { expectShape } from '../tensor/shape.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor } from '../tensor/tensor.js';
import { cells } from './cells.js';
import { rows } from './softmax.js';

/**
 * x / √(mean of x² + eps)·w over the last axis (Zhang & Sennrich 2019).   x [..., C], w [C]. Call
 * `nn.loadCells` first.
 */
export function rmsNorm(x: Tensor, w: Tensor, eps = 1e-6): Tensor {
  const kernels = cells('rmsNorm');
  const { N, C } = rows(x, 'rmsNorm');
  expectShape(w, [C], 'w', 'rmsNorm');
  const y = output(x.shape, [x, w]);
  const rrms = borrow(4 * N);
  kernels.rms_norm_forward(y.ptr, rrms, x.ptr, w.ptr, N, C, eps);
  record(
    [y],
    () =>
      kernels.rms_norm_backward(x.wantGrad(), w.wantGrad(), y.gradPtr, x.ptr, rrms, w.ptr, N, C),
    [x, w],
  );
  return y;
}
