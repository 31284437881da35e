/** Which words are in which documents. */
import type { Vocab } from '../text/vocab.js';
import { rowTable } from './rows.js';
import { SparseMatrix } from './sparse.js';

/** Counts of words in documents. */
export interface WordDocuments {
  /** The words of the rows. */
  words: readonly string[];
  /** [words, documents] how often each word is in each document. */
  matrix: SparseMatrix;
}

/**
 * Counts the words of documents.
 *
 * @param documents texts, or lists of words
 * @throws TypeError for a single string, whose letters would be documents; RangeError for none
 */
export function wordDocuments(
  documents: Iterable<string | readonly string[]>,
  vocab: Vocab,
): WordDocuments {
  if (typeof documents === 'string')
    throw new TypeError(
      'wordDocuments: the documents are one string, expected a list of them; give [text]',
    );
  const { words, rowOf } = rowTable('wordDocuments', vocab);
  const [rows, columns]: [number[], number[]] = [[], []];
  let count = 0;
  for (const document of documents) {
    const ids =
      typeof document === 'string'
        ? vocab.encode(document, { unknown: 'skip' })
        : vocab.encodeUnits(document, { unknown: 'skip' });
    for (const id of ids) {
      const row = rowOf[id]!;
      if (row < 0) continue;
      rows.push(row);
      columns.push(count);
    }
    count++;
  }
  if (count === 0)
    throw new RangeError(
      'wordDocuments: there are no documents; an iterator gives its own but once',
    );
  const values = new Float32Array(rows.length).fill(1);
  return { words, matrix: SparseMatrix.fromEntries([words.length, count], { rows, columns, values }) }; // biome-ignore format: one line
}

/**
 * TF-IDF: counts times log₂(documents / documents with the word), each document of length 1
 * (`nfc` of the SMART notation, gensim's default).
 *
 * @param matrix [words, documents] counts
 */
export function tfidf(matrix: SparseMatrix): SparseMatrix {
  const [M, N] = matrix.shape;
  const values = new Float32Array(matrix.nonzeros);
  const squares = new Float64Array(N);
  for (let m = 0; m < M; m++) {
    const [from, to] = [matrix.starts[m]!, matrix.starts[m + 1]!];
    const weight = Math.log2(N / (to - from));
    for (let i = from; i < to; i++) {
      const value = matrix.values[i]! * weight;
      values[i] = value;
      squares[matrix.columns[i]!]! += value * value;
    }
  }
  for (let i = 0; i < values.length; i++) {
    const square = squares[matrix.columns[i]!]!;
    if (square > 0) values[i]! /= Math.sqrt(square);
  }
  return new SparseMatrix(matrix.shape, { starts: matrix.starts, columns: matrix.columns, values });
}
