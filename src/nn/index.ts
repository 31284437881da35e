/** Modules: PyTorch's names, layouts and initial values. */
export { Module, type StateEntry } from './module.js';
export * as init from './init.js';
export { Linear } from './linear.js';
export { FullSoftmax, type Head, type HeadLossOptions } from './softmax.js';
export { AdaptiveSoftmax, type AdaptiveSoftmaxOptions } from './adaptive.js';
export { SampledSoftmax, type SampledSoftmaxOptions } from './sampled.js';
export { adaptive, sampled, softmaxOf, type Softmax, type SoftmaxConfig } from './large.js';
export { Embedding, type EmbeddingOptions } from './embedding.js';
export { Dropout } from './dropout.js';
export { LayerNorm } from './norm.js';
export { Sequential, type Layer } from './sequential.js';
export { Recurrent, type RecurrentForwardOptions, type RecurrentOptions, type RecurrentOutput } from './recurrent.js';
export { RNN } from './rnn.js';
export { LSTM } from './lstm.js';
export { GRU } from './gru.js';
