/** Language models. */
export { RecurrentLM, type RecurrentLMOptions, type SampleOptions } from './recurrent.js';
export { type ChooseOptions } from './choose.js';
export { type Evaluation } from './perplexity.js';
