/**
 * Files: text, ids, safetensors, word vectors.
 *
 * @module throughtime/node
 */

export { readFileBytes, readText, readTextBytes, writeFileAtomic } from './files.js';
export { type IdFile, openIds, writeIds } from './ids.js';
export { readHeader } from './safetensors.js';
export { type TextFile, textFiles, textPieces } from './text.js';
export { readVectors } from './vectors.js';
export { wordnetFolder } from './wordnet.js';
