/** Functions of tensors. */
export { add, affine, detach, div, mul, neg, sub, type Operand } from './elementwise.js';
export { exp, log, relu, sigmoid, sqrt, tanh } from './activation.js';
export { concat, expand, reshape, slice, stack, transpose } from './strided.js';
export { max, mean, sum, type ReduceOptions } from './reduce.js';
export { linear, matmul } from './linear.js';
export { logSoftmax, softmax } from './softmax.js';
export { bceWithLogits, crossEntropy, gather, mse, nll, type CrossEntropyOptions, type Reduction } from './loss.js';
export { linearCrossEntropy, type LinearCrossEntropyOptions } from './head.js';
export { embedding } from './embedding.js';
export { checkpoint } from './checkpoint.js';
export { dropout } from './dropout.js';
export { layerNorm } from './norm.js';
export { rnn } from './rnn.js';
export { lstm } from './lstm.js';
export { gru } from './gru.js';
export { type CellWeights, type SequenceOptions } from './recurrent.js';
