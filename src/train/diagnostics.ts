/**
 * Why a recurrent network does not learn: the measures of vanishing and exploding gradients, and of
 * stuck gates.
 */
import type { Module } from '../nn/module.js';
import type { Recurrent } from '../nn/recurrent.js';
import { sigmoid } from '../ops/activation.js';
import { add } from '../ops/elementwise.js';
import { linear } from '../ops/linear.js';
import { concat, slice } from '../ops/strided.js';
import { noOthers } from '../runtime/options.js';
import { infer, scope } from '../tensor/scope.js';
import { type Tensor, view, zeros } from '../tensor/tensor.js';

function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
}

/**
 * ‖∂L/∂h_{T−d}‖ for each time distance d from the last step: how much of the error reaches back.
 *
 * The network is run step by step, so that each state is a tensor of its own; for LSTM it is the h
 * part. At d = 0 h is the output that the loss reads, at d > 0 the state of all layers that the
 * next step starts from.
 *
 * @param makeInput gives x [T, B, inputSize]; runs inside the scope
 * @param lossOf    the loss, a function of the last step's output [1, B, hiddenSize]
 * @returns T norms, index d = 0 … T − 1
 * @throws RangeError for a bidirectional network, whose last output has seen the whole sequence at
 *   once
 */
export function gradientByDistance(
  network: Recurrent,
  makeInput: () => Tensor,
  lossOf: (last: Tensor) => Tensor,
): Float64Array {
  if (network.directions > 1)
    throw new RangeError(
      'gradientByDistance: the network is bidirectional, expected one direction',
    );
  return scope(() => {
    const x = makeInput();
    const T = x.shape[0]!;
    const hidden: Tensor[] = [];
    let state: Tensor[] | undefined;
    let output = x;
    for (let t = 0; t < T; t++) {
      ({ output, state } = network.forward(slice(x, 0, t, t + 1), { state }));
      hidden.push(state[0]!.retainGrad());
    }
    lossOf(output.retainGrad()).backward();
    return Float64Array.from({ length: T }, (_, d) =>
      norm((d === 0 ? output : hidden[T - 1 - d]!).grad ?? []),
    );
  });
}

/**
 * Spectral radius of each recurrent matrix [H, H], gate by gate (RNN: one; LSTM: i f g o; GRU: r z
 * n): below 1 the signal of a linearised step dies out, above 1 it grows (Pascanu et al. 2013).
 *
 * By the mean growth of ‖Wᵏv‖ over the second half of `iterations`, which also holds for complex
 * eigenvalues.
 *
 * @returns name of the parameter → one radius for each gate
 */
export function spectralRadius(
  network: Recurrent,
  { iterations = 400, ...rest }: { iterations?: number } = {},
): Map<string, number[]> {
  noOthers('spectralRadius', rest);
  const H = network.hiddenSize;
  return new Map(
    [...network.namedParameters()]
      .filter(([name]) => name.startsWith('weight_hh'))
      .map(([name, parameter]) => {
        const values = parameter.toArray();
        return [
          name,
          Array.from({ length: values.length / (H * H) }, (_, gate) =>
            radius(values.subarray(gate * H * H, (gate + 1) * H * H), H, iterations),
          ),
        ];
      }),
  );
}

function radius(matrix: Float32Array, n: number, iterations: number): number {
  // any start outside the invariant subspaces
  let v = Float64Array.from({ length: n }, (_, i) => 1 + (i % 7) / 7);
  let growth = 0;
  for (let k = 0; k < iterations; k++) {
    const next = new Float64Array(n);
    for (let r = 0; r < n; r++) for (let c = 0; c < n; c++) next[r]! += matrix[r * n + c]! * v[c]!;
    const length = norm(next) / norm(v);
    if (length === 0) return 0;
    if (k >= iterations / 2) growth += Math.log(length);
    const scale = 1 / norm(next);
    v = next.map(value => value * scale);
  }
  return Math.exp(growth / Math.floor(iterations / 2));
}

/** ‖gradient‖ of each parameter, by name. Call after `backward`. */
export function gradientNorms(model: Module): Map<string, number> {
  return new Map(
    [...model.namedParameters()].map(([name, parameter]) => [name, norm(parameter.grad ?? [])]),
  );
}

/** How many of a gate's activations are nearly shut or fully open. */
export interface Saturation {
  /** Share below 0.1. */
  shut: number;
  /** Share above 0.9. */
  open: number;
}

/**
 * Saturation of the sigmoid gates of an LSTM (i, f, o) or GRU (r, z), layer by layer, on the
 * sequence x (Karpathy et al. 2015).
 *
 * @param makeInput gives x [T, B, inputSize]; runs inside a scope
 * @returns one record of gates for each layer and direction; the second direction's name ends in
 *   `_reverse`
 */
export function gateSaturation(
  network: Recurrent,
  makeInput: () => Tensor,
): Map<string, Record<string, Saturation>> {
  return infer(() => {
    const x = makeInput();
    const [T, B] = x.shape as readonly [number, number];
    const H = network.hiddenSize;
    const result = new Map<string, Record<string, Saturation>>();
    for (const { name, weights, input, output, reverse } of network.trace(x)) {
      const gates = gateNames(weights.weight_hh.shape[0]! / H);
      const start = zeros([1, B, H]);
      const before = reverse
        ? concat([slice(output, 0, 1, T), start])
        : concat([start, slice(output, 0, 0, T - 1)]);
      const a = add(
        linear(input, weights.weight_ih, weights.bias_ih),
        linear(before, weights.weight_hh, weights.bias_hh),
      );
      const record: Record<string, Saturation> = {};
      for (const [g, gate] of gates.entries()) {
        if (gate === null) continue;
        const values = sigmoid(
          slice(view(a, [T * B, a.shape[2]!]), 1, g * H, (g + 1) * H),
        ).toArray();
        const share = (test: (value: number) => boolean) =>
          values.filter(test).length / values.length;
        record[gate] = { shut: share(value => value < 0.1), open: share(value => value > 0.9) };
      }
      result.set(name, record);
    }
    return result;
  });
}

/** The sigmoid gates among G blocks of rows; null: not a gate. */
function gateNames(G: number): (string | null)[] {
  if (G === 4) return ['i', 'f', null, 'o'];
  if (G === 3) return ['r', 'z', null];
  throw new RangeError('gateSaturation: a plain RNN has no gates');
}
