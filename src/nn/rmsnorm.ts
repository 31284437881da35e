import { rmsNorm } from '../ops/rmsnorm.js';
import { noOthers } from '../runtime/options.js';
import { checkSize } from '../tensor/shape.js';
import { Parameter, type Tensor } from '../tensor/tensor.js';
import { constant } from './init.js';
import { Module } from './module.js';

/**
 * x / √(mean of x² + eps)·weight over the last axis (Zhang & Sennrich 2019).   x [..., size]. Call
 * `loadCells` first.
 */
export class RMSNorm extends Module {
  /** [size], ones at the start */
  readonly weight: Parameter;
  private readonly eps: number;

  constructor(size: number, { eps = 1e-6, ...rest }: { eps?: number } = {}) {
    super();
    noOthers('RMSNorm', rest);
    checkSize(size, 'size', 'RMSNorm');
    this.weight = new Parameter([size]);
    constant(this.weight, 1);
    this.eps = eps;
  }

  /** Each last axis scaled.   x [..., size] → [..., size] */
  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.weight, this.eps);
  }
}
