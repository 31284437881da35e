/** From text to batches. */
export { decodeUtf8 } from './tokenize.js';
export { Vocab, type Decoder, type EncodeOptions, type VocabJSON, type VocabOptions } from './vocab.js';
export { columns, sequences, split, IGNORED, type Columns, type ColumnsOptions, type SequenceBatch, type Sequences, type SequencesOptions, type WindowsOptions } from './batch.js';
