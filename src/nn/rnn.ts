import type { CellWeights, SequenceOptions } from '../ops/recurrent.js';
import { rnn } from '../ops/rnn.js';
import type { Tensor } from '../tensor/tensor.js';
import { Recurrent, type RecurrentOptions, type RecurrentOutput } from './recurrent.js';

/**
 * Plain recurrent network: `layers` of it, as torch.nn.RNN. Equations at `ops.rnn`; its state is
 * [h].
 */
export class RNN extends Recurrent {
  private readonly nonlinearity: 'tanh' | 'relu';

  constructor(
    inputSize: number,
    hiddenSize: number,
    {
      nonlinearity = 'tanh',
      ...options
    }: RecurrentOptions & { nonlinearity?: 'tanh' | 'relu' } = {},
  ) {
    super(inputSize, hiddenSize, 1, 1, options);
    this.nonlinearity = nonlinearity;
  }

  override layer(
    x: Tensor,
    weights: readonly CellWeights[],
    state: readonly Tensor[] | undefined,
    options: SequenceOptions,
  ): RecurrentOutput {
    const { output, h } = rnn(x, weights, {
      ...options,
      h0: state?.[0],
      nonlinearity: this.nonlinearity,
    });
    return { output, state: [h] };
  }
}
