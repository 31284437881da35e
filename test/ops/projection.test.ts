/**
 * A layer on an embedding's rows projects the table; on the same values in a tensor of their own it
 * projects every step.
 */
import { init, nn, ops, Random, scope, type Tensor, tensor } from '../../src/index.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('ops/projection');

await init({ deterministic: true });

const [V, E, H, T, B] = [5, 6, 7, 8, 3];
const random = new TestRandom(1);
const ids = Int32Array.from({ length: T * B }, () => random.int(V));
const probe = Float32Array.from(random.array(T * B * 2 * H));

/** Output and gradients of a bidirectional layer; `input` says how it gets the embedding's rows. */
function pass(
  layer: nn.Recurrent,
  embedding: nn.Embedding,
  input: (x: Tensor) => Tensor,
): Map<string, Float32Array> {
  const parameters = [...layer.namedParameters(), ['embedding', embedding.weight] as const];
  for (const [, parameter] of parameters) parameter.zeroGrad();
  return scope(() => {
    const { output } = layer.forward(input(embedding.forward(ids, [T, B])));
    ops.sum(ops.mul(output, tensor(probe, { shape: [T, B, 2 * H] }))).backward();
    return new Map([
      ['output', output.toArray()],
      ...parameters.map(([name, parameter]) => [name, parameter.grad!] as [string, Float32Array]),
    ]);
  });
}

for (const [name, Layer] of Object.entries({ lstm: nn.LSTM, gru: nn.GRU, rnn: nn.RNN })) {
  const layer = new Layer(E, H, { bidirectional: true, random: new Random(1) });
  for (const [kind, options] of Object.entries({
    dense: {},
    padded: { paddingIndex: 2 },
    sparse: { sparse: true },
  })) {
    test(`${name} on a ${kind} embedding: looked-up projections give the outputs and gradients of projecting every step`, () => {
      const embedding = new nn.Embedding(V, E, { ...options, random: new Random(2) });
      const every = pass(layer, embedding, x => ops.affine(x, 1));
      const looked = pass(layer, embedding, x => x);
      const viewed = pass(layer, embedding, x =>
        ops.concat([ops.slice(x, 0, 0, 1), ops.slice(x, 0, 1, T)]),
      );
      const whole = pass(layer, embedding, x => ops.reshape(ops.reshape(x, [T * B, E]), [T, B, E]));
      for (const [what, expected] of every) {
        notZero(expected, what);
        near(looked.get(what)!, expected, 2e-6, what);
        near(viewed.get(what)!, expected, 2e-6, `${what}, joined`);
        near(whole.get(what)!, expected, 2e-6, `${what}, through views`);
      }
      embedding.dispose();
    });
  }

  test(`${name}: a part of a looked-up sequence is looked up at its own steps`, () => {
    const embedding = new nn.Embedding(2, E, { random: new Random(2) });
    const few = Int32Array.from(ids, id => id % 2);
    const run = (input: (x: Tensor) => Tensor) =>
      scope(() =>
        layer.forward(ops.slice(input(embedding.forward(few, [T, B])), 0, 3, T)).output.toArray(),
      );
    near(
      run(x => x),
      run(x => ops.affine(x, 1)),
      2e-6,
      'output',
    );
    embedding.dispose();
  });
}

run();
