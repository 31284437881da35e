/** Bytes ↔ plain data; no file system. */

export { FORMAT, type ModelFile, readModel, writeModel } from './model.js';
export {
  type Dtype,
  readSafetensors,
  type Safetensors,
  type SafetensorsEntry,
  type SafetensorsInput,
  toFloat32,
  writeSafetensors,
} from './safetensors.js';
