/**
 * Recurrent layers with the dropouts and penalties of the AWD-LSTM (Merity, Keskar & Socher 2017).
 */
import { dropout } from '../ops/dropout.js';
import { add, affine, mul, sub } from '../ops/elementwise.js';
import { embedding as lookUp } from '../ops/embedding.js';
import { sum } from '../ops/reduce.js';
import { slice } from '../ops/strided.js';
import { allOrNothing } from '../runtime/arena.js';
import { checkOptions, noOthers } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import { checkSize, expectShape, type Shape } from '../tensor/shape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import type { Embedding } from './embedding.js';
import { GRU } from './gru.js';
import { defaultRandom } from './init.js';
import { LSTM } from './lstm.js';
import { Module } from './module.js';
import type { Recurrent, RecurrentForwardOptions, RecurrentOutput } from './recurrent.js';
import { RNN } from './rnn.js';

/** Probabilities and penalties of `AWDLayers`; all 0 by default. */
export interface AWDOptions {
  /** `lstm`, `gru` or `rnn`. Default: 'lstm'. */
  cell?: 'lstm' | 'gru' | 'rnn';
  /** Hidden units of all layers but the last. Default: `size`. */
  width?: number;
  /** Probability that a word is zero wherever it stands in a window (Gal & Ghahramani 2016). */
  embeddingDropout?: number;
  /** Dropout of what the first layer reads; as those below one mask for all time steps. */
  inputDropout?: number;
  /** Dropout between layers. */
  hiddenDropout?: number;
  /** Dropout of what the last layer gives. */
  outputDropout?: number;
  /** Dropout of the recurrent weights W_hh, the same in all time steps (DropConnect). */
  weightDrop?: number;
  /** α: activation regularisation, α·mean(m²) of the dropped output m. */
  ar?: number;
  /** β: temporal activation regularisation, β·mean((h_t − h_{t−1})²) of the undropped output. */
  tar?: number;
}

const DROPS = ['embeddingDropout', 'inputDropout', 'hiddenDropout', 'outputDropout', 'weightDrop'] as const; // biome-ignore format: one line

const cells = { lstm: LSTM, gru: GRU, rnn: RNN };

/**
 * RNN, LSTM or GRU layers, size → width → … → size, whose dropout masks stay the same over a window
 * (locked, variational) and whose recurrent weights lose elements, in training alone.
 */
export class AWDLayers extends Module {
  /** Numbers that each row reads and gives at each time step. */
  readonly hiddenSize: number;
  /** Masks are drawn once for a window, also where it is computed in segments. */
  readonly locked = true;
  /** Each is one layer. */
  readonly layers: readonly Recurrent[];
  /** The options, completed by the defaults. */
  readonly options: Readonly<Required<AWDOptions>>;

  /**
   * @param size numbers that it reads and gives
   * @param options layers: one above the other, default 3; random: draws the initial values
   * @throws RangeError for a size, probability or penalty out of range
   */
  constructor(
    size: number,
    {
      layers = 3,
      random = defaultRandom,
      ...options
    }: AWDOptions & { layers?: number; random?: Random } = {},
  ) {
    super();
    const who = 'AWDLayers';
    const defaults: Required<AWDOptions> = {
      cell: 'lstm',
      width: size,
      embeddingDropout: 0,
      inputDropout: 0,
      hiddenDropout: 0,
      outputDropout: 0,
      weightDrop: 0,
      ar: 0,
      tar: 0,
    };
    checkOptions(who, options, defaults);
    const full = { ...defaults, ...options };
    checkSize(size, 'size', who);
    checkSize(layers, 'layers', who);
    checkSize(full.width, 'width', who);
    if (!Object.hasOwn(cells, full.cell))
      throw new RangeError(`${who}: cell "${full.cell}", expected lstm, gru or rnn`);
    for (const name of DROPS)
      if (!(full[name] >= 0 && full[name] < 1))
        throw new RangeError(`${who}: ${name} is ${full[name]}, expected 0 ≤ p < 1`);
    for (const name of ['ar', 'tar'] as const)
      if (!(full[name] >= 0 && full[name] < Infinity))
        throw new RangeError(`${who}: ${name} is ${full[name]}, expected a number ≥ 0`);
    this.hiddenSize = size;
    this.options = full;
    const sizes = [size, ...Array<number>(layers - 1).fill(full.width), size];
    const Layer = cells[full.cell];
    this.layers = allOrNothing(() =>
      Array.from({ length: layers }, (_, k) => new Layer(sizes[k]!, sizes[k + 1]!, { random })),
    );
  }

  /** Shapes of the state of B rows: [1, B, H] of each layer, h and for LSTM c. */
  stateShapes(B: number): number[][] {
    return this.layers.flatMap(layer => layer.stateShapes(B));
  }

  /** Embeddings of ids without the words that are dropped. ids of `shape` → [...shape, size] */
  embed(embedding: Embedding, ids: Int32Array, shape: Shape, random: Random): Tensor {
    const x = embedding.forward(ids, shape);
    const p = this.options.embeddingDropout;
    if (p === 0) return x;
    const V = embedding.weight.shape[0]!;
    const words = dropout(tensor(new Float32Array(V).fill(1), { shape: [V, 1] }), p, random);
    return mul(x, lookUp(words, ids, { shape }));
  }

  /**
   * @param x [T, B, size], time-major
   * @returns the dropped output and the state; in training with `ar` or `tar` also their penalty,
   *   times T·B
   * @throws RangeError for shapes that do not fit
   */
  forward(
    x: Tensor,
    { state, lengths, resets, random, ...rest }: RecurrentForwardOptions = {},
  ): RecurrentOutput {
    const who = 'AWDLayers';
    noOthers(`${who}.forward`, rest);
    expectShape(x, [-1, -1, this.hiddenSize], 'x', who);
    const shapes = this.stateShapes(x.shape[1]!);
    if (state && state.length !== shapes.length)
      throw new RangeError(`${who}: a state of ${state.length} tensors, expected ${shapes.length}`);
    state?.forEach((each, i) => expectShape(each, shapes[i]!, 'state', who));
    const { inputDropout, hiddenDropout, outputDropout, weightDrop } = this.options;
    const states = shapes.length / this.layers.length; // of a layer
    const locked = (each: Tensor, p: number): Tensor =>
      random ? dropout(each, p, random, { locked: true }) : each;
    let raw = locked(x, inputDropout);
    const finals: Tensor[] = [];
    for (const [k, layer] of this.layers.entries()) {
      const w = layer.weights[0]!;
      const weight_hh = random ? dropout(w.weight_hh, weightDrop, random) : w.weight_hh;
      const initial = state?.slice(k * states, (k + 1) * states);
      const result = layer.layer(k > 0 ? locked(raw, hiddenDropout) : raw, [{ ...w, weight_hh }], initial, { lengths, resets }); // biome-ignore format: one line
      raw = result.output;
      finals.push(...result.state);
    }
    const output = locked(raw, outputDropout);
    const penalty = random && this.penalty(output, raw, lengths);
    return { output, state: finals, ...(penalty && { penalty }) };
  }

  /** T·B·(α·mean(m²) + β·mean((h_t − h_{t−1})²)); undefined where both are 0. */
  private penalty(m: Tensor, h: Tensor, lengths: Int32Array | undefined): Tensor | undefined {
    const { ar, tar } = this.options;
    const [T, B, H] = m.shape as readonly [number, number, number];
    const terms: Tensor[] = [];
    if (ar > 0) terms.push(affine(sum(mul(m, m)), ar / H));
    if (tar > 0 && T > 1) {
      let d = sub(slice(h, 0, 1, T), slice(h, 0, 0, T - 1));
      if (lengths) {
        const both = Float32Array.from({ length: (T - 1) * B }, (_, i) => +(Math.floor(i / B) + 1 < lengths[i % B]!)); // biome-ignore format: one line
        d = mul(d, tensor(both, { shape: [T - 1, B, 1] }));
      }
      terms.push(affine(sum(mul(d, d)), ((tar / H) * T) / (T - 1)));
    }
    return terms.length > 0 ? terms.reduce(add) : undefined;
  }
}
