/**
 * Words as numbers: sparse matrices of counts.
 *
 * @module throughtime/words
 */

export { type Entries, SparseMatrix } from './sparse.js';
