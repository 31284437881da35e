/** Softmax and its logarithm over the last axis. */
import { kernels } from '../runtime/kernels.js';
import { record } from '../tensor/tape.js';
import { output, type Tensor } from '../tensor/tensor.js';

/** N rows of C classes: the last axis against all before it. */
export function rows(x: Tensor, who: string): { N: number; C: number } {
  const C = x.shape.at(-1);
  if (!C) throw new RangeError(`${who}: x [${x.shape}] has no classes in its last axis`);
  return { N: x.size / C, C };
}

/** y_c = exp(x_c) / Σ exp(x).   x [..., C] */
export function softmax(x: Tensor): Tensor {
  const { N, C } = rows(x, 'softmax');
  const y = output(x.shape, [x]);
  kernels.softmax_forward(y.ptr, x.ptr, N, C);
  record([y], () => kernels.softmax_backward(x.wantGrad(), y.gradPtr, y.ptr, N, C), [y]);
  return y;
}

/** y_c = x_c − log Σ exp(x).   x [..., C] */
export function logSoftmax(x: Tensor): Tensor {
  const { N, C } = rows(x, 'logSoftmax');
  const y = output(x.shape, [x]);
  kernels.log_softmax_forward(y.ptr, x.ptr, N, C);
  record([y], () => kernels.log_softmax_backward(x.wantGrad(), y.gradPtr, y.ptr, N, C), [y]);
  return y;
}
