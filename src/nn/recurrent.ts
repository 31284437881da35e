/**
 * What RNN, LSTM and GRU modules share: their parameters in PyTorch's names, and layers one above
 * the other.
 */
import { dropout as drop } from '../ops/dropout.js';
import type { CellWeights, SequenceOptions } from '../ops/recurrent.js';
import { concat, slice } from '../ops/strided.js';
import { allOrNothing } from '../runtime/arena.js';
import { checkOptions, noOthers } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import { checkSize, expectShape } from '../tensor/shape.js';
import { Parameter, type Tensor } from '../tensor/tensor.js';
import { defaultRandom, uniform } from './init.js';
import { Module } from './module.js';

/** Options of `RNN`, `LSTM` and `GRU`. */
export interface RecurrentOptions {
  /** Layers one above the other. Default: 1. */
  layers?: number;
  /**
   * A second set of weights runs from the last time step to the first; outputs are side by side.
   * Default: false.
   */
  bidirectional?: boolean;
  /** Probability of dropout between layers (not after the last). Default: 0. */
  dropout?: number;
  /** Whether there are bias_ih and bias_hh. Default: true. */
  bias?: boolean;
  /** Draws the initial values U(±1/√hiddenSize), as PyTorch. */
  random?: Random;
}

/** What a sequence begins with, and which of its time steps count. */
export interface RecurrentForwardOptions extends SequenceOptions {
  /** Initial state: [h], or [h, c] for LSTM, each [layers·directions, B, H]. Default: zeros. */
  state?: readonly Tensor[] | undefined;
  /** Dropout happens if and only if this is given. */
  random?: Random | undefined;
}

/** What a sequence gives. */
export interface RecurrentOutput {
  /** The last layer's outputs [T, B, directions·H]. */
  output: Tensor;
  /** Final state: [h], or [h, c] for LSTM, each [layers·directions, B, H]. */
  state: Tensor[];
  /** What layers add to a loss summed over the T·B tokens; absent: nothing. */
  penalty?: Tensor;
}

/**
 * The parameters of one layer and direction. G is the number of gates: 1 for RNN, 4 for LSTM, 3 for
 * GRU; I the size of what the layer reads.
 */
export type RecurrentWeights = CellWeights & {
  /** [G·H, I] */
  weight_ih: Parameter;
  /** [G·H, H] */
  weight_hh: Parameter;
  /** [G·H], or null */
  bias_ih: Parameter | null;
  /** [G·H], or null */
  bias_hh: Parameter | null;
};

/** What `Recurrent.trace` tells of one layer and direction. */
export interface RecurrentTrace {
  /** `l0`, `l0_reverse`, `l1`, …: the end of its parameters' names. */
  name: string;
  /** Its parameters. */
  weights: CellWeights;
  /** What it read: [T, B, inputSize] in the first layer, [T, B, directions·H] above. */
  input: Tensor;
  /** What it put out: [T, B, H]. */
  output: Tensor;
  /** Whether it runs from the last time step to the first. */
  reverse: boolean;
}

/** What `RNN`, `LSTM` and `GRU` share. */
export abstract class Recurrent extends Module {
  /** Layers one above the other. */
  readonly layers: number;
  /** 1, or 2 where it is bidirectional. */
  readonly directions: number;
  /** Probability of dropout between layers, in training. */
  readonly dropout: number;
  /** The weights of layer k and direction d stand at k·directions + d. */
  readonly weights: readonly RecurrentWeights[];

  /**
   * @param gates G: rows of the weights per hidden unit
   * @param states tensors in a state: 1, or 2 for LSTM
   */
  constructor(
    /** Numbers that each row gives at each time step. */
    readonly inputSize: number,
    /** H, hidden units of each layer and direction. */
    readonly hiddenSize: number,
    gates: number,
    private readonly states: number,
    options: RecurrentOptions,
  ) {
    super();
    const who = new.target.name;
    checkOptions(who, options, {
      layers: true,
      bidirectional: true,
      dropout: true,
      bias: true,
      random: true,
    });
    const {
      layers = 1,
      bidirectional = false,
      dropout = 0,
      bias = true,
      random = defaultRandom,
    } = options;
    checkSize(inputSize, 'inputSize', who);
    checkSize(hiddenSize, 'hiddenSize', who);
    checkSize(layers, 'layers', who);
    if (!(dropout >= 0 && dropout < 1))
      throw new RangeError(`${who}: dropout is ${dropout}, expected 0 ≤ p < 1`);
    this.layers = layers;
    this.directions = bidirectional ? 2 : 1;
    this.dropout = dropout;
    const bound = 1 / Math.sqrt(hiddenSize);
    const parameter = (...shape: number[]): Parameter => {
      const p = new Parameter(shape);
      uniform(p, -bound, bound, random);
      return p;
    };
    const rows = gates * hiddenSize;
    const { directions } = this;
    this.weights = allOrNothing(() =>
      Array.from({ length: layers * directions }, (_, i) => ({
        weight_ih: parameter(rows, i < directions ? inputSize : hiddenSize * directions),
        weight_hh: parameter(rows, hiddenSize),
        bias_ih: bias ? parameter(rows) : null,
        bias_hh: bias ? parameter(rows) : null,
      })),
    );
  }

  /**
   * PyTorch's names: weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, weight_ih_l0_reverse, …
   */
  protected override *children(): Iterable<[string, Parameter]> {
    for (const [i, weights] of this.weights.entries()) {
      const suffix = `_l${Math.floor(i / this.directions)}${i % this.directions === 1 ? '_reverse' : ''}`;
      for (const [name, parameter] of Object.entries(weights))
        if (parameter) yield [name + suffix, parameter as Parameter];
    }
  }

  /**
   * Each layer and direction with what it read and put out, on x from zero state. Runs inside a
   * scope; for diagnostics.
   */
  trace(x: Tensor): RecurrentTrace[] {
    const D = this.directions;
    const H = this.hiddenSize;
    const traced: RecurrentTrace[] = [];
    let input = x;
    for (let k = 0; k < this.layers; k++) {
      const pair = this.weights.slice(k * D, (k + 1) * D);
      const { output } = this.layer(input, pair, undefined, {});
      pair.forEach((weights, d) =>
        traced.push({
          name: `l${k}${d === 1 ? '_reverse' : ''}`,
          weights,
          input,
          output: slice(output, 2, d * H, (d + 1) * H),
          reverse: d === 1,
        }),
      );
      input = output;
    }
    return traced;
  }

  /** Shapes of the state of B rows: h, and for LSTM c. */
  stateShapes(B: number): number[][] {
    const shape = [this.layers * this.directions, B, this.hiddenSize];
    return Array.from({ length: this.states }, () => shape);
  }

  /**
   * One layer: the op of the cell, on weights that need not be the module's own. Runs inside a
   * scope.
   *
   * @param x [T, B, inputSize of the layer], time-major
   * @param weights of each direction
   * @param state [directions, B, H] tensors; undefined: zeros
   * @param options lengths and resets
   * @throws RangeError for shapes that do not fit
   */
  abstract layer(
    x: Tensor,
    weights: readonly CellWeights[],
    state: readonly Tensor[] | undefined,
    options: SequenceOptions,
  ): RecurrentOutput;

  /**
   * @param x [T, B, inputSize], time-major
   * @throws RangeError for shapes that do not fit
   */
  forward(
    x: Tensor,
    { state, lengths, resets, random, ...rest }: RecurrentForwardOptions = {},
  ): RecurrentOutput {
    const who = this.constructor.name;
    noOthers(`${who}.forward`, rest);
    const D = this.directions;
    if (state) {
      if (state.length !== this.states)
        throw new RangeError(`${who}: a state of ${state.length} tensors, expected ${this.states}`);
      for (const tensor of state)
        expectShape(tensor, [this.layers * D, x.shape[1]!, this.hiddenSize], 'state', who);
    }
    let output = x;
    const finals: Tensor[][] = [];
    for (let k = 0; k < this.layers; k++) {
      if (k > 0 && random) output = drop(output, this.dropout, random);
      const initial = state?.map(tensor => slice(tensor, 0, k * D, (k + 1) * D));
      const result = this.layer(output, this.weights.slice(k * D, (k + 1) * D), initial, {
        lengths,
        resets,
      });
      output = result.output;
      finals.push(result.state);
    }
    return {
      output,
      state: Array.from({ length: this.states }, (_, i) => concat(finals.map(layer => layer[i]!))),
    };
  }
}
