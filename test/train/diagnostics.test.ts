import { init, nn, ops, Parameter, Random, scope, tensor, train } from '../../src/index.js';
import { project } from '../reference/recurrent.js';
import { rnnBackward, rnnForward } from '../reference/rnn.js';
import { near, norm } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('diagnostics');

/** Values under each gate's rows of weight_hh, and zero everywhere else. */
function setWeights(network: nn.Recurrent, weights: Record<string, ArrayLike<number>>): void {
  for (const [name, p] of network.namedParameters())
    p.set(weights[name] ?? new Float64Array(p.size));
}

test('gradientByDistance: a linear chain multiplies by the recurrent matrix at each step', () => {
  // positive throughout: the derivative of ReLU is 1
  const network = new nn.RNN(1, 2, { nonlinearity: 'relu' });
  setWeights(network, {
    weight_ih_l0: [1, 1],
    weight_hh_l0: [0.5, 0.25, 0, 0.5],
    bias_ih_l0: [1, 1],
  });
  const distances = train.gradientByDistance(
    network,
    () => tensor([1, 2, 3, 4], { shape: [4, 1, 1] }),
    last => ops.sum(ops.mul(last, tensor([1, 2]))),
  );
  const expected: number[] = [];
  for (let d = 0, g = [1, 2]; d < 4; d++, g = [0.5 * g[0]!, 0.25 * g[0]! + 0.5 * g[1]!])
    expected.push(norm(g)); // g ← Wᵀg
  near(distances, expected, 1e-6, 'norms');
  network.dispose();
});

test('gradientByDistance: a tanh RNN has the norms of the reference', () => {
  const [T, B, I, H] = [6, 3, 2, 4];
  const network = new nn.RNN(I, H, { random: new Random(8) });
  const random = new TestRandom(1);
  const [x, probe] = [random.array(T * B * I), random.array(B * H)];
  const distances = train.gradientByDistance(
    network,
    () => tensor(x, { shape: [T, B, I] }),
    last => ops.sum(ops.mul(last, tensor(probe, { shape: [1, B, H] }))),
  );
  const [w_ih, w_hh, b_ih, b_hh] = network
    .parameters()
    .map(p => Float64Array.from(p.toArray())) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  // ∂L/∂h at distance d is the gradient of the initial state of the last d steps, where L reads
  // their last output.
  const a = project(x, w_ih, [b_ih, b_hh], I);
  let h = new Float64Array(B * H);
  const states = Array.from({ length: T }, (_, t) => {
    const before = h;
    h = rnnForward(
      { T: 1, B, H, relu: false },
      { a: a.slice(t * B * H, (t + 1) * B * H), w_hh, h0: before },
    ).hN as Float64Array<ArrayBuffer>;
    return before;
  });
  const expected = Array.from({ length: T }, (_, d) => {
    if (d === 0) return norm(probe);
    const s = { T: d, B, H, relu: false };
    const input = { a: a.slice((T - d) * B * H), w_hh, h0: states[T - d]! };
    return norm(
      rnnBackward(s, input, rnnForward(s, input), { dy: new Float64Array(d * B * H), dhN: probe })
        .dh0,
    );
  });
  near(distances, expected, 1e-5, 'norms');
  network.dispose();
});

test('gradientByDistance: what one factor does at each step shows as a power of it', () => {
  for (const [factor, gates] of [
    [0.5, 'vanishes'],
    [1, 'stays'],
    [2, 'explodes'],
  ] as const) {
    const network = new nn.RNN(1, 3, { nonlinearity: 'relu' });
    setWeights(network, {
      weight_hh_l0: [factor, 0, 0, 0, factor, 0, 0, 0, factor],
      bias_ih_l0: [1, 1, 1],
    });
    const distances = train.gradientByDistance(
      network,
      () => tensor(new Float32Array(20), { shape: [20, 1, 1] }),
      ops.sum,
    );
    near(
      distances,
      Array.from({ length: 20 }, (_, d) => Math.sqrt(3) * factor ** d),
      1e-5,
      `the gradient ${gates}`,
    );
    network.dispose();
  }
});

test('gradientByDistance refuses a bidirectional network, and leaves no gradients in the parameters it did not have', () => {
  const both = new nn.GRU(1, 2, { bidirectional: true });
  throws(
    () => train.gradientByDistance(both, () => tensor([1], { shape: [1, 1, 1] }), ops.sum),
    RangeError,
    /^gradientByDistance: the network is bidirectional/,
  );
  both.dispose();
});

/** The radii of one matrix, as the recurrent matrix of a plain RNN. */
function radiusOf(matrix: readonly number[]): number {
  const network = new nn.RNN(1, Math.sqrt(matrix.length));
  setWeights(network, { weight_hh_l0: matrix });
  const radii = train.spectralRadius(network).get('weight_hh_l0')!;
  network.dispose();
  if (radii.length !== 1) throw new Error(`${radii.length} radii of one matrix`);
  return radii[0]!;
}

test('spectralRadius: real, complex, negative, repeated and defective eigenvalues', () => {
  const [c, s] = [Math.cos(1), Math.sin(1)];
  for (const [what, matrix, expected] of [
    ['diagonal 2, −3, 0.5', [2, 0, 0, 0, -3, 0, 0, 0, 0.5], 3],
    ['a rotation by 1 rad times 0.9', [0.9 * c, -0.9 * s, 0.9 * s, 0.9 * c], 0.9],
    ['±2i, far from normal', [0, -4, 1, 0], 2],
    ['1 ± 2i beside 0.1', [1, -2, 0, 2, 1, 0, 0, 0, 0.1], Math.sqrt(5)],
    ['the identity', [1, 0, 0, 1], 1],
    ['±1', [0, 1, 1, 0], 1],
    ['nilpotent', [0, 1, 0, 0], 0],
    ['zero', [0, 0, 0, 0], 0],
    ['one unit', [-0.7], 0.7],
  ] as const) {
    const actual = radiusOf(matrix);
    if (!(Math.abs(actual - expected) <= 0.01 * expected))
      throw new Error(`${what}: ${actual}, expected ${expected}`);
  }
});

test('spectralRadius: one for each gate, layer and direction', () => {
  const H = 3;
  const scaled = (factor: number) =>
    Array.from({ length: H * H }, (_, k) => (k % (H + 1) === 0 ? factor : 0));
  const lstm = new nn.LSTM(2, H, { layers: 2, bidirectional: true });
  setWeights(lstm, {
    weight_hh_l0: [1, 2, 3, 4].flatMap(scaled),
    weight_hh_l1_reverse: [5, 6, 7, 8].flatMap(scaled),
  });
  const radii = train.spectralRadius(lstm);
  if (
    [...radii.keys()].join(' ') !==
    'weight_hh_l0 weight_hh_l0_reverse weight_hh_l1 weight_hh_l1_reverse'
  )
    throw new Error([...radii.keys()].join(' '));
  near(radii.get('weight_hh_l0')!, [1, 2, 3, 4], 1e-6, 'l0');
  near(radii.get('weight_hh_l0_reverse')!, [0, 0, 0, 0], 0, 'l0_reverse');
  near(radii.get('weight_hh_l1_reverse')!, [5, 6, 7, 8], 1e-6, 'l1_reverse');
  lstm.dispose();
  const gru = new nn.GRU(2, H);
  setWeights(gru, { weight_hh_l0: [0.1, 0.2, 0.3].flatMap(scaled) });
  near(train.spectralRadius(gru).get('weight_hh_l0')!, [0.1, 0.2, 0.3], 1e-6, 'GRU');
  gru.dispose();
});

test('gateSaturation counts shut and open gates of built weights', () => {
  const lstm = new nn.LSTM(1, 2);
  // i: one unit shut; f: both open; o: one open
  setWeights(lstm, { bias_ih_l0: [-5, 0, 5, 5, 0, 0, 0, 5] });
  const x = () => tensor(new Float32Array(3 * 2), { shape: [3, 2, 1] });
  const share = (gate: { shut: number; open: number } | undefined) => [gate!.shut, gate!.open];
  const report = train.gateSaturation(lstm, x);
  if ([...report.keys()].join(' ') !== 'l0') throw new Error([...report.keys()].join(' '));
  const { i, f, o, ...others } = report.get('l0')!;
  near(share(i), [0.5, 0], 0, 'i');
  near(share(f), [0, 1], 0, 'f');
  near(share(o), [0, 0.5], 0, 'o');
  if (Object.keys(others).length > 0) throw new Error(`other gates: ${Object.keys(others)}`);
  lstm.dispose();

  const gru = new nn.GRU(1, 2, { bidirectional: true });
  setWeights(gru, { bias_ih_l0: [-5, -5, 5, 0, 0, 0], bias_hh_l0_reverse: [5, 0, -5, -5, 0, 0] });
  const both = train.gateSaturation(gru, x);
  if ([...both.keys()].join(' ') !== 'l0 l0_reverse') throw new Error([...both.keys()].join(' '));
  near(share(both.get('l0')!.r), [1, 0], 0, 'r');
  near(share(both.get('l0')!.z), [0, 0.5], 0, 'z');
  near(share(both.get('l0_reverse')!.r), [0, 0.5], 0, 'r reverse');
  near(share(both.get('l0_reverse')!.z), [1, 0], 0, 'z reverse');
  gru.dispose();
});

test('gateSaturation sees the state that a gate reads, in time and in either direction', () => {
  const network = new nn.GRU(1, 1, { bidirectional: true });
  // n = tanh(9x) = ±1, z = 0: h_t = x_t; r = σ(9·(h before the step) + 9x): open at 1 1, shut at −1
  // −1, between the two at a change
  const gates = { weight_ih_l0: [9, 0, 9], weight_hh_l0: [9, 0, 0], bias_ih_l0: [0, -20, 0] };
  setWeights(network, {
    ...gates,
    weight_ih_l0_reverse: gates.weight_ih_l0,
    weight_hh_l0_reverse: gates.weight_hh_l0,
    bias_ih_l0_reverse: gates.bias_ih_l0,
  });
  const report = train.gateSaturation(network, () =>
    tensor([1, 1, -1, -1, -1], { shape: [5, 1, 1] }),
  );
  const { r: forward } = report.get('l0')!;
  const { r: backward } = report.get('l0_reverse')!;
  near(
    [forward!.open, forward!.shut],
    [0.4, 0.4],
    1e-6,
    'forward: pairs 0 1, 1 1, 1 −1, −1 −1, −1 −1',
  );
  near(
    [backward!.open, backward!.shut],
    [0.2, 0.6],
    1e-6,
    'reverse: pairs 1 1, −1 1, −1 −1, −1 −1, −1 0',
  );
  network.dispose();
});

test('gateSaturation works on one step, and refuses a network without gates', () => {
  const lstm = new nn.LSTM(1, 2, { layers: 2 });
  const report = train.gateSaturation(lstm, () => tensor([1], { shape: [1, 1, 1] }));
  if ([...report.keys()].join(' ') !== 'l0 l1') throw new Error([...report.keys()].join(' '));
  lstm.dispose();
  const plain = new nn.RNN(1, 2);
  throws(
    () => train.gateSaturation(plain, () => tensor([1], { shape: [1, 1, 1] })),
    RangeError,
    /^gateSaturation: a plain RNN has no gates/,
  );
  plain.dispose();
});

test('gradientNorms names every parameter once, with the norm of its gradient', () => {
  const model = new (class extends nn.Module {
    readonly first = new Parameter([2]);
    readonly second = new Parameter([3]);
    readonly again = this.first;
  })();
  scope(() =>
    ops
      .add(ops.sum(ops.mul(model.first, tensor([3, 4]))), ops.sum(ops.mul(model.second, 2)))
      .backward(),
  );
  const norms = train.gradientNorms(model);
  if ([...norms.keys()].join(' ') !== 'first second') throw new Error([...norms.keys()].join(' '));
  near([...norms.values()], [5, Math.sqrt(12)], 1e-6, 'norms');
  model.dispose();
});

run();
