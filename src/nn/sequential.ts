import type { Random } from '../runtime/random.js';
import type { Parameter, Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/**
 * What a chain may hold: a module from tensor to tensor, or a plain function such as `ops.tanh`.
 */
export type Layer =
  | (Module & { forward(x: Tensor, options?: { random?: Random | undefined }): Tensor })
  | ((x: Tensor) => Tensor);

/** Layers one after the other; parameters are named by position, as in PyTorch (`0.weight`). */
export class Sequential extends Module {
  private readonly layers: readonly Layer[];

  constructor(...layers: Layer[]) {
    super();
    this.layers = layers;
  }

  protected override *children(): Iterable<[string, Parameter | Module]> {
    for (const [i, layer] of this.layers.entries())
      if (layer instanceof Module) yield [String(i), layer];
  }

  forward(x: Tensor, options: { random?: Random | undefined } = {}): Tensor {
    return this.layers.reduce(
      (value, layer) => (layer instanceof Module ? layer.forward(value, options) : layer(value)),
      x,
    );
  }
}
