import { linear } from '../ops/linear.js';
import { allOrNothing } from '../runtime/arena.js';
import { checkOptions } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import { checkSize } from '../tensor/shape.js';
import { Parameter, type Tensor } from '../tensor/tensor.js';
import { defaultRandom, uniform } from './init.js';
import { Module } from './module.js';

/**
 * y = x·Wᵀ + b.   x [..., inputSize] → [..., outputSize]
 *
 * Initial values U(±1/√inputSize), as PyTorch. To tie its weight to an embedding's pass `weight`.
 */
export class Linear extends Module {
  /** [outputSize, inputSize] */
  readonly weight: Parameter;
  /** [outputSize], or null */
  readonly bias: Parameter | null;

  constructor(
    inputSize: number,
    outputSize: number,
    options: { bias?: boolean; weight?: Parameter; random?: Random } = {},
  ) {
    super();
    checkOptions('Linear', options, { bias: true, weight: true, random: true });
    const { bias = true, weight, random = defaultRandom } = options;
    checkSize(inputSize, 'inputSize', 'Linear');
    checkSize(outputSize, 'outputSize', 'Linear');
    if (weight && (weight.shape[0] !== outputSize || weight.shape[1] !== inputSize)) {
      throw new RangeError(
        `Linear: the weight to tie is [${weight.shape}], expected [${outputSize},${inputSize}]`,
      );
    }
    const bound = 1 / Math.sqrt(inputSize);
    const made = allOrNothing(() => ({
      weight: weight ?? new Parameter([outputSize, inputSize]),
      bias: bias ? new Parameter([outputSize]) : null,
    }));
    this.weight = made.weight;
    if (!weight) uniform(this.weight, -bound, bound, random);
    this.bias = made.bias;
    if (this.bias) uniform(this.bias, -bound, bound, random);
  }

  /** x [..., inputSize] → [..., outputSize] */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}
