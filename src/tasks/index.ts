/**
 * Sequence tasks: classes of texts, and how well they are done.
 *
 * @module throughtime/tasks
 */

export { type Attended, type AttentionOptions, attention } from './attention.js';
export type { DataOptions } from './buckets.js';
export {
  type ClassBatch,
  Classifier,
  type ClassifierConfig,
  type ClassifierExample,
  type ClassifierMetrics,
  type ClassifierOptions,
  type ClassProbability,
  type Explanation,
  type Pretrained,
} from './classifier.js';
export { load } from './load.js';
export {
  accuracy,
  type ClassScore,
  type Confusion,
  classScores,
  confusion,
  confusionText,
  macroF1,
} from './metrics/accuracy.js';
export {
  type Bleu,
  type BleuOptions,
  type BleuSmoothing,
  type BleuTokenizer,
  bleu,
  bleuTokens,
  sentenceBleu,
} from './metrics/bleu.js';
export { type Chrf, chrf } from './metrics/chrf.js';
export { type ErrorRates, editDistance, errorRates } from './metrics/edit.js';
export { type Span, type SpanScore, type SpanScores, spanF1, spansOf } from './metrics/spans.js';
export {
  type AttentionPoolWeights,
  attentionPool,
  lastState,
  maxPool,
  meanPool,
} from './pooling.js';
export {
  type TagBatch,
  type TaggedSentence,
  Tagger,
  type TaggerConfig,
  type TaggerMetrics,
  type TaggerOptions,
} from './tagger.js';
