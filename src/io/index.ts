/** Bytes ↔ plain data; no file system. */
export { readSafetensors, toFloat32, writeSafetensors } from './safetensors.js';
export { FORMAT, readModel, writeModel, type ModelFile } from './model.js';
