import {
  biasGradient,
  inputGradient,
  project,
  type Sequence,
  weightGradient,
} from '../reference/recurrent.js';
import { type RnnInput, rnnBackward, rnnForward } from '../reference/rnn.js';
import { gradcheck } from '../support/gradcheck.js';
import { Bench, builds } from '../support/kernels.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { golden } from '../support/safetensors.js';
import {
  columns,
  gatesOf,
  inner,
  masks,
  noSubnormals,
  SHAPES,
  shares,
  sum,
  variants,
  widened,
} from '../support/sequences.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('rnn');

type Layer = Sequence & { relu: boolean };

const draw = (random: TestRandom, { T, B, H }: Sequence): RnnInput => ({
  a: random.array(T * B * H, 2),
  w_hh: random.array(H * H, 1.5 / Math.sqrt(H)),
  h0: random.array(B * H),
});

interface Gradients {
  dy: Float64Array;
  dhN: Float64Array;
}

const drawGradients = (random: TestRandom, { T, B, H }: Sequence): Gradients => ({
  dy: random.array(T * B * H),
  dhN: random.array(B * H),
});

/** One forward by kernel; h0 may be absent. Rows of y are wider than H, with sevens around. */
function forward(
  bench: Bench,
  s: Layer,
  { a, w_hh, h0 }: Omit<RnnInput, 'h0'> & Partial<RnnInput>,
  training = true,
) {
  const { T, B, H, reverse, relu } = s;
  const { lengths, resets } = masks(bench, s);
  const yRow = 2 * H + 1;
  const yWide = bench.f32(T * B * yRow, new Float64Array(T * B * yRow).fill(7), 'y');
  const p = {
    ...gatesOf(bench, s, a),
    w_hh: bench.f32(w_hh.length, w_hh, 'w_hh'),
    hN: bench.f32(B * H, h0, 'hN'),
    hp: training ? bench.f32(T * B * H, undefined, 'hp') : 0,
    scratch: bench.bytes(bench.kernels.recurrent_scratch(B, H, 1), 'scratch'),
    lengths,
    resets,
  };
  // inference carries its state in place
  const h0At = h0 && training ? bench.f32(h0.length, h0, 'h0') : h0 ? p.hN : 0;
  for (const [from, to] of shares(s))
    bench.kernels.rnn_forward(
      yWide + 4 * (H + 1),
      p.hN,
      p.hp,
      p.gates,
      p.table,
      p.ids,
      p.w_hh,
      h0At,
      lengths,
      resets,
      p.scratch,
      T,
      B,
      H,
      yRow,
      reverse ? 1 : 0,
      relu ? 1 : 0,
      from,
      to,
    );
  bench.checkCanaries();
  const y = bench.read(yWide, T * B * yRow);
  near(columns(y, yRow, 0, H + 1), new Float64Array(T * B * (H + 1)).fill(7), 0, 'beside y');
  return {
    p,
    y: columns(y, yRow, H + 1, H),
    hN: bench.read(p.hN, B * H),
    a: bench.read(p.gates, T * B * H),
    hp: training ? bench.read(p.hp, T * B * H) : new Float32Array(),
  };
}

/** The backward of `forward`; dh0 begins as `before`. */
function backward(
  bench: Bench,
  s: Layer,
  { p }: ReturnType<typeof forward>,
  { dy, dhN }: Partial<Gradients>,
  before: Float64Array,
  inPlace: boolean,
) {
  const { T, B, H, reverse, relu } = s;
  const dyRow = 2 * H + 1;
  const dyWide = dy ? bench.f32(T * B * dyRow, widened(dy, H), 'dy') : 0;
  const da = inPlace ? p.gates : bench.f32(T * B * H, undefined, 'da');
  const dh0 = bench.f32(B * H, before, 'dh0');
  for (const [from, to] of shares(s))
    bench.kernels.rnn_backward(
      da,
      dh0,
      dy ? dyWide + 4 * (H + 1) : 0,
      dhN ? bench.f32(dhN.length, dhN, 'dhN') : 0,
      p.gates,
      p.w_hh,
      p.lengths,
      p.resets,
      p.scratch,
      T,
      B,
      H,
      dyRow,
      reverse ? 1 : 0,
      relu ? 1 : 0,
      from,
      to,
    );
  bench.checkCanaries();
  return { da: bench.read(da, T * B * H), dh0: bench.read(dh0, B * H) };
}
type Backward = ReturnType<typeof backward>;
/** Every variant with both nonlinearities. */
const layers = (...args: Parameters<typeof variants>) =>
  variants(...args).flatMap(s =>
    [false, true].map(relu => ({ ...s, relu, name: `${s.name} ${relu ? 'relu' : 'tanh'}` })),
  );

test('the reference has the gradients of central differences', () => {
  const random = new TestRandom(1);
  for (const s of layers(random, 5, 3, 4)) {
    const input = draw(random, s);
    const dout = drawGradients(random, s);
    const loss = () => {
      const { y, hN } = rnnForward(s, input);
      return inner(y, dout.dy) + inner(hN, dout.dhN);
    };
    const saved = rnnForward(s, input);
    const { da, dh0 } = rnnBackward(s, input, saved, dout);
    gradcheck(loss, { ...input }, { a: da, w_hh: weightGradient(da, saved.hp, s.H, s.H), h0: dh0 });
  }
});

test("the reference has PyTorch's outputs and gradients", () => {
  for (const nonlinearity of ['tanh', 'relu']) {
    const { values: g } = golden(`rnn_${nonlinearity}_l1`);
    const [T, B, I, H] = [7, 3, 5, 6] as const;
    const s = { T, B, H, relu: nonlinearity === 'relu' };
    const w_ih = g('w.weight_ih_l0');
    const input = {
      a: project(g('in.x'), w_ih, [g('w.bias_ih_l0'), g('w.bias_hh_l0')], I),
      w_hh: g('w.weight_hh_l0'),
      h0: g('in.h0'),
    };
    const saved = rnnForward(s, input);
    near(saved.y, g('out.y'), 1e-7, 'y');
    near(saved.hN, g('out.hn'), 1e-7, 'hN');
    const { da, dh0 } = rnnBackward(s, input, saved, { dy: g('probe.y'), dhN: g('probe.hn') });
    near(dh0, g('g.h0'), 1e-7, 'dh0');
    near(inputGradient(da, w_ih, H, I), g('g.x'), 1e-7, 'dx');
    near(weightGradient(da, g('in.x'), H, I), g('g.weight_ih_l0'), 1e-7, 'dw_ih');
    near(weightGradient(da, saved.hp, H, H), g('g.weight_hh_l0'), 1e-7, 'dw_hh');
    near(biasGradient(da, H), g('g.bias_hh_l0'), 1e-7, 'db');
  }
});

for (const build of builds) {
  const bench = new Bench(build);

  test(`${build}: outputs, saved values and gradients are the reference's`, () => {
    const random = new TestRandom(2);
    for (const [T, B, H] of SHAPES) {
      for (const s of layers(random, T, B, H, true)) {
        bench.reset();
        const input = draw(random, s);
        const dout = drawGradients(random, s);
        const expected = rnnForward(s, input);
        const actual = forward(bench, s, input);
        for (const name of ['y', 'hN', 'hp'] as const)
          near(actual[name], expected[name], 1e-5, `${s.name}: ${name}`);
        near(actual.a, expected.y, 1e-5, `${s.name}: a`);

        const before = random.array(B * H).map(value => value + 3); // no sum cancels
        const gradients = rnnBackward(s, input, expected, dout);
        const { da, dh0 } = backward(bench, s, actual, dout, before, H % 2 === 1);
        near(da, gradients.da, 1e-5, `${s.name}: da`);
        near(dh0, sum(before, gradients.dh0), 1e-5, `${s.name}: dh0`);
        if (H > 1) notZero(da, `${s.name}: da`); // one unit of relu may be dead
      }
    }
  });

  test(`${build}: inference in place gives the bits of training`, () => {
    const random = new TestRandom(3);
    for (const [T, B, H] of SHAPES) {
      for (const s of layers(random, T, B, H, true)) {
        bench.reset();
        const input = draw(random, s);
        const training = forward(bench, s, input);
        const inference = forward(bench, s, input, false);
        for (const name of ['y', 'hN'] as const)
          near(inference[name], training[name], 0, `${s.name}: ${name}`);
      }
    }
  });

  test(`${build}: an absent state or gradient is zeros`, () => {
    const random = new TestRandom(4);
    for (const B of [1, 3]) {
      for (const variant of layers(random, 4, B, 9)) {
        const s = { ...variant, cut: B - 1 }; // three rows: two in one call, one in another
        const { T, H } = s;
        const { h0: _, ...present } = draw(random, s);
        const input = { ...present, h0: new Float64Array(B * H) };
        const dout = drawGradients(random, s);
        const none = { dy: new Float64Array(T * B * H), dhN: new Float64Array(B * H) };
        const expected = rnnForward(s, input);
        for (const training of [true, false]) {
          bench.reset();
          const { y, hN } = forward(bench, s, present, training);
          near(y, expected.y, 1e-5, `${s.name}: y`);
          near(hN, expected.hN, 1e-5, `${s.name}: hN`);
        }
        for (const name of ['dy', 'dhN'] as const) {
          bench.reset();
          const { da, dh0 } = rnnBackward(s, input, expected, { ...none, [name]: dout[name] });
          const actual = backward(
            bench,
            s,
            forward(bench, s, present),
            { [name]: dout[name] },
            new Float64Array(B * H),
            true,
          );
          near(actual.da, da, 1e-5, `${s.name}, only ${name}: da`);
          near(actual.dh0, dh0, 1e-5, `${s.name}, only ${name}: dh0`);
        }
      }
    }
  });

  test(`${build}: da in place of a or beside it is the same bits`, () => {
    const random = new TestRandom(5);
    for (const s of layers(random, 4, 3, 11)) {
      bench.reset();
      const input = draw(random, s);
      const dout = drawGradients(random, s);
      const before = random.array(s.B * s.H);
      const [beside, inPlace] = [false, true].map(there =>
        backward(bench, s, forward(bench, s, input), dout, before, there),
      ) as [Backward, Backward];
      for (const name of ['da', 'dh0'] as const)
        near(inPlace[name], beside[name], 0, `${s.name}: ${name}`);
    }
  });

  test(`${build}: rows shared out among calls are the same bits`, () => {
    const random = new TestRandom(9);
    for (const s of layers(random, 5, 7, 11)) {
      bench.reset();
      const input = draw(random, s);
      const dout = drawGradients(random, s);
      const before = random.array(s.B * s.H);
      const [whole, shared] = [0, 1].map(cut => {
        const saved = forward(bench, { ...s, cut } as typeof s, input);
        return {
          y: saved.y,
          hN: saved.hN,
          ...backward(bench, { ...s, cut } as typeof s, saved, dout, before, true),
        };
      }) as [
        Backward & { y: Float64Array; hN: Float32Array },
        Backward & { y: Float64Array; hN: Float32Array },
      ];
      for (const name of ['y', 'hN', 'da', 'dh0'] as const)
        near(shared[name], whole[name], 0, `${s.name}: ${name}`);
    }
  });

  test(`${build}: a carried state makes two halves the whole`, () => {
    const random = new TestRandom(6);
    for (const relu of [false, true]) {
      const s = { T: 6, B: 3, H: 13, relu };
      const input = draw(random, s);
      bench.reset();
      const whole = forward(bench, s, input);
      const cut = 2;
      const first = forward(
        bench,
        { ...s, T: cut },
        { ...input, a: input.a.slice(0, cut * s.B * s.H) },
      );
      const second = forward(
        bench,
        { ...s, T: s.T - cut },
        { ...input, a: input.a.slice(cut * s.B * s.H), h0: Float64Array.from(first.hN) },
      );
      near(Float64Array.of(...first.y, ...second.y), whole.y, 0, 'y');
      near(second.hN, whole.hN, 0, 'hN');
    }
  });

  test(`${build}: states and gradients that vanish become zero, never subnormal`, () => {
    const s = { T: 14, B: 2, H: 5, relu: true };
    // w¹³ is subnormal
    const w_hh = new Float64Array(s.H * s.H).map((_, k) => (k % (s.H + 1) === 0 ? 1e-3 : 0));
    const ones = new Float64Array(s.B * s.H).fill(1);
    for (const bias of [0, 1]) {
      bench.reset();
      const saved = forward(bench, s, {
        a: new Float64Array(s.T * s.B * s.H).fill(bias),
        w_hh,
        h0: ones,
      });
      const { da } = backward(bench, s, saved, { dhN: ones }, new Float64Array(s.B * s.H), false);
      notZero(saved.y, 'y');
      noSubnormals(saved.y, 'y');
      noSubnormals(da, 'da');
      if (bias === 1) notZero(da, 'da');
    }
  });
}

run();
