/** `throughtime/node`: files. */
export { readFileBytes, readText, readTextBytes, writeFileAtomic } from './files.js';
