import { lstm } from '../ops/lstm.js';
import type { CellWeights, SequenceOptions } from '../ops/recurrent.js';
import type { Tensor } from '../tensor/tensor.js';
import { Recurrent, type RecurrentOptions, type RecurrentOutput } from './recurrent.js';

/**
 * Long short-term memory: `layers` of it, as torch.nn.LSTM. Equations at `ops.lstm`; its state is
 * [h, c].
 */
export class LSTM extends Recurrent {
  constructor(inputSize: number, hiddenSize: number, options: RecurrentOptions = {}) {
    super(inputSize, hiddenSize, 4, 2, options);
  }

  override layer(
    x: Tensor,
    weights: readonly CellWeights[],
    state: readonly Tensor[] | undefined,
    options: SequenceOptions,
  ): RecurrentOutput {
    const { output, h, c } = lstm(x, weights, { ...options, h0: state?.[0], c0: state?.[1] });
    return { output, state: [h, c] };
  }
}
