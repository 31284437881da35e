/**
 * Words as numbers: sparse matrices of counts, and word vectors.
 *
 * @module throughtime/words
 */

export {
  type AnalogyResult,
  type AnalogySection,
  analogies,
  type EvaluationOptions,
  parseAnalogies,
  parsePairs,
  pearson,
  type SimilarityResult,
  spearman,
  type WordPair,
  wordSimilarity,
} from './evaluate.js';
export { type Entries, SparseMatrix } from './sparse.js';
export type { SubwordOptions } from './subwords.js';
export {
  type Stretches,
  Word2VecTrainer,
  type Word2VecTrainerOptions,
  WordCorpus,
} from './train.js';
export {
  type AnalogyOptions,
  type NearestOptions,
  type Neighbour,
  type VectorQuery,
  Vectors,
  type VectorsContent,
} from './vectors.js';
export { Word2Vec, type Word2VecConfig, type Word2VecOptions } from './word2vec.js';
