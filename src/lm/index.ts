/**
 * Language models.
 *
 * @module throughtime/lm
 */

export type { NgramConfig, NgramMemory } from '../ngram/model.js';
export { CacheLM, type CacheOptions, type CacheState } from './cache.js';
export {
  awd,
  type Cell,
  type CellOptions,
  cellOf,
  hawk,
  minGRU,
  type SequenceLayers,
} from './cells.js';
export type { ChooseOptions } from './choose.js';
export { type DynamicOptions, evaluateDynamic } from './dynamic.js';
export { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
export { FeedforwardLM, type FeedforwardLMOptions, type FeedforwardState } from './feedforward.js';
export { type SampleOptions, sample } from './generate.js';
export type { RecurrentState } from './incremental.js';
export { type FitOptions, MixLM, type MixPart } from './mix.js';
export type { LanguageModel, Scores } from './model.js';
export { NgramCounter, type NgramCounterOptions, type Run, type RunStore } from './ngram/count.js';
export { type EstimateOptions, SMOOTHINGS, type Smoothing } from './ngram/estimate.js';
export {
  NgramLM,
  type NgramLMOptions,
  type NgramLMState,
  type NgramTrainOptions,
} from './ngram/model.js';
export { QuantizedLM, quantize } from './quantized.js';
export { RecurrentLM, type RecurrentLMOptions } from './recurrent.js';
export {
  adaptive,
  type Softmax,
  type SoftmaxConfig,
  sampled,
  softmaxOf,
  type Words,
} from './softmax.js';
