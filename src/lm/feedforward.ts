/**
 * The feed-forward language model (Bengio, Ducharme, Vincent & Jauvin 2003, "A neural probabilistic
 * language model"): the embeddings of the last words, side by side → tanh → softmax over the next.
 */
import type { Bytes } from '../io/bytes.js';
import { type ModelFile, readModel, writeModel } from '../io/model.js';
import { Embedding } from '../nn/embedding.js';
import { Linear } from '../nn/linear.js';
import { Module } from '../nn/module.js';
import { FullSoftmax, type Head } from '../nn/softmax.js';
import { tanh } from '../ops/activation.js';
import { dropout } from '../ops/dropout.js';
import { crossEntropy } from '../ops/loss.js';
import { concat } from '../ops/strided.js';
import { allOrNothing } from '../runtime/arena.js';
import { checkOptions, noOthers } from '../runtime/options.js';
import { Random } from '../runtime/random.js';
import { infer } from '../tensor/scope.js';
import { checkSize } from '../tensor/shape.js';
import { type Tensor, tensor, view, zeros } from '../tensor/tensor.js';
import { type IdSource, IGNORED, type SequenceBatch } from '../text/batch.js';
import type { Vocab } from '../text/vocab.js';
import type { LossContext, LossResult, Trainable } from '../train/trainable.js';
import { type EvaluateOptions, type Evaluation, evaluateText, WINDOW } from './evaluate.js';
import { type SampleOptions, sample } from './generate.js';
import { loadLM } from './load.js';
import type { LanguageModel, Scores } from './model.js';
import type { Softmax, SoftmaxConfig } from './softmax.js';

/** What a feed-forward language model is made of. */
export interface FeedforwardLMOptions {
  /** The units that it reads and writes. */
  vocab: Vocab;
  /** Tokens that the next one is predicted from. Default: 4. */
  context?: number;
  /** Default: 64. */
  embeddingSize?: number;
  /** Default: 128. */
  hiddenSize?: number;
  /** The output layer reads the embeddings too, beside the hidden units. Default: false. */
  direct?: boolean;
  /** Probability of dropout of the embeddings and before the output, in training. Default: 0. */
  dropout?: number;
  /**
   * For vocabularies of many words: `lm.adaptive()` or `lm.sampled()`. Default: the full softmax.
   */
  softmax?: Softmax | undefined;
  /** Seed of the initial values. Default: 1. */
  seed?: number;
}

/** The last tokens, the last one at the end; before the text there is the id `vocab.size`. */
export type FeedforwardState = Int32Array;

/**
 * A feed-forward language model: make it, train it with `train.Trainer`, `evaluate` it, let it
 * `sample`, `save` it. Outside scopes.
 *
 *   x = e(w_{t−n+1}), …, e(w_t)    h = tanh(H·x + d)    p(w_{t+1}) = softmax(U·h + W·x + b)
 *
 * W is there with `direct`.
 */
export class FeedforwardLM
  extends Module
  implements Trainable<SequenceBatch>, LanguageModel<FeedforwardState>
{
  /** The kind that the files of these models declare. */
  static readonly kind = 'lm.feedforward';
  /** The kind that the model's files declare. */
  readonly kind = FeedforwardLM.kind;
  /** The units that it reads and writes. */
  readonly vocab: Vocab;
  /** Sizes and options, as its files hold them. */
  readonly config: {
    /** Tokens that the next one is predicted from. */
    context: number;
    /** Numbers that stand for a unit. */
    embeddingSize: number;
    /** Hidden units. */
    hiddenSize: number;
    /** Whether the output layer reads the embeddings too. */
    direct: boolean;
    /** Probability of dropout, in training. */
    dropout: number;
  } & SoftmaxConfig;
  /** Units to numbers; the last row stands for what is before the text. */
  readonly embedding: Embedding;
  /** Embeddings to hidden units. */
  readonly hidden: Linear;
  /** The output layer over the vocabulary. */
  readonly head: Head;

  constructor(options: FeedforwardLMOptions) {
    super();
    checkOptions('FeedforwardLM', options, {
      vocab: true,
      context: true,
      embeddingSize: true,
      hiddenSize: true,
      direct: true,
      dropout: true,
      softmax: true,
      seed: true,
    });
    const {
      vocab,
      context = 4,
      embeddingSize = 64,
      hiddenSize = 128,
      direct = false,
      dropout: p = 0,
      softmax,
      seed = 1,
    } = options;
    checkSize(context, 'context', 'FeedforwardLM');
    checkSize(embeddingSize, 'embeddingSize', 'FeedforwardLM');
    checkSize(hiddenSize, 'hiddenSize', 'FeedforwardLM');
    if (!(p >= 0 && p < 1))
      throw new RangeError(`FeedforwardLM: dropout is ${p}, expected 0 ≤ p < 1`);
    const random = new Random(seed);
    const width = context * embeddingSize;
    const { embedding, hidden, head, config } = allOrNothing(() => {
      const sparse = softmax?.sparse ?? false;
      const embedding = new Embedding(vocab.size + 1, embeddingSize, { random, sparse });
      const hidden = new Linear(width, hiddenSize, { random });
      const inputs = direct ? hiddenSize + width : hiddenSize;
      const output = softmax?.make(inputs, vocab, { random }) ?? {
        head: new FullSoftmax(inputs, vocab.size, { random }),
        config: {},
      };
      return { embedding, hidden, ...output };
    });
    this.vocab = vocab;
    this.embedding = embedding;
    this.hidden = hidden;
    this.head = head;
    this.config = { context, embeddingSize, hiddenSize, direct, dropout: p, ...config };
  }

  /** Shapes of the carried state for B rows: the last tokens of each, as numbers. */
  stateShapes(B: number): number[][] {
    return [[this.config.context, B]];
  }

  /**
   * What the output layer reads.
   *
   * @param contexts [N·context] the tokens that each prediction is made from
   * @param random draws the dropout masks; undefined: no dropout
   * @returns [N, hidden], with `direct` [N, hidden + context·embedding]
   */
  private features(contexts: Int32Array, random?: Random): Tensor {
    const { context, embeddingSize, dropout: p, direct } = this.config;
    const N = contexts.length / context;
    const embedded = view(this.embedding.forward(contexts), [N, context * embeddingSize]);
    const x = random ? dropout(embedded, p, random) : embedded;
    const activated = tanh(this.hidden.forward(x));
    const h = random ? dropout(activated, p, random) : activated;
    return direct ? concat([h, x], 1) : h;
  }

  /**
   * Logits of the next token.
   *
   * @param contexts [N·context] the tokens that each prediction is made from, the last one at the
   *   end; `vocab.size` stands for what is before the text
   * @returns [N, vocabulary]
   */
  forward(contexts: Int32Array): Tensor {
    return this.head.forward(this.features(contexts));
  }

  /**
   * Contexts of every step of a window.
   *
   * @param before [context·B] tokens before the window
   * @param inputs [T·B]
   * @param resets [T·B]: 1 where a text begins
   * @returns [T·B·context]
   */
  private contexts(
    before: ArrayLike<number>,
    inputs: Int32Array,
    B: number,
    resets?: Uint8Array,
  ): Int32Array {
    const n = this.config.context;
    const none = this.vocab.size;
    const rows = new Int32Array(inputs.length * n);
    for (let i = 0; i < inputs.length; i++) {
      const at = i * n;
      const b = i % B;
      const last = at - B * n; // the context one step before
      const fresh = resets?.[i] === 1;
      for (let k = 0; k + 1 < n; k++)
        rows[at + k] = fresh ? none : last >= 0 ? rows[last + k + 1]! : before[(k + 1) * B + b]!;
      rows[at + n - 1] = inputs[i]!;
    }
    return rows;
  }

  /** The last tokens of each row after step t of a window: [context·B]. */
  private lastOf(contexts: Int32Array, t: number, B: number): Float32Array {
    const n = this.config.context;
    const last = new Float32Array(n * B);
    for (let b = 0; b < B; b++)
      for (let k = 0; k < n; k++) last[k * B + b] = contexts[(t * B + b) * n + k]!;
    return last;
  }

  /**
   * Mean cross-entropy of a window's targets, in nats, 0 where none counts; the state to carry is
   * the tokens before `batch.carryAt`.
   */
  loss(batch: SequenceBatch, { state, random, recompute }: LossContext): LossResult {
    if (recompute !== undefined)
      throw new RangeError('FeedforwardLM: recompute is for recurrent models; leave it out');
    const { B, inputs, targets, resets, carryAt, lossFrom } = batch;
    const n = this.config.context;
    const before = state?.[0]?.toArray() ?? new Float32Array(n * B).fill(this.vocab.size);
    const contexts = this.contexts(before, inputs, B, resets);
    const carried =
      carryAt === 0 ? state : [tensor(this.lastOf(contexts, carryAt - 1, B), { shape: [n, B] })];
    const wanted = targets.subarray(lossFrom * B);
    if (wanted.every(target => target === IGNORED)) return { loss: zeros([]), state: carried };
    const x = this.features(contexts.subarray(lossFrom * B * n), random);
    return { loss: this.head.loss(x, wanted, { random }), state: carried };
  }

  /**
   * Mean loss over ids[1…], read as one stream, or in parts side by side.
   *
   * @throws RangeError for fewer than two ids
   */
  async evaluate(ids: Int32Array | IdSource, options: EvaluateOptions = {}): Promise<Evaluation> {
    const { parts: B = 1, signal: _, ...rest } = options;
    noOthers('evaluate', rest);
    checkSize(B, 'parts', 'evaluate');
    const n = this.config.context;
    let before: Float32Array = new Float32Array(n * B).fill(this.vocab.size);
    const measure = (
      window: Int32Array,
      targets: Int32Array[],
      T: number,
      restart: boolean,
    ): number[] => {
      // the first part begins the text
      if (restart) for (let k = 0; k < n; k++) before[k * B] = this.vocab.size;
      const contexts = this.contexts(before, window, B);
      before = this.lastOf(contexts, T - 1, B);
      const x = this.features(contexts);
      return targets.map(each =>
        each.every(target => target === IGNORED)
          ? 0
          : this.head.loss(x, each, { reduction: 'sum' }).item(),
      );
    };
    return evaluateText(ids, measure, { ...options, unknown: this.vocab.unknown });
  }

  /** The state before a text. */
  start(): FeedforwardState {
    return new Int32Array(this.config.context).fill(this.vocab.size);
  }

  /** The state after reading these tokens. */
  advance(ids: Int32Array, state: FeedforwardState): FeedforwardState {
    const n = this.config.context;
    return Int32Array.of(...state, ...ids.subarray(Math.max(0, ids.length - n))).slice(-n);
  }

  /** Logits of the next token, [vocabulary]. */
  logits(state: FeedforwardState): Float32Array {
    return infer(() => this.forward(state).toArray());
  }

  /** Log-probability of each token given those before it, and the state after all of them. */
  score(ids: Int32Array, state: FeedforwardState): Scores<FeedforwardState> {
    const n = this.config.context;
    const logp = new Float32Array(ids.length);
    let after = state;
    for (let from = 0; from < ids.length; from += WINDOW) {
      const piece = ids.subarray(from, from + WINDOW);
      // the contexts before each token: that of the state, then one more token each
      const contexts = new Int32Array(piece.length * n);
      contexts.set(after);
      contexts.set(this.contexts(after, piece.subarray(0, -1), 1), n);
      const losses = infer(() =>
        crossEntropy(this.forward(contexts), piece, { reduction: 'none' }).toArray(),
      );
      losses.forEach((loss, i) => {
        logp[from + i] = -loss;
      });
      after = this.advance(piece, after);
    }
    return { logp, state: after };
  }

  /** Generates text, piece by piece as it comes. The same seed gives the same text. */
  sample(options: SampleOptions = {}): AsyncGenerator<string, void, undefined> {
    return sample(this, options);
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
   * @param softmax for models that may have another softmax than the full one: `lm.softmaxOf`
   * @throws RangeError for another kind of file, or tensors that do not fit its config
   */
  static load(
    bytes: Bytes,
    softmax?: (config: SoftmaxConfig) => Softmax | undefined,
  ): FeedforwardLM {
    return FeedforwardLM.from(readModel(bytes), softmax);
  }

  /** As `load`, from a file already read. */
  static from(
    file: ModelFile,
    softmax?: (config: SoftmaxConfig) => Softmax | undefined,
  ): FeedforwardLM {
    return loadLM(file, FeedforwardLM.kind, softmax, options => new FeedforwardLM(options as FeedforwardLMOptions)); // biome-ignore format: one line
  }
}
