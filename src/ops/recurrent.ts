/**
 * What RNN, LSTM and GRU share: the checks of a sequence, and the gradients that are matrix
 * products over all its time steps.
 */
import { borrow, u8 } from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import { noOthers } from '../runtime/options.js';
import { scratch } from '../runtime/scratch.js';
import { expectShape } from '../tensor/shape.js';
import { borrowIds, type Tensor } from '../tensor/tensor.js';

/**
 * One direction of one layer, in PyTorch's layouts; G = 1 (RNN), 4 (LSTM: i f g o), 3 (GRU: r z n).
 */
export interface CellWeights {
  /** [G·H, I] */
  weight_ih: Tensor;
  /** [G·H, H] */
  weight_hh: Tensor;
  /** [G·H], or null */
  bias_ih: Tensor | null;
  /** [G·H], or null */
  bias_hh: Tensor | null;
}

/** Which time steps of a sequence count, and where states begin anew. */
export interface SequenceOptions {
  /**
   * Time steps that count in each row of the batch, 1 … T; later ones give 0 and leave the state as
   * it is. Default: all.
   */
  lengths?: Int32Array | undefined;
  /**
   * [T·B], time-major: where 1, the state is zero before this time step (a document starts).
   * Default: nowhere.
   */
  resets?: Uint8Array | undefined;
}

/** The checked sizes of a layer's call, and its masks in memory (0: absent). */
export interface Sequence {
  T: number;
  B: number;
  I: number;
  H: number;
  /** Directions: 1, or 2 with the second reversed. */
  D: number;
  lengths: number;
  /** For each direction: where its walk through time starts anew. */
  resets: readonly number[];
}

/** Checks a layer's arguments and copies its masks into the open scope. */
export function checkSequence(
  who: string,
  x: Tensor,
  directions: readonly CellWeights[],
  states: Record<string, Tensor | null | undefined>,
  G: number,
  { lengths, resets, ...rest }: SequenceOptions,
): Sequence {
  noOthers(who, rest);
  expectShape(x, [-1, -1, -1], 'x', who);
  const [T, B, I] = x.shape as readonly [number, number, number];
  if (T === 0 || B === 0)
    throw new RangeError(`${who}: x [${x.shape}] has no time steps or no rows`);
  const D = directions.length;
  const H = directions[0]!.weight_hh.shape[1]!;
  for (const w of directions) {
    expectShape(w.weight_ih, [G * H, I], 'weight_ih', who);
    expectShape(w.weight_hh, [G * H, H], 'weight_hh', who);
    if (w.bias_ih) expectShape(w.bias_ih, [G * H], 'bias_ih', who);
    if (w.bias_hh) expectShape(w.bias_hh, [G * H], 'bias_hh', who);
  }
  for (const name in states) if (states[name]) expectShape(states[name], [D, B, H], name, who);
  if (lengths && lengths.length !== B)
    throw new RangeError(`${who}: ${lengths.length} lengths for ${B} rows`);
  if (resets && resets.length !== T * B)
    throw new RangeError(`${who}: ${resets.length} resets for ${T}·${B} time steps`);
  const masks = directions.map((_, d) => (resets ? restarts(resets, d === 1 ? B : 0) : 0));
  return {
    T,
    B,
    I,
    H,
    D,
    lengths: lengths ? borrowIds(lengths, 1, T + 1, `${who}: length`) : 0,
    resets: masks,
  };
}

/**
 * The kernels' mask: 1 where a walk's state is zero before a step. A walk from the last step to the
 * first leaves a document between its first step and the one before, so it restarts one step
 * (`shift` = B flags) earlier. 0 if nothing restarts.
 */
function restarts(resets: Uint8Array, shift: number): number {
  if (!resets.subarray(shift).some(flag => flag !== 0)) return 0;
  const mask = borrow(resets.length);
  const flags = u8(mask, resets.length);
  flags.fill(0);
  flags.set(resets.subarray(shift));
  return mask;
}

/** The address of direction d's part of a [D, B, H] state or its gradient; 0 stays 0. */
export function part(address: number, d: number, { B, H }: Sequence): number {
  return address === 0 ? 0 : address + 4 * d * B * H;
}

/**
 * dW_hh += Σ_t dAₜᵀ·h_{t−1}, as one product over all time steps (and one for the first, whose
 * h_{t−1} is h0).
 *
 * @param dw [G, H], added to
 * @param da [T·B] rows of G columns, aRow floats apart
 * @param hp [T, B, H], the states each step started from, or 0: then they are y's rows one step
 *   earlier, and h0
 * @param y the layer's output, rows yRow apart
 */
export function addRecurrentGradient(
  dw: number,
  da: number,
  G: number,
  aRow: number,
  hp: number,
  y: number,
  yRow: number,
  h0: number,
  reverse: number,
  { T, B, H }: Sequence,
): void {
  if (dw === 0) return;
  const add = (a: number, h: number, hRow: number, K: number): void => {
    if (K > 0)
      kernels.gemm(
        /* c */ dw,
        a,
        /* b */ h,
        /* scratch */ scratch(),
        /* M */ G,
        /* N */ H,
        K,
        /* cRow */ H,
        /* aRow */ 1,
        /* aCol */ aRow,
        /* bRow */ hRow,
        /* bCol */ 1,
        /* add */ 1,
      );
  };
  if (hp !== 0) {
    add(da, hp, H, T * B);
    return;
  }
  const later = (T - 1) * B; // rows of all time steps but one
  if (reverse) add(da, y + 4 * B * yRow, yRow, later);
  else add(da + 4 * B * aRow, y, yRow, later);
  if (h0 !== 0) add(reverse ? da + 4 * later * aRow : da, h0, H, B);
}

/** Every tensor that a layer's result depends on. */
export function inputsOf(
  x: Tensor,
  directions: readonly CellWeights[],
  ...states: (Tensor | null | undefined)[]
): (Tensor | null | undefined)[] {
  return [
    x,
    ...directions.flatMap(w => [w.weight_ih, w.weight_hh, w.bias_ih, w.bias_hh]),
    ...states,
  ];
}
