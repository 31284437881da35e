import { embedding } from '../ops/embedding.js';
import { checkOptions } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import { checkSize, type Shape } from '../tensor/shape.js';
import { Parameter, type Tensor } from '../tensor/tensor.js';
import { defaultRandom, normal } from './init.js';
import { Module } from './module.js';

/** Options of `Embedding`. */
export interface EmbeddingOptions {
  /** The row of this id is zero at the start and never receives a gradient. Default: none. */
  paddingIndex?: number;
  /** Gradients and updates touch only the rows of the batch's ids. Default: false. */
  sparse?: boolean;
  /** Draws the initial values. Default: one that all layers share, the same in each process. */
  random?: Random;
}

/** Rows of a table by id. Initial values N(0, 1), as PyTorch. */
export class Embedding extends Module {
  /** [count, size] */
  readonly weight: Parameter;
  private readonly padding: number;

  constructor(count: number, size: number, options: EmbeddingOptions = {}) {
    super();
    checkOptions('Embedding', options, { paddingIndex: true, sparse: true, random: true });
    const { paddingIndex = -1, sparse = false, random = defaultRandom } = options;
    checkSize(count, 'count', 'Embedding');
    checkSize(size, 'size', 'Embedding');
    if (!Number.isInteger(paddingIndex) || paddingIndex < -1 || paddingIndex >= count)
      throw new RangeError(`Embedding: paddingIndex ${paddingIndex} of ${count} rows`);
    this.weight = new Parameter([count, size], { sparse });
    this.padding = paddingIndex;
    normal(this.weight, 0, 1, random);
    if (paddingIndex >= 0)
      this.weight.set(
        this.weight.toArray().fill(0, paddingIndex * size, (paddingIndex + 1) * size),
      );
  }

  /** ids of shape S (default: one axis) → [...S, size] */
  forward(ids: Int32Array, shape: Shape = [ids.length]): Tensor {
    return embedding(this.weight, ids, { shape, padding: this.padding });
  }
}
