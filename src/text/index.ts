/** From text to batches. */
export { decodeUtf8, EOS, UNK, type Level } from './tokenize.js';
export { Vocab, type Decoder, type EncodeOptions, type VocabJSON, type VocabOptions } from './vocab.js';
export { columns, IGNORED, sequences, split, type Columns, type ColumnsOptions, type SequenceBatch, type Sequences, type SequencesOptions, type Windows, type WindowsOptions } from './batch.js';
