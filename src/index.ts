/** The public API of throughtime. */
export { readSafetensors, toFloat32, writeSafetensors } from './io/safetensors.js';
export type { Dtype, Safetensors, SafetensorsEntry, SafetensorsInput } from './io/safetensors.js';
export { Random } from './runtime/random.js';
export { Columns, columns, IGNORED, Sequences, sequences, split, Windows } from './text/batch.js';
export type { ColumnsOptions, SequenceBatch, SequencesOptions, WindowsOptions } from './text/batch.js';
export { decodeUtf8, EOS, UNK } from './text/tokenize.js';
export type { Level } from './text/tokenize.js';
export { Vocab } from './text/vocab.js';
export type { Decoder, EncodeOptions, VocabJSON, VocabOptions } from './text/vocab.js';
