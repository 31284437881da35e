/** One network for every task, and gates that start open for as long as its sequences last. */
import { infer, nn, ops, type Random, type Tensor, tensor, type train } from '../src/index.js';
import type { Batch, Task } from './synthetic.js';

/** A recurrent layer, and a linear one on its outputs. */
export class Network extends nn.Module implements train.Trainable<Batch> {
  readonly head: nn.Linear;

  constructor(
    private readonly task: Task,
    readonly rnn: nn.Recurrent,
    random: Random,
  ) {
    super();
    this.head = new nn.Linear(rnn.hiddenSize, task.outputSize, { random });
  }

  /** Outputs at the answered steps, [answers, B, outputSize]. */
  forward({ x, T, B }: Batch): Tensor {
    const { output } = this.rnn.forward(tensor(x, { shape: [T, B, this.task.inputSize] }));
    return this.head.forward(ops.slice(output, 0, T - this.task.answers, T));
  }

  loss(batch: Batch): train.LossResult {
    return { loss: batch.loss(this.forward(batch)), state: undefined };
  }
}

export type Cell = 'rnn' | 'gru' | 'lstm';

const cells = { rnn: nn.RNN, gru: nn.GRU, lstm: nn.LSTM };

/**
 * A layer for sequences of T steps: orthogonal recurrent weights, gates by chrono initialisation.
 */
export function layer(
  cell: Cell,
  {
    inputSize,
    T,
    hiddenSize: H,
    random,
  }: { inputSize: number; T: number; hiddenSize: number; random: Random },
): nn.Recurrent {
  const rnn = new cells[cell](inputSize, H, { random });
  const { weight_hh, bias_ih, bias_hh } = rnn.weights[0]!;
  nn.init.orthogonal(weight_hh, { rows: H, random });
  nn.init.constant(bias_hh!, 0);
  bias_ih!.set(chrono(cell, H, T, random));
  return rnn;
}

/**
 * Tallec & Ollivier 2018: a gate at σ(b) keeps its cell for about e^b steps, so the biases of the
 * gates that keep (LSTM's f,
 * GRU's z) are log U(1, T − 1), and those of LSTM's input gates the opposite.   [H], [3H] or [4H]
 */
function chrono(cell: Cell, H: number, T: number, random: Random): Float32Array {
  const keep = infer(() =>
    ops.log(tensor(Float32Array.from({ length: H }, () => random.uniform(1, T - 1)))).toArray(),
  );
  const rest = new Float32Array(H);
  const gates = {
    rnn: [rest],
    gru: [rest, keep, rest],
    lstm: [keep.map(b => -b), keep, rest, rest],
  }[cell]; // r z n; i f g o
  return Float32Array.from(gates.flatMap(gate => [...gate]));
}
