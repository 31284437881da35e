import { equal } from 'uvu/assert';
import { type LinearSizes, linearBackward, linearForward } from '../reference/linear.js';
import { gradcheck } from '../support/gradcheck.js';
import { Bench, builds, SIZES } from '../support/kernels.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('linear');
const TOLERANCE = 1e-6;

const ALL: LinearSizes[] = [
  ...SIZES.flatMap(N => SIZES.flatMap(I => SIZES.map(O => ({ N, I, O })))),
  { N: 50, I: 33, O: 65 },
  { N: 2, I: 64, O: 65 },
  { N: 257, I: 9, O: 31 },
  { N: 65, I: 257, O: 129 },
];

const plus = (start: Float64Array, gradient: Float64Array) => start.map((x, i) => x + gradient[i]!);

test('the reference gradients are the central differences of the reference', () => {
  for (const sizes of [
    { N: 3, I: 4, O: 5 },
    { N: 1, I: 1, O: 1 },
    { N: 4, I: 3, O: 1 },
  ]) {
    const { N, I, O } = sizes;
    const random = new TestRandom(N + I + O);
    const x = random.array(N * I),
      w = random.array(O * I),
      b = random.array(O),
      dy = random.array(N * O);
    const loss = () => linearForward(x, w, b, sizes).reduce((sum, y, i) => sum + y * dy[i]!, 0);
    const { dx, dw, db } = linearBackward(dy, x, w, sizes);
    gradcheck(loss, { x, w, b }, { x: dx, w: dw, b: db });
  }
});

for (const build of builds) {
  const bench = new Bench(build);
  const { kernels } = bench;

  test(`${build}: linear_forward equals its reference with and without a bias`, () => {
    for (const sizes of ALL) {
      const { N, I, O } = sizes;
      const random = new TestRandom(N * 31 + I * 7 + O);
      const x = random.array(N * I),
        w = random.array(O * I),
        b = random.array(O);
      for (const bias of [b, null]) {
        bench.reset();
        const y = bench.f32(N * O, undefined, 'y');
        kernels.linear_forward(
          y,
          bench.f32(N * I, x, 'x'),
          bench.f32(O * I, w, 'w'),
          bias ? bench.f32(O, bias, 'b') : 0,
          bench.bytes(kernels.gemm_scratch(), 'scratch'),
          N,
          I,
          O,
        );
        near(
          bench.read(y, N * O),
          linearForward(x, w, bias ?? new Float64Array(O), sizes),
          TOLERANCE,
          `y, N ${N}, I ${I}, O ${O}`,
        );
        bench.checkCanaries();
      }
    }
  });

  test(`${build}: linear_backward adds the reference's gradients`, () => {
    for (const sizes of ALL) {
      const { N, I, O } = sizes;
      const random = new TestRandom(N * 17 + I * 5 + O);
      const x = random.array(N * I),
        w = random.array(O * I),
        dy = random.array(N * O);
      const startX = random.array(N * I),
        startW = random.array(O * I),
        startB = random.array(O);
      const gradient = linearBackward(dy, x, w, sizes);
      bench.reset();
      const dx = bench.f32(N * I, startX, 'dx'),
        dw = bench.f32(O * I, startW, 'dw'),
        db = bench.f32(O, startB, 'db');
      kernels.linear_backward(
        dx,
        dw,
        db,
        bench.f32(N * O, dy, 'dy'),
        bench.f32(N * I, x, 'x'),
        bench.f32(O * I, w, 'w'),
        bench.bytes(kernels.gemm_scratch(), 'scratch'),
        N,
        I,
        O,
      );
      const what = `N ${N}, I ${I}, O ${O}`;
      near(bench.read(dx, N * I), plus(startX, gradient.dx), TOLERANCE, `dx, ${what}`);
      near(bench.read(dw, O * I), plus(startW, gradient.dw), TOLERANCE, `dw, ${what}`);
      near(bench.read(db, O), plus(startB, gradient.db), TOLERANCE, `db, ${what}`);
      for (const [name, values] of Object.entries(gradient)) notZero(values, name);
      bench.checkCanaries();
    }
  });

  test(`${build}: linear_backward leaves out what is not wanted`, () => {
    const sizes = { N: 5, I: 8, O: 17 };
    const { N, I, O } = sizes;
    const random = new TestRandom(7);
    const x = random.array(N * I),
      w = random.array(O * I),
      dy = random.array(N * O);
    const gradient = linearBackward(dy, x, w, sizes);
    for (const wanted of ['dx', 'dw', 'db'] as const) {
      bench.reset();
      const low = bench.read(0, 64);
      const size = gradient[wanted].length;
      const out = bench.f32(size, new Float64Array(size), wanted);
      const at = (name: string) => (name === wanted ? out : 0);
      kernels.linear_backward(
        at('dx'),
        at('dw'),
        at('db'),
        bench.f32(N * O, dy),
        bench.f32(N * I, x),
        bench.f32(O * I, w),
        bench.bytes(kernels.gemm_scratch()),
        N,
        I,
        O,
      );
      near(bench.read(out, size), gradient[wanted], TOLERANCE, wanted);
      equal(bench.read(0, 64), low);
      bench.checkCanaries();
    }
  });

  test(`${build}: column_sums adds the sums of columns, rows may lie apart`, () => {
    for (const N of SIZES) {
      for (const O of [...SIZES, 15, 16, 33, 65]) {
        const row = O + 3;
        const random = new TestRandom(N * 100 + O);
        const dy = random.array(N * row),
          start = random.array(O);
        const expected = start.map((x, o) => {
          for (let n = 0; n < N; n++) x += dy[n * row + o]!;
          return x;
        });
        bench.reset();
        const db = bench.f32(O, start, 'db');
        kernels.column_sums(db, bench.f32(N * row, dy), N, O, row);
        near(bench.read(db, O), expected, TOLERANCE, `N ${N}, O ${O}`);
        bench.checkCanaries();
      }
    }
  });
}

run();
