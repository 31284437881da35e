/**
 * Modules: PyTorch's names, layouts and initial values.
 *
 * @module throughtime/nn
 */

export { AdaptiveSoftmax, type AdaptiveSoftmaxOptions } from './adaptive.js';
export { AWDLayers, type AWDOptions } from './awd.js';
export { Blocks, type BlocksOptions, HawkBlocks, MinGRUBlocks } from './blocks.js';
export { loadCells } from './cells.js';
export { Dropout } from './dropout.js';
export { Embedding, type EmbeddingOptions } from './embedding.js';
export { GRU } from './gru.js';
export * as init from './init.js';
export { Linear } from './linear.js';
export { LSTM } from './lstm.js';
export { Module, type StateEntry } from './module.js';
export { LayerNorm } from './norm.js';
export {
  Recurrent,
  type RecurrentForwardOptions,
  type RecurrentOptions,
  type RecurrentOutput,
  type RecurrentTrace,
  type RecurrentWeights,
} from './recurrent.js';
export { RMSNorm } from './rmsnorm.js';
export { RNN } from './rnn.js';
export { SampledSoftmax, type SampledSoftmaxOptions } from './sampled.js';
export { type Layer, Sequential } from './sequential.js';
export { FullSoftmax, type Head, type HeadLossOptions } from './softmax.js';
