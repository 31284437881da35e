/** word2vec: word vectors learned by predicting words from their neighbours. */
import type { Bytes } from '../io/bytes.js';
import { type ModelFile, readModel, writeModel } from '../io/model.js';
import type { StateEntry } from '../nn/module.js';
import { allOrNothing, allocate, f32, free, u8 } from '../runtime/arena.js';
import { checkOptions } from '../runtime/options.js';
import { Random } from '../runtime/random.js';
import type { VocabJSON } from '../text/count.js';
import { Vocab } from '../text/vocab.js';
import type { Learned } from '../train/loop.js';
import { aliasTable, keepThresholds, unigramWeights } from './frequency.js';
import { huffman } from './huffman.js';
import { loadKernels, type WordKernels } from './kernels.js';
import { rowTable } from './rows.js';
import { type SubwordOptions, subwords } from './subwords.js';
import { Vectors } from './vectors.js';

/** What a word2vec model is made of. */
export interface Word2VecOptions {
  /**
   * The words, at level `word` or `custom`, and how often each occurs: `Vocab.fromText(text,
   * { level: 'word', minCount: 5 })`.
   */
  vocab: Vocab;
  /**
   * `skipgram`: each neighbour alone predicts the word; `cbow`: the mean of all neighbours does.
   * Default: 'skipgram'.
   */
  algorithm?: 'skipgram' | 'cbow';
  /** Numbers in a vector. Default: 100. */
  size?: number;
  /** Neighbours on each side: at each place 1 to so many, at random. Default: 5. */
  window?: number;
  /** Words drawn against each word that was there. Default: 5. */
  negative?: number;
  /**
   * Skip-gram: the neighbours of a word share what is drawn against it, which is faster and costs
   * no quality (Ji et al. 2016). Default: true.
   */
  shared?: boolean;
  /** Hierarchical softmax over a Huffman tree instead of drawn words. Default: false. */
  hierarchical?: boolean;
  /**
   * CBOW: each neighbour takes over the gradient of their mean as it is (`sum`, as word2vec.c
   * does), or divided by their number (`mean`, the derivative; İrsoy et al. 2021). Default: 'sum'.
   */
  gradient?: 'sum' | 'mean';
  /**
   * Frequent words are left out at random: those of a relative frequency above this. 0: none.
   * Default: 1e-4.
   */
  sample?: number;
  /** N-grams of characters have vectors too, so that unseen words get some. Default: none. */
  subwords?: SubwordOptions | null;
  /** Seed of the initial values. Default: 1. */
  seed?: number;
}

/** The options of a model, complete: what its files hold. */
export type Word2VecConfig = Required<Omit<Word2VecOptions, 'vocab' | 'seed' | 'subwords'>> & {
  /** Null: words alone have vectors. */
  subwords: Required<SubwordOptions> | null;
};

/** Addresses of the tables that training reads; 0: absent. */
export interface Tables {
  /** u32 [words] */
  keep: number;
  /** u32 [words, 2] */
  alias: number;
  /** i32 [words + 1], hierarchical softmax */
  starts: number;
  /** i32, hierarchical softmax */
  paths: number;
  /** i32 [words + 1], subwords */
  parts: number;
  /** i32, subwords */
  pieces: number;
}

const DEFAULTS: Word2VecConfig = {
  algorithm: 'skipgram',
  size: 100,
  window: 5,
  negative: 5,
  shared: true,
  hierarchical: false,
  gradient: 'sum',
  sample: 1e-4,
  subwords: null,
};
const SUBWORDS = { min: 3, max: 6, buckets: 2_000_000 };

/**
 * Word vectors in training (Mikolov et al. 2013): an input and an output vector for each word, in
 * the memory of the kernels. `Word2VecTrainer` trains it, `vectors` gives the result.
 */
export class Word2Vec implements Learned {
  /** The kind that the files of these models declare. */
  static readonly kind = 'words.word2vec';
  /** The words and their counts. */
  readonly vocab: Vocab;
  /** Options, as its files hold them. */
  readonly config: Word2VecConfig;
  /** The words that have vectors, by falling frequency: the vocabulary without `<unk>`, `<eos>`. */
  readonly words: readonly string[];
  /** [words] how often each occurs. */
  readonly counts: Float64Array;
  /**
   * @internal [vocab.size] the row of each id; −1: it ends a sentence, −2: it is passed over.
   */
  readonly rowOf: Int32Array;
  /** @internal Floats from one row to the next, a multiple of 4. */
  readonly stride: number;
  /** @internal Rows of the input vectors: words, then n-grams. */
  readonly inputRows: number;
  /** @internal Rows of the output vectors: words, or inner nodes. */
  readonly outputRows: number;
  /** @internal Address of the input vectors; the output vectors follow. */
  readonly address: number;
  /** @internal */
  readonly tables: Tables;
  /** @internal How often each row of both is trained on: words' counts, or of those they are in. */
  readonly rowCounts: Float64Array;
  /** @internal Most outputs of one word. */
  readonly outputs: number;
  /** @internal Most input rows of one window. */
  readonly inputs: number;
  /** @internal */
  readonly kernels: WordKernels;
  /** Compact number of each bucket that a word of the vocabulary has an n-gram in. */
  private readonly buckets: ReadonlyMap<number, number>;

  private constructor(kernels: WordKernels, options: Word2VecOptions) {
    const { vocab, seed = 1, subwords: parts, ...given } = options;
    const config: Word2VecConfig = {
      ...DEFAULTS,
      ...given,
      subwords: parts ? { ...SUBWORDS, ...parts } : null,
    };
    checkConfig(config);
    const { words, counts, rowOf } = rowTable('Word2Vec', vocab);
    this.kernels = kernels;
    this.vocab = vocab;
    this.config = config;
    this.rowOf = rowOf;
    this.words = words;
    this.counts = counts;
    const { size, window, negative, hierarchical, algorithm } = config;
    this.stride = 4 * Math.ceil(size / 4);
    const V = words.length;
    const pieces = config.subwords && pieceTable(words, config.subwords);
    this.buckets = pieces?.buckets ?? new Map();
    const tree = hierarchical ? huffman(this.counts) : null;
    this.inputRows = V + this.buckets.size;
    this.outputRows = tree ? V - 1 : V;
    this.outputs = tree ? longest(tree.starts) : Math.min(negative, V - 1) + 1;
    const bag = algorithm === 'cbow' ? 2 * window : 1;
    this.inputs = Math.max(2 * window, bag * (pieces ? longest(pieces.starts) : 1));
    this.rowCounts = new Float64Array(this.inputRows + this.outputRows);
    this.rowCounts.set(this.counts);
    pieces?.list.forEach((row, i) => {
      if (row >= V) this.rowCounts[row]! += this.counts[pieces.wordOf(i)]!;
    });
    this.rowCounts.set(tree ? tree.counts : this.counts, this.inputRows);
    const random = new Random(seed);
    const { address, tables } = allOrNothing(() => ({
      address: allocate(4 * this.stride * (this.inputRows + this.outputRows)),
      tables: {
        keep: stored(keepThresholds(this.counts, config.sample)),
        alias: tree ? 0 : stored(aliasTable(unigramWeights(this.counts))),
        starts: tree ? stored(tree.starts) : 0,
        paths: tree ? stored(tree.paths) : 0,
        parts: pieces ? stored(pieces.starts) : 0,
        pieces: pieces ? stored(pieces.list) : 0,
      },
    }));
    this.address = address;
    this.tables = tables;
    const bound = 0.5 / size;
    for (let row = 0; row < this.inputRows; row++) {
      const values = f32(address + 4 * row * this.stride, size);
      for (let k = 0; k < size; k++) values[k] = random.uniform(-bound, bound);
    }
  }

  /**
   * A model before training: input vectors from U(−1 / 2·size, 1 / 2·size), output vectors 0, as
   * word2vec.c.
   *
   * @throws RangeError for an option out of range, or a vocabulary without two counted words; Error
   *   before `init`
   */
  static async create(options: Word2VecOptions): Promise<Word2Vec> {
    checkOptions('Word2Vec', options, {
      vocab: true,
      algorithm: true,
      size: true,
      window: true,
      negative: true,
      shared: true,
      hierarchical: true,
      gradient: true,
      sample: true,
      subwords: true,
      seed: true,
    });
    checkOptions('Word2Vec.subwords', options.subwords ?? {}, {
      min: true,
      max: true,
      buckets: true,
    });
    return new Word2Vec(await loadKernels(), options);
  }

  /** The input vectors as they are now; with subwords the means over words' parts. */
  vectors(): Vectors {
    const { words, counts, config, stride } = this;
    const { size } = config;
    const data = new Float32Array(words.length * size);
    const memory = f32(this.address, this.inputRows * stride);
    words.forEach((word, i) => {
      if (config.subwords) data.set(this.vectorOf(word), i * size);
      else data.set(memory.subarray(i * stride, i * stride + size), i * size);
    });
    return new Vectors({ words, data, size, counts });
  }

  /**
   * The vector of any word: with subwords also of one that was not seen, from the n-grams that it
   * shares with words that were.
   *
   * @throws RangeError for a word without a vector
   */
  vectorOf(word: string): Float32Array {
    const { config, stride } = this;
    const id = this.vocab.idOf(word);
    const own = id < 0 ? -1 : this.rowOf[id]!;
    const rows = own < 0 ? [] : [own];
    if (config.subwords)
      for (const bucket of subwords(word, config.subwords)) {
        const row = this.buckets.get(bucket);
        if (row !== undefined) rows.push(row);
      }
    if (rows.length === 0)
      throw new RangeError(
        `Word2Vec.vectorOf: "${word}" is not in the vocabulary` +
          (config.subwords ? ', and shares no n-gram with a word that is' : ''),
      );
    const sum = new Float64Array(config.size);
    for (const row of rows) {
      const values = f32(this.address + 4 * row * stride, config.size);
      for (let k = 0; k < sum.length; k++) sum[k]! += values[k]!;
    }
    return Float32Array.from(sum, value => value / rows.length);
  }

  private parts(): readonly [name: string, rows: number, address: number][] {
    const { inputRows, outputRows, address, stride } = this;
    return [
      ['input', inputRows, address],
      ['output', outputRows, address + 4 * inputRows * stride],
    ];
  }

  /** Copies of the vectors: `input` [rows, size] and `output` [rows, size]. */
  stateDict(): Map<string, StateEntry> {
    const { stride } = this;
    const { size } = this.config;
    return new Map(
      this.parts().map(([name, rows, address]) => {
        const data = new Float32Array(rows * size);
        const memory = f32(address, rows * stride);
        for (let row = 0; row < rows; row++)
          data.set(memory.subarray(row * stride, row * stride + size), row * size);
        return [name, { shape: [rows, size], data }];
      }),
    );
  }

  /**
   * Takes over all vectors.
   *
   * @throws RangeError, and changes nothing, where `input` or `output` is missing or of another
   *   shape
   */
  loadStateDict(state: ReadonlyMap<string, StateEntry>): void {
    const { stride } = this;
    const { size } = this.config;
    const faults = this.parts().flatMap(([name, rows]) => {
      const shape = state.get(name)?.shape;
      return shape?.[0] === rows && shape[1] === size && shape.length === 2
        ? []
        : [`"${name}" is ${shape ? `[${shape}]` : 'missing'}, expected [${rows},${size}]`];
    });
    if (faults.length > 0) throw new RangeError(`Word2Vec.loadStateDict: ${faults.join('; ')}`);
    for (const [name, rows, address] of this.parts()) {
      const { data } = state.get(name)!;
      const memory = f32(address, rows * stride);
      for (let row = 0; row < rows; row++)
        memory.set(data.subarray(row * size, (row + 1) * size), row * stride);
    }
  }

  /** What a model file or checkpoint says of this model. */
  describe(): ModelFile {
    return {
      kind: Word2Vec.kind,
      config: this.config,
      vocab: this.vocab.toJSON(),
      state: this.stateDict(),
    };
  }

  /** The bytes of a model file, from which training may go on; `vectors` gives words alone. */
  save(): Uint8Array {
    return writeModel(this.describe());
  }

  /**
   * A model from the bytes of a model file, or of a checkpoint.
   *
   * @throws RangeError for another kind of file, or tensors that do not fit its config
   */
  static async load(file: Bytes | ModelFile): Promise<Word2Vec> {
    const { kind, config, vocab, state } = 'state' in file ? file : readModel(file);
    if (kind !== Word2Vec.kind)
      throw new RangeError(
        `load: the file holds a model of kind "${kind}", expected "${Word2Vec.kind}"`,
      );
    const model = await Word2Vec.create({
      ...(config as Word2VecConfig),
      vocab: Vocab.fromJSON(vocab as VocabJSON),
    });
    try {
      model.loadStateDict(state);
    } catch (error) {
      model.dispose();
      throw error;
    }
    return model;
  }

  /** Gives the memory back. */
  dispose(): void {
    free(this.address);
    for (const table of Object.values(this.tables) as number[]) if (table > 0) free(table);
  }

  /** As `dispose`, at the end of a block: `using model = …`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The input rows of each word: its own, then its n-grams', numbered as they appear. */
function pieceTable(
  words: readonly string[],
  options: Required<SubwordOptions>,
): {
  starts: Int32Array;
  list: Int32Array;
  buckets: Map<number, number>;
  wordOf(entry: number): number;
} {
  const buckets = new Map<number, number>();
  const starts = new Int32Array(words.length + 1);
  const list: number[] = [];
  words.forEach((word, i) => {
    list.push(i);
    for (const bucket of subwords(word, options)) {
      let row = buckets.get(bucket);
      if (row === undefined) {
        row = words.length + buckets.size;
        buckets.set(bucket, row);
      }
      list.push(row);
    }
    starts[i + 1] = list.length;
  });
  let word = 0;
  return {
    starts,
    list: Int32Array.from(list),
    buckets,
    wordOf(entry) {
      if (entry < starts[word]!) word = 0;
      while (entry >= starts[word + 1]!) word++;
      return word;
    },
  };
}

/** Entries of the longest list. */
function longest(starts: Int32Array): number {
  let most = 0;
  for (let i = 1; i < starts.length; i++) most = Math.max(most, starts[i]! - starts[i - 1]!);
  return most;
}

/** A persistent copy of a table. */
function stored(table: Int32Array | Uint32Array): number {
  const address = allocate(Math.max(16, table.byteLength));
  u8(address, table.byteLength).set(new Uint8Array(table.buffer));
  return address;
}

function checkConfig(config: Word2VecConfig): void {
  const whole = (name: 'size' | 'window' | 'negative', most: number): void => {
    const value = config[name];
    if (!(Number.isInteger(value) && value >= 1 && value <= most))
      throw new RangeError(
        `Word2Vec: ${name} is ${value}, expected a whole number from 1 to ${most}`,
      );
  };
  whole('size', 65536);
  whole('window', 1000);
  whole('negative', 1000);
  const { algorithm, gradient, sample, subwords } = config;
  if (algorithm !== 'skipgram' && algorithm !== 'cbow')
    throw new RangeError(`Word2Vec: algorithm "${algorithm}", expected skipgram or cbow`);
  if (gradient !== 'sum' && gradient !== 'mean')
    throw new RangeError(`Word2Vec: gradient "${gradient}", expected sum or mean`);
  if (!(sample >= 0 && sample <= 1))
    throw new RangeError(`Word2Vec: sample is ${sample}, expected a number from 0 to 1`);
  if (subwords) {
    const { min, max, buckets } = subwords;
    if (!(Number.isInteger(min) && Number.isInteger(max) && min >= 1 && max >= min))
      throw new RangeError(
        `Word2Vec: subwords of ${min} to ${max} characters, expected whole numbers 1 ≤ min ≤ max`,
      );
    if (!(Number.isInteger(buckets) && buckets >= 1 && buckets < 2 ** 31))
      throw new RangeError(
        `Word2Vec: subwords.buckets is ${buckets}, expected a whole number from 1 below 2^31`,
      );
  }
}
