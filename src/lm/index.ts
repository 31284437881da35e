/**
 * Language models.
 *
 * @module throughtime/lm
 */

export type { ChooseOptions } from './choose.js';
export type { SampleOptions } from './generate.js';
export type { EvaluateOptions, Evaluation } from './perplexity.js';
export { QuantizedLM } from './quantized.js';
export { RecurrentLM, type RecurrentLMOptions } from './recurrent.js';
export {
  adaptive,
  type Softmax,
  type SoftmaxConfig,
  sampled,
  softmaxOf,
  type Words,
} from './softmax.js';
