/**
 * Bytes ↔ plain data; no file system.
 *
 * @module throughtime/io
 */

export type { Bytes } from './bytes.js';
export { FORMAT, type ModelFile, readModel, writeModel } from './model.js';
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
