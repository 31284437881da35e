/**
 * Bytes ↔ plain data; no file system.
 *
 * @module throughtime/io
 */

export type { Bytes } from './bytes.js';
export {
  type ConllSentence,
  type ConlluSentence,
  type ConlluWord,
  type ConllWord,
  readConll,
  readConllu,
  writeConll,
  writeConllu,
} from './conllu.js';
export type { ReadOptions } from './lines.js';
export { FORMAT, type ModelFile, readModel, writeModel } from './model.js';
export {
  type Labelled,
  type Pair,
  type Pronunciation,
  readLabelled,
  readPairs,
  readParallel,
  readPronunciations,
} from './pairs.js';
export {
  type Dtype,
  readSafetensors,
  readSafetensorsHeader,
  type Safetensors,
  type SafetensorsEntry,
  type SafetensorsHeader,
  type SafetensorsInput,
  safetensorsHeaderSize,
  type TensorInfo,
  toFloat32,
  writeSafetensors,
} from './safetensors.js';
export {
  readVectors,
  VECTORS_KIND,
  type VectorsFile,
  type VectorsFormat,
  VectorsParser,
  writeVectors,
} from './vectors.js';
