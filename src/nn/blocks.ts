/**
 * Residual blocks around a cell that is a scan: what it mixes over time, then a feed-forward layer
 * at each step, each behind a normalisation and added to what came in.
 */
import { convolution } from '../ops/convolution.js';
import { dropout as drop } from '../ops/dropout.js';
import { add, mul } from '../ops/elementwise.js';
import { gelu } from '../ops/gelu.js';
import { linear } from '../ops/linear.js';
import { minGRU } from '../ops/mingru.js';
import { rglru } from '../ops/rglru.js';
import { concat, slice } from '../ops/strided.js';
import { allOrNothing } from '../runtime/arena.js';
import { log } from '../runtime/math.js';
import { checkOptions, noOthers } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import { checkSize, expectShape } from '../tensor/shape.js';
import { Parameter, type Tensor, tensor, view, zeros } from '../tensor/tensor.js';
import { constant, defaultRandom, normal, uniform } from './init.js';
import { Linear } from './linear.js';
import { Module } from './module.js';
import type { RecurrentForwardOptions, RecurrentOutput } from './recurrent.js';
import { RMSNorm } from './rmsnorm.js';

/** What all blocks have. */
export interface BlocksOptions {
  /** Blocks one above the other. Default: 1. */
  layers?: number;
  /** Width of the cell, as a multiple of `size`. Default: 1.5 for minGRU, 1 for RG-LRU. */
  expansion?: number;
  /** Steps that the convolution before the cell sees; 1: none. Default: 4. */
  kernel?: number;
  /**
   * Width of the feed-forward layer, as a multiple of `size`. Default: 4 for minGRU, 3 for RG-LRU.
   */
  feedforward?: number;
  /** Probability of dropout of what a block adds, in training. Default: 0. */
  dropout?: number;
  /** Draws the initial values. */
  random?: Random;
}

/** What a part of a block gives: its result, and the states to go on from. */
interface Mixed {
  x: Tensor;
  h: Tensor;
  history: Tensor | null;
}

/** What one block is made of. */
abstract class Block extends Module {
  /** What is mixed over time. */
  abstract mix(
    x: Tensor,
    state: { h: Tensor | undefined; history: Tensor | undefined },
    options: RecurrentForwardOptions,
  ): Mixed;
  /** What is computed at each step by itself. */
  abstract feed(x: Tensor): Tensor;
}

/** A short convolution over time. Initial values as torch.nn.Conv1d. */
class Convolution extends Module {
  /** [K, H]; row 0 is that of the present step */
  readonly weight: Parameter;
  /** [H] */
  readonly bias: Parameter;

  constructor(
    readonly size: number,
    readonly kernel: number,
    random: Random,
  ) {
    super();
    const made = allOrNothing(() => ({
      weight: new Parameter([kernel, size]),
      bias: new Parameter([size]),
    }));
    this.weight = made.weight;
    this.bias = made.bias;
    const bound = 1 / Math.sqrt(kernel);
    uniform(this.weight, -bound, bound, random);
    uniform(this.bias, -bound, bound, random);
  }

  /** y, and the last steps, which the next window's first ones see. */
  forward(
    x: Tensor,
    history: Tensor | undefined,
    resets: Uint8Array | undefined,
  ): { y: Tensor; history: Tensor } {
    const [T, B, H] = x.shape as readonly [number, number, number];
    const past = this.kernel - 1;
    const y = convolution(x, this.weight, this.bias, { history, resets });
    const before = history ?? zeros([past, B, H]);
    const all = T >= past ? slice(x, 0, T - past, T) : concat([slice(before, 0, T, past), x]);
    return { y, history: sinceReset(all, resets, T, B, H) };
  }
}

/** The last steps of a window, 0 where a later text begins. */
function sinceReset(
  steps: Tensor,
  resets: Uint8Array | undefined,
  T: number,
  B: number,
  H: number,
): Tensor {
  const past = steps.shape[0]!;
  if (!resets?.subarray(Math.max(0, T - past) * B).some(flag => flag !== 0)) return steps;
  const mask = new Float32Array(past * B * H).fill(1);
  for (let b = 0; b < B; b++)
    for (let k = past - 1, cut = false; k >= 0; k--) {
      const t = T - past + k;
      if (cut) mask.fill(0, (k * B + b) * H, (k * B + b + 1) * H);
      if (t >= 0 && resets[t * B + b] === 1) cut = true;
    }
  return mul(steps, tensor(mask, { shape: [past, B, H] }));
}

class MinGRUBlock extends Block {
  readonly norm: RMSNorm;
  readonly convolution: Convolution | null;
  /** [2·width, size]: the rows of z, then those of n */
  readonly gates: Linear;
  readonly output: Linear;
  readonly norm_feedforward: RMSNorm;
  readonly up: Linear;
  readonly down: Linear;

  constructor(
    size: number,
    width: number,
    { kernel, hidden, random }: { kernel: number; hidden: number; random: Random },
  ) {
    super();
    const bare = { bias: false, random };
    const made = allOrNothing(() => ({
      norm: new RMSNorm(size),
      convolution: kernel > 1 ? new Convolution(size, kernel, random) : null,
      gates: new Linear(size, 2 * width, bare),
      output: new Linear(width, size, bare),
      norm_feedforward: new RMSNorm(size),
      up: new Linear(size, hidden, { random }),
      down: new Linear(hidden, size, { random }),
    }));
    this.norm = made.norm;
    this.convolution = made.convolution;
    this.gates = made.gates;
    this.output = made.output;
    this.norm_feedforward = made.norm_feedforward;
    this.up = made.up;
    this.down = made.down;
  }

  mix(
    x: Tensor,
    { h, history }: { h: Tensor | undefined; history: Tensor | undefined },
    { lengths, resets }: RecurrentForwardOptions,
  ): Mixed {
    const u = this.norm.forward(x);
    const mixed = this.convolution?.forward(u, history, resets);
    const scanned = minGRU(mixed ? add(u, mixed.y) : u, this.gates.weight, {
      h0: h,
      positive: true,
      lengths,
      resets,
    });
    return {
      x: this.output.forward(scanned.output),
      h: scanned.h,
      history: mixed?.history ?? null,
    };
  }

  feed(x: Tensor): Tensor {
    return this.down.forward(gelu(this.up.forward(this.norm_feedforward.forward(x))));
  }
}

class HawkBlock extends Block {
  readonly norm: RMSNorm;
  /** The branch that gates. */
  readonly branch: Linear;
  /** The branch that runs over time. */
  readonly input: Linear;
  readonly convolution: Convolution | null;
  /** [heads, 2·width/heads, width/heads]: of each head the rows of a_r, then those of a_i */
  readonly weight_gates: Parameter;
  /** [2·width]: a_r, then a_i */
  readonly bias_gates: Parameter;
  /** [width] */
  readonly lambda: Parameter;
  readonly output: Linear;
  readonly norm_feedforward: RMSNorm;
  readonly gate: Linear;
  readonly up: Linear;
  readonly down: Linear;

  constructor(
    size: number,
    width: number,
    {
      kernel,
      hidden,
      heads,
      random,
    }: { kernel: number; hidden: number; heads: number; random: Random },
  ) {
    super();
    const own = { random };
    const each = width / heads;
    const made = allOrNothing(() => ({
      norm: new RMSNorm(size),
      branch: new Linear(size, width, own),
      input: new Linear(size, width, own),
      convolution: kernel > 1 ? new Convolution(width, kernel, random) : null,
      weight_gates: new Parameter([heads, 2 * each, each]),
      bias_gates: new Parameter([2 * width]),
      lambda: new Parameter([width]),
      output: new Linear(width, size, own),
      norm_feedforward: new RMSNorm(size),
      gate: new Linear(size, hidden, own),
      up: new Linear(size, hidden, own),
      down: new Linear(hidden, size, own),
    }));
    this.norm = made.norm;
    this.branch = made.branch;
    this.input = made.input;
    this.convolution = made.convolution;
    this.weight_gates = made.weight_gates;
    this.bias_gates = made.bias_gates;
    this.lambda = made.lambda;
    this.output = made.output;
    this.norm_feedforward = made.norm_feedforward;
    this.gate = made.gate;
    this.up = made.up;
    this.down = made.down;
    normal(this.weight_gates, 0, 1 / Math.sqrt(each), random);
    constant(this.bias_gates, 0);
    // exp(−softplus Λ) = √u with u ~ U(.81, .998001): uniform by area on the ring [.9, .999]
    uniform(this.lambda, 0.81, 0.998001, random);
    this.lambda.set(this.lambda.toArray().map(u => log(1 / Math.sqrt(u) - 1)));
  }

  /** a_r and a_i of each head's own units: [T, B, 2·width]. */
  private gates(x: Tensor): Tensor {
    const [heads, rows, each] = this.weight_gates.shape as readonly [number, number, number];
    const parts = Array.from({ length: heads }, (_, k) => {
      const w = view(this.weight_gates, [rows, each], k * rows * each);
      return linear(slice(x, 2, k * each, (k + 1) * each), w);
    });
    const r = parts.map(part => slice(part, 2, 0, each));
    const i = parts.map(part => slice(part, 2, each, 2 * each));
    return add(concat([...r, ...i], 2), this.bias_gates);
  }

  mix(
    x: Tensor,
    { h, history }: { h: Tensor | undefined; history: Tensor | undefined },
    { lengths, resets }: RecurrentForwardOptions,
  ): Mixed {
    const u = this.norm.forward(x);
    const right = this.input.forward(u);
    const mixed = this.convolution?.forward(right, history, resets);
    const v = mixed?.y ?? right;
    const scanned = rglru(v, this.gates(v), this.lambda, { h0: h, lengths, resets });
    const gated = mul(gelu(this.branch.forward(u)), scanned.output);
    return { x: this.output.forward(gated), h: scanned.h, history: mixed?.history ?? null };
  }

  feed(x: Tensor): Tensor {
    const u = this.norm_feedforward.forward(x);
    return this.down.forward(mul(gelu(this.gate.forward(u)), this.up.forward(u)));
  }
}

/** Blocks one above the other, and a normalisation. */
export abstract class Blocks extends Module {
  /** The blocks, the lowest first. */
  abstract readonly blocks: readonly Module[];
  /** Of the output. */
  readonly norm: RMSNorm;
  /** Numbers that each row gives at each time step, and gets. */
  readonly hiddenSize: number;
  /** Blocks one above the other. */
  readonly layers: number;
  /** Width of the cell. */
  readonly width: number;
  /** Steps that the convolution sees; 1: there is none. */
  readonly kernel: number;
  /** Units of the feed-forward layer. */
  readonly feedforward: number;
  /** Probability of dropout of what a block adds, in training. */
  readonly dropout: number;

  constructor(
    size: number,
    options: Omit<BlocksOptions, 'random'>,
    defaults: { expansion: number; feedforward: number },
  ) {
    super();
    const who = new.target.name;
    const { layers = 1, kernel = 4, dropout = 0 } = options;
    const { expansion = defaults.expansion, feedforward = defaults.feedforward } = options;
    checkSize(size, 'size', who);
    checkSize(layers, 'layers', who);
    checkSize(kernel, 'kernel', who);
    for (const [name, value] of Object.entries({ expansion, feedforward }))
      if (!(value > 0 && value < 1000))
        throw new RangeError(`${who}: ${name} is ${value}, expected a number above 0`);
    if (!(dropout >= 0 && dropout < 1))
      throw new RangeError(`${who}: dropout is ${dropout}, expected 0 ≤ p < 1`);
    this.hiddenSize = size;
    this.layers = layers;
    this.kernel = kernel;
    this.dropout = dropout;
    this.width = Math.max(1, Math.round(size * expansion));
    this.feedforward = Math.max(1, Math.round(size * feedforward));
    this.norm = new RMSNorm(size);
  }

  /** Shapes of the state of B rows: h, and where there is a convolution its last steps. */
  stateShapes(B: number): number[][] {
    const h = [this.layers, B, this.width];
    return this.kernel > 1 ? [h, [this.layers * (this.kernel - 1), B, this.past()]] : [h];
  }

  /** Width of what the convolution reads. */
  protected abstract past(): number;

  /**
   * @param x [T, B, size], time-major
   * @throws RangeError for shapes that do not fit
   */
  forward(x: Tensor, options: RecurrentForwardOptions = {}): RecurrentOutput {
    const who = this.constructor.name;
    const { state, lengths, resets, random, ...rest } = options;
    noOthers(`${who}.forward`, rest);
    expectShape(x, [-1, -1, this.hiddenSize], 'x', who);
    const B = x.shape[1]!;
    const shapes = this.stateShapes(B);
    if (state) {
      if (state.length !== shapes.length)
        throw new RangeError(
          `${who}: a state of ${state.length} tensors, expected ${shapes.length}`,
        );
      state.forEach((each, i) => expectShape(each, shapes[i]!, 'state', who));
    }
    const past = this.kernel - 1;
    const states: Tensor[] = [];
    const histories: Tensor[] = [];
    const dropped = (each: Tensor): Tensor => (random ? drop(each, this.dropout, random) : each);
    let output = x;
    for (const [k, block] of (this.blocks as readonly Block[]).entries()) {
      const h = state && view(slice(state[0]!, 0, k, k + 1), [B, this.width]);
      const history = state?.[1] && slice(state[1], 0, k * past, (k + 1) * past);
      const mixed = block.mix(output, { h, history }, options);
      output = add(output, dropped(mixed.x));
      output = add(output, dropped(block.feed(output)));
      states.push(view(mixed.h, [1, B, this.width]));
      if (mixed.history) histories.push(mixed.history);
    }
    const last = [concat(states), ...(histories.length > 0 ? [concat(histories)] : [])];
    return { output: this.norm.forward(output), state: last };
  }
}

/**
 * Blocks of minGRU (Feng et al. 2024) as lucidrains/minGRU-pytorch builds them:
 *
 *   u = RMSNorm(x);  x += W_o·minGRU(u + convolution(u));  x += W_2·GELU(W_1·RMSNorm(x))
 *
 * Call `loadCells` first. x [T, B, size] → [T, B, size]
 */
export class MinGRUBlocks extends Blocks {
  readonly blocks: readonly Module[];

  constructor(size: number, options: BlocksOptions = {}) {
    checkOptions('MinGRUBlocks', options, KNOWN);
    const { random = defaultRandom, ...shared } = options;
    super(size, shared, { expansion: 1.5, feedforward: 4 });
    const { width, kernel, feedforward: hidden } = this;
    this.blocks = allOrNothing(
      () =>
      Array.from({ length: this.layers }, () => new MinGRUBlock(size, width, { kernel, hidden, random })), // biome-ignore format: one line
    );
  }

  protected past(): number {
    return this.hiddenSize;
  }
}

/**
 * Blocks of the RG-LRU, "Hawk" (De et al. 2024, Griffin):
 *
 *   u = RMSNorm(x);  x += W_o·(GELU(W_y·u) ⊙ RG-LRU(convolution(W_x·u)))
 *   v = RMSNorm(x);  x += W_d·(GELU(W_g·v) ⊙ W_u·v)
 *
 * Call `loadCells` first. x [T, B, size] → [T, B, size]
 */
export class HawkBlocks extends Blocks {
  readonly blocks: readonly Module[];

  /** @param options heads: blocks of the gates' matrices; divides the width. Default: 4, else 1 */
  constructor(size: number, options: BlocksOptions & { heads?: number } = {}) {
    checkOptions('HawkBlocks', options, { ...KNOWN, heads: true });
    const { random = defaultRandom, heads: wanted, ...shared } = options;
    super(size, shared, { expansion: 1, feedforward: 3 });
    const { width, kernel, feedforward: hidden } = this;
    const heads = wanted ?? (width % 4 === 0 ? 4 : 1);
    checkSize(heads, 'heads', 'HawkBlocks');
    if (width % heads !== 0)
      throw new RangeError(
        `HawkBlocks: heads is ${heads}, which does not divide the width ${width}`,
      );
    this.blocks = allOrNothing(
      () =>
      Array.from({ length: this.layers }, () => new HawkBlock(size, width, { kernel, hidden, heads, random })), // biome-ignore format: one line
    );
  }

  protected past(): number {
    return this.width;
  }
}

const KNOWN = { layers: true, expansion: true, kernel: true, feedforward: true, dropout: true, random: true }; // biome-ignore format: one line
