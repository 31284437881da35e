/** GloVe: word vectors fitted to the logarithms of co-occurrence counts. */

import type { Bytes } from '../io/bytes.js';
import { type ModelFile, readModel, writeModel } from '../io/model.js';
import type { StateEntry } from '../nn/module.js';
import { allOrNothing, allocate, buffer, f32, free, i32 } from '../runtime/arena.js';
import { log, pow } from '../runtime/math.js';
import { checkOptions } from '../runtime/options.js';
import { Random } from '../runtime/random.js';
import type { OwnState } from '../train/checkpoint.js';
import { type Learned, Loop, type Nonfinite, type StepResult } from '../train/loop.js';
import type { LoopOptions } from '../train/options.js';
import type { Batches, Fingerprinted } from '../train/trainable.js';
import type { Cooccurrence } from './cooccurrence.js';
import { loadKernels, type WordKernels } from './kernels.js';
import { Vectors } from './vectors.js';

/** What a GloVe model is made of. */
export interface GloveOptions {
  /** The words, by falling frequency: those of the counts it will be trained on. */
  words: readonly string[];
  /** How often each word occurs; the vectors keep it. Default: not known. */
  counts?: ArrayLike<number> | null;
  /** Numbers in a vector. Default: 100. */
  size?: number;
  /** Seed of the initial values. Default: 1. */
  seed?: number;
}

/** Parts of a row: vector, its scales, bias, its scale. */
type Part = 'vector' | 'scale' | 'bias' | 'biasScale';

/**
 * GloVe vectors in training (Pennington, Socher & Manning 2014): a word and a context vector and a
 * bias for each word, in the memory of the kernels. `GloveTrainer` trains it; `vectors` gives the
 * sum of both vectors.
 */
export class Glove implements Learned {
  /** The kind that the files of these models declare. */
  static readonly kind = 'words.glove';
  /** The words, in the order of the rows. */
  readonly words: readonly string[];
  /** How often each word occurs; null: not known. */
  readonly counts: readonly number[] | null;
  /** Numbers in a vector. */
  readonly size: number;
  /** @internal Floats of a vector, a multiple of 4. */
  readonly stride: number;
  /** @internal Floats of a row. */
  readonly row: number;
  /** @internal Address of the words' rows; those of the contexts follow. */
  readonly address: number;
  /** @internal */
  readonly kernels: WordKernels;

  private constructor(kernels: WordKernels, { words, counts, size = 100, seed = 1 }: GloveOptions) {
    if (!(Number.isInteger(size) && size >= 1 && size <= 65536))
      throw new RangeError(`Glove: size is ${size}, expected a whole number from 1 to 65536`);
    if (words.length < 2) throw new RangeError(`Glove: ${words.length} words, expected at least 2`);
    if (counts && counts.length !== words.length)
      throw new RangeError(`Glove: ${counts.length} counts for ${words.length} words`);
    this.kernels = kernels;
    this.words = words;
    this.counts = counts ? Array.from(counts) : null;
    this.size = size;
    this.stride = 4 * Math.ceil(size / 4);
    this.row = 2 * this.stride + 4;
    this.address = allocate(8 * words.length * this.row);
    const random = new Random(seed);
    const bound = 0.5 / size;
    for (let row = 0; row < 2 * words.length; row++) {
      const values = f32(this.address + 4 * row * this.row, this.row);
      for (let k = 0; k < size; k++) values[k] = random.uniform(-bound, bound);
      values[2 * this.stride] = random.uniform(-bound, bound);
      values.fill(1, this.stride, 2 * this.stride);
      values[2 * this.stride + 1] = 1;
    }
  }

  /**
   * A model before training: all values from U(−1 / 2·size, 1 / 2·size).
   *
   * @throws RangeError for an option out of range; Error before `init`
   */
  static async create(options: GloveOptions): Promise<Glove> {
    checkOptions('Glove', options, { words: true, counts: true, size: true, seed: true });
    return new Glove(await loadKernels(), options);
  }

  /** The sums of word and context vectors as they are now. */
  vectors(): Vectors {
    const { words, size, counts } = this;
    const data = new Float32Array(words.length * size);
    const [word, context] = [this.read('word', 'vector'), this.read('context', 'vector')];
    for (let i = 0; i < data.length; i++) data[i] = word[i]! + context[i]!;
    return new Vectors({ words, data, size, ...(counts && { counts }) });
  }

  /** Where a part stands in a row, and how long it is. */
  private place(part: Part): readonly [from: number, length: number] {
    const { stride, size } = this;
    return (
      {
        vector: [0, size],
        scale: [stride, size],
        bias: [2 * stride, 1],
        biasScale: [2 * stride + 1, 1],
      } as const
    )[part];
  }

  /** Each row's part, as a view of the memory. */
  private *rows(side: 'word' | 'context', part: Part): Generator<Float32Array> {
    const [from, length] = this.place(part);
    const first = side === 'word' ? 0 : this.words.length;
    const memory = f32(this.address, 2 * this.words.length * this.row);
    for (let i = 0; i < this.words.length; i++) {
      const at = (first + i) * this.row + from;
      yield memory.subarray(at, at + length);
    }
  }

  private read(side: 'word' | 'context', part: Part): Float32Array {
    const [, length] = this.place(part);
    const data = new Float32Array(this.words.length * length);
    let at = 0;
    for (const row of this.rows(side, part)) {
      data.set(row, at);
      at += length;
    }
    return data;
  }

  private *parts(): Generator<
    [name: string, side: 'word' | 'context', part: Part, shape: number[]]
  > {
    const n = this.words.length;
    for (const side of ['word', 'context'] as const)
      for (const part of ['vector', 'scale', 'bias', 'biasScale'] as const)
        yield [`${side}.${part}`, side, part, part.startsWith('bias') ? [n] : [n, this.size]];
  }

  /**
   * Copies of all values, for `word` and `context`: `vector` [words, size], `bias` [words], and of
   * each what its steps are multiplied by, `scale` and `biasScale`: 1 / √Σ of their squares.
   */
  stateDict(): Map<string, StateEntry> {
    return new Map(
      [...this.parts()].map(([name, side, part, shape]) => [
        name,
        { shape, data: this.read(side, part) },
      ]),
    );
  }

  /**
   * Takes over all values.
   *
   * @throws RangeError, and changes nothing, where one is missing or of another shape
   */
  loadStateDict(state: ReadonlyMap<string, StateEntry>): void {
    const faults = [...this.parts()].flatMap(([name, , , shape]) => {
      const given = state.get(name)?.shape;
      return `${given}` === `${shape}`
        ? []
        : [`"${name}" is ${given ? `[${given}]` : 'missing'}, expected [${shape}]`];
    });
    if (faults.length > 0) throw new RangeError(`Glove.loadStateDict: ${faults.join('; ')}`);
    for (const [name, side, part] of this.parts()) {
      const { data } = state.get(name)!;
      let at = 0;
      for (const row of this.rows(side, part)) {
        row.set(data.subarray(at, at + row.length));
        at += row.length;
      }
    }
  }

  /** What a model file or checkpoint says of this model. */
  describe(): ModelFile {
    const { words, counts, size } = this;
    return {
      kind: Glove.kind,
      config: { size },
      vocab: { words, counts },
      state: this.stateDict(),
    };
  }

  /** The bytes of a model file, from which training may go on. */
  save(): Uint8Array {
    return writeModel(this.describe());
  }

  /**
   * A model from the bytes of a model file, or of a checkpoint.
   *
   * @throws RangeError for another kind of file, or tensors that do not fit
   */
  static async load(file: Bytes | ModelFile): Promise<Glove> {
    const { kind, config, vocab, state } = 'state' in file ? file : readModel(file);
    if (kind !== Glove.kind)
      throw new RangeError(
        `load: the file holds a model of kind "${kind}", expected "${Glove.kind}"`,
      );
    const { words, counts } = vocab as Pick<GloveOptions, 'words' | 'counts'>;
    const { size } = config as { size: number };
    const model = await Glove.create({ words, size, ...(counts && { counts }) });
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
  }

  /** As `dispose`, at the end of a block. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** Words are dealt out to so many groups; pairs of disjoint groups may be trained at once. */
const GROUPS = 4;
/** Words of a group whose rows stay in a cache together. */
const TILE = 1024;

/** Options of `CountedPairs`. */
export interface PairsOptions {
  /** Pairs that occur more often all weigh 1. Default: 10. */
  xMax?: number;
  /** Rarer pairs weigh (x / xMax)^alpha. Default: 0.75. */
  alpha?: number;
  /** Seed of the order in which pairs are trained on. Default: 1. */
  seed?: number;
}

/**
 * Pairs of words in the order that GloVe trains on them. Words are dealt out to four groups: a
 * round has four blocks of pairs, of which no two share a row, so that four threads may train them
 * at once. Within a block, pairs come in tiles of 1024 × 1024 words, whose rows stay in the cache;
 * tiles, and the pairs of a tile, are in random order.
 */
export class CountedPairs implements Fingerprinted {
  /** Pairs. */
  readonly length: number;
  /** @internal [pairs, 4] row, column (i32), ln x, weight (f32). */
  readonly list: Int32Array<ArrayBuffer>;
  /** @internal Where the block of each round and group begins. */
  readonly blocks: Int32Array;
  /** Tells these pairs from any others: a checkpoint keeps it. */
  readonly fingerprint: string;

  /**
   * @param counts of `cooccurrence`
   * @throws RangeError for an option out of range, or counts without pairs
   */
  constructor({ matrix, words }: Cooccurrence, options: PairsOptions = {}) {
    checkOptions('CountedPairs', options, { xMax: true, alpha: true, seed: true });
    const { xMax = 10, alpha = 0.75, seed = 1 } = options;
    if (!(xMax > 0 && alpha >= 0))
      throw new RangeError(
        `CountedPairs: xMax is ${xMax} and alpha ${alpha}, expected > 0 and ≥ 0`,
      );
    const n = matrix.nonzeros;
    if (n === 0)
      throw new RangeError('CountedPairs: no two words occur together; give more text, or a larger window'); // biome-ignore format: one call
    const random = new Random(seed);
    const side = Math.ceil(Math.ceil(words.length / GROUPS) / TILE);
    const perBlock = side * side;
    const tiles = GROUPS * GROUPS * perBlock;
    // the place of each tile: round, then group of the row, then at random
    const places = new Int32Array(tiles);
    for (let block = 0; block < GROUPS * GROUPS; block++) {
      const order = random.shuffle(Int32Array.from({ length: perBlock }, (_, i) => i));
      order.forEach((tile, i) => (places[block * perBlock + tile] = block * perBlock + i));
    }
    const tileOf = (row: number, column: number): number => {
      const [p, q] = [row % GROUPS, column % GROUPS];
      const block = ((q - p + GROUPS) % GROUPS) * GROUPS + p;
      const tile = Math.floor(row / GROUPS / TILE) * side + Math.floor(column / GROUPS / TILE);
      return places[block * perBlock + tile]!;
    };
    const next = new Int32Array(tiles + 1);
    const each = (use: (row: number, column: number, i: number) => void): void => {
      for (let row = 0; row < words.length; row++)
        for (let i = matrix.starts[row]!; i < matrix.starts[row + 1]!; i++)
          use(row, matrix.columns[i]!, i);
    };
    each((row, column) => next[tileOf(row, column) + 1]!++);
    for (let tile = 0; tile < tiles; tile++) next[tile + 1]! += next[tile]!;
    this.blocks = Int32Array.from({ length: GROUPS * GROUPS + 1 }, (_, b) => next[b * perBlock]!);
    const starts = next.slice();
    const list = new Int32Array(4 * n);
    const numbers = new Float32Array(list.buffer);
    let hash = 0x811c9dc5;
    each((row, column, i) => {
      const at = 4 * next[tileOf(row, column)]!++;
      const x = matrix.values[i]!;
      list[at] = row;
      list[at + 1] = column;
      numbers[at + 2] = log(x);
      numbers[at + 3] = x < xMax ? pow(x / xMax, alpha) : 1;
      hash = Math.imul(hash ^ column ^ list[at + 2]!, 0x01000193);
    });
    for (let tile = 0; tile < tiles; tile++) shufflePairs(list, starts[tile]!, starts[tile + 1]!, random); // biome-ignore format: one call
    this.list = list;
    this.length = n;
    this.fingerprint = `pairs:${n}:${(hash >>> 0).toString(16)}:${xMax}:${alpha}:${seed}`;
  }
}

/** Puts the pairs [from, to) in random order. */
function shufflePairs(list: Int32Array, from: number, to: number, random: Random): void {
  for (let last = to - 1; last > from; last--) {
    const pick = from + random.int(last - from + 1);
    for (let k = 0; k < 4; k++) {
      const held = list[4 * last + k]!;
      list[4 * last + k] = list[4 * pick + k]!;
      list[4 * pick + k] = held;
    }
  }
}

/** The recipe of a training of GloVe. */
export interface GloveTrainerOptions extends LoopOptions {
  /** Learning rate of AdaGrad. Default: 0.05. */
  lr?: number;
  /** Pairs of each group in a step. Default: 250,000. */
  chunk?: number;
}

/** Places in the list of pairs [from, to), one for each group: the batches of GloVe. */
export type PairRanges = readonly (readonly [from: number, to: number])[];

/** Bytes of a record, and places in it: those of `Pairs` in assembly/words/glove.ts. */
const RECORD = 40;
const AT = { list: 0, count: 4, words: 8, contexts: 12, size: 16, row: 20, rate: 24, loss: 32 };

/**
 * Trains a `Glove` model, in one run or in many, with exact resume. The loss is the mean over the
 * pairs of ½·f(x)·(⟨w, c⟩ + b_w + b_c − ln x)²; reports count pairs as tokens.
 *
 *     const counts = words.cooccurrence(new words.WordCorpus(ids), { vocab });
 *     const model = await words.Glove.create({ words: counts.words, counts: counts.counts });
 *     const trainer = new words.GloveTrainer(model, { epochs: 15 });
 *     for await (const report of trainer.run(new words.CountedPairs(counts))) console.log(report);
 */
export class GloveTrainer extends Loop<PairRanges, CountedPairs, Glove> {
  private readonly lr: number;
  private readonly chunk: number;
  private list: Int32Array<ArrayBuffer> | null = null;
  private readonly records: number;
  private readonly lists: number;

  /**
   * @throws RangeError for an option out of range
   */
  constructor(model: Glove, options: GloveTrainerOptions = {}) {
    checkOptions('GloveTrainer', options, {
      lr: true,
      chunk: true,
      epochs: true,
      steps: true,
      seed: true,
      reportEvery: true,
      validEvery: true,
      patience: true,
      note: true,
      metric: true,
    });
    const { lr = 0.05, chunk = 250_000, ...loop } = options;
    super(model, loop);
    if (!(lr > 0 && lr < Infinity))
      throw new RangeError(`GloveTrainer: lr is ${lr}, expected a number > 0`);
    if (!(Number.isInteger(chunk) && chunk >= 1))
      throw new RangeError(`GloveTrainer: chunk is ${chunk}, expected a whole number ≥ 1`);
    this.lr = lr;
    this.chunk = chunk;
    [this.records, this.lists] = allOrNothing(() => [
      allocate(GROUPS * RECORD),
      allocate(GROUPS * 16 * chunk),
    ]);
  }

  /** Steps of one epoch of these pairs. */
  stepsOf(data: CountedPairs): number {
    return this.ranges(data).length;
  }

  private ranges({ blocks }: CountedPairs): PairRanges[] {
    const { chunk } = this;
    const all: PairRanges[] = [];
    for (let round = 0; round < GROUPS; round++) {
      const starts = Array.from({ length: GROUPS }, (_, p) => blocks[round * GROUPS + p]!);
      const ends = Array.from({ length: GROUPS }, (_, p) => blocks[round * GROUPS + p + 1]!);
      const longest = Math.max(...ends.map((end, p) => end - starts[p]!));
      for (let at = 0; at < longest; at += chunk)
        all.push(
          starts.map((start, p) => [
            Math.min(ends[p]!, start + at),
            Math.min(ends[p]!, start + at + chunk),
          ]),
        );
    }
    return all;
  }

  protected open(data: CountedPairs): Batches<PairRanges> {
    this.list = data.list;
    const ranges = this.ranges(data);
    return {
      length: ranges.length,
      position: 0,
      next() {
        const value = ranges[this.position];
        if (value === undefined) return { done: true, value };
        this.position++;
        return { done: false, value };
      },
    };
  }

  protected trainStep(ranges: PairRanges): StepResult {
    const { model, records, lists, chunk, lr } = this;
    const contexts = model.address + 4 * model.row * model.words.length;
    let pairs = 0;
    ranges.forEach(([from, to], p) => {
      const at = lists + 16 * p * chunk;
      i32(at, 4 * (to - from)).set(this.list!.subarray(4 * from, 4 * to));
      pairs += to - from;
      const record = new DataView(buffer(), records + p * RECORD, RECORD);
      record.setUint32(AT.list, at, true);
      record.setInt32(AT.count, to - from, true);
      record.setUint32(AT.words, model.address, true);
      record.setUint32(AT.contexts, contexts, true);
      record.setUint32(AT.size, 4 * model.stride, true);
      record.setUint32(AT.row, 4 * model.row, true);
      record.setFloat32(AT.rate, lr, true);
    });
    model.kernels.glove_train(records, GROUPS);
    let loss = 0;
    for (let p = 0; p < GROUPS; p++)
      loss += new DataView(buffer(), records + p * RECORD, RECORD).getFloat64(AT.loss, true);
    if (!Number.isFinite(loss))
      throw new Error(
        `train: step ${this.step + 1}: the vectors are not finite any more; go on from the last ` +
          'checkpoint with a lower lr, or begin anew',
      );
    return { loss: loss / pairs, tokens: pairs, lr, gradNorm: NaN };
  }

  protected nonfinite(): Nonfinite | undefined {
    for (const [name, { data }] of this.model.stateDict()) {
      const index = data.findIndex(value => !Number.isFinite(value));
      if (index >= 0) return { name, index, value: data[index]! };
    }
    return undefined;
  }

  protected ownState(): OwnState {
    return { values: {}, tensors: new Map() };
  }

  protected adopt(): void {}

  protected recipe(): Record<string, unknown> {
    const { lr, chunk } = this;
    return { lr, chunk };
  }

  /** Gives back the memory of the training; the model stays. */
  dispose(): void {
    free(this.records);
    free(this.lists);
  }
}
