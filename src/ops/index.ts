/**
 * Functions of tensors.
 *
 * @module throughtime/ops
 */

export { abs, clamp, exp, log, pow, relu, sigmoid, sqrt, tanh } from './activation.js';
export { convolution } from './convolution.js';
export { type CustomOp, custom } from './custom.js';
export { dropout } from './dropout.js';
export { add, affine, detach, div, mul, neg, type Operand, sub } from './elementwise.js';
export { embedding } from './embedding.js';
export { gelu } from './gelu.js';
export { gru } from './gru.js';
export { type LinearCrossEntropyOptions, linearCrossEntropy } from './head.js';
export { linear, matmul } from './linear.js';
export {
  bceWithLogits,
  type CrossEntropyOptions,
  crossEntropy,
  gather,
  mse,
  nll,
  type Reduction,
} from './loss.js';
export { lstm } from './lstm.js';
export { minGRU } from './mingru.js';
export { layerNorm } from './norm.js';
export { recompute } from './recompute.js';
export type { CellWeights, SequenceOptions } from './recurrent.js';
export { logsumexp, max, mean, min, type ReduceOptions, sum } from './reduce.js';
export { rglru } from './rglru.js';
export { rmsNorm } from './rmsnorm.js';
export { rnn } from './rnn.js';
export { argmax, argmin, indexSelect, maskedFill, where } from './select.js';
export { logSoftmax, softmax } from './softmax.js';
export { concat, expand, flip, reshape, slice, stack, transpose } from './strided.js';
