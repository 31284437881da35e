/** Runs a recurrent network once, forward and backward, with random gradients at every output. */
import { nn, ops, scope, tensor } from '../../src/index.js';
import { probed } from './checkop.js';
import { TestRandom } from './random.js';

/** A sequence [T, B, I] and what goes with it. */
export interface Input {
  T: number;
  B: number;
  I: number;
  x: ArrayLike<number>;
  /** [h], or [h, c]: each [layers·directions, B, H]. Absent: none is passed. */
  state?: readonly ArrayLike<number>[] | undefined;
  lengths?: readonly number[] | undefined;
  resets?: readonly number[] | undefined;
}

/** ∂L/∂ of the outputs; the final state's is zero where absent. */
export interface Probes {
  output: ArrayLike<number>;
  state?: readonly ArrayLike<number>[] | undefined;
}

export interface Run {
  output: Float32Array;
  state: Float32Array[];
  dx: Float32Array;
  dstate: Float32Array[];
  /** Gradients of the parameters by name, of this run alone. */
  gradients: Map<string, Float32Array>;
}

/** One pass from zero gradients. */
export function pass(
  network: nn.Recurrent,
  { T, B, I, x, state, lengths, resets }: Input,
  probes: Probes,
): Run {
  const parameters = network.namedParameters();
  for (const p of parameters.values()) p.zeroGrad();
  const run = scope(() => {
    const xs = tensor(Float64Array.from(x), { shape: [T, B, I], requiresGrad: true });
    const states = state?.map(values =>
      tensor(Float64Array.from(values), {
        shape: [network.layers * network.directions, B, network.hiddenSize],
        requiresGrad: true,
      }),
    );
    const { output, state: final } = network.forward(xs, {
      state: states,
      lengths: lengths && Int32Array.from(lengths),
      resets: resets && Uint8Array.from(resets),
    });
    let loss = probed(output, probes.output);
    final.forEach((tensor, i) => {
      if (probes.state) loss = ops.add(loss, probed(tensor, probes.state[i]!));
    });
    loss.backward();
    return {
      output: output.toArray(),
      state: final.map(tensor => tensor.toArray()),
      dx: xs.grad!,
      dstate: (states ?? []).map(tensor => tensor.grad!),
    };
  });
  return { ...run, gradients: new Map([...parameters].map(([name, p]) => [name, p.grad!])) };
}

/** The kinds of recurrent network. */
export const KINDS = {
  'tanh RNN': (I: number, H: number, options: nn.RecurrentOptions = {}) =>
    new nn.RNN(I, H, options),
  'ReLU RNN': (I: number, H: number, options: nn.RecurrentOptions = {}) =>
    new nn.RNN(I, H, { ...options, nonlinearity: 'relu' }),
  LSTM: (I: number, H: number, options: nn.RecurrentOptions = {}) => new nn.LSTM(I, H, options),
  GRU: (I: number, H: number, options: nn.RecurrentOptions = {}) => new nn.GRU(I, H, options),
};

/** Random input, state and probes for a network. */
export function randomInput(
  network: nn.Recurrent,
  { T, B, seed = 1 }: { T: number; B: number; seed?: number },
): {
  input: Omit<Input, 'state'> & { state: Float64Array[] };
  probes: { output: Float64Array; state: Float64Array[] };
} {
  const random = new TestRandom(seed);
  const { inputSize: I, hiddenSize: H, layers, directions: D } = network;
  const states = network instanceof nn.LSTM ? 2 : 1;
  const tensors = () => Array.from({ length: states }, () => random.array(layers * D * B * H));
  return {
    input: { T, B, I, x: random.array(T * B * I), state: tensors() },
    probes: { output: random.array(T * B * D * H), state: tensors() },
  };
}

/** Rows `from` … `to` of the axis of extent n in values [outer, n, inner]. */
export function cut(
  values: ArrayLike<number>,
  { n, inner, from, to }: { n: number; inner: number; from: number; to: number },
): number[] {
  return Array.from(values).filter((_, i) => {
    const k = Math.floor(i / inner) % n;
    return k >= from && k < to;
  });
}
