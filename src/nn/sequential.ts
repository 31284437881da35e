import { noOthers } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import type { Parameter, Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';

/**
 * What a chain may hold: a module from tensor to tensor, a recurrent layer, whose outputs go on, or
 * a plain function such as `ops.tanh`.
 */
export type Layer =
  | (Module & {
      /** x → what the next layer takes, or an object that has it as `output`. */
      forward(
        x: Tensor,
        options?: { random?: Random | undefined },
      ):
        | Tensor
        | {
            /** What the next layer takes. */
            readonly output: Tensor;
          };
    })
  | ((x: Tensor) => Tensor);

/**
 * Layers one after the other; parameters are named by position, as in PyTorch (`0.weight`).
 * Recurrent layers begin with a zero state at each call: to carry it on, call them yourself.
 */
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

  /** x through all layers, in order. `random` goes to each module: it draws dropout's masks. */
  forward(x: Tensor, options: { random?: Random | undefined } = {}): Tensor {
    const { random: _, ...rest } = options;
    noOthers('Sequential.forward', rest);
    return this.layers.reduce((value, layer) => {
      const result = layer instanceof Module ? layer.forward(value, options) : layer(value);
      return 'output' in result ? result.output : result;
    }, x);
  }
}
