import { type LinearCrossEntropyOptions, linearCrossEntropy } from '../ops/head.js';
import { noOthers } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import type { Tensor } from '../tensor/tensor.js';
import { Linear } from './linear.js';
import type { Module } from './module.js';

/** Options of a head's loss. */
export interface HeadLossOptions extends Pick<LinearCrossEntropyOptions, 'reduction'> {
  /** Given in training, and only then: heads that draw classes draw them from it. */
  random?: Random | undefined;
}

/** An output layer over many classes, and its loss. */
export interface Head extends Module {
  /**
   * Logarithms of the classes' probabilities, up to a constant of each row.   x [..., inputSize] →
   * [..., classes]
   */
  forward(x: Tensor): Tensor;
  /** Cross-entropy in nats of one class, or −100 (counts for nothing), for each row of x. */
  loss(x: Tensor, targets: Int32Array, options?: HeadLossOptions): Tensor;
}

/** Linear → softmax over all classes. */
export class FullSoftmax extends Linear implements Head {
  loss(
    x: Tensor,
    targets: Int32Array,
    { reduction = 'mean', random: _, ...rest }: HeadLossOptions = {},
  ): Tensor {
    noOthers('loss', rest);
    return linearCrossEntropy(x, this.weight, targets, { bias: this.bias, reduction });
  }
}
