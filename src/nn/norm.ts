import { layerNorm } from '../ops/norm.js';
import { allOrNothing } from '../runtime/arena.js';
import { noOthers } from '../runtime/options.js';
import { checkSize } from '../tensor/shape.js';
import { Parameter, type Tensor } from '../tensor/tensor.js';
import { constant } from './init.js';
import { Module } from './module.js';

/**
 * (x − mean)/√(variance + eps)·weight + bias over the last axis (Ba et al. 2016).   x [..., size]
 */
export class LayerNorm extends Module {
  /** [size], ones at the start */
  readonly weight: Parameter;
  /** [size], zeros at the start */
  readonly bias: Parameter;
  private readonly eps: number;

  constructor(size: number, { eps = 1e-5, ...rest }: { eps?: number } = {}) {
    super();
    noOthers('LayerNorm', rest);
    checkSize(size, 'size', 'LayerNorm');
    const made = allOrNothing(() => ({
      weight: new Parameter([size]),
      bias: new Parameter([size]),
    }));
    this.weight = made.weight;
    constant(this.weight, 1);
    this.bias = made.bias;
    this.eps = eps;
  }

  /** Each last axis normalized.   x [..., size] → [..., size] */
  forward(x: Tensor): Tensor {
    return layerNorm(x, this.weight, this.bias, this.eps);
  }
}
