/**
 * Language models.
 *
 * @module throughtime/lm
 */

export type { ChooseOptions } from './choose.js';
export { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
export { type SampleOptions, sample } from './generate.js';
export type { RecurrentState } from './incremental.js';
export type { LanguageModel, Scores } from './model.js';
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
