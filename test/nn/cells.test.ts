/**
 * Cells written by hand from primitive ops: what a user does who invents a cell, and a check of the
 * fused layers.
 */
import { init, type nn, ops, Random, scope, type Tensor, tensor } from '../../src/index.js';
import { probed } from '../support/checkop.js';
import { near } from '../support/near.js';
import { KINDS, pass, randomInput } from '../support/network.js';
import { suite } from '../support/suite.js';

await init({ deterministic: true });
const { test, run } = suite('cells by hand');

const [T, B, I, H] = [6, 3, 4, 5];

type Weights = nn.Recurrent['weights'][number];
/** One step: x [B, I], state [B, H] each → the new state; the first is the output. */
type Cell = (x: Tensor, state: readonly Tensor[], weights: Weights) => Tensor[];

/** Column block k of [B, G·H]. */
const block = (a: Tensor, k: number) => ops.slice(a, 1, k * H, (k + 1) * H);

const rnn =
  (activation: (x: Tensor) => Tensor): Cell =>
  (x, [h], { weight_ih, weight_hh, bias_ih, bias_hh }) => [
    activation(ops.add(ops.linear(x, weight_ih, bias_ih), ops.linear(h!, weight_hh, bias_hh))),
  ];

const CELLS: Record<keyof typeof KINDS, Cell> = {
  'tanh RNN': rnn(ops.tanh),
  'ReLU RNN': rnn(ops.relu),
  LSTM: (x, [h, c], { weight_ih, weight_hh, bias_ih, bias_hh }) => {
    const a = ops.add(ops.linear(x, weight_ih, bias_ih), ops.linear(h!, weight_hh, bias_hh));
    const [i, f, g, o] = [
      ops.sigmoid(block(a, 0)),
      ops.sigmoid(block(a, 1)),
      ops.tanh(block(a, 2)),
      ops.sigmoid(block(a, 3)),
    ];
    const next = ops.add(ops.mul(f, c!), ops.mul(i, g));
    return [ops.mul(o, ops.tanh(next)), next];
  },
  GRU: (x, [h], { weight_ih, weight_hh, bias_ih, bias_hh }) => {
    const [a, b] = [ops.linear(x, weight_ih, bias_ih), ops.linear(h!, weight_hh, bias_hh)];
    const r = ops.sigmoid(ops.add(block(a, 0), block(b, 0)));
    const z = ops.sigmoid(ops.add(block(a, 1), block(b, 1)));
    const n = ops.tanh(ops.add(block(a, 2), ops.mul(r, block(b, 2))));
    return [ops.add(ops.mul(ops.sub(1, z), n), ops.mul(z, h!))];
  },
};

for (const [kind, cell] of Object.entries(CELLS) as [keyof typeof KINDS, Cell][]) {
  test(`a ${kind} from matmul, sums and activations has the layer's outputs and gradients`, () => {
    const network = KINDS[kind](I, H, { random: new Random(2) });
    const { input, probes } = randomInput(network, { T, B });
    const layer = pass(network, input, probes);
    for (const p of network.parameters()) p.zeroGrad();
    scope(() => {
      const x = tensor(Float64Array.from(input.x), { shape: [T, B, I], requiresGrad: true });
      const initial = input.state.map(values =>
        tensor(values, { shape: [1, B, H], requiresGrad: true }),
      );
      let state = initial.map(s => ops.reshape(s, [B, H]));
      const outputs: Tensor[] = [];
      for (let t = 0; t < T; t++) {
        state = cell(ops.reshape(ops.slice(x, 0, t, t + 1), [B, I]), state, network.weights[0]!);
        outputs.push(state[0]!);
      }
      const output = ops.stack(outputs);
      near(output.toArray(), layer.output, 2e-6, 'output');
      state.forEach((s, i) => near(s.toArray(), layer.state[i]!, 2e-6, `state ${i}`));
      state
        .reduce(
          (loss, s, i) => ops.add(loss, probed(s, probes.state[i]!)),
          probed(output, probes.output),
        )
        .backward();
      near(x.grad!, layer.dx, 5e-6, 'dx');
      initial.forEach((s, i) => near(s.grad!, layer.dstate[i]!, 5e-6, `dstate ${i}`));
    });
    for (const [name, p] of network.namedParameters())
      near(p.grad!, layer.gradients.get(name)!, 5e-6, `∂/∂${name}`);
    network.dispose();
  });
}

run();
