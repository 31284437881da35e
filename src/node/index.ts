/** `throughtime/node`: files. */

export { readFileBytes, readText, readTextBytes, writeFileAtomic } from './files.js';
export { readHeader } from './safetensors.js';
