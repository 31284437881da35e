/**
 * Products whose numbers of rows, columns or terms make products of sizes pass 2³², and blocks that
 * lie above 2 GiB.
 */
import { Bench, builds } from '../support/kernels.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/large');

/** Y = X·Wᵀ + b of a few columns, in plain loops. */
function linear(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  b: ArrayLike<number>,
  [N, I, O]: readonly [number, number, number],
): Float64Array {
  const y = new Float64Array(N * O);
  for (let n = 0; n < N; n++)
    for (let o = 0; o < O; o++) {
      let sum = b[o]!;
      for (let i = 0; i < I; i++) sum += x[n * I + i]! * w[o * I + i]!;
      y[n * O + o] = sum;
    }
  return y;
}

/** So many values in [−1, 1), a short draw repeated: millions are drawn in no time. */
function values(random: TestRandom, n: number): Float32Array {
  const draw = random.array(997);
  return Float32Array.from({ length: n }, (_, i) => draw[i % 997]!);
}

for (const build of builds) {
  /** Runs the layer forwards and backwards, and compares all numbers. */
  const check = (N: number, I: number, O: number, start = 0) => {
    const bench = new Bench(build);
    const { kernels } = bench;
    if (start > 0) bench.bytes(start);
    const random = new TestRandom(N + I + O);
    const [x, w, b, dy] = [
      values(random, N * I),
      values(random, O * I),
      values(random, O),
      values(random, N * O),
    ];
    const at = {
      y: bench.f32(N * O, undefined, 'y'),
      neighbour: bench.f32(64, new Float32Array(64).fill(7), 'the block after y'),
      x: bench.f32(N * I, x, 'x'),
      w: bench.f32(O * I, w, 'w'),
      b: bench.f32(O, b, 'b'),
      dy: bench.f32(N * O, dy, 'dy'),
      dx: bench.f32(N * I, new Float32Array(N * I), 'dx'),
      dw: bench.f32(O * I, new Float32Array(O * I), 'dw'),
      scratch: bench.bytes(kernels.gemm_scratch(), 'scratch'),
    };
    kernels.linear_forward(at.y, at.x, at.w, at.b, at.scratch, N, I, O);
    kernels.linear_backward(at.dx, at.dw, 0, at.dy, at.x, at.w, at.scratch, N, I, O);
    bench.checkCanaries();
    near(bench.read(at.y, N * O), linear(x, w, b, [N, I, O]), 1e-5, 'y');
    near(bench.read(at.neighbour, 64), new Float32Array(64).fill(7), 0, 'the block after y');
    const dx = new Float64Array(N * I);
    const dw = new Float64Array(O * I);
    for (let n = 0; n < N; n++)
      for (let o = 0; o < O; o++)
        for (let i = 0; i < I; i++) {
          dx[n * I + i]! += dy[n * O + o]! * w[o * I + i]!;
          dw[o * I + i]! += dy[n * O + o]! * x[n * I + i]!;
        }
    near(bench.read(at.dx, N * I), dx, 1e-5, 'dx');
    near(bench.read(at.dw, O * I), dw, 1e-4, 'dw');
  };

  test(`a product of 800,000 rows is right to its last row (${build})`, () => check(800_000, 4, 8));
  test(`a product of 1,060,000 terms is right (${build})`, () => check(5, 1_060_000, 3));
  test(`a product of 4,300,000 columns is right (${build})`, () => check(4, 2, 4_300_000));
  test(`blocks above 2 GiB serve as others do (${build})`, () => check(37, 29, 41, 2 ** 31));
}

run();
