/** The recurrent language model for inference alone, its weights in 8 bits. */
import type { Bytes } from '../io/bytes.js';
import { type ModelFile, readModel, writeModel } from '../io/model.js';
import { expectEntries } from '../nn/module.js';
import { FullSoftmax } from '../nn/softmax.js';
import { GATES, type IncrementalModel, nextLogits, rowHead } from '../ops/incremental.js';
import { Int8Weights, quantizeRows } from '../ops/quantization.js';
import { allOrNothing } from '../runtime/arena.js';
import type { Shape } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import type { IdSource } from '../text/batch.js';
import type { VocabJSON } from '../text/count.js';
import { Vocab } from '../text/vocab.js';
import { type EvaluateOptions, type Evaluation, evaluate } from './evaluate.js';
import { type SampleOptions, sample } from './generate.js';
import { advance, type Reader, type RecurrentState, score, start } from './incremental.js';
import type { LanguageModel, Scores } from './model.js';
import type { RecurrentLM } from './recurrent.js';

/** Of the models that are quantised: blocks of other cells have no way for single tokens. */
type Config = RecurrentLM['config'] & { cell: keyof typeof GATES };

/**
 * The shapes of a model's weights, which are quantised, and of its biases, which are not; a tied
 * output layer has no weight of its own.
 */
function shapesOf(
  { cell, embeddingSize: E, hiddenSize: H, layers, tie }: Config,
  V: number,
): { weights: Map<string, Shape>; biases: Map<string, Shape> } {
  const N = GATES[cell] * H;
  const weights = new Map<string, Shape>([['embedding.weight', [V, E]]]);
  const biases = new Map<string, Shape>();
  for (let k = 0; k < layers; k++) {
    weights.set(`rnn.weight_ih_l${k}`, [N, k === 0 ? E : H]).set(`rnn.weight_hh_l${k}`, [N, H]);
    biases.set(`rnn.bias_ih_l${k}`, [N]).set(`rnn.bias_hh_l${k}`, [N]);
  }
  if (!tie) weights.set('head.weight', [V, H]);
  biases.set('head.bias', [V]);
  return { weights, biases };
}

/**
 * The same model in 8-bit weights: a quarter of the bytes, and for inference alone. Does not share
 * memory with the one it is made of.
 *
 * @throws RangeError for a model with the adaptive softmax, or cells other than RNN, LSTM and GRU
 */
export function quantize(model: RecurrentLM): QuantizedLM {
  const { cell } = model.config;
  if (!Object.hasOwn(GATES, cell))
    throw new RangeError(`quantize: the model's cells are ${cell}, expected rnn, lstm or gru`);
  if (!(model.head instanceof FullSoftmax))
    throw new RangeError(
      `quantize: the model has the ${model.config.softmax} softmax, expected full or sampled: ` +
        'its matrix in 8 bits gives all logits at once',
    );
  return QuantizedLM.from(quantized(model.describe()));
}

const scaleOf = (name: string): string => `${name}.scale`;

/**
 * The model file of a recurrent language model, quantised: each row's largest weight becomes ±127.
 */
function quantized({ config, vocab, state }: ModelFile): ModelFile {
  const file = { kind: QuantizedLM.kind, config, vocab, state: new Map(state), int8: new Map() };
  for (const [name, { shape, data }] of state) {
    if (shape.length < 2) continue;
    file.state.delete(name);
    if (name === 'head.weight' && (config as Config).tie) continue;
    const { q, scales } = quantizeRows(data, shape[0]!);
    file.int8.set(name, { shape, data: q });
    file.state.set(scaleOf(name), { shape: [shape[0]!], data: scales });
  }
  return file;
}

/**
 * A recurrent language model with weights of 8 bits, a scale for each of their rows:
 * `quantize` makes it. It takes a quarter of the memory, and one token at a time goes
 * at the speed at which memory gives the weights.
 */
export class QuantizedLM implements LanguageModel<RecurrentState> {
  /** The kind that the files of these models declare. */
  static readonly kind = 'lm.quantized';
  /** The kind that the model's files declare. */
  readonly kind = QuantizedLM.kind;
  /** The units that it reads and writes. */
  readonly vocab: Vocab;
  /** Sizes and options of the model that it was made of. */
  readonly config: RecurrentLM['config'] & {
    /** Kind of the recurrent layers. */
    cell: 'rnn' | 'lstm' | 'gru';
  };
  private readonly weights = new Map<string, Int8Weights>();
  private readonly biases = new Map<string, Tensor>();
  private readonly model: IncrementalModel;
  private readonly read: Reader = (piece, live) => nextLogits(this.model, piece, live);

  /** As `load`, from a file already read. */
  static from(file: ModelFile): QuantizedLM {
    if (file.kind !== QuantizedLM.kind)
      throw new RangeError(
        `load: the file holds a model of kind "${file.kind}", expected "${QuantizedLM.kind}"`,
      );
    return allOrNothing(() => new QuantizedLM(file));
  }

  private constructor({ config, vocab, state, int8 = new Map() }: ModelFile) {
    if (typeof config !== 'object' || config === null)
      throw new RangeError('load: the config is not an object');
    this.vocab = Vocab.fromJSON(vocab as VocabJSON);
    this.config = config as Config;
    if (!Object.hasOwn(GATES, this.config.cell))
      throw new RangeError(
        `load: the model's cells are ${this.config.cell}, expected rnn, lstm or gru`,
      );
    const { cell, hiddenSize, layers, tie } = this.config;
    const shapes = shapesOf(this.config, this.vocab.size);
    expectEntries(shapes.weights, int8);
    expectEntries(
      new Map([
        ...shapes.biases,
        ...[...shapes.weights].map(([name, [N]]) => [scaleOf(name), [N!]] as const),
      ]),
      state,
    );
    for (const [name] of shapes.weights)
      this.weights.set(name, new Int8Weights(int8.get(name)!.data, state.get(scaleOf(name))!.data));
    for (const [name] of shapes.biases) this.biases.set(name, tensor(state.get(name)!.data));
    const weight = (name: string): Int8Weights => this.weights.get(name)!;
    const bias = (name: string): Tensor => this.biases.get(name)!;
    this.model = {
      cell,
      hiddenSize,
      embedding: weight('embedding.weight'),
      layers: Array.from({ length: layers }, (_, k) => ({
        weight_ih: weight(`rnn.weight_ih_l${k}`),
        weight_hh: weight(`rnn.weight_hh_l${k}`),
        bias_ih: bias(`rnn.bias_ih_l${k}`),
        bias_hh: bias(`rnn.bias_hh_l${k}`),
      })),
      head: rowHead(weight(tie ? 'embedding.weight' : 'head.weight'), bias('head.bias')),
    };
  }

  /**
   * Mean loss over ids[1…], read as one stream.
   *
   * @throws RangeError for fewer than two ids
   */
  evaluate(
    ids: Int32Array | IdSource,
    options: Pick<EvaluateOptions, 'signal'> = {},
  ): Promise<Evaluation> {
    return evaluate(this, ids, options);
  }

  /** The state of zeros, and the uniform distribution. */
  start(): RecurrentState {
    const { cell, layers, hiddenSize } = this.config;
    const shape = [layers, 1, hiddenSize];
    return start(cell === 'lstm' ? [shape, shape] : [shape], this.vocab.size);
  }

  /** The state after reading these tokens, one after the other. */
  advance(ids: Int32Array, state: RecurrentState): RecurrentState {
    return advance(this.vocab.size, ids, state, { read: this.read });
  }

  /** Logits of the next token, [vocabulary]. */
  logits({ logits }: RecurrentState): Float32Array {
    return logits;
  }

  /** Log-probability of each token given those before it, and the state after all of them. */
  score(ids: Int32Array, state: RecurrentState): Scores<RecurrentState> {
    return score(this.vocab.size, ids, state, this.read);
  }

  /** Generates text, piece by piece as it comes. The same seed gives the same text. */
  sample(options: SampleOptions = {}): AsyncGenerator<string, void, undefined> {
    return sample(this, options);
  }

  /** The bytes of a model file: a quarter of the model's before. */
  save(): Uint8Array {
    const shapes = shapesOf(this.config, this.vocab.size);
    const state = new Map(
      [...this.biases].map(([name, bias]) => [name, { shape: bias.shape, data: bias.toArray() }]),
    );
    const int8 = new Map<string, { shape: Shape; data: Int8Array }>();
    for (const [name, weights] of this.weights) {
      const { q, scales } = weights.values();
      int8.set(name, { shape: shapes.weights.get(name)!, data: q });
      state.set(scaleOf(name), { shape: [scales.length], data: scales });
    }
    return writeModel({
      kind: this.kind,
      config: this.config,
      vocab: this.vocab.toJSON(),
      state,
      int8,
    });
  }

  /**
   * A model from the bytes of `save`.
   *
   * @throws RangeError for another kind of file, or tensors that do not fit its config
   */
  static load(bytes: Bytes): QuantizedLM {
    return QuantizedLM.from(readModel(bytes));
  }

  /** Gives the memory back. */
  dispose(): void {
    for (const part of [...this.weights.values(), ...this.biases.values()]) part.dispose();
  }

  /** As `dispose`, at the end of a block: `using model = …`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
