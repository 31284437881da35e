import { type LstmInput, lstmBackward, lstmForward } from '../reference/lstm.js';
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

const { test, run } = suite('lstm');

const draw = (random: TestRandom, { T, B, H }: Sequence): LstmInput => ({
  a: random.array(T * B * 4 * H, 2),
  w_hh: random.array(4 * H * H, 1 / Math.sqrt(H)),
  h0: random.array(B * H),
  c0: random.array(B * H),
});

interface Gradients {
  dy: Float64Array;
  dhN: Float64Array;
  dcN: Float64Array;
}

const drawGradients = (random: TestRandom, { T, B, H }: Sequence): Gradients => ({
  dy: random.array(T * B * H),
  dhN: random.array(B * H),
  dcN: random.array(B * H),
});

/**
 * One forward by kernel; what is not named in `input` is absent. Rows of y are wider than H, with
 * sevens around.
 */
function forward(
  bench: Bench,
  s: Sequence,
  { a, w_hh, h0, c0 }: Pick<LstmInput, 'a' | 'w_hh'> & Partial<LstmInput>,
  training = true,
) {
  const { T, B, H, reverse } = s;
  const { lengths, resets } = masks(bench, s);
  const yRow = 2 * H + 1;
  const yWide = bench.f32(T * B * yRow, new Float64Array(T * B * yRow).fill(7), 'y');
  const saved = (n: number, what: string) => (training ? bench.f32(n, undefined, what) : 0);
  const p = {
    ...gatesOf(bench, s, a),
    w_hh: bench.f32(w_hh.length, w_hh, 'w_hh'),
    hN: bench.f32(B * H, h0, 'hN'),
    cN: bench.f32(B * H, c0, 'cN'),
    hp: saved(T * B * H, 'hp'),
    scratch: bench.bytes(bench.kernels.recurrent_scratch(B, H, 4), 'scratch'),
    lengths,
    resets,
    c0: c0 ? bench.f32(c0.length, c0, 'c0') : 0,
  };
  // inference carries its states in place
  const h0At = h0 && training ? bench.f32(h0.length, h0, 'h0') : h0 ? p.hN : 0;
  const c0At = c0 && !training ? p.cN : p.c0;
  for (const [from, to] of shares(s))
    bench.kernels.lstm_forward(
      yWide + 4 * (H + 1),
      p.hN,
      p.cN,
      p.hp,
      p.gates,
      p.table,
      p.ids,
      p.w_hh,
      h0At,
      c0At,
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
    cN: read(p.cN, B * H),
    gates: read(p.gates, 4 * T * B * H),
    hp: read(p.hp),
  };
}

/** The backward of `forward`; dh0 and dc0 begin as `before`. */
function backward(
  bench: Bench,
  s: Sequence,
  { p }: ReturnType<typeof forward>,
  { dy, dhN, dcN }: Partial<Gradients>,
  before: Float64Array,
  inPlace: boolean,
) {
  const { T, B, H, reverse } = s;
  const dyRow = 2 * H + 1;
  const dyWide = dy ? bench.f32(T * B * dyRow, widened(dy, H), 'dy') : 0;
  const dgates = inPlace ? p.gates : bench.f32(T * B * 4 * H, undefined, 'dgates');
  const dh0 = bench.f32(B * H, before, 'dh0');
  const dc0 = bench.f32(B * H, before, 'dc0');
  const c = bench.f32(T * B * H, undefined, 'c');
  const optional = (values: Float64Array | undefined, what: string) =>
    values ? bench.f32(values.length, values, what) : 0;
  for (const [from, to] of shares(s))
    bench.kernels.lstm_backward(
      dgates,
      dh0,
      dc0,
      c,
      dy ? dyWide + 4 * (H + 1) : 0,
      optional(dhN, 'dhN'),
      optional(dcN, 'dcN'),
      p.gates,
      p.w_hh,
      p.c0,
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
    dgates: bench.read(dgates, T * B * 4 * H),
    dh0: bench.read(dh0, B * H),
    dc0: bench.read(dc0, B * H),
    c: bench.read(c, T * B * H),
  };
}

type Backward = ReturnType<typeof backward>;

test('the reference has the gradients of central differences', () => {
  const random = new TestRandom(1);
  for (const s of variants(random, 5, 3, 4)) {
    const { T, B, H } = s;
    const input = {
      a: random.array(T * B * 4 * H),
      w_hh: random.array(4 * H * H),
      h0: random.array(B * H),
      c0: random.array(B * H),
    };
    const dout = {
      dy: random.array(T * B * H),
      dhN: random.array(B * H),
      dcN: random.array(B * H),
    };
    const loss = () => {
      const { y, hN, cN } = lstmForward(s, input);
      return inner(y, dout.dy) + inner(hN, dout.dhN) + inner(cN, dout.dcN);
    };
    const saved = lstmForward(s, input);
    const { dgates, dh0, dc0 } = lstmBackward(s, input, saved, dout);
    gradcheck(
      loss,
      { ...input },
      { a: dgates, w_hh: weightGradient(dgates, saved.hp, 4 * H, H), h0: dh0, c0: dc0 },
    );
  }
});

test("the reference has PyTorch's outputs and gradients", () => {
  const { values: g } = golden('lstm_l1');
  const [T, B, I, H] = [7, 3, 5, 6] as const;
  const s = { T, B, H };
  const w_ih = g('w.weight_ih_l0');
  const a = project(g('in.x'), w_ih, [g('w.bias_ih_l0'), g('w.bias_hh_l0')], I);
  const input = { a, w_hh: g('w.weight_hh_l0'), h0: g('in.h0'), c0: g('in.c0') };
  const saved = lstmForward(s, input);
  near(saved.y, g('out.y'), 1e-7, 'y');
  near(saved.hN, g('out.hn'), 1e-7, 'hN');
  near(saved.cN, g('out.cn'), 1e-7, 'cN');
  const { dgates, dh0, dc0 } = lstmBackward(s, input, saved, {
    dy: g('probe.y'),
    dhN: g('probe.hn'),
    dcN: g('probe.cn'),
  });
  near(dh0, g('g.h0'), 1e-7, 'dh0');
  near(dc0, g('g.c0'), 1e-7, 'dc0');
  near(inputGradient(dgates, w_ih, 4 * H, I), g('g.x'), 1e-7, 'dx');
  near(weightGradient(dgates, g('in.x'), 4 * H, I), g('g.weight_ih_l0'), 1e-7, 'dw_ih');
  near(weightGradient(dgates, saved.hp, 4 * H, H), g('g.weight_hh_l0'), 1e-7, 'dw_hh');
  near(biasGradient(dgates, 4 * H), g('g.bias_hh_l0'), 1e-7, 'db');
});

test("the reference freezes rows past their length as PyTorch's packed sequences do, in both directions", () => {
  const { values: g } = golden('lstm_packed_bi');
  const [T, B, I, H] = [7, 3, 5, 6] as const;
  const dx = new Float64Array(T * B * I);
  for (const [direction, suffix] of ['', '_reverse'].entries()) {
    const s = { T, B, H, reverse: direction === 1, lengths: g('in.lengths') };
    const half = (name: string) =>
      Float64Array.from(
        { length: T * B * H },
        (_, k) => g(name)[Math.floor(k / H) * 2 * H + direction * H + (k % H)]!,
      );
    const part = (name: string) => g(name).slice(direction * B * H, (direction + 1) * B * H);
    const w_ih = g(`w.weight_ih_l0${suffix}`);
    const a = project(g('in.x'), w_ih, [g(`w.bias_ih_l0${suffix}`), g(`w.bias_hh_l0${suffix}`)], I);
    const input = {
      a,
      w_hh: g(`w.weight_hh_l0${suffix}`),
      h0: new Float64Array(B * H),
      c0: new Float64Array(B * H),
    };
    const saved = lstmForward(s, input);
    near(saved.y, half('out.y'), 1e-7, 'y');
    near(saved.hN, part('out.hn'), 1e-7, 'hN');
    near(saved.cN, part('out.cn'), 1e-7, 'cN');
    const { dgates } = lstmBackward(s, input, saved, {
      dy: half('probe.y'),
      dhN: part('probe.hn'),
      dcN: part('probe.cn'),
    });
    inputGradient(dgates, w_ih, 4 * H, I).forEach((d, k) => (dx[k]! += d));
    near(weightGradient(dgates, saved.hp, 4 * H, H), g(`g.weight_hh_l0${suffix}`), 1e-7, 'dw_hh');
    near(biasGradient(dgates, 4 * H), g(`g.bias_ih_l0${suffix}`), 1e-7, 'db');
  }
  near(dx, g('g.x'), 1e-7, 'dx');
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
        const expected = lstmForward(s, input);
        const actual = forward(bench, s, input);
        for (const name of ['y', 'hN', 'cN', 'gates', 'hp'] as const)
          near(actual[name], expected[name], 1e-5, `${s.name}: ${name}`);

        const before = random.array(B * H).map(value => value + 3); // no sum cancels
        const gradients = lstmBackward(s, input, expected, dout);
        const { dgates, dh0, dc0, c } = backward(bench, s, actual, dout, before, H % 2 === 1);
        near(c, expected.c, 1e-5, `${s.name}: c`);
        notZero(dgates, `${s.name}: dgates`);
        near(dgates, gradients.dgates, 1e-5, `${s.name}: dgates`);
        near(dh0, sum(before, gradients.dh0), 1e-5, `${s.name}: dh0`);
        near(dc0, sum(before, gradients.dc0), 1e-5, `${s.name}: dc0`);
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
        for (const name of ['y', 'hN', 'cN'] as const)
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
        const input = {
          ...draw(random, s),
          h0: new Float64Array(B * H),
          c0: new Float64Array(B * H),
        };
        const dout = drawGradients(random, s);
        const none = {
          dy: new Float64Array(T * B * H),
          dhN: new Float64Array(B * H),
          dcN: new Float64Array(B * H),
        };
        const before = new Float64Array(B * H);
        const expected = lstmForward(s, input);
        for (const training of [true, false]) {
          bench.reset();
          const { y, hN, cN } = forward(bench, s, { a: input.a, w_hh: input.w_hh }, training);
          near(y, expected.y, 1e-5, `${s.name}: y`);
          near(hN, expected.hN, 1e-5, `${s.name}: hN`);
          near(cN, expected.cN, 1e-5, `${s.name}: cN`);
        }
        for (const name of ['dy', 'dhN', 'dcN'] as const) {
          bench.reset();
          const { dgates, dh0, dc0 } = lstmBackward(s, input, expected, {
            ...none,
            [name]: dout[name],
          });
          const actual = backward(
            bench,
            s,
            forward(bench, s, { a: input.a, w_hh: input.w_hh }),
            { [name]: dout[name] },
            before,
            true,
          );
          near(actual.dgates, dgates, 1e-5, `${s.name}, only ${name}: dgates`);
          near(actual.dh0, dh0, 1e-5, `${s.name}, only ${name}: dh0`);
          near(actual.dc0, dc0, 1e-5, `${s.name}, only ${name}: dc0`);
        }
      }
    }
  });

  test(`${build}: dgates in place of gates or beside them are the same bits`, () => {
    const random = new TestRandom(5);
    for (const s of variants(random, 4, 3, 11)) {
      bench.reset();
      const input = draw(random, s);
      const dout = drawGradients(random, s);
      const before = random.array(s.B * s.H);
      const [beside, inPlace] = [false, true].map(there =>
        backward(bench, s, forward(bench, s, input), dout, before, there),
      ) as [Backward, Backward];
      for (const name of ['dgates', 'dh0', 'dc0'] as const)
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
      for (const name of ['y', 'hN', 'dgates', 'dh0', 'dc0'] as const)
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
      { ...input, a: input.a.slice(0, cut * s.B * 4 * s.H) },
    );
    const second = forward(
      bench,
      { ...s, T: s.T - cut },
      {
        ...input,
        a: input.a.slice(cut * s.B * 4 * s.H),
        h0: Float64Array.from(first.hN),
        c0: Float64Array.from(first.cN),
      },
    );
    near(Float64Array.of(...first.y, ...second.y), whole.y, 0, 'y');
    near(second.hN, whole.hN, 0, 'hN');
    near(second.cN, whole.cN, 0, 'cN');
  });

  test(`${build}: gates far into saturation stay finite, forward and backward`, () => {
    const random = new TestRandom(7);
    const s = { T: 4, B: 3, H: 9 };
    const input = { ...draw(random, s), a: random.array(s.T * s.B * 4 * s.H, 1e4) };
    bench.reset();
    const saved = forward(bench, s, input);
    const { dgates, dh0, dc0, c } = backward(
      bench,
      s,
      saved,
      drawGradients(random, s),
      new Float64Array(s.B * s.H),
      true,
    );
    for (const [name, values] of Object.entries({ y: saved.y, c, dgates, dh0, dc0 }))
      if (!values.every(Number.isFinite)) throw new Error(`${name} is not finite`);
  });

  test(`${build}: states and gradients that vanish become zero, never subnormal`, () => {
    const random = new TestRandom(8);
    const s = { T: 5, B: 2, H: 5 };
    // closed gates: f ≈ 2e-9, and f⁵ is subnormal
    const input = {
      ...draw(random, s),
      a: new Float64Array(s.T * s.B * 4 * s.H).map((_, k) =>
        Math.floor(k / s.H) % 4 === 2 ? 0 : -20,
      ),
      w_hh: new Float64Array(4 * s.H * s.H),
    };
    const dout = { dcN: random.array(s.B * s.H) };
    bench.reset();
    const saved = forward(bench, s, input);
    const { dc0, c } = backward(bench, s, saved, dout, new Float64Array(s.B * s.H), true);
    notZero(c, 'c');
    for (const [name, values] of Object.entries({ c, dc0 })) noSubnormals(values, name);
    near(saved.cN, new Float64Array(s.B * s.H), 0, 'cN');
    near(dc0, new Float64Array(s.B * s.H), 0, 'dc0');

    // by way of h alone: f closed, c = 0, and each step takes dh times w·i·o = 1e-3
    const long = { ...s, T: 14 };
    const w_hh = new Float64Array(4 * s.H * s.H).map((_, k) =>
      Math.floor(k / s.H ** 2) === 2 && (k % s.H ** 2) % (s.H + 1) === 0 ? 4e-3 : 0,
    );
    const a = new Float64Array(long.T * s.B * 4 * s.H).map((_, k) =>
      Math.floor(k / s.H) % 4 === 1 ? -80 : 0,
    );
    const { dgates } = backward(
      bench,
      long,
      forward(bench, long, { a, w_hh }),
      { dhN: random.array(s.B * s.H) },
      new Float64Array(s.B * s.H),
      true,
    );
    notZero(dgates, 'dgates');
    noSubnormals(dgates, 'dgates');
  });
}

run();
