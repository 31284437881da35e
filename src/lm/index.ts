/** Language models. */
export { RecurrentLM, type RecurrentLMOptions } from './recurrent.js';
export { QuantizedLM } from './quantized.js';
export { type SampleOptions } from './generate.js';
export { type ChooseOptions } from './choose.js';
export { type EvaluateOptions, type Evaluation } from './perplexity.js';
