/** Word vectors in use: look-up, similarity, nearest neighbours, analogies. */
import { allocate, borrow, close, f32, free, open } from '../runtime/arena.js';
import { checkOptions, noOthers } from '../runtime/options.js';
import type { Vocab } from '../text/vocab.js';
import { loadKernels } from './kernels.js';

/** What a set of word vectors is made of. */
export interface VectorsContent {
  /** The words, each once; by falling frequency where that is known. */
  words: readonly string[];
  /** Numbers in a vector. */
  size: number;
  /** [words, size], row by row. */
  data: Float32Array;
  /** How often each word occurred. Default: not known. */
  counts?: ArrayLike<number> | undefined;
}

/** A word and how near it is. */
export interface Neighbour {
  /** The word. */
  word: string;
  /** Cosine of the angle between it and the query. */
  similarity: number;
}

/** What neighbours are wanted of: words added and subtracted, or a vector. */
export type VectorQuery =
  | string
  | Float32Array
  | {
      /** Words whose unit vectors are added. */
      positive: readonly string[];
      /** Words whose unit vectors are subtracted. Default: none. */
      negative?: readonly string[];
    };

/** Options of `nearest`. */
export interface NearestOptions {
  /** At most so many. Default: 10. */
  top?: number;
  /** Only among these words. Default: all. */
  among?: readonly string[];
  /** Only among the first so many words, the most frequent ones. Default: all. */
  restrict?: number;
  /** Only with at least this similarity. Default: any. */
  atLeast?: number;
}

/** Options of `analogy`. */
export interface AnalogyOptions extends NearestOptions {
  /**
   * `add`: the nearest to b − a + c (3CosAdd, Mikolov et al. 2013); `mul`: the largest
   * cos(x, b)·cos(x, c) / cos(x, a) of cosines moved to 0 … 1 (3CosMul, Levy & Goldberg 2014).
   * Default: 'add'.
   */
  method?: 'add' | 'mul';
}

/** Queries that are scanned at once: more need more memory for their scores, and gain little. */
const BATCH = 48;
/** ε of 3CosMul. */
const EPSILON = 0.001;

/**
 * Word vectors. `nearest` and what stands on it copy them into the kernels' memory when they are
 * first called; `dispose` gives that back.
 *
 *     const vectors = new words.Vectors({ words: ['king', 'queen'], size: 2, data });
 *     vectors.similarity('king', 'queen');
 *     await vectors.nearest('king', { top: 5 });
 */
export class Vectors {
  /** The words, in the order of their rows. */
  readonly words: readonly string[];
  /** Numbers in a vector. */
  readonly size: number;
  /** [words, size], row by row. */
  readonly data: Float32Array;
  /** How often each word occurred; null: not known. */
  readonly counts: Float64Array | null;
  private readonly rows: ReadonlyMap<string, number>;
  /** 1 / length of each row; 0 for rows of zeros. */
  private readonly inverse: Float64Array;
  /** Unit vectors in the kernels' memory, `stride` floats each; 0: not there yet. */
  private address = 0;
  private readonly stride: number;

  /**
   * @throws RangeError for sizes that do not fit, a word that stands there twice, and numbers that
   *   are not finite
   */
  constructor(content: VectorsContent) {
    checkOptions('Vectors', content, { words: true, size: true, data: true, counts: true });
    const { words, size, data, counts } = content;
    if (!(Number.isInteger(size) && size >= 1))
      throw new RangeError(`Vectors: size is ${size}, expected a whole number ≥ 1`);
    if (data.length !== words.length * size)
      throw new RangeError(
        `Vectors: ${data.length} numbers, expected ${words.length * size}: ${words.length} words ` +
          `of ${size}`,
      );
    if (counts && counts.length !== words.length)
      throw new RangeError(`Vectors: ${counts.length} counts for ${words.length} words`);
    const rows = new Map<string, number>();
    words.forEach((word, row) => {
      if (rows.has(word))
        throw new RangeError(
          `Vectors: the word ${JSON.stringify(word)} stands at ${rows.get(word)} and at ${row}`,
        );
      rows.set(word, row);
    });
    this.words = words;
    this.size = size;
    this.data = data;
    this.counts = counts ? Float64Array.from(counts) : null;
    this.rows = rows;
    this.stride = 4 * Math.ceil(size / 4);
    this.inverse = new Float64Array(words.length);
    for (let row = 0; row < words.length; row++) {
      let sum = 0;
      for (let i = row * size; i < (row + 1) * size; i++) sum += data[i]! * data[i]!;
      if (!Number.isFinite(sum))
        throw new RangeError(
          `Vectors: the vector of ${JSON.stringify(words[row])} holds a number that is not finite`,
        );
      this.inverse[row] = sum > 0 ? 1 / Math.sqrt(sum) : 0;
    }
  }

  /** The number of words. */
  get length(): number {
    return this.words.length;
  }

  /** Whether the word has a vector. */
  has(word: string): boolean {
    return this.rows.has(word);
  }

  /** The row of a word, −1 where it has none. */
  indexOf(word: string): number {
    return this.rows.get(word) ?? -1;
  }

  /** The vector of a word: a view of `data`. Undefined where there is none. */
  get(word: string): Float32Array | undefined {
    const row = this.rows.get(word);
    return row === undefined ? undefined : this.row(row);
  }

  private row(row: number): Float32Array {
    return this.data.subarray(row * this.size, (row + 1) * this.size);
  }

  /** The rows of words; names all that have none. */
  private known(who: string, words: readonly string[]): number[] {
    const unknown = words.filter(word => !this.rows.has(word));
    if (unknown.length > 0)
      throw new RangeError(
        `Vectors.${who}: no vector for ${[...new Set(unknown)].map(word => JSON.stringify(word)).join(', ')}`,
      );
    return words.map(word => this.rows.get(word)!);
  }

  /**
   * The cosine of the angle between two words' vectors, from −1 to 1; 0 for vectors of zeros.
   *
   * @throws RangeError naming words without a vector
   */
  similarity(a: string, b: string): number {
    const [i, j] = this.known('similarity', [a, b]) as [number, number];
    const [x, y] = [this.row(i), this.row(j)];
    let sum = 0;
    for (let k = 0; k < x.length; k++) sum += x[k]! * y[k]!;
    return sum * this.inverse[i]! * this.inverse[j]!;
  }

  /**
   * The mean of words' unit vectors.
   *
   * @param words a list, or a text whose words are separated by white space
   * @returns zeros where no word has a vector
   */
  centroid(words: string | readonly string[]): Float32Array {
    const list = typeof words === 'string' ? words.split(/\s+/) : words;
    const rows = list.map(word => this.indexOf(word)).filter(row => row >= 0);
    return this.sum(rows.map(row => [row, 1 / rows.length]));
  }

  /**
   * Semantic search: the texts whose centroids are nearest to that of a query, the best first.
   * Texts without a known word come last, with similarity 0.
   *
   * @param options top: at most so many. Default: 10
   */
  search(
    query: string | readonly string[],
    texts: readonly (string | readonly string[])[],
    { top = 10, ...rest }: { top?: number } = {},
  ): {
    /** Place in the list of texts. */
    index: number;
    /** Cosine of the two centroids. */
    similarity: number;
  }[] {
    noOthers('search', rest);
    if (!(Number.isInteger(top) && top >= 1))
      throw new RangeError(`Vectors.search: top is ${top}, expected a whole number ≥ 1`);
    const x = this.centroid(query);
    const length = Math.hypot(...x);
    if (length === 0) throw new RangeError('Vectors.search: no word of the query has a vector');
    return texts
      .map((text, index) => {
        const y = this.centroid(text);
        const dot = x.reduce((sum, value, k) => sum + value * y[k]!, 0);
        return { index, similarity: dot === 0 ? 0 : dot / (length * Math.hypot(...y)) };
      })
      .sort((a, b) => b.similarity - a.similarity)
      .slice(0, top);
  }

  /** Σ weight · unit vector. */
  private sum(terms: readonly (readonly [row: number, weight: number])[]): Float32Array {
    const sum = new Float64Array(this.size);
    for (const [row, weight] of terms) {
      const x = this.row(row);
      const scale = weight * this.inverse[row]!;
      for (let k = 0; k < x.length; k++) sum[k]! += scale * x[k]!;
    }
    return Float32Array.from(sum);
  }

  /**
   * The word that fits the others least: the one farthest from their common centroid.
   *
   * @throws RangeError for fewer than three words, or words without a vector
   */
  oddOneOut(words: readonly string[]): string {
    if (words.length < 3)
      throw new RangeError(`Vectors.oddOneOut: ${words.length} words, expected at least 3`);
    const rows = this.known('oddOneOut', words);
    const centre = this.centroid(words);
    const near = rows.map(row => {
      const x = this.row(row);
      let sum = 0;
      for (let k = 0; k < x.length; k++) sum += x[k]! * centre[k]!;
      return sum * this.inverse[row]!;
    });
    return words[near.indexOf(Math.min(...near))]!;
  }

  /**
   * The words nearest to a word, to words added and subtracted, or to a vector: by an exact scan of
   * all vectors. Words of the query are left out.
   *
   * @throws RangeError naming words without a vector; Error before `init`
   */
  async nearest(query: VectorQuery, options: NearestOptions = {}): Promise<Neighbour[]> {
    return (await this.nearestAll([query], options))[0]!;
  }

  /** As `nearest`, of many queries at once, which takes a third of the time. */
  async nearestAll(
    queries: readonly VectorQuery[],
    options: NearestOptions = {},
  ): Promise<Neighbour[][]> {
    checkOptions('nearest', options, { top: true, among: true, restrict: true, atLeast: true });
    const asked = queries.map(query => this.understand(query));
    const results: Neighbour[][] = [];
    await this.scores(
      asked.map(({ vector }) => vector),
      options.restrict ?? this.length,
      (scores, i) => results.push(this.best(scores, asked[i]!.rows, options)),
    );
    return results;
  }

  /**
   * a is to b as c is to …
   *
   *     await vectors.analogy('man', 'king', 'woman'); // queen, with luck
   *
   * @throws RangeError naming words without a vector; Error before `init`
   */
  async analogy(
    a: string,
    b: string,
    c: string,
    { method = 'add', ...options }: AnalogyOptions = {},
  ): Promise<Neighbour[]> {
    if (method !== 'add' && method !== 'mul')
      throw new RangeError(`Vectors.analogy: method is "${method}", expected "add" or "mul"`);
    if (method === 'add') return this.nearest({ positive: [b, c], negative: [a] }, options);
    checkOptions('analogy', options, { top: true, among: true, restrict: true, atLeast: true });
    const rows = this.known('analogy', [a, b, c]);
    const three: Float32Array[] = [];
    const units = rows.map(row => this.sum([[row, 1]]));
    await this.scores(units, options.restrict ?? this.length, scores =>
      three.push(scores.map(score => (score + 1) / 2)),
    );
    const [x, y, z] = three as [Float32Array, Float32Array, Float32Array];
    return this.best(
      y.map((score, m) => (score * z[m]!) / (x[m]! + EPSILON)),
      rows,
      options,
    );
  }

  /** A query's unit vector, and the rows of its words. */
  private understand(query: VectorQuery): { vector: Float32Array; rows: number[] } {
    let sum: Float32Array;
    let rows: number[] = [];
    if (query instanceof Float32Array) {
      if (query.length !== this.size)
        throw new RangeError(
          `Vectors.nearest: the vector has ${query.length} numbers, expected ${this.size}`,
        );
      sum = query;
    } else {
      const asked = typeof query === 'string' ? { positive: [query] } : query;
      const {
        positive,
        negative = [],
        ...rest
      } = asked as { positive: string[]; negative?: string[] };
      noOthers('nearest', rest);
      rows = this.known('nearest', [...positive, ...negative]);
      if (rows.length === 0) throw new RangeError('Vectors.nearest: the query has no words');
      sum = this.sum(rows.map((row, i) => [row, i < positive.length ? 1 : -1]));
    }
    const length = Math.sqrt(sum.reduce((total, value) => total + value * value, 0));
    return { vector: length > 0 ? sum.map(value => value / length) : sum, rows };
  }

  /** The best of the scores of the first words. */
  private best(
    scores: Float32Array,
    without: readonly number[],
    { top = 10, among, atLeast = -Infinity }: NearestOptions,
  ): Neighbour[] {
    if (!(Number.isInteger(top) && top >= 1))
      throw new RangeError(`Vectors.nearest: top is ${top}, expected a whole number ≥ 1`);
    const best: { row: number; score: number }[] = [];
    let least = atLeast;
    const offer = (row: number): void => {
      const score = scores[row]!;
      if (!(score >= least) || without.includes(row)) return;
      if (best.length === top && score <= best[top - 1]!.score) return;
      let at = best.length;
      while (at > 0 && best[at - 1]!.score < score) at--;
      best.splice(at, 0, { row, score });
      if (best.length > top) best.pop();
      if (best.length === top) least = Math.max(atLeast, best[top - 1]!.score);
    };
    if (among)
      for (const row of this.known('nearest', among)) {
        if (row < scores.length) offer(row);
      }
    else for (let row = 0; row < scores.length; row++) if (scores[row]! >= least) offer(row);
    return best.map(({ row, score }) => ({ word: this.words[row]!, similarity: score }));
  }

  /**
   * Scalar products of the first `restrict` unit vectors with each query, in turn; each list is
   * good until the next comes.
   */
  private async scores(
    queries: readonly Float32Array[],
    restrict: number,
    use: (scores: Float32Array, query: number) => void,
  ): Promise<void> {
    if (!(Number.isInteger(restrict) && restrict >= 1))
      throw new RangeError(`Vectors.nearest: restrict is ${restrict}, expected a whole number ≥ 1`);
    const kernels = await loadKernels();
    const { stride } = this;
    const M = Math.min(restrict, this.length);
    if (this.address === 0) this.settle();
    for (let from = 0; from < queries.length; from += BATCH) {
      const some = queries.slice(from, from + BATCH);
      const mark = open();
      try {
        const asked = borrow(4 * some.length * stride);
        const scores = borrow(4 * some.length * M);
        const memory = f32(asked, some.length * stride).fill(0);
        some.forEach((query, i) => memory.set(query, i * stride));
        kernels.scan(scores, this.address, asked, M, stride, some.length, M);
        some.forEach((_, i) => use(f32(scores + 4 * i * M, M), from + i));
      } finally {
        close(mark);
      }
    }
  }

  /** Writes the unit vectors into the kernels' memory. */
  private settle(): void {
    const { size, stride, data, inverse, length } = this;
    this.address = allocate(Math.max(16, 4 * length * stride));
    const memory = f32(this.address, length * stride);
    for (let row = 0; row < length; row++) {
      const scale = inverse[row]!;
      for (let k = 0; k < size; k++) memory[row * stride + k] = data[row * size + k]! * scale;
    }
  }

  /**
   * Rows for the words of a vocabulary, for an embedding layer:
   *
   *     const embedding = new nn.Embedding(vocab.size, vectors.size);
   *     embedding.weight.set(vectors.table(vocab));
   *     embedding.weight.requiresGrad = false; // frozen; leave it out to fine-tune
   *
   * @param missing the vector of words that have none here. Default: zeros
   * @returns [vocab.size, size]
   */
  table(
    vocab: Vocab,
    missing: (word: string) => ArrayLike<number> | undefined = () => undefined,
  ): Float32Array {
    const table = new Float32Array(vocab.size * this.size);
    for (let id = 0; id < vocab.size; id++) {
      const word = vocab.tokenOf(id);
      const row = this.get(word) ?? missing(word);
      if (row) table.set(row, id * this.size);
    }
    return table;
  }

  /** Gives the memory of searches back; the next search takes it again. */
  dispose(): void {
    if (this.address > 0) free(this.address);
    this.address = 0;
  }

  /** As `dispose`, at the end of a block. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
