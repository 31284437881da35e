/**
 * From text to batches.
 *
 * @module throughtime/text
 */

export {
  type Columns,
  type ColumnsOptions,
  columns,
  type IdSource,
  IGNORED,
  type SequenceBatch,
  type Sequences,
  type SequencesOptions,
  sequences,
  split,
  type Windows,
  type WindowsOptions,
} from './batch.js';
export { BPE, type BPEOptions, type LearnOptions, type Merge, type SegmentOptions } from './bpe.js';
export type { VocabJSON, VocabOptions } from './count.js';
export { Labels } from './labels.js';
export { decodeUtf8, EOS, type Level, type Tokenizer, UNK } from './tokenize.js';
export {
  type Decoder,
  type EncodeOptions,
  type Encoder,
  Vocab,
  VocabBuilder,
} from './vocab.js';
