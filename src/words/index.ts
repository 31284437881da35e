/**
 * Words as numbers: sparse matrices of counts, and word vectors.
 *
 * @module throughtime/words
 */

export { type Cooccurrence, type CooccurrenceOptions, cooccurrence } from './cooccurrence.js';
export { type DocumentOptions, tfidf, type WordDocuments, wordDocuments } from './documents.js';
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
export {
  CountedPairs,
  Glove,
  type GloveOptions,
  GloveTrainer,
  type GloveTrainerOptions,
  type PairRanges,
  type PairsOptions,
} from './glove.js';
export { Lsa, type LsaOptions, lsa, type TopicWord } from './lsa.js';
export { oneHot } from './onehot.js';
export { type Pca, type PcaOptions, pca } from './pca.js';
export { ENGLISH_CONNECTORS, type Phrase, Phrases, type PhrasesOptions } from './phrases.js';
export { type PpmiOptions, ppmi } from './ppmi.js';
export { type Entries, SparseMatrix } from './sparse.js';
export type { SubwordOptions } from './subwords.js';
export { type Svd, type SvdOptions, type SvdProgress, svd } from './svd.js';
export {
  type Stretches,
  Word2VecTrainer,
  type Word2VecTrainerOptions,
  WordCorpus,
} from './train.js';
export { type TsneOptions, tsne } from './tsne.js';
export {
  type AnalogyOptions,
  type NearestOptions,
  type Neighbour,
  type VectorQuery,
  Vectors,
  type VectorsContent,
} from './vectors.js';
export { Word2Vec, type Word2VecConfig, type Word2VecOptions } from './word2vec.js';
export { InformationContent } from './wordnet/content.js';
export { type ExpandOptions, type Expansion, expandQuery } from './wordnet/expand.js';
export type { PartOfSpeech } from './wordnet/format.js';
export { Lesk, type LeskOptions, type RankedSense } from './wordnet/lesk.js';
export {
  type SynsetSimilarity,
  type SynsetSimilarityOptions,
  synsetSimilarity,
} from './wordnet/similarity.js';
export type { WordNetSource } from './wordnet/source.js';
export {
  type Relation,
  Sense,
  Synset,
  WordNet,
  type WordRelation,
} from './wordnet/wordnet.js';
