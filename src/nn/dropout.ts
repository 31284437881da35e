import { dropout } from '../ops/dropout.js';
import { noOthers } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/**
 * Zeroes elements with probability p and scales the others by 1/(1 − p), if and only if a generator
 * is passed.
 */
export class Dropout extends Module {
  constructor(
    /** Probability that an element becomes zero: 0 ≤ p < 1. */
    readonly p: number,
    /** What the mask is like. */
    readonly options: {
      /** One mask for all time steps of x [T, ...]. Default: false. */
      locked?: boolean;
    } = {},
  ) {
    super();
    const { locked: _, ...rest } = options;
    noOthers('Dropout', rest);
    if (!(p >= 0 && p < 1)) throw new RangeError(`Dropout: p is ${p}, expected 0 ≤ p < 1`);
  }

  /** x of any shape, of the same shape; x itself where `random` is not given. */
  forward(x: Tensor, { random, ...rest }: { random?: Random | undefined } = {}): Tensor {
    noOthers('Dropout.forward', rest);
    return random ? dropout(x, this.p, random, this.options) : x;
  }
}
