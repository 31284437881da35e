/** Bytes ↔ plain data; no file system. */
export { readSafetensors, toFloat32, writeSafetensors, type Dtype, type Safetensors, type SafetensorsEntry, type SafetensorsInput } from './safetensors.js';
export { FORMAT, readModel, writeModel, type ModelFile } from './model.js';
