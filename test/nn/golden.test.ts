/**
 * PyTorch's recurrent layers (test/golden/README.md) through the public API. Measured: below 4·10⁻⁷
 * of each tensor's norm in simd, 3·10⁻⁷ in relaxed.
 */
import { init, nn, ops, scope, tensor } from '../../src/index.js';
import { probed } from '../support/checkop.js';
import { near, notZero } from '../support/near.js';
import { pass } from '../support/network.js';
import { type Golden, golden } from '../support/safetensors.js';
import { suite } from '../support/suite.js';

await init({ deterministic: true });
const { test, run } = suite('recurrent layers against PyTorch');

const TOLERANCE = 1e-5; // of each tensor's norm

function build(cell: string, file: Golden): nn.Recurrent {
  const { I, H, layers = '1', bidirectional } = file.metadata;
  const options = { layers: Number(layers), bidirectional: bidirectional === 'True' };
  const network =
    cell === 'lstm'
      ? new nn.LSTM(Number(I), Number(H), options)
      : cell === 'gru'
        ? new nn.GRU(Number(I), Number(H), options)
        : new nn.RNN(Number(I), Number(H), {
            ...options,
            nonlinearity: cell === 'rnn_relu' ? 'relu' : 'tanh',
          });
  const weights = file.names.filter(name => name.startsWith('w.'));
  network.loadStateDict(
    new Map(
      weights.map(name => [
        name.slice(2),
        { shape: file.shape(name), data: Float32Array.from(file.values(name)) },
      ]),
    ),
  );
  return network;
}

const files = ['rnn_tanh', 'rnn_relu', 'lstm', 'gru'].flatMap(cell =>
  ['l1', 'l2', 'l2_bi'].map(form => [cell, `${cell}_${form}`] as const),
);

for (const [cell, stem] of [...files, ['lstm', 'lstm_packed_bi'] as const]) {
  test(`${stem}: outputs, final states, gradients of inputs, initial states and every weight`, () => {
    const file = golden(stem);
    const network = build(cell, file);
    const [T, B, I] = file.shape('in.x') as [number, number, number];
    const states = cell === 'lstm' ? ['h', 'c'] : ['h'];
    const { values, names } = file;
    const given = names.includes('in.h0');
    const result = pass(
      network,
      {
        T,
        B,
        I,
        x: values('in.x'),
        state: given ? states.map(s => values(`in.${s}0`)) : undefined,
        lengths: names.includes('in.lengths') ? Array.from(values('in.lengths')) : undefined,
      },
      { output: values('probe.y'), state: states.map(s => values(`probe.${s}n`)) },
    );
    const compare = (actual: ArrayLike<number>, name: string) => {
      near(actual, values(name), TOLERANCE, name);
      notZero(actual, name);
    };
    compare(result.output, 'out.y');
    states.forEach((s, i) => {
      compare(result.state[i]!, `out.${s}n`);
      if (given) compare(result.dstate[i]!, `g.${s}0`);
    });
    compare(result.dx, 'g.x');
    for (const [name, gradient] of result.gradients) compare(gradient, `g.${name}`);
    const expected = names.filter(name => name.startsWith('g.')).length;
    if (expected !== 1 + (given ? states.length : 0) + result.gradients.size)
      throw new Error(`${expected} gradients in the file, not all of them compared`);
    network.dispose();
  });
}

test('gradients of two passes add up', () => {
  const file = golden('gru_l2_bi');
  const network = build('gru', file);
  for (const times of [1, 2]) {
    scope(() => {
      const x = tensor(file.values('in.x'), { shape: file.shape('in.x') });
      const h0 = tensor(file.values('in.h0'), { shape: file.shape('in.h0') });
      const { output, state } = network.forward(x, { state: [h0] });
      ops
        .add(probed(output, file.values('probe.y')), probed(state[0]!, file.values('probe.hn')))
        .backward();
    });
    for (const [name, p] of network.namedParameters())
      near(
        p.grad!,
        file.values(`g.${name}`).map(d => times * d),
        TOLERANCE,
        `${name} after pass ${times}`,
      );
  }
  network.dispose();
});

run();
