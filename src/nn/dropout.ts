import { dropout } from '../ops/dropout.js';
import type { Random } from '../runtime/random.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/**
 * Zeroes elements with probability p and scales the others by 1/(1 − p), if and only if a generator
 * is passed.
 */
export class Dropout extends Module {
  constructor(
    readonly p: number,
    /** `locked`: one mask for all time steps of x [T, ...]. */
    readonly options: { locked?: boolean } = {},
  ) {
    super();
    if (!(p >= 0 && p < 1)) throw new RangeError(`Dropout: p is ${p}, expected 0 ≤ p < 1`);
  }

  forward(x: Tensor, { random }: { random?: Random | undefined } = {}): Tensor {
    return random ? dropout(x, this.p, random, this.options) : x;
  }
}
