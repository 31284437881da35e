/** Classes of texts: embedding → RNN, LSTM or GRU → pooling over time → softmax. */
import type { Bytes } from '../io/bytes.js';
import { configOf, type ModelFile, readModel, writeModel } from '../io/model.js';
import { adopt } from '../nn/adopt.js';
import { Embedding } from '../nn/embedding.js';
import { GRU } from '../nn/gru.js';
import { uniform } from '../nn/init.js';
import { Linear } from '../nn/linear.js';
import { LSTM } from '../nn/lstm.js';
import { Module } from '../nn/module.js';
import { RNN } from '../nn/rnn.js';
import { sigmoid } from '../ops/activation.js';
import { dropout } from '../ops/dropout.js';
import { affine, mul } from '../ops/elementwise.js';
import { bceWithLogits, crossEntropy } from '../ops/loss.js';
import { sum } from '../ops/reduce.js';
import { softmax } from '../ops/softmax.js';
import { slice } from '../ops/strided.js';
import { allOrNothing } from '../runtime/arena.js';
import { checkOptions, noOthers } from '../runtime/options.js';
import { Random } from '../runtime/random.js';
import { infer, scope } from '../tensor/scope.js';
import { checkSize } from '../tensor/shape.js';
import { Parameter, type Tensor, tensor, view } from '../tensor/tensor.js';
import type { VocabJSON } from '../text/count.js';
import { Labels } from '../text/labels.js';
import { eachChar, eachWord } from '../text/tokenize.js';
import { Vocab } from '../text/vocab.js';
import type { BatchData, LossContext, LossResult, PlainBatch, Trainable } from '../train/trainable.js'; // biome-ignore format: one line
import { byLength, type DataOptions, lengthBuckets } from './buckets.js';
import { type Confusion, confusion, macroF1, scoresOf } from './metrics/accuracy.js';
import { attentionPool, lastState, maxPool, meanPool } from './pooling.js';

const cells = { rnn: RNN, lstm: LSTM, gru: GRU };
const POOLINGS = ['last', 'max', 'mean', 'attention'] as const;

/** Texts that are read side by side. */
const ROWS = 64;

/** Vectors that words begin with: what `io.readVectors` gives. */
export interface Pretrained {
  /** One word a row. */
  words: readonly string[];
  /** Numbers of a vector. */
  size: number;
  /** [words, size] */
  data: Float32Array;
}

/** What a classifier is made of. */
export interface ClassifierOptions {
  /** The units that it reads, words or characters, with an id for unknown ones. */
  vocab: Vocab;
  /** The classes. */
  labels: Labels;
  /** Texts are read in lower case. Default: false. */
  lowercase?: boolean;
  /** Kind of the recurrent layers. Default: 'lstm'. */
  cell?: keyof typeof cells;
  /** Default: 100; that of `vectors` where they are given. */
  embeddingSize?: number;
  /** Hidden units of each direction. Default: 100. */
  hiddenSize?: number;
  /** Recurrent layers one above the other. Default: 1. */
  layers?: number;
  /** Read from both ends. Default: true. */
  bidirectional?: boolean;
  /** What becomes of the states of all steps: `tasks.lastState`, … Default: 'max'. */
  pooling?: (typeof POOLINGS)[number];
  /** Probability of dropout of the embeddings and before the output, in training. Default: 0. */
  dropout?: number;
  /**
   * α: in training a unit seen c times is read as an unknown one with probability α/(α + c), so
   * that unknown ones are learnt. Default: 0.
   */
  wordDropout?: number;
  /** A text may have several classes, or none: each is decided by itself. Default: false. */
  several?: boolean;
  /** What an example of each class counts, in the order of the labels. Default: 1 each. */
  classWeights?: readonly number[] | undefined;
  /** Vectors that the words found in them begin with. Default: none. */
  vectors?: Pretrained | undefined;
  /** The embedding is not trained. Default: false. */
  frozen?: boolean;
  /** Seed of the initial values. Default: 1. */
  seed?: number;
}

/** Sizes and options, as a classifier's files hold them. */
export interface ClassifierConfig {
  /** The classes, in the order of their numbers. */
  labels: readonly string[];
  /** Whether texts are read in lower case. */
  lowercase: boolean;
  /** Kind of the recurrent layers. */
  cell: keyof typeof cells;
  /** Numbers that stand for a unit. */
  embeddingSize: number;
  /** Hidden units of each direction. */
  hiddenSize: number;
  /** Recurrent layers one above the other. */
  layers: number;
  /** Whether it reads from both ends. */
  bidirectional: boolean;
  /** What becomes of the states of all steps. */
  pooling: (typeof POOLINGS)[number];
  /** Probability of dropout, in training. */
  dropout: number;
  /** α of the word dropout, in training. */
  wordDropout: number;
  /** Whether a text may have several classes. */
  several: boolean;
  /** What an example of each class counts; absent: 1 each. */
  classWeights?: readonly number[];
  /** Whether the embedding is not trained. */
  frozen: boolean;
}

/** A text and its class, or its classes. */
export interface ClassifierExample {
  /** The text. */
  text: string;
  /** Its class; where a text may have several, all of them. */
  label: string | readonly string[];
}

/** Texts side by side. */
export interface ClassBatch extends PlainBatch {
  /** [T·B] time-major; the unknown id behind a text's end */
  ids: Int32Array;
  /** Units of the longest text. */
  T: number;
  /** Texts. */
  B: number;
  /** [B] units of each text */
  lengths: Int32Array;
  /** [B] the number of each text's class; where there may be several [B·C], 1 where it has it */
  targets: Int32Array;
}

/** A class and how probable it is. */
export interface ClassProbability {
  /** The class. */
  label: string;
  /** Its probability. */
  p: number;
}

/** What each unit of a text did for a class. */
export interface Explanation extends ClassProbability {
  /** The units of the text in their order. */
  units: {
    /** The unit as it stands in the text. */
    text: string;
    /** Where it begins in the text. */
    offset: number;
    /** Gradient of the class's logit times input: above 0 it spoke for the class. */
    score: number;
  }[];
}

/** How good the answers are. */
export interface ClassifierMetrics {
  /** Examples that were read. */
  examples: number;
  /** Mean loss of an example, in nats, all classes counted alike. */
  loss: number;
  /** Share of the examples whose classes are all right. */
  accuracy: number;
  /** Mean of the F₁ of all classes that occur or are given. */
  macroF1: number;
  /** What was taken for what; null where a text may have several classes. */
  confusion: Confusion | null;
}

/**
 * A text classifier: make it, train it with `train.BatchTrainer` on its `data`, let it `classify`,
 * `save` it. Outside scopes.
 */
export class Classifier extends Module implements Trainable<ClassBatch> {
  /** The kind that the files of these models declare. */
  static readonly kind = 'classifier';
  /** The kind that the model's files declare. */
  readonly kind = Classifier.kind;
  /** The units that it reads. */
  readonly vocab: Vocab;
  /** The classes. */
  readonly labels: Labels;
  /** Sizes and options, as its files hold them. */
  readonly config: ClassifierConfig;
  /** Units to numbers. */
  readonly embedding: Embedding;
  /** The recurrent layers. */
  readonly rnn: RNN | LSTM | GRU;
  /** Attention pooling: what is asked of each state; null for other poolings. */
  readonly attention: Linear | null;
  /** [1, 2·hidden or hidden] attention pooling: the query; null for other poolings. */
  readonly query: Parameter | null;
  /** The output layer over the classes. */
  readonly head: Linear;

  constructor(options: ClassifierOptions) {
    super();
    checkOptions('Classifier', options, {
      vocab: true,
      labels: true,
      lowercase: true,
      cell: true,
      embeddingSize: true,
      hiddenSize: true,
      layers: true,
      bidirectional: true,
      pooling: true,
      dropout: true,
      wordDropout: true,
      several: true,
      classWeights: true,
      vectors: true,
      frozen: true,
      seed: true,
    });
    const {
      vocab,
      labels,
      lowercase = false,
      cell = 'lstm',
      vectors,
      embeddingSize = vectors?.size ?? 100,
      hiddenSize = 100,
      layers = 1,
      bidirectional = true,
      pooling = 'max',
      dropout: p = 0,
      wordDropout = 0,
      several = false,
      classWeights,
      frozen = false,
      seed = 1,
    } = options;
    if (vocab.level !== 'word' && vocab.level !== 'char')
      throw new RangeError(`Classifier: a vocabulary of level "${vocab.level}", expected word or char`); // biome-ignore format: one line
    if (vocab.unknown < 0)
      throw new RangeError(
        'Classifier: the vocabulary has no id for unknown characters; make it with unknown: true',
      );
    if (labels.size < 2 && !several)
      throw new RangeError(`Classifier: one class, "${labels.labelOf(0)}"; expected at least 2`);
    if (!Object.hasOwn(cells, cell))
      throw new RangeError(`Classifier: cell "${cell}", expected rnn, lstm or gru`);
    if (!POOLINGS.includes(pooling))
      throw new RangeError(`Classifier: pooling "${pooling}", expected last, max, mean or attention`); // biome-ignore format: one line
    if (!(p >= 0 && p < 1)) throw new RangeError(`Classifier: dropout is ${p}, expected 0 ≤ p < 1`);
    if (!(wordDropout >= 0 && wordDropout < Infinity))
      throw new RangeError(`Classifier: wordDropout is ${wordDropout}, expected a number ≥ 0`);
    checkSize(embeddingSize, 'embeddingSize', 'Classifier');
    if (vectors && vectors.size !== embeddingSize)
      throw new RangeError(
        `Classifier: vectors of ${vectors.size} numbers, embeddingSize is ${embeddingSize}`,
      );
    if (classWeights && classWeights.length !== labels.size)
      throw new RangeError(
        `Classifier: ${classWeights.length} classWeights for ${labels.size} classes`,
      );
    for (const weight of classWeights ?? [])
      if (!(weight > 0 && weight < Infinity))
        throw new RangeError(`Classifier: a class weight is ${weight}, expected a number > 0`);
    const random = new Random(seed);
    const width = hiddenSize * (bidirectional ? 2 : 1);
    const made = allOrNothing(() => ({
      embedding: new Embedding(vocab.size, embeddingSize, { random }),
      rnn: new cells[cell](embeddingSize, hiddenSize, { layers, bidirectional, dropout: p, random }), // biome-ignore format: one line
      attention: pooling === 'attention' ? new Linear(width, width, { random }) : null,
      query: pooling === 'attention' ? new Parameter([1, width]) : null,
      head: new Linear(width, labels.size, { random }),
    }));
    this.embedding = made.embedding;
    this.rnn = made.rnn;
    this.attention = made.attention;
    this.query = made.query;
    this.head = made.head;
    if (this.query) uniform(this.query, -1 / Math.sqrt(width), 1 / Math.sqrt(width), random);
    this.vocab = vocab;
    this.labels = labels;
    this.config = {
      labels: labels.toJSON(),
      lowercase,
      cell,
      embeddingSize,
      hiddenSize,
      layers,
      bidirectional,
      pooling,
      dropout: p,
      wordDropout,
      several,
      ...(classWeights && { classWeights }),
      frozen,
    };
    if (vectors) this.begin(vectors);
    this.embedding.weight.requiresGrad = !frozen;
  }

  /**
   * The vocabulary of texts.
   *
   * @param texts those to train on
   * @param options level: what a unit is; lowercase: as the classifier reads; minCount: units seen
   *   less often are unknown
   */
  static vocab(
    texts: Iterable<string>,
    {
      level = 'word',
      lowercase = false,
      minCount = 1,
      ...rest
    }: {
      /** Default: 'word'. */
      level?: 'word' | 'char';
      /** Default: false. */
      lowercase?: boolean;
      /** Default: 1. */
      minCount?: number;
    } = {},
  ): Vocab {
    noOthers('Classifier.vocab', rest);
    const all = [...texts].join('\n');
    const read = lowercase ? all.toLowerCase() : all;
    return Vocab.fromText(read, { level, minCount, ...(level === 'char' && { unknown: true }) });
  }

  /** Words that are found begin with their vectors; the others are as far from 0 as these. */
  private begin({ words, size, data }: Pretrained): void {
    const rows = new Map(words.map((word, row) => [word, row]));
    const weight = this.embedding.weight.toArray();
    let squares = 0;
    let found = 0;
    const missing: number[] = [];
    for (let id = 0; id < this.vocab.size; id++) {
      const row = rows.get(this.vocab.tokenOf(id));
      if (row === undefined) {
        missing.push(id);
        continue;
      }
      found++;
      for (let k = 0; k < size; k++) {
        const value = data[row * size + k]!;
        weight[id * size + k] = value;
        squares += value * value;
      }
    }
    if (found === 0) throw new RangeError('Classifier: none of the words has a vector');
    const scale = Math.sqrt(squares / (found * size));
    for (const id of missing) for (let k = 0; k < size; k++) weight[id * size + k]! *= scale;
    this.embedding.weight.set(weight);
  }

  /** The units of a text, and where each begins. An empty text is one unknown unit. */
  private units(text: string): { text: string; offset: number }[] {
    const units: { text: string; offset: number }[] = [];
    if (this.vocab.level === 'char')
      eachChar(text, (c, offset) => units.push({ text: String.fromCodePoint(c), offset }));
    else
      eachWord(text, (word, offset) => {
        // a line end is white space here
        if (text.startsWith(word, offset)) units.push({ text: word, offset });
      });
    return units.length > 0 ? units : [{ text: '', offset: 0 }];
  }

  private ids(text: string): Int32Array {
    const { lowercase } = this.config;
    return Int32Array.from(this.units(text), unit => {
      const id = this.vocab.idOf(lowercase ? unit.text.toLowerCase() : unit.text);
      return id < 0 ? this.vocab.unknown : id;
    });
  }

  /** Texts side by side, with the numbers of their classes. */
  private batch(rows: readonly Int32Array[], classes: readonly Int32Array[] = []): ClassBatch {
    const B = rows.length;
    const C = this.labels.size;
    const T = rows.reduce((most, { length }) => Math.max(most, length), 1);
    const ids = new Int32Array(T * B).fill(this.vocab.unknown);
    rows.forEach((row, b) => row.forEach((id, t) => (ids[t * B + b] = id)));
    const { several } = this.config;
    const targets = new Int32Array(several ? B * C : B);
    classes.forEach((numbers, b) => {
      if (several) for (const number of numbers) targets[b * C + number] = 1;
      else targets[b] = numbers[0]!;
    });
    return { ids, T, B, lengths: Int32Array.from(rows, row => row.length), targets, tokens: B };
  }

  /** The numbers of an example's classes. */
  private classesOf({ text, label }: ClassifierExample): Int32Array {
    const given = typeof label === 'string' ? [label] : label;
    if (!this.config.several && given.length !== 1)
      throw new RangeError(
        `Classifier: "${text.slice(0, 40)}" has ${given.length} classes, expected 1; make the ` +
          'classifier with several: true',
      );
    return this.labels.encode(given);
  }

  /**
   * Examples as batches of texts about as long, in a new order each epoch.
   *
   * @param examples texts with their classes
   * @param options batchSize: texts of a batch; fingerprint: tells this data from other data when a
   *   run is resumed
   * @throws RangeError where there is none, or a class is none of the labels
   */
  data(examples: readonly ClassifierExample[], options: DataOptions): BatchData<ClassBatch> {
    const rows = examples.map(({ text }) => this.ids(text));
    const classes = examples.map(example => this.classesOf(example));
    const lengths = rows.map(({ length }) => length);
    return lengthBuckets('Classifier.data', lengths, options, members =>
      this.batch(
        Array.from(members, i => rows[i]!),
        Array.from(members, i => classes[i]!),
      ),
    );
  }

  /**
   * One vector for each text.
   *
   * @param embedded [T, B, embedding]
   * @returns [B, hidden], of two directions [B, 2·hidden]
   */
  private pooled(embedded: Tensor, lengths: Int32Array, random?: Random): Tensor {
    const { output } = this.rnn.forward(embedded, { lengths, random });
    const { pooling, bidirectional } = this.config;
    if (pooling === 'max') return maxPool(output, lengths);
    if (pooling === 'mean') return meanPool(output, lengths);
    if (pooling === 'last') return lastState(output, lengths, { bidirectional });
    const { weight, bias } = this.attention!;
    return attentionPool(output, lengths, { weight, bias: bias!, query: this.query! }).pooled;
  }

  /**
   * Logits of the classes.
   *
   * @param batch texts side by side
   * @param random draws the dropout masks; undefined: no dropout
   * @returns [B, C]
   */
  forward({ ids, T, B, lengths }: ClassBatch, random?: Random): Tensor {
    const { dropout: p, wordDropout } = this.config;
    const read = random && wordDropout > 0 ? this.dropWords(ids, random) : ids;
    const embedded = this.embedding.forward(read, [T, B]);
    const x = this.pooled(random ? dropout(embedded, p, random) : embedded, lengths, random);
    return this.head.forward(random ? dropout(x, p, random) : x);
  }

  private dropWords(ids: Int32Array, random: Random): Int32Array {
    const { wordDropout: alpha } = this.config;
    const { counts, unknown } = this.vocab;
    return ids.map(id => (random.float() < alpha / (alpha + (counts?.[id] ?? 1)) ? unknown : id));
  }

  /** Mean loss of a batch's texts, in nats; weighted by class where the classes have weights. */
  loss(batch: ClassBatch, { random }: LossContext): LossResult {
    return { loss: this.lossOf(this.forward(batch, random), batch, this.config.classWeights) };
  }

  private lossOf(
    logits: Tensor,
    { targets, B }: ClassBatch,
    weights: readonly number[] | undefined,
  ): Tensor {
    const { several } = this.config;
    if (several) {
      const wanted = tensor(Float32Array.from(targets), { shape: logits.shape });
      const losses = bceWithLogits(logits, wanted, { reduction: 'none' });
      return affine(sum(weights ? mul(losses, tensor(weights)) : losses), 1 / B);
    }
    if (!weights) return crossEntropy(logits, targets);
    const each = Float32Array.from(targets, target => weights[target]!);
    const total = each.reduce((sum, weight) => sum + weight, 0);
    const losses = crossEntropy(logits, targets, { reduction: 'none' });
    return affine(sum(mul(losses, tensor(each))), 1 / total);
  }

  /**
   * The probability of each class for each text; they add up to 1 unless a text may have several
   * classes.
   *
   * @param texts any number of them
   * @returns for each text [C], in the order of the labels
   */
  probabilities(texts: readonly string[]): Float32Array[] {
    return this.inBatches(
      texts.map(text => this.ids(text)),
      (logits, B) => this.shares(logits, B),
    );
  }

  private shares(logits: Tensor, B: number): Float32Array[] {
    const C = this.labels.size;
    const p = (this.config.several ? sigmoid(logits) : softmax(logits)).toArray();
    return Array.from({ length: B }, (_, b) => p.slice(b * C, (b + 1) * C));
  }

  /** Goes through texts by length, a batch at a time; results in the order of the texts. */
  private inBatches<T>(
    rows: readonly Int32Array[],
    work: (logits: Tensor, B: number, members: Int32Array) => T[],
  ): T[] {
    return byLength(
      rows.map(({ length }) => length),
      ROWS,
      members =>
        infer(() => {
          const batch = this.batch(Array.from(members, i => rows[i]!));
          return work(this.forward(batch), batch.B, members);
        }),
    );
  }

  /** The classes of a text and their probabilities, the most probable first. */
  classify(text: string): ClassProbability[] {
    return this.ranked(this.probabilities([text])[0]!);
  }

  private ranked(p: Float32Array): ClassProbability[] {
    return Array.from(p, (p, id) => ({ label: this.labels.labelOf(id), p })).sort(
      (a, b) => b.p - a.p,
    );
  }

  /**
   * A text as a vector: what the output layer reads. Texts of like content lie near each other.
   *
   * @returns [hidden], of two directions [2·hidden]
   */
  embed(text: string): Float32Array {
    const ids = this.ids(text);
    return infer(() =>
      this.pooled(
        this.embedding.forward(ids, [ids.length, 1]),
        Int32Array.of(ids.length),
      ).toArray(),
    );
  }

  /**
   * Which units of a text spoke for a class: for each ∂logit/∂e·e, e its embedding.
   *
   * @param text the text
   * @param label the class. Default: the most probable one
   * @throws RangeError for a label that is none of the classes
   */
  explain(text: string, label?: string): Explanation {
    const classes = this.classify(text);
    const { label: chosen, p } =
      label === undefined
        ? classes[0]!
        : (classes.find(each => each.label === label) ?? this.noClass(label));
    const id = this.labels.idOf(chosen);
    const { embeddingSize: E } = this.config;
    const ids = this.ids(text);
    const T = ids.length;
    const e = infer(() => this.embedding.forward(ids, [T, 1]).toArray());
    const trained = this.parameters().filter(parameter => parameter.requiresGrad);
    for (const parameter of trained) parameter.requiresGrad = false;
    try {
      const gradient = scope(() => {
        const x = tensor(e, { shape: [T, 1, E], requiresGrad: true });
        const logits = this.head.forward(this.pooled(x, Int32Array.of(T)));
        view(slice(logits, 1, id, id + 1), []).backward();
        return x.grad!;
      });
      const units = this.units(text).map((unit, t) => {
        let score = 0;
        for (let k = t * E; k < (t + 1) * E; k++) score += gradient[k]! * e[k]!;
        return { ...unit, score };
      });
      return { label: chosen, p, units };
    } finally {
      for (const parameter of trained) parameter.requiresGrad = true;
    }
  }

  private noClass(label: string): never {
    throw new RangeError(
      `explain: "${label}" is none of the classes ${this.config.labels.join(', ')}`,
    );
  }

  /**
   * How good the answers are.
   *
   * @param examples texts with their classes
   * @throws RangeError where there is none, or a class is none of the labels
   */
  evaluate(examples: readonly ClassifierExample[]): ClassifierMetrics {
    checkSize(examples.length, 'examples', 'evaluate');
    const { several } = this.config;
    const C = this.labels.size;
    const classes = examples.map(example => this.classesOf(example));
    const rows = examples.map(({ text }) => this.ids(text));
    let loss = 0;
    const p = this.inBatches(rows, (logits, B, members) => {
      const batch = this.batch(
        Array.from(members, i => rows[i]!),
        Array.from(members, i => classes[i]!),
      );
      loss += this.lossOf(logits, batch, undefined).item() * B;
      return this.shares(logits, B);
    });
    const answers = p.map(shares =>
      several
        ? [...shares.keys()].filter(id => shares[id]! >= 0.5)
        : [shares.indexOf(Math.max(...shares))],
    );
    const about = { examples: examples.length, loss: loss / examples.length };
    if (!several) {
      const matrix = confusion(
        answers.map(([id]) => this.labels.labelOf(id!)),
        classes.map(([id]) => this.labels.labelOf(id!)),
        this.config.labels,
      );
      const right = answers.filter(([id], i) => id === classes[i]![0]).length;
      return {
        ...about,
        accuracy: right / examples.length,
        macroF1: macroF1(matrix),
        confusion: matrix,
      };
    }
    const sets = classes.map(numbers => new Set(numbers));
    const f1 = [...new Array(C).keys()].flatMap(id => {
      const wanted = sets.filter(set => set.has(id)).length;
      const given = answers.filter(ids => ids.includes(id)).length;
      const both = answers.filter((ids, i) => ids.includes(id) && sets[i]!.has(id)).length;
      return wanted + given === 0 ? [] : [scoresOf(both, given, wanted).f1];
    });
    const right = answers.filter(
      (ids, i) => ids.length === sets[i]!.size && ids.every(id => sets[i]!.has(id)),
    ).length;
    return {
      ...about,
      accuracy: right / examples.length,
      macroF1: f1.reduce((sum, each) => sum + each, 0) / Math.max(1, f1.length),
      confusion: null,
    };
  }

  /** The bytes of a model file. */
  save(): Uint8Array {
    return writeModel(this.describe());
  }

  /** What a model file or checkpoint says of this model. */
  describe(): ModelFile {
    return {
      kind: this.kind,
      config: this.config,
      vocab: this.vocab.toJSON(),
      state: this.stateDict(),
    };
  }

  /**
   * A model from the bytes of a model file, or of a checkpoint.
   *
   * @throws RangeError for another kind of file, or tensors that do not fit its config
   */
  static load(bytes: Bytes): Classifier {
    return Classifier.from(readModel(bytes));
  }

  /** As `load`, from a file already read. */
  static from(file: ModelFile): Classifier {
    const { labels, ...options } = configOf(file, Classifier.kind) as ClassifierConfig;
    if (!Array.isArray(labels)) throw new RangeError('load: the config has no list of labels');
    const model = new Classifier({
      ...options,
      labels: new Labels(labels),
      vocab: Vocab.fromJSON(file.vocab as VocabJSON),
    });
    return adopt(model, file);
  }
}
