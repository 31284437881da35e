/** Which words are in which documents. */
import { checkOptions } from '../runtime/options.js';
import type { Vocab } from '../text/vocab.js';
import { rowTable } from './rows.js';
import { SparseMatrix } from './sparse.js';
import type { WordCorpus } from './train.js';

/** Counts of words in documents. */
export interface WordDocuments {
  /** The words of the rows. */
  words: readonly string[];
  /** [words, documents] how often each word is in each document. */
  matrix: SparseMatrix;
}

/** Options of `wordDocuments`. */
export interface DocumentOptions {
  /** Longer documents are cut every so many words. Default: they stay whole. */
  length?: number;
}

/**
 * Counts the words of documents.
 *
 * @param documents texts, or lists of words; of a corpus, lines that have words
 * @throws TypeError for a single string, whose letters would be documents; RangeError for none, or
 *   an option out of range
 */
export function wordDocuments(
  documents: Iterable<string | readonly string[]> | WordCorpus,
  vocab: Vocab,
  options: DocumentOptions = {},
): WordDocuments {
  checkOptions('wordDocuments', options, { length: true });
  const { length = Infinity } = options;
  if (!(length >= 1)) throw new RangeError(`wordDocuments: length is ${length}, expected ≥ 1`);
  if (typeof documents === 'string')
    throw new TypeError(
      'wordDocuments: the documents are one string, expected a list of them; give [text]',
    );
  const { words, rowOf } = rowTable('wordDocuments', vocab);
  const entries = { rows: [] as number[], columns: [] as number[], values: [] as number[] };
  const counts = new Float64Array(words.length);
  let count = 0;
  let met: number[] = []; // rows of the document, each once
  let size = 0; // words of the document
  const add = (id: number): void => {
    const row = rowOf[id]!;
    if (row < 0) return;
    if (size === length) end();
    size++;
    if (counts[row]!++ === 0) met.push(row);
  };
  const end = (): void => {
    for (const row of met) {
      entries.rows.push(row);
      entries.columns.push(count);
      entries.values.push(counts[row]!);
      counts[row] = 0;
    }
    met = [];
    size = 0;
    count++;
  };
  if ('pieces' in documents) {
    for (const [piece] of documents.pieces())
      for (let i = 0; i < piece.length; i++) {
        const id = piece[i]!;
        if (!(id < rowOf.length))
          throw new RangeError(
            `wordDocuments: id ${id}, expected one below ${rowOf.length}, the size of the vocabulary`,
          );
        add(id);
        if (rowOf[id] === -1 && size > 0) end();
      }
    if (size > 0) end();
  } else
    for (const document of documents) {
      const ids =
        typeof document === 'string'
          ? vocab.encode(document, { unknown: 'skip' })
          : vocab.encodeUnits(document, { unknown: 'skip' });
      for (const id of ids) add(id);
      end();
    }
  if (count === 0)
    throw new RangeError(
      'wordDocuments: there are no documents; an iterator gives its own but once',
    );
  const shape: [number, number] = [words.length, count];
  return { words, matrix: SparseMatrix.fromEntries(shape, { ...entries, values: Float32Array.from(entries.values) }) }; // biome-ignore format: one line
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
