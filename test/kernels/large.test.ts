/**
 * Products whose numbers of rows, columns or terms make products of sizes pass 2³², and blocks that
 * lie above 2 GiB.
 */
import { infer, init, nn, ops, Random, scope, zeros } from '../../src/index.js';
import { Bench, builds } from '../support/kernels.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init();
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

  test(`a recurrent layer of 800,000 rows is right to its last row (${build})`, () => {
    const bench = new Bench(build);
    const { kernels } = bench;
    const [B, H] = [800_000, 4];
    const random = new TestRandom(B);
    const [a, w, h0, dy] = [
      values(random, B * H),
      values(random, H * H),
      values(random, B * H),
      values(random, B * H),
    ];
    const at = {
      a: bench.f32(B * H, a, 'a'),
      w: bench.f32(H * H, w, 'w'),
      h0: bench.f32(B * H, h0, 'h0'),
      dy: bench.f32(B * H, dy, 'dy'),
      y: bench.f32(B * H, undefined, 'y'),
      hN: bench.f32(B * H, undefined, 'hN'),
      dh0: bench.f32(B * H, new Float32Array(B * H), 'dh0'),
      scratch: bench.bytes(kernels.recurrent_scratch(B, H, 1), 'scratch'),
    };
    const sizes = [at.scratch, 1, B, H, H, 0, 0, 0, B] as const;
    kernels.rnn_forward(at.y, at.hN, 0, at.a, 0, 0, at.w, at.h0, 0, 0, ...sizes);
    const y = new Float64Array(B * H);
    for (let b = 0; b < B; b++)
      for (let i = 0; i < H; i++) {
        let sum = a[b * H + i]!;
        for (let j = 0; j < H; j++) sum += w[i * H + j]! * h0[b * H + j]!;
        y[b * H + i] = Math.tanh(sum);
      }
    near(bench.read(at.y, B * H), y, 1e-5, 'y');
    kernels.rnn_backward(at.a, at.dh0, at.dy, 0, at.a, at.w, 0, 0, ...sizes);
    bench.checkCanaries();
    const dh0 = new Float64Array(B * H);
    for (let b = 0; b < B; b++)
      for (let i = 0; i < H; i++) {
        const d = dy[b * H + i]! * (1 - y[b * H + i]! ** 2);
        for (let j = 0; j < H; j++) dh0[b * H + j]! += d * w[i * H + j]!;
      }
    near(bench.read(at.dh0, B * H), dh0, 1e-5, 'dh0');
  });

  test(`the bytes of scratch are counted beyond 2³² (${build})`, () => {
    const { kernels } = new Bench(build);
    near([kernels.gemm_pack_size(40_000, 40_001)], [40_000 * 40_008 * 4], 0, 'a packed matrix');
    const [B, H] = [70_000, 20_000];
    const bytes = kernels.gemm_scratch() + 16 * H * H + (2 * B + 2) * H * 4;
    near([kernels.recurrent_scratch(B, H, 4)], [bytes], 0, 'an LSTM');
  });

  test(`embedding and cross-entropy of 800,000 rows are right to the last (${build})`, () => {
    const bench = new Bench(build);
    const { kernels } = bench;
    const [N, C] = [800_000, 5];
    const w = Float32Array.of(1, 2, 0, -1, 1, /* */ -2, 0, 1, 3, -1, /* */ 0, 0, 0, 0, 0);
    const ids = Int32Array.from({ length: N }, (_, n) => n % 3);
    const at = {
      w: bench.f32(3 * C, w),
      ids: bench.i32(ids),
      x: bench.f32(N * C, undefined, 'x'),
      losses: bench.f32(N, undefined, 'losses'),
      stats: bench.bytes(16 * N, 'stats'),
      dlosses: bench.f32(N, new Float32Array(N).fill(1)),
      dw: bench.f32(3 * C, new Float32Array(3 * C), 'dw'),
    };
    kernels.embedding_forward(at.x, at.w, at.ids, N, C);
    kernels.cross_entropy_forward(at.losses, at.stats, at.x, at.ids, N, C, -100, 0);
    const rows = [0, 1, 2].map(id => {
      const row = w.slice(id * C, id * C + C);
      const sum = row.reduce((s, x) => s + Math.exp(x), 0);
      return { loss: Math.log(sum) - row[id]!, p: Array.from(row, x => Math.exp(x) / sum) };
    });
    near(
      bench.read(at.losses, N),
      Float64Array.from(ids, id => rows[id]!.loss),
      1e-6,
      'losses',
    );
    kernels.cross_entropy_backward(at.x, at.dlosses, at.x, at.stats, at.ids, N, C, -100, 0);
    bench.checkCanaries();
    near(
      bench.read(at.x, N * C),
      Float64Array.from({ length: N * C }, (_, i) => {
        const [id, c] = [Math.floor(i / C) % 3, i % C];
        return rows[id]!.p[c]! - (c === id ? 1 : 0);
      }),
      1e-6,
      'dx',
    );
  });
}

test('a training step above 2 GiB computes what it computes below; what passes 4 GiB is refused', () => {
  const loss = () => {
    const random = new Random(5);
    const embedding = new nn.Embedding(11, 6, { random });
    const lstm = new nn.LSTM(6, 9, { random });
    const head = new nn.Linear(9, 11, { random });
    const ids = Int32Array.from({ length: 40 }, (_, i) => (i * 7) % 11);
    const value = scope(() => {
      const { output } = lstm.forward(embedding.forward(ids, [10, 4]));
      const y = ops.crossEntropy(head.forward(output), ids);
      y.backward();
      return y.item();
    });
    const gradients = [embedding, lstm, head].flatMap(module =>
      module.parameters().flatMap(p => Array.from(p.grad!)),
    );
    const address = head.weight.ptr;
    for (const module of [embedding, lstm, head]) module.dispose();
    return { result: [value, ...gradients], address };
  };
  const low = loss();
  const H = 24_000;
  const ballast = zeros([H, H]);
  const high = loss();
  const [weight_ih, x] = [zeros([H, 1]), zeros([1, 2, 1])];
  throws(
    () =>
      infer(() => ops.rnn(x, [{ weight_ih, weight_hh: ballast, bias_ih: null, bias_hh: null }])),
    RangeError,
    /^memory: 2\d{3}\.\d MiB more do not fit, 2\d{3}\.\d MiB of 4095\.9 MiB are in use; /,
  );
  for (const each of [ballast, weight_ih, x]) each.dispose();
  if (low.address >= 2 ** 31 || high.address < 2 ** 31) throw new Error('not above 2 GiB');
  near(high.result, low.result, 0, 'loss and gradients');
});

run();
