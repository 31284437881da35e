import { gru } from '../ops/gru.js';
import type { CellWeights, SequenceOptions } from '../ops/recurrent.js';
import type { Tensor } from '../tensor/tensor.js';
import { Recurrent, type RecurrentOptions, type RecurrentOutput } from './recurrent.js';

/**
 * Gated recurrent unit: `layers` of it, as torch.nn.GRU. Equations at `ops.gru`; its state is [h].
 */
export class GRU extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super(inputSize, hiddenSize, 3, 1, options);
  }

  override layer(
    x: Tensor,
    weights: readonly CellWeights[],
    state: readonly Tensor[] | undefined,
    options: SequenceOptions,
  ): RecurrentOutput {
    const { output, h } = gru(x, weights, { ...options, h0: state?.[0] });
    return { output, state: [h] };
  }
}
