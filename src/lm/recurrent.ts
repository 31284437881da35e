/**
 * The recurrent language model (Mikolov et al. 2010): embedding → RNN, LSTM or GRU → softmax over
 * the next token.
 */
import type { Bytes } from '../io/bytes.js';
import { type ModelFile, readModel, writeModel } from '../io/model.js';
import { Embedding } from '../nn/embedding.js';
import { GRU } from '../nn/gru.js';
import { LSTM } from '../nn/lstm.js';
import { Module } from '../nn/module.js';
import { Recurrent } from '../nn/recurrent.js';
import { RNN } from '../nn/rnn.js';
import { FullSoftmax, type Head } from '../nn/softmax.js';
import { dropout } from '../ops/dropout.js';
import { add, affine } from '../ops/elementwise.js';
import {
  type IncrementalModel,
  nextLogits,
  type RowHead,
  rowHead,
  rowWeights,
} from '../ops/incremental.js';
import { recompute } from '../ops/recompute.js';
import { slice } from '../ops/strided.js';
import { allOrNothing, copy } from '../runtime/arena.js';
import { checkOptions, noOthers } from '../runtime/options.js';
import { Random } from '../runtime/random.js';
import { infer } from '../tensor/scope.js';
import { checkSize } from '../tensor/shape.js';
import { type Tensor, view, zeros } from '../tensor/tensor.js';
import { type IdSource, IGNORED, type SequenceBatch } from '../text/batch.js';
import type { Vocab } from '../text/vocab.js';
import type { LossContext, LossResult, Trainable } from '../train/trainable.js';
import type { Cell, SequenceLayers } from './cells.js';
import { type EvaluateOptions, type Evaluation, evaluateText } from './evaluate.js';
import { type SampleOptions, sample } from './generate.js';
import { advance, type Reader, type RecurrentState, score, start } from './incremental.js';
import { loadLM } from './load.js';
import type { LanguageModel, Scores } from './model.js';
import type { Softmax, SoftmaxConfig } from './softmax.js';

/** Tokens from which on it is quicker to read them together. */
const MANY = 8;

const cells = { rnn: RNN, lstm: LSTM, gru: GRU };

/** What a recurrent language model is made of. */
export interface RecurrentLMOptions {
  /** The units that it reads and writes. */
  vocab: Vocab;
  /** `rnn`, `lstm`, `gru`, or `lm.minGRU()`, `lm.hawk()`, `lm.awd()`. Default: 'lstm'. */
  cell?: keyof typeof cells | Cell;
  /** Default: hiddenSize. */
  embeddingSize?: number;
  /** Default: 128. */
  hiddenSize?: number;
  /** Default: 1. */
  layers?: number;
  /** Probability of dropout between layers and before the output, in training. Default: 0. */
  dropout?: number;
  /** Probability of dropout of the embeddings, in training. Default: 0. */
  inputDropout?: number;
  /**
   * The output layer shares the embedding's weight (Press & Wolf 2016); needs embeddingSize =
   * hiddenSize. Default: false.
   */
  tie?: boolean;
  /**
   * For vocabularies of many words: `lm.adaptive()` or `lm.sampled()`. Default: the full softmax.
   */
  softmax?: Softmax | undefined;
  /** Seed of the initial values. Default: 1. */
  seed?: number;
}

/**
 * A recurrent language model: make it, train it with `train.Trainer`, `evaluate` it, let it
 * `sample`, `save` it. Outside scopes.
 */
export class RecurrentLM
  extends Module
  implements Trainable<SequenceBatch>, LanguageModel<RecurrentState>
{
  /** The kind that the files of these models declare. */
  static readonly kind = 'lm.recurrent';
  /** The kind that the model's files declare. */
  readonly kind = RecurrentLM.kind;
  /** The units that it reads and writes. */
  readonly vocab: Vocab;
  /** Sizes and options, as its files hold them. */
  readonly config: {
    /** Kind of the recurrent layers. */
    cell: keyof typeof cells | Cell['name'];
    /** Sizes of a cell that has some of its own. */
    cellOptions?: Cell['options'];
    /** Numbers that stand for a unit. */
    embeddingSize: number;
    /** Hidden units of each layer. */
    hiddenSize: number;
    /** Recurrent layers one above the other. */
    layers: number;
    /** Probability of dropout, in training. */
    dropout: number;
    /** Probability of dropout of the embeddings, in training; absent: 0. */
    inputDropout?: number;
    /** Whether the output layer shares the embedding's weight. */
    tie: boolean;
  } & SoftmaxConfig;
  /** Units to numbers. */
  readonly embedding: Embedding;
  /** The recurrent layers. */
  readonly rnn: SequenceLayers;
  /** The output layer over the vocabulary. */
  readonly head: Head;
  /** The same weights, for one token at a time; made when it is first needed. */
  #incremental: IncrementalModel | undefined;

  constructor(options: RecurrentLMOptions) {
    super();
    checkOptions('RecurrentLM', options, {
      vocab: true,
      cell: true,
      embeddingSize: true,
      hiddenSize: true,
      layers: true,
      dropout: true,
      inputDropout: true,
      tie: true,
      softmax: true,
      seed: true,
    });
    const {
      vocab,
      cell = 'lstm',
      hiddenSize = 128,
      embeddingSize = hiddenSize,
      layers = 1,
      dropout: p = 0,
      inputDropout = 0,
      tie = false,
      softmax,
      seed = 1,
    } = options;
    if (typeof cell === 'string' && !Object.hasOwn(cells, cell))
      throw new RangeError(`RecurrentLM: cell "${cell}", expected rnn, lstm, gru or one of lm’s`);
    if (!(inputDropout >= 0 && inputDropout < 1))
      throw new RangeError(`RecurrentLM: inputDropout is ${inputDropout}, expected 0 ≤ p < 1`);
    checkSize(hiddenSize, 'hiddenSize', 'RecurrentLM');
    checkSize(embeddingSize, 'embeddingSize', 'RecurrentLM');
    checkSize(layers, 'layers', 'RecurrentLM');
    if (tie && embeddingSize !== hiddenSize)
      throw new RangeError(
        `RecurrentLM: to tie the weights embeddingSize (${embeddingSize}) must be hiddenSize ` +
          `(${hiddenSize})`,
      );
    if (typeof cell !== 'string' && embeddingSize !== hiddenSize)
      throw new RangeError(
        `RecurrentLM: the blocks of ${cell.name} read as many numbers as they give: embeddingSize ` +
          `(${embeddingSize}) must be hiddenSize (${hiddenSize})`,
      );
    const random = new Random(seed);
    const { embedding, rnn, head, config } = allOrNothing(() => {
      const sparse = softmax?.sparse ?? false;
      const embedding = new Embedding(vocab.size, embeddingSize, { random, sparse });
      const own = { layers, dropout: p, random };
      const rnn =
        typeof cell === 'string'
          ? new cells[cell](embeddingSize, hiddenSize, own)
          : cell.make(hiddenSize, own);
      const shared = tie ? { weight: embedding.weight, random } : { random };
      const output = softmax?.make(hiddenSize, vocab, shared) ?? {
        head: new FullSoftmax(hiddenSize, vocab.size, shared),
        config: {},
      };
      return { embedding, rnn, ...output };
    });
    this.vocab = vocab;
    this.embedding = embedding;
    this.rnn = rnn;
    this.head = head;
    const kind =
      typeof cell === 'string' ? { cell } : { cell: cell.name, cellOptions: cell.options };
    const input = inputDropout > 0 && { inputDropout };
    this.config = { ...kind, embeddingSize, hiddenSize, layers, dropout: p, ...input, tie, ...config }; // biome-ignore format: one line
  }

  /** Shapes of the state for B rows: [h], or [h, c]; of other cells their own. */
  stateShapes(B: number): number[][] {
    return this.rnn.stateShapes(B);
  }

  /**
   * Logits of the next token after each step.
   *
   * @param ids [T·B], time-major
   * @param options state as `stateShapes`, default zeros; resets [T·B]: 1 where the state is zero
   *   before a step
   * @returns logits [T, B, vocabulary]; final state
   */
  forward(
    ids: Int32Array,
    T: number,
    B: number,
    options: { state?: readonly Tensor[] | undefined; resets?: Uint8Array | undefined } = {},
  ): {
    /** [T, B, vocabulary] */
    logits: Tensor;
    /** The state after the last step, as `stateShapes`. */
    state: Tensor[];
  } {
    const { output, state } = this.rnn.forward(this.embedding.forward(ids, [T, B]), options);
    return { logits: this.head.forward(output), state };
  }

  /**
   * Mean cross-entropy of a window's targets, in nats, 0 where none counts; the state to carry is
   * the one at `batch.carryAt`.
   */
  loss(batch: SequenceBatch, { state, random, recompute: segment }: LossContext): LossResult {
    const { T, B, carryAt, lossFrom, targets } = batch;
    const states = this.stateShapes(B).length;
    const step = segment ?? T;
    const bounds = [
      ...new Set([...Array(Math.ceil(T / step)).keys()].map(i => i * step).concat(carryAt, T)),
    ].sort((a, b) => a - b);
    let count = 0;
    for (const target of targets.subarray(lossFrom * B)) if (target !== IGNORED) count++;
    const masks = this.rnn.locked ? random?.fork().state : undefined;
    const losses: Tensor[] = [];
    let current = state ?? [];
    let carried = state;
    for (const [i, from] of bounds.slice(0, -1).entries()) {
      const to = bounds[i + 1]!;
      const part = (initial: readonly Tensor[], random: Random | undefined) =>
        this.part(batch, from, to, initial, masks ? Random.fromState(masks) : random);
      const results =
        segment === undefined ? part(current, random) : recompute(current, part, { random });
      current = results.slice(0, states);
      losses.push(...results.slice(states));
      if (to === carryAt) carried = current;
    }
    if (count === 0) return { loss: zeros([]), state: carried };
    return { loss: affine(losses.reduce(add), 1 / count), state: carried };
  }

  /**
   * Steps from … to of a window: the final state and, where there are targets that count, their
   * summed loss.
   */
  private part(
    { inputs, targets, lengths, resets, B, lossFrom }: SequenceBatch,
    from: number,
    to: number,
    initial: readonly Tensor[],
    random: Random | undefined,
  ): Tensor[] {
    const T = to - from;
    const { inputDropout } = this.config;
    const ids = inputs.subarray(from * B, to * B);
    const embedded =
      (random && this.rnn.embed?.(this.embedding, ids, [T, B], random)) ??
      this.embedding.forward(ids, [T, B]);
    const { output, state, penalty } = this.rnn.forward(
      random && inputDropout ? dropout(embedded, inputDropout, random) : embedded,
      {
        state: initial.length > 0 ? initial : undefined,
        random,
        // a row that has ended has no targets, and no gradients
        lengths: lengths?.map(length => Math.min(Math.max(length - from, 1), T)),
        resets: resets?.subarray(from * B, to * B),
      },
    );
    const first = Math.max(lossFrom, from);
    const wanted = targets.subarray(first * B, to * B);
    if (wanted.every(target => target === IGNORED)) return state;
    const counted = view(slice(output, 0, first - from, T), [
      (to - first) * B,
      this.config.hiddenSize,
    ]);
    const x = random ? dropout(counted, this.config.dropout, random) : counted;
    const loss = this.head.loss(x, wanted, { random, reduction: 'sum' });
    return [...state, penalty ? add(loss, penalty) : loss];
  }

  /**
   * Mean loss over ids[1…], read as one stream whose state is carried from the first to the last,
   * or in parts side by side.
   *
   * @throws RangeError for fewer than two ids
   */
  async evaluate(ids: Int32Array | IdSource, options: EvaluateOptions = {}): Promise<Evaluation> {
    const { parts: B = 1, signal: _, ...rest } = options;
    noOthers('evaluate', rest);
    checkSize(B, 'parts', 'evaluate');
    const carry = this.stateShapes(B).map(shape => zeros(shape));
    const measure = (
      window: Int32Array,
      targets: Int32Array[],
      T: number,
      restart: boolean,
    ): number[] => {
      const resets =
        restart && B > 1 ? Uint8Array.from({ length: T * B }, (_, i) => +(i === 0)) : undefined;
      const { output, state } = this.rnn.forward(this.embedding.forward(window, [T, B]), {
        state: carry,
        resets,
      });
      carry.forEach((tensor, i) => tensor.copyFrom(state[i]!));
      return targets.map(each =>
        each.every(target => target === IGNORED)
          ? 0
          : this.head.loss(output, each, { reduction: 'sum' }).item(),
      );
    };
    try {
      return await evaluateText(ids, measure, { ...options, unknown: this.vocab.unknown });
    } finally {
      for (const tensor of carry) tensor.dispose();
    }
  }

  /** The state of zeros, and the uniform distribution. */
  start(): RecurrentState {
    return start(this.stateShapes(1), this.vocab.size);
  }

  /** The state after reading these tokens, one after the other. */
  advance(ids: Int32Array, state: RecurrentState): RecurrentState {
    return advance(this.vocab.size, ids, state, { read: this.reader(1) });
  }

  /** Logits of the next token, [vocabulary]. */
  logits({ logits }: RecurrentState): Float32Array {
    return logits;
  }

  /** Log-probability of each token given those before it, and the state after all of them. */
  score(ids: Int32Array, state: RecurrentState): Scores<RecurrentState> {
    return score(this.vocab.size, ids, state, this.reader(ids.length));
  }

  /** How n tokens are read: one by one, or where many are known as in training. */
  private reader(n: number): Reader {
    const incremental = n < MANY ? this.incremental() : null;
    if (incremental) return (piece, live) => nextLogits(incremental, piece, live);
    return (piece, live) => {
      const { logits, state } = this.forward(piece, piece.length, 1, { state: live });
      live.forEach((tensor, i) => tensor.copyFrom(state[i]!));
      return view(logits, [piece.length, this.vocab.size]);
    };
  }

  /** Generates text, piece by piece as it comes. The same seed gives the same text. */
  sample(options: SampleOptions = {}): AsyncGenerator<string, void, undefined> {
    return sample(this, options);
  }

  /** null: the layers have no way of their own for single tokens. */
  private incremental(): IncrementalModel | null {
    const { hiddenSize } = this.config;
    const cell = this.config.cell as keyof typeof cells;
    if (!(this.rnn instanceof Recurrent)) return null;
    this.#incremental ??= {
      cell,
      hiddenSize,
      embedding: rowWeights(this.embedding.weight),
      layers: this.rnn.weights.map(w => ({
        ...w,
        weight_ih: rowWeights(w.weight_ih),
        weight_hh: rowWeights(w.weight_hh),
        bias_ih: w.bias_ih!,
        bias_hh: w.bias_hh!,
      })),
      head: this.rowHead(),
    };
    return this.#incremental;
  }

  private rowHead(): RowHead {
    const { head } = this;
    if (head instanceof FullSoftmax) return rowHead(rowWeights(head.weight), head.bias!);
    const logits = (y: number, x: number): void =>
      infer(() => {
        const row = zeros([1, this.config.hiddenSize]);
        copy(row.ptr, x, row.size);
        copy(y, head.forward(row).ptr, this.vocab.size);
      });
    return { classes: this.vocab.size, logits };
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
   * @param cell for models that may have other cells than RNN, LSTM and GRU: `lm.cellOf`
   * @throws RangeError for another kind of file, or tensors that do not fit its config
   */
  static load(
    bytes: Bytes,
    softmax?: (config: SoftmaxConfig) => Softmax | undefined,
    cell?: (config: object) => Cell | undefined,
  ): RecurrentLM {
    return RecurrentLM.from(readModel(bytes), softmax, cell);
  }

  /** As `load`, from a file already read. */
  static from(
    file: ModelFile,
    softmax?: (config: SoftmaxConfig) => Softmax | undefined,
    cell?: (config: object) => Cell | undefined,
  ): RecurrentLM {
    return loadLM(file, RecurrentLM.kind, softmax, options => {
      const { cellOptions, ...rest } = options as RecurrentLMOptions & { cellOptions?: unknown };
      if (cellOptions !== undefined && !cell)
        throw new RangeError(
          `load: the model has cells of the kind ${rest.cell}; pass lm.cellOf as third argument`,
        );
      const own = cell?.(options);
      return new RecurrentLM(own ? { ...rest, cell: own } : rest);
    });
  }
}
