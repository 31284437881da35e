import { type GruInput, gruBackward, gruForward } from '../reference/gru.js';
import {
  biasGradient,
  inputGradient,
  project,
  type Sequence,
  weightGradient,
} from '../reference/recurrent.js';
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

const { test, run } = suite('gru');

const draw = (random: TestRandom, { T, B, H }: Sequence): GruInput => ({
  a: random.array(T * B * 3 * H, 2),
  w_hh: random.array(3 * H * H, 1 / Math.sqrt(H)),
  b_hn: random.array(H),
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

/**
 * One forward by kernel; h0 may be absent. Rows of y are wider than H, with sevens around; only the
 * n third of b_hh is not NaN.
 */
function forward(
  bench: Bench,
  s: Sequence,
  { a, w_hh, b_hn, h0 }: Omit<GruInput, 'h0'> & Partial<GruInput>,
  training = true,
) {
  const { T, B, H, reverse } = s;
  const { lengths, resets } = masks(bench, s);
  const yRow = 2 * H + 1;
  const yWide = bench.f32(T * B * yRow, new Float64Array(T * B * yRow).fill(7), 'y');
  const p = {
    ...gatesOf(bench, s, a),
    w_hh: bench.f32(w_hh.length, w_hh, 'w_hh'),
    b_hh: bench.f32(
      3 * H,
      Float64Array.from({ length: 3 * H }, (_, k) => b_hn[k - 2 * H] ?? NaN),
      'b_hh',
    ),
    hN: bench.f32(B * H, h0, 'hN'),
    hn: training ? bench.f32(T * B * H, undefined, 'hn') : 0,
    hp: training ? bench.f32(T * B * H, undefined, 'hp') : 0,
    scratch: bench.bytes(bench.kernels.recurrent_scratch(B, H, 3), 'scratch'),
    lengths,
    resets,
  };
  // inference carries its state in place
  const h0At = h0 && training ? bench.f32(h0.length, h0, 'h0') : h0 ? p.hN : 0;
  for (const [from, to] of shares(s))
    bench.kernels.gru_forward(
      yWide + 4 * (H + 1),
      p.hN,
      p.hn,
      p.hp,
      p.gates,
      p.table,
      p.ids,
      p.w_hh,
      p.b_hh,
      h0At,
      lengths,
      resets,
      p.scratch,
      T,
      B,
      H,
      yRow,
      reverse ? 1 : 0,
      from,
      to,
    );
  bench.checkCanaries();
  const y = bench.read(yWide, T * B * yRow);
  near(columns(y, yRow, 0, H + 1), new Float64Array(T * B * (H + 1)).fill(7), 0, 'beside y');
  const read = (address: number, n = T * B * H) =>
    address ? bench.read(address, n) : new Float32Array();
  return {
    p,
    y: columns(y, yRow, H + 1, H),
    hN: read(p.hN, B * H),
    gates: read(p.gates, 3 * T * B * H),
    hn: read(p.hn),
    hp: read(p.hp),
  };
}

/** The backward of `forward`; dh0 begins as `before`. */
function backward(
  bench: Bench,
  s: Sequence,
  { p }: ReturnType<typeof forward>,
  { dy, dhN }: Partial<Gradients>,
  before: Float64Array,
  inPlace: boolean,
) {
  const { T, B, H, reverse } = s;
  const dyRow = 2 * H + 1;
  const dyWide = dy ? bench.f32(T * B * dyRow, widened(dy, H), 'dy') : 0;
  const dgates = inPlace ? p.gates : bench.f32(T * B * 3 * H, undefined, 'dgates');
  const dhn = inPlace ? p.hn : bench.f32(T * B * H, undefined, 'dhn');
  const dh0 = bench.f32(B * H, before, 'dh0');
  for (const [from, to] of shares(s))
    bench.kernels.gru_backward(
      dgates,
      dhn,
      dh0,
      dy ? dyWide + 4 * (H + 1) : 0,
      dhN ? bench.f32(dhN.length, dhN, 'dhN') : 0,
      p.gates,
      p.hn,
      p.hp,
      p.w_hh,
      p.lengths,
      p.resets,
      p.scratch,
      T,
      B,
      H,
      dyRow,
      reverse ? 1 : 0,
      from,
      to,
    );
  bench.checkCanaries();
  return {
    dgates: bench.read(dgates, T * B * 3 * H),
    dhn: bench.read(dhn, T * B * H),
    dh0: bench.read(dh0, B * H),
  };
}
type Backward = ReturnType<typeof backward>;

/** Gradients of the whole recurrent side, [3H, ·]: r and z from dgates, n from dhn. */
function recurrentSide(dgates: ArrayLike<number>, dhn: ArrayLike<number>, H: number): Float64Array {
  return Float64Array.from({ length: dgates.length }, (_, k) =>
    k % (3 * H) < 2 * H ? dgates[k]! : dhn[Math.floor(k / (3 * H)) * H + (k % H)]!,
  );
}

test('the reference has the gradients of central differences', () => {
  const random = new TestRandom(1);
  for (const s of variants(random, 5, 3, 4)) {
    const { T, B, H } = s;
    const input = {
      a: random.array(T * B * 3 * H),
      w_hh: random.array(3 * H * H),
      b_hn: random.array(H),
      h0: random.array(B * H),
    };
    const dout = { dy: random.array(T * B * H), dhN: random.array(B * H) };
    const loss = () => {
      const { y, hN } = gruForward(s, input);
      return inner(y, dout.dy) + inner(hN, dout.dhN);
    };
    const saved = gruForward(s, input);
    const { dgates, dhn, dh0 } = gruBackward(s, input, saved, dout);
    const dw_hh = weightGradient(recurrentSide(dgates, dhn, H), saved.hp, 3 * H, H);
    gradcheck(loss, { ...input }, { a: dgates, w_hh: dw_hh, b_hn: biasGradient(dhn, H), h0: dh0 });
  }
});

test("the reference has PyTorch's outputs and gradients", () => {
  const { values: g } = golden('gru_l1');
  const [T, B, I, H] = [7, 3, 5, 6] as const;
  const s = { T, B, H };
  const w_ih = g('w.weight_ih_l0');
  const b_hh = g('w.bias_hh_l0');
  const a = project(
    g('in.x'),
    w_ih,
    [g('w.bias_ih_l0'), b_hh.map((b, k) => (k < 2 * H ? b : 0))],
    I,
  );
  const input = { a, w_hh: g('w.weight_hh_l0'), b_hn: b_hh.slice(2 * H), h0: g('in.h0') };
  const saved = gruForward(s, input);
  near(saved.y, g('out.y'), 1e-7, 'y');
  near(saved.hN, g('out.hn'), 1e-7, 'hN');
  const { dgates, dhn, dh0 } = gruBackward(s, input, saved, {
    dy: g('probe.y'),
    dhN: g('probe.hn'),
  });
  const dhh = recurrentSide(dgates, dhn, H);
  near(dh0, g('g.h0'), 1e-7, 'dh0');
  near(inputGradient(dgates, w_ih, 3 * H, I), g('g.x'), 1e-7, 'dx');
  near(weightGradient(dgates, g('in.x'), 3 * H, I), g('g.weight_ih_l0'), 1e-7, 'dw_ih');
  near(weightGradient(dhh, saved.hp, 3 * H, H), g('g.weight_hh_l0'), 1e-7, 'dw_hh');
  near(biasGradient(dgates, 3 * H), g('g.bias_ih_l0'), 1e-7, 'db_ih');
  near(biasGradient(dhh, 3 * H), g('g.bias_hh_l0'), 1e-7, 'db_hh');
});

for (const build of builds) {
  const bench = new Bench(build);

  test(`${build}: outputs, saved values and gradients are the reference's`, () => {
    const random = new TestRandom(2);
    for (const [T, B, H] of SHAPES) {
      for (const s of variants(random, T, B, H, true)) {
        bench.reset();
        const input = draw(random, s);
        const dout = drawGradients(random, s);
        const expected = gruForward(s, input);
        const actual = forward(bench, s, input);
        for (const name of ['y', 'hN', 'gates', 'hn', 'hp'] as const)
          near(actual[name], expected[name], 1e-5, `${s.name}: ${name}`);

        const before = random.array(B * H).map(value => value + 3); // no sum cancels
        const gradients = gruBackward(s, input, expected, dout);
        const { dgates, dhn, dh0 } = backward(bench, s, actual, dout, before, H % 2 === 1);
        notZero(dgates, `${s.name}: dgates`);
        near(dgates, gradients.dgates, 1e-5, `${s.name}: dgates`);
        near(dhn, gradients.dhn, 1e-5, `${s.name}: dhn`);
        near(dh0, sum(before, gradients.dh0), 1e-5, `${s.name}: dh0`);
      }
    }
  });

  test(`${build}: inference in place gives the bits of training`, () => {
    const random = new TestRandom(3);
    for (const [T, B, H] of SHAPES) {
      for (const s of variants(random, T, B, H, true)) {
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
      for (const variant of variants(random, 4, B, 9)) {
        const s = { ...variant, cut: B - 1 }; // three rows: two in one call, one in another
        const { T, H } = s;
        const { h0: _, ...present } = draw(random, s);
        const input = { ...present, h0: new Float64Array(B * H) };
        const dout = drawGradients(random, s);
        const none = { dy: new Float64Array(T * B * H), dhN: new Float64Array(B * H) };
        const expected = gruForward(s, input);
        for (const training of [true, false]) {
          bench.reset();
          const { y, hN } = forward(bench, s, present, training);
          near(y, expected.y, 1e-5, `${s.name}: y`);
          near(hN, expected.hN, 1e-5, `${s.name}: hN`);
        }
        for (const name of ['dy', 'dhN'] as const) {
          bench.reset();
          const { dgates, dhn, dh0 } = gruBackward(s, input, expected, {
            ...none,
            [name]: dout[name],
          });
          const actual = backward(
            bench,
            s,
            forward(bench, s, present),
            { [name]: dout[name] },
            new Float64Array(B * H),
            true,
          );
          near(actual.dgates, dgates, 1e-5, `${s.name}, only ${name}: dgates`);
          near(actual.dhn, dhn, 1e-5, `${s.name}, only ${name}: dhn`);
          near(actual.dh0, dh0, 1e-5, `${s.name}, only ${name}: dh0`);
        }
      }
    }
  });

  test(`${build}: gradients in place of gates and hn or beside them are the same bits`, () => {
    const random = new TestRandom(5);
    for (const s of variants(random, 4, 3, 11)) {
      bench.reset();
      const input = draw(random, s);
      const dout = drawGradients(random, s);
      const before = random.array(s.B * s.H);
      const [beside, inPlace] = [false, true].map(there =>
        backward(bench, s, forward(bench, s, input), dout, before, there),
      ) as [Backward, Backward];
      for (const name of ['dgates', 'dhn', 'dh0'] as const)
        near(inPlace[name], beside[name], 0, `${s.name}: ${name}`);
    }
  });

  test(`${build}: rows shared out among calls are the same bits`, () => {
    const random = new TestRandom(9);
    for (const s of variants(random, 5, 7, 11)) {
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
      for (const name of ['y', 'hN', 'dgates', 'dhn', 'dh0'] as const)
        near(shared[name], whole[name], 0, `${s.name}: ${name}`);
    }
  });

  test(`${build}: a carried state makes two halves the whole`, () => {
    const random = new TestRandom(6);
    const s = { T: 6, B: 3, H: 13 };
    const input = draw(random, s);
    bench.reset();
    const whole = forward(bench, s, input);
    const cut = 2;
    const first = forward(
      bench,
      { ...s, T: cut },
      { ...input, a: input.a.slice(0, cut * s.B * 3 * s.H) },
    );
    const second = forward(
      bench,
      { ...s, T: s.T - cut },
      { ...input, a: input.a.slice(cut * s.B * 3 * s.H), h0: Float64Array.from(first.hN) },
    );
    near(Float64Array.of(...first.y, ...second.y), whole.y, 0, 'y');
    near(second.hN, whole.hN, 0, 'hN');
  });

  test(`${build}: gates far into saturation stay finite, forward and backward`, () => {
    const random = new TestRandom(7);
    const s = { T: 4, B: 3, H: 9 };
    bench.reset();
    const saved = forward(bench, s, {
      ...draw(random, s),
      a: random.array(s.T * s.B * 3 * s.H, 1e4),
    });
    const { dgates, dhn, dh0 } = backward(
      bench,
      s,
      saved,
      drawGradients(random, s),
      new Float64Array(s.B * s.H),
      true,
    );
    for (const [name, values] of Object.entries({ y: saved.y, dgates, dhn, dh0 }))
      if (!values.every(Number.isFinite)) throw new Error(`${name} is not finite`);
  });

  test(`${build}: states and gradients that vanish become zero, never subnormal`, () => {
    const random = new TestRandom(8);
    const s = { T: 5, B: 2, H: 5 };
    // n = 0 and z ≈ 2e-9, and z⁵ is subnormal
    const a = new Float64Array(s.T * s.B * 3 * s.H).map((_, k) =>
      Math.floor(k / s.H) % 3 === 1 ? -20 : 0,
    );
    bench.reset();
    const saved = forward(bench, s, {
      a,
      w_hh: new Float64Array(3 * s.H * s.H),
      b_hn: new Float64Array(s.H),
      h0: random.array(s.B * s.H),
    });
    const { dgates, dh0 } = backward(
      bench,
      s,
      saved,
      { dhN: random.array(s.B * s.H) },
      new Float64Array(s.B * s.H),
      true,
    );
    notZero(saved.y, 'y');
    notZero(dgates, 'dgates');
    for (const [name, values] of Object.entries({ y: saved.y, dh0 })) noSubnormals(values, name);
  });

  test(`${build}: without weights one step takes its products from gates and hn`, () => {
    const random = new TestRandom(9);
    for (const [, , H] of SHAPES) {
      const s = { T: 1, B: 1, H };
      const input = draw(random, s);
      const { a, w_hh, b_hn, h0 } = input;
      const expected = gruForward(s, input);
      const products = Float64Array.from({ length: 3 * H }, (_, n) =>
        w_hh.subarray(n * H, (n + 1) * H).reduce((sum, w, k) => sum + w * h0[k]!, 0),
      );
      bench.reset();
      const h = bench.f32(H, h0, 'h');
      bench.kernels.gru_forward(
        h,
        h,
        bench.f32(H, products.subarray(2 * H), 'hn'),
        0,
        bench.f32(
          3 * H,
          a.map((v, n) => (n < 2 * H ? v + products[n]! : v)),
          'gates',
        ),
        0,
        0,
        0,
        bench.f32(
          3 * H,
          Float64Array.from({ length: 3 * H }, (_, k) => b_hn[k - 2 * H] ?? NaN),
          'b_hh',
        ),
        h,
        0,
        0,
        bench.bytes(bench.kernels.recurrent_scratch(1, H, 3), 'scratch'),
        1,
        1,
        H,
        H,
        0,
        0,
        1,
      );
      near(bench.read(h, H), expected.hN, 1e-6, `H ${H}`);
      bench.checkCanaries();
    }
  });
}

run();
