/** The recurrent language model (Mikolov et al. 2010): embedding → RNN, LSTM or GRU → softmax over the next token. */
import { readModel, writeModel, type ModelFile } from '../io/model.js';
import { Embedding } from '../nn/embedding.js';
import { GRU } from '../nn/gru.js';
import { Linear } from '../nn/linear.js';
import { LSTM } from '../nn/lstm.js';
import { Module } from '../nn/module.js';
import type { Recurrent } from '../nn/recurrent.js';
import { RNN } from '../nn/rnn.js';
import { dropout } from '../ops/dropout.js';
import { crossEntropy } from '../ops/loss.js';
import { rowWeights, type StepModel } from '../ops/step.js';
import { concat, slice } from '../ops/strided.js';
import { Random } from '../runtime/random.js';
import { checkSize } from '../tensor/shape.js';
import { view, zeros, type Tensor } from '../tensor/tensor.js';
import type { SequenceBatch } from '../text/batch.js';
import { Vocab, type VocabJSON } from '../text/vocab.js';
import type { LossContext, LossResult, Trainable } from '../train/trainable.js';
import { generate, type SampleOptions } from './generate.js';
import { evaluateText, type EvaluateOptions, type Evaluation } from './perplexity.js';
import { QuantizedLM, quantized } from './quantized.js';

const cells = { rnn: RNN, lstm: LSTM, gru: GRU };

/** What a recurrent language model is made of. */
export interface RecurrentLMOptions {
  vocab: Vocab;
  /** Default: 'lstm'. */
  cell?: keyof typeof cells;
  /** Default: hiddenSize. */
  embeddingSize?: number;
  /** Default: 128. */
  hiddenSize?: number;
  /** Default: 1. */
  layers?: number;
  /** Probability of dropout between layers and before the output, in training. Default: 0. */
  dropout?: number;
  /** The output layer shares the embedding's weight (Press & Wolf 2016); needs embeddingSize = hiddenSize. Default: false. */
  tie?: boolean;
  /** Seed of the initial values. Default: 1. */
  seed?: number;
}

/** A recurrent language model: make it, train it with `train.Trainer`, `evaluate` it, let it `sample`, `save` it. Outside scopes. */
export class RecurrentLM extends Module implements Trainable<SequenceBatch> {
  static readonly kind = 'lm.recurrent';
  readonly kind = RecurrentLM.kind;
  readonly vocab: Vocab;
  readonly config: { cell: keyof typeof cells; embeddingSize: number; hiddenSize: number; layers: number; dropout: number; tie: boolean };
  readonly embedding: Embedding;
  readonly rnn: Recurrent;
  readonly head: Linear;

  constructor({ vocab, cell = 'lstm', hiddenSize = 128, embeddingSize = hiddenSize, layers = 1, dropout: p = 0, tie = false, seed = 1 }: RecurrentLMOptions) {
    super();
    if (!Object.hasOwn(cells, cell)) throw new RangeError(`RecurrentLM: cell "${cell}", expected rnn, lstm or gru`);
    checkSize(hiddenSize, 'hiddenSize', 'RecurrentLM');
    checkSize(embeddingSize, 'embeddingSize', 'RecurrentLM');
    checkSize(layers, 'layers', 'RecurrentLM');
    if (tie && embeddingSize !== hiddenSize) throw new RangeError(`RecurrentLM: to tie the weights embeddingSize (${embeddingSize}) must be hiddenSize (${hiddenSize})`);
    const random = new Random(seed);
    this.vocab = vocab;
    this.config = { cell, embeddingSize, hiddenSize, layers, dropout: p, tie };
    this.embedding = new Embedding(vocab.size, embeddingSize, { random });
    this.rnn = new cells[cell](embeddingSize, hiddenSize, { layers, dropout: p, random });
    this.head = new Linear(hiddenSize, vocab.size, tie ? { weight: this.embedding.weight, random } : { random });
  }

  /** Shapes of the state for B rows: [h], or [h, c]. */
  stateShapes(B: number): number[][] {
    const shape = [this.config.layers, B, this.config.hiddenSize];
    return this.config.cell === 'lstm' ? [shape, shape] : [shape];
  }

  /**
   * Logits of the next token after each step.
   *
   * @param ids [T·B], time-major
   * @param options state as `stateShapes`, default zeros; resets [T·B]: 1 where the state is zero before a step
   * @returns logits [T, B, vocabulary]; final state
   */
  forward(ids: Int32Array, T: number, B: number, options: { state?: readonly Tensor[] | undefined; resets?: Uint8Array | undefined } = {}): { logits: Tensor; state: Tensor[] } {
    const { output, state } = this.rnn.forward(this.embedding.forward(ids, [T, B]), options);
    return { logits: this.head.forward(output), state };
  }

  /** Mean cross-entropy of a window's targets, in nats; the state to carry is the one at `batch.carryAt`. */
  loss(batch: SequenceBatch, { state, random }: LossContext): LossResult {
    const { T, B, carryAt, lossFrom } = batch;
    const x = this.embedding.forward(batch.inputs, [T, B]);
    const part = (from: number, to: number, initial: readonly Tensor[] | undefined) =>
      this.rnn.forward(slice(x, 0, from, to), {
        state: initial, random, lengths: batch.lengths, resets: batch.resets?.subarray(from * B, to * B),
      });
    let run = part(0, carryAt > 0 ? carryAt : T, state);
    let carried: readonly Tensor[] | undefined = run.state;
    if (carryAt === 0) carried = state;
    else if (carryAt < T) {
      const rest = part(carryAt, T, run.state);
      run = { output: concat([run.output, rest.output]), state: rest.state };
    }
    const counted = view(slice(run.output, 0, lossFrom, T), [(T - lossFrom) * B, this.config.hiddenSize]);
    const logits = this.head.forward(random ? dropout(counted, this.config.dropout, random) : counted);
    return { loss: crossEntropy(logits, batch.targets.subarray(lossFrom * B)), state: carried };
  }

  /**
   * Mean loss over ids[1…], read as one stream whose state is carried from the first to the last, or in columns.
   *
   * @throws RangeError for fewer than two ids
   */
  async evaluate(ids: Int32Array, options: EvaluateOptions = {}): Promise<Evaluation> {
    const { columns: B = 1 } = options;
    checkSize(B, 'columns', 'evaluate');
    const carry = this.stateShapes(B).map(shape => zeros(shape));
    const read = (window: Int32Array, T: number, restart: boolean): Tensor => {
      const resets = restart && B > 1 ? Uint8Array.from({ length: T * B }, (_, i) => +(i === 0)) : undefined;
      const { logits, state } = this.forward(window, T, B, { state: carry, resets });
      carry.forEach((tensor, i) => tensor.copyFrom(state[i]!));
      return logits;
    };
    try {
      return await evaluateText(ids, read, options);
    } finally {
      for (const tensor of carry) tensor.dispose();
    }
  }

  /** Generates text, piece by piece as it comes. The same seed gives the same text. */
  sample(options: SampleOptions = {}): AsyncGenerator<string, void, undefined> {
    return generate(this.steps(), this.vocab, options);
  }

  /** The weights, for one token at a time. */
  private steps(): StepModel {
    const { cell, hiddenSize } = this.config;
    return {
      cell, hiddenSize,
      embedding: rowWeights(this.embedding.weight),
      layers: this.rnn.weights.map(w => ({ ...w, weight_ih: rowWeights(w.weight_ih), weight_hh: rowWeights(w.weight_hh), bias_ih: w.bias_ih!, bias_hh: w.bias_hh! })),
      head: { weight: rowWeights(this.head.weight), bias: this.head.bias! },
    };
  }

  /** The same model in 8-bit weights: a quarter of the bytes, and for inference alone. Does not share memory with this one. */
  quantize(): QuantizedLM {
    return QuantizedLM.from(quantized(this.describe()));
  }

  /** The bytes of a model file. */
  save(): Uint8Array {
    return writeModel(this.describe());
  }

  /** What a model file or checkpoint says of this model. */
  describe(): ModelFile {
    return { kind: this.kind, config: this.config, vocab: this.vocab.toJSON(), state: this.stateDict() };
  }

  /**
   * A model from the bytes of a model file, or of a checkpoint.
   *
   * @throws RangeError for another kind of file, or tensors that do not fit its config
   */
  static load(bytes: Uint8Array): RecurrentLM {
    return RecurrentLM.from(readModel(bytes));
  }

  /** As `load`, from a file already read. */
  static from({ kind, config, vocab, state, trainer }: ModelFile): RecurrentLM {
    if (kind !== RecurrentLM.kind) throw new RangeError(`load: the file holds a model of kind "${kind}", expected "${RecurrentLM.kind}"`);
    if (typeof config !== 'object' || config === null) throw new RangeError('load: the config is not an object');
    const model = new RecurrentLM({ ...(config as Omit<RecurrentLMOptions, 'vocab'>), vocab: Vocab.fromJSON(vocab as VocabJSON) });
    try {
      const own = model.stateDict();
      model.loadStateDict(trainer === undefined ? state : new Map([...state].filter(([name]) => own.has(name))));
    } catch (error) {
      model.dispose();
      throw error;
    }
    return model;
  }
}
