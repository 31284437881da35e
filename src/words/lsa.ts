/** Latent semantic analysis: words and documents in one space of few dimensions. */
import { checkOptions, noOthers } from '../runtime/options.js';
import type { SparseMatrix } from './sparse.js';
import { type SvdOptions, svd } from './svd.js';
import { varimax } from './varimax.js';
import { Vectors } from './vectors.js';

/** Options of `lsa`. */
export interface LsaOptions extends Omit<SvdOptions, 'k'> {
  /** Dimensions. Default: 100, or fewer where the matrix is smaller. */
  size?: number;
}

/** A weighted word of a topic. */
export interface TopicWord {
  /** The word. */
  word: string;
  /** Its place along the topic's axis: an element of U·Σ, rotated, or of U. */
  weight: number;
}

/**
 * A word–document matrix in few dimensions (Deerwester et al. 1990): A ≈ U·Σ·Vᵀ. Made by `lsa`.
 */
export class Lsa {
  /** @internal */
  constructor(
    /** The words, in the order of the rows. */
    readonly words: readonly string[],
    /** Singular values, falling. */
    readonly sigma: Float64Array,
    /** [size, words] one left vector a row. */
    readonly u: Float64Array,
    /** [size, documents] one right vector a row. */
    readonly v: Float64Array,
    /** ‖A·v − σ·u‖ of each dimension. */
    readonly residuals: Float64Array,
    /** Products with the matrix that it took. */
    readonly passes: number,
  ) {}

  /** Dimensions. */
  get size(): number {
    return this.sigma.length;
  }

  /** Documents. */
  get documents(): number {
    return this.v.length / this.size;
  }

  /**
   * Vectors of the words: rows of U·Σ^power.
   *
   * @param power 1: scalar products are those of the approximated rows; 0: all dimensions count
   *   alike. Default: 1
   */
  vectors(power = 1): Vectors {
    const { words, size, sigma, u } = this;
    const data = new Float32Array(words.length * size);
    for (let k = 0; k < size; k++) {
      const scale = sigma[k]! ** power;
      for (let m = 0; m < words.length; m++) data[m * size + k] = u[k * words.length + m]! * scale;
    }
    return new Vectors({ words, data, size });
  }

  /** The vector of a document: a row of V·Σ. */
  document(index: number): Float64Array {
    const { size, sigma, v, documents } = this;
    if (!(Number.isInteger(index) && index >= 0 && index < documents))
      throw new RangeError(`Lsa.document: ${index}, expected a whole number below ${documents}`);
    return Float64Array.from({ length: size }, (_, k) => sigma[k]! * v[k * documents + index]!);
  }

  /**
   * The vector that a text would have as a document, weighted as the matrix was: Uᵀ·q. Words that
   * the matrix does not have are passed over.
   *
   * @param counts weights of words; for a matrix of counts, how often each is in the text
   */
  fold(counts: ReadonlyMap<string, number> | readonly string[]): Float64Array {
    const { words, size, u } = this;
    const rows = new Map(words.map((word, row) => [word, row]));
    const query = new Float64Array(size);
    const add = (word: string, weight: number): void => {
      const row = rows.get(word);
      if (row !== undefined)
        for (let k = 0; k < size; k++) query[k]! += weight * u[k * words.length + row]!;
    };
    if (Array.isArray(counts)) for (const word of counts as readonly string[]) add(word, 1);
    else for (const [word, weight] of counts as ReadonlyMap<string, number>) add(word, weight);
    return query;
  }

  /**
   * The words of each topic, the weightiest first. Dimensions mix subjects, and are full of
   * opposites, so documents are rotated onto axes of their own first (varimax); words follow.
   *
   * @param rotated false: the dimensions themselves, words by size without sign. Default: true
   */
  topics(top = 10, { rotated = true, ...rest }: { rotated?: boolean } = {}): TopicWord[][] {
    noOthers('topics', rest);
    const { words, size, documents: N } = this;
    const M = words.length;
    const u = this.u.slice();
    if (rotated) {
      for (let k = 0; k < size; k++) for (let m = 0; m < M; m++) u[k * M + m]! *= this.sigma[k]!;
      varimax(this.v.slice(0, size * N), u, size);
    }
    return Array.from({ length: size }, (_, k) => {
      const weights = u.subarray(k * M, (k + 1) * M);
      const rank = (m: number): number => (rotated ? weights[m]! : Math.abs(weights[m]!));
      return Array.from({ length: M }, (_, m) => m)
        .sort((i, j) => rank(j) - rank(i))
        .slice(0, top)
        .map(m => ({ word: words[m]!, weight: weights[m]! }));
    });
  }
}

/**
 * Latent semantic analysis of a matrix of words: counts, TF-IDF, or PPMI of pairs.
 *
 *     const { words: list, matrix } = words.wordDocuments(texts, vocab);
 *     const space = await words.lsa(list, words.tfidf(matrix), { size: 100 });
 *
 * @throws RangeError for an option out of range, Error before `init`
 */
export async function lsa(
  words: readonly string[],
  matrix: SparseMatrix,
  { size, ...options }: LsaOptions = {},
): Promise<Lsa> {
  checkOptions('lsa', options, {
    method: true,
    tolerance: true,
    block: true,
    passes: true,
    seed: true,
    report: true,
  });
  if (words.length !== matrix.shape[0])
    throw new RangeError(`lsa: ${words.length} words for ${matrix.shape[0]} rows`);
  const k = size ?? Math.min(100, ...matrix.shape);
  const { sigma, u, v, residuals, passes } = await svd(matrix, { ...options, k });
  return new Lsa(words, sigma, u, v, residuals, passes);
}
