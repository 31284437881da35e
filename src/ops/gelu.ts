import { record } from '../tensor/tape.js';
import { output, type Tensor } from '../tensor/tensor.js';
import { cells } from './cells.js';

/**
 * The Gaussian error linear unit in its tanh form, ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))
 * (Hendrycks & Gimpel 2016; torch's approximate='tanh').   Call `nn.loadCells` first.
 */
export function gelu(x: Tensor): Tensor {
  const kernels = cells('gelu');
  const y = output(x.shape, [x]);
  kernels.gelu_forward(y.ptr, x.ptr, x.size);
  record([y], () => kernels.gelu_backward(x.wantGrad(), y.gradPtr, x.ptr, x.size), [x]);
  return y;
}
