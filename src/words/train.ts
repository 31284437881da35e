/** Training of word vectors: steps of the training loop that are kernels without a tape. */
import { allOrNothing, allocate, buffer, copy, f32, free, i32 } from '../runtime/arena.js';
import { runtimeInfo } from '../runtime/init.js';
import { log } from '../runtime/math.js';
import { checkOptions } from '../runtime/options.js';
import { columns, type IdSource, idSource } from '../text/batch.js';
import type { OwnState } from '../train/checkpoint.js';
import { Loop, type Nonfinite, type StepResult } from '../train/loop.js';
import type { LoopOptions } from '../train/options.js';
import type { Batches, Fingerprinted } from '../train/trainable.js';
import type { Word2Vec } from './word2vec.js';

/** The recipe of a training of word vectors. */
export interface Word2VecTrainerOptions extends LoopOptions {
  /**
   * Learning rate at the beginning; it falls to a ten-thousandth of it along a line. Default: 0.025
   * for skip-gram, 0.075 for CBOW.
   */
  lr?: number;
  /**
   * The text is cut into so many shards that learn apart for a step and are then joined: at most so
   * many threads have work. The result depends on it, and not on the number of threads. Each shard
   * takes the model's memory once more. Default: 2 for texts of more than 4 million words, else 1.
   */
  shards?: number;
  /** Words of a shard in a step. Default: 1 million, 100,000 where there is one shard. */
  chunk?: number;
}

/** Places in the text [from, to), one for each shard: the batches of word vectors. */
export type Stretches = readonly (readonly [from: number, to: number])[];

/** The ids of a corpus as data to train on. */
export class WordCorpus implements Fingerprinted {
  /** The ids. */
  readonly ids: IdSource;
  #fingerprint: string | null = null;

  /**
   * @param ids of `vocab.encode(text, { unknown: 'skip' })`, or of a file
   * @throws RangeError for fewer than two
   */
  constructor(ids: Int32Array | IdSource) {
    this.ids = idSource(ids);
    if (this.ids.length < 2)
      throw new RangeError(
        `WordCorpus: ${this.ids.length} words, expected at least 2; give more text, or lower ` +
          'minCount',
      );
  }

  /** All ids in pieces of a million, each with the place of its first. */
  *pieces(): Generator<readonly [ids: ArrayLike<number>, from: number]> {
    const { ids } = this;
    for (let from = 0; from < ids.length; from += 2 ** 20)
      yield [ids.read(from, Math.min(ids.length, from + 2 ** 20)), from];
  }

  /** Tells this corpus from any other: a checkpoint keeps it. */
  get fingerprint(): string {
    this.#fingerprint ??= columns(this.ids, { batchSize: 1 }).fingerprint;
    return this.#fingerprint;
  }
}

/** Texts of more words than this are cut into shards. */
const LARGE = 4_000_000;
/** Rows that occur so often in a shard's part of a step are joined halfway between sum and mean. */
const HALF = 500;
/** Bytes of a record, and places in it: those of `Shard` in assembly/words/word2vec.ts. */
const RECORD = 120;
const AT = { ids: 0, count: 4, alpha: 64, alphaEnd: 68, random: 88, product: 96, exponent: 104, pairs: 112 }; // biome-ignore format: one line
/** Outputs that the kernels work on at once. */
const GROUP = 6;

/** What a training allocates. */
interface Memory {
  records: number;
  /** A copy of the model for each shard; 0: there is one shard, which trains the model itself. */
  copies: number;
  /** [rows] how much of what the shards have learnt is added up. */
  weights: number;
  all: number[];
}

/**
 * Trains a `Word2Vec` model, in one run or in many, with exact resume. A step is a stretch of the
 * text; the loss is the mean over the predictions of −ln σ(±⟨x, y⟩), summed over the word that was
 * there and those that were drawn; reports count predictions as tokens.
 *
 *     const trainer = new words.Word2VecTrainer(model, { epochs: 3 });
 *     for await (const report of trainer.run(new words.WordCorpus(ids))) console.log(report);
 */
export class Word2VecTrainer extends Loop<Stretches, WordCorpus, Word2Vec> {
  private readonly lr: number;
  private readonly wanted: number | undefined;
  private readonly chunk: number | undefined;
  private source: IdSource | null = null;
  /** Shards of this text; what the first run decides. */
  private shards = 0;
  private memory: Memory | null = null;

  /**
   * @throws RangeError for an option out of range
   */
  constructor(model: Word2Vec, options: Word2VecTrainerOptions = {}) {
    checkOptions('Word2VecTrainer', options, {
      lr: true,
      shards: true,
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
    const { lr, shards, chunk, ...loop } = options;
    super(model, loop);
    this.lr = lr ?? (model.config.algorithm === 'cbow' ? 0.075 : 0.025);
    if (!(this.lr > 0 && this.lr < Infinity))
      throw new RangeError(`Word2VecTrainer: lr is ${lr}, expected a number > 0`);
    for (const [name, value] of Object.entries({ shards, chunk }))
      if (value !== undefined && !(Number.isInteger(value) && value >= 1))
        throw new RangeError(`Word2VecTrainer: ${name} is ${value}, expected a whole number ≥ 1`);
    this.wanted = shards;
    this.chunk = chunk;
  }

  /** Words that each shard reads in a step. */
  private stretch(shards: number): number {
    return this.chunk ?? (shards > 1 ? 1_000_000 : 100_000);
  }

  /** Steps of one epoch of this corpus. */
  stepsOf({ ids }: WordCorpus): number {
    const shards = this.wanted ?? (ids.length > LARGE ? 2 : 1);
    return Math.ceil(ids.length / (shards * this.stretch(shards)));
  }

  protected open(data: WordCorpus): Batches<Stretches> {
    const { ids } = data;
    this.source = ids;
    this.shards = this.wanted ?? (ids.length > LARGE ? 2 : 1);
    this.memory ??= this.allocate();
    const { shards } = this;
    const stretch = this.stretch(shards);
    const length = this.stepsOf(data);
    return {
      length,
      position: 0,
      next() {
        if (this.position >= length) return { done: true, value: undefined };
        const start = this.position++ * shards * stretch;
        const whole = Math.min(shards * stretch, ids.length - start);
        const bound = (s: number): number => start + Math.floor((whole * s) / shards);
        return {
          done: false,
          value: Array.from({ length: shards }, (_, s) => [bound(s), bound(s + 1)] as const),
        };
      },
    };
  }

  protected trainStep(stretches: Stretches, total: number): StepResult {
    const { model, memory, lr, shards } = this;
    const { records, copies, weights } = memory!;
    const rate = (step: number): number => lr * Math.max(1 - step / total, 1e-4);
    const floats = (model.inputRows + model.outputRows) * model.stride;
    stretches.forEach((stretch, s) => {
      const record = new DataView(buffer(), records + s * RECORD, RECORD);
      record.setInt32(AT.count, this.place(stretch, record.getUint32(AT.ids, true)), true);
      record.setFloat32(AT.alpha, rate(this.step), true);
      record.setFloat32(AT.alphaEnd, rate(this.step + 1), true);
      record.setUint32(AT.random, this.random.uint32(), true);
      record.setUint32(AT.random + 4, this.random.uint32(), true);
      // the first step after a pause begins with the model as it is
      if (copies > 0 && !this.spread) copy(copies + 4 * s * floats, model.address, floats);
    });
    this.spread = copies > 0;
    model.kernels.word2vec_train(records, shards);
    let loss = 0;
    let pairs = 0;
    for (let s = 0; s < shards; s++) {
      const record = new DataView(buffer(), records + s * RECORD, RECORD);
      loss -= log(record.getFloat64(AT.product, true));
      loss -= record.getFloat64(AT.exponent, true) * Math.LN2;
      pairs += record.getFloat64(AT.pairs, true);
    }
    if (!Number.isFinite(loss))
      throw new Error(
        `train: step ${this.step + 1}: the vectors are not finite any more; go on from the last ` +
          'checkpoint with a lower lr, or begin anew',
      );
    if (copies > 0)
      model.kernels.word2vec_merge(
        model.address,
        copies,
        weights,
        model.inputRows + model.outputRows,
        model.stride,
        shards,
        floats,
      );
    return {
      loss: pairs > 0 ? loss / pairs : 0,
      tokens: pairs,
      lr: rate(this.step),
      gradNorm: NaN,
    };
  }

  /** Whether the shards' copies are as the model is. */
  private spread = false;

  /** Writes the rows of a stretch's words; how many there are, ends of sentences with them. */
  private place([from, to]: readonly [number, number], address: number): number {
    const { rowOf } = this.model;
    const ids = this.source!.read(from, to);
    const rows = i32(address, ids.length);
    let n = 0;
    for (let i = 0; i < ids.length; i++) {
      const row = rowOf[ids[i]!];
      if (row === undefined)
        throw new RangeError(
          `Word2VecTrainer: id ${ids[i]} at ${from + i}, expected one below ${rowOf.length}, the ` +
            "size of the model's vocabulary",
        );
      if (row !== -2) rows[n++] = row;
    }
    return n;
  }

  private allocate(): Memory {
    const { model, shards } = this;
    const stretch = this.stretch(shards);
    const { config, tables, kernels, stride, inputRows, outputRows, inputs } = model;
    const groups = Math.ceil(model.outputs / GROUP);
    const rows = inputRows + outputRows;
    return allOrNothing(() => {
      const all: number[] = [];
      const block = (bytes: number): number => {
        const address = allocate(bytes);
        all.push(address);
        return address;
      };
      const records = block(shards * RECORD);
      const copies = shards > 1 ? block(4 * shards * rows * stride) : 0;
      const weights = shards > 1 ? block(4 * rows) : 0;
      if (shards > 1) this.weigh(f32(weights, rows));
      for (let s = 0; s < shards; s++) {
        const own = copies > 0 ? copies + 4 * s * rows * stride : model.address;
        const ids = block(4 * stretch);
        const scratch = block(kernels.word2vec_scratch(inputs, groups, 4 * stride));
        i32(records + s * RECORD, 22).set([
          ids,
          0, // count
          own,
          own + 4 * inputRows * stride,
          4 * stride,
          config.window,
          config.hierarchical ? 0 : model.outputs - 1,
          config.algorithm === 'skipgram' ? 0 : config.gradient === 'sum' ? 1 : 2,
          config.shared ? 1 : 0,
          tables.keep,
          tables.alias,
          model.words.length,
          tables.starts,
          tables.paths,
          tables.parts,
          tables.pieces,
          0, // alpha
          0, // alphaEnd
          scratch,
          groups,
          inputs,
          runtimeInfo().wide ? 1 : 0,
        ]);
      }
      return { records, copies, weights, all };
    });
  }

  /**
   * How much of what shards learn is added up, for each row. Rare rows learn from few shards: the
   * sum is what one shard would have learnt. Frequent ones arrive at the same in each shard, and
   * the sum would overshoot: the mean. More than 2 / shards would not converge, because rows move
   * together.
   */
  private weigh(weights: Float32Array): void {
    const { shards, model } = this;
    const stretch = this.stretch(shards);
    const total = model.counts.reduce((sum, count) => sum + count, 0);
    model.rowCounts.forEach((count, row) => {
      const expected = (count / total) * stretch;
      weights[row] = (1 + HALF / (expected + HALF)) / shards;
    });
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

  protected adopt(): void {
    this.spread = false;
  }

  protected recipe(): Record<string, unknown> {
    const { lr, wanted = null, chunk = null } = this;
    return { lr, shards: wanted, chunk };
  }

  /** Gives back the memory of the training; the model stays. */
  dispose(): void {
    for (const address of this.memory?.all ?? []) free(address);
    this.memory = null;
  }
}
