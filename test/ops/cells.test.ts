/** Scans and what their blocks are made of: results and every gradient against f64. */
import { init, nn, ops, scope, type Tensor, tensor } from '../../src/index.js';
import * as reference from '../reference/cells.js';
import { build, type Dense } from '../reference/dense.js';
import { checkOp } from '../support/checkop.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('ops/cells');

await init({ deterministic: true });

test('before the kernels are loaded, it says what to do', () => {
  throws(
    () => scope(() => ops.gelu(tensor([1]))),
    Error,
    /^gelu: call `await nn.loadCells\(\)` first$/,
  );
});

const dense = (shape: readonly number[], data: ArrayLike<number>): Dense => ({
  shape: [...shape],
  data: Float64Array.from(data),
});
const random = new TestRandom(11);
const filled = (...shape: number[]): Dense => build(shape, () => 2 * random.array(1)[0]!);

/** [T, B, H], and which rows end or begin anew. */
const SCANS = [
  { T: 1, B: 1, H: 1 },
  { T: 3, B: 2, H: 3 },
  { T: 4, B: 3, H: 4 },
  { T: 5, B: 2, H: 5, resets: Uint8Array.from([0, 1, 0, 0, 1, 0, 0, 0, 0, 1]) },
  { T: 3, B: 3, H: 8, lengths: Int32Array.from([3, 1, 2]) },
  { T: 6, B: 2, H: 17, lengths: Int32Array.from([4, 6]), resets: Uint8Array.from([1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]) }, // biome-ignore format: one line
];

/** Output and last state as one row, so that both have gradients. */
const both = ({ output, h }: { output: Tensor; h: Tensor }): Tensor =>
  ops.concat([ops.reshape(output, [output.size]), ops.reshape(h, [h.size])]);
const joined = ({ y, h }: { y: Float64Array; h: Float64Array }): Dense =>
  dense([y.length + h.length], [...y, ...h]);

test('loading the kernels', () => nn.loadCells());

for (const scan of SCANS) {
  const { T, B, H, lengths, resets } = scan as { T: number; B: number; H: number; lengths?: Int32Array; resets?: Uint8Array }; // biome-ignore format: one line
  const masks = { lengths, resets };
  const name = `[${T}, ${B}, ${H}]${lengths ? ', lengths' : ''}${resets ? ', resets' : ''}`;

  for (const positive of [false, true])
    test(`minGRU ${name}${positive ? ', positive' : ''}`, () => {
      const I = H + 1;
      checkOp(`minGRU ${name} ${positive}`, {
        inputs: [filled(T, B, I), filled(2 * H, I), filled(B, H)],
        op: (x, w, h0) => both(ops.minGRU(x, w, { h0, positive, ...masks })),
        reference: (x, w, h0) => {
          const a = new Float64Array(T * B * 2 * H);
          for (let n = 0; n < T * B; n++)
            for (let o = 0; o < 2 * H; o++)
              for (let i = 0; i < I; i++)
                a[n * 2 * H + o]! += x.data[n * I + i]! * w.data[o * I + i]!;
          return joined(reference.minGRU(a, h0.data, scan, positive));
        },
      });
    });

  test(`RG-LRU ${name}`, () => {
    checkOp(`rglru ${name}`, {
      inputs: [filled(T, B, H), filled(T, B, 2 * H), filled(H), filled(B, H)],
      op: (x, gates, lambda, h0) => both(ops.rglru(x, gates, lambda, { h0, ...masks })),
      reference: (x, gates, lambda, h0) =>
        joined(reference.rglru(x.data, gates.data, lambda.data, h0.data, scan)),
      tolerance: 4e-5,
    });
  });

  for (const K of [1, 2, 4])
    test(`convolution ${name}, ${K} steps`, () => {
      const history = K > 1 ? [filled(K - 1, B, H)] : [];
      checkOp(`convolution ${name} ${K}`, {
        inputs: [filled(T, B, H), filled(K, H), filled(H), ...history],
        op: (x, w, b, past) => ops.convolution(x, w, b, { history: past, resets }),
        reference: (x, w, b, past) =>
          dense([T, B, H], reference.convolution(x.data, past?.data ?? [], w.data, b.data, scan)),
        // where each text begins at once, nothing before it is seen
        constants: past(K, T, B, resets) ? [] : [3],
      });
    });
}

/** Whether any row of the first steps sees the history. */
function past(K: number, _T: number, B: number, resets?: Uint8Array): boolean {
  return K < 2 || !resets || Array.from({ length: B }, (_, b) => resets[b] !== 1).some(Boolean);
}

test('GELU, and its slope far out', () => {
  for (const n of [1, 3, 4, 5, 8, 17, 200])
    checkOp(`gelu ${n}`, {
      inputs: [build([n], () => 4 * random.array(1)[0]!)],
      op: x => ops.gelu(x),
      reference: x => dense([n], x.data.map(reference.gelu)),
    });
  scope(() => {
    const far = ops.gelu(tensor([-40, -12, 12, 40])).toArray();
    near(far, [0, 0, 12, 40], 1e-6, 'far out');
  });
});

test('RMSNorm', () => {
  for (const [N, C] of [[1, 2], [2, 3], [3, 4], [2, 5], [4, 8], [3, 17], [2, 200]] as const) // biome-ignore format: one line
    checkOp(`rmsNorm ${N} ${C}`, {
      inputs: [filled(N, C), filled(C)],
      op: (x, w) => ops.rmsNorm(x, w, 1e-3),
      reference: (x, w) => dense([N, C], reference.rmsNorm(x.data, w.data, N, C, 1e-3)),
    });
});

test('the scan of minGRU is the parallel form in logarithms', () => {
  const [T, H] = [40, 9];
  const a = Float64Array.from(random.array(T * 2 * H), x => Math.fround(3 * x));
  const h0 = Float64Array.from(random.array(H), x => Math.fround(Math.abs(x) + 0.1));
  const expected = reference.minGRULog(a, h0, T, H);
  near(reference.minGRU(a, h0, { T, B: 1, H }, true).y, expected, 1e-12, 'in f64');
  scope(() => {
    // the input is what the gates see: W is the identity
    const w = tensor(Float64Array.from({ length: 4 * H * H }, (_, i) => +(i % (2 * H + 1) === 0)), { shape: [2 * H, 2 * H] }); // biome-ignore format: one line
    const { output } = ops.minGRU(tensor(a, { shape: [T, 1, 2 * H] }), w, { h0: tensor(h0, { shape: [1, H] }), positive: true }); // biome-ignore format: one line
    near(output.toArray(), expected, 1e-5, 'kernel');
  });
});

test('shapes that do not fit are refused', () => {
  scope(() => {
    const x = tensor(new Float64Array(24), { shape: [3, 2, 4] });
    throws(() => ops.minGRU(x, tensor(new Float64Array(12), { shape: [3, 4] })), RangeError, /odd/);
    throws(() => ops.rglru(x, x, tensor([1, 2, 3, 4])), RangeError, /gates/);
    throws(() => ops.convolution(x, x, tensor([1, 2, 3, 4])), RangeError, /convolution: w/);
    throws(() => ops.rmsNorm(x, tensor([1])), RangeError, /rmsNorm: w/);
    throws(() => ops.minGRU(x, tensor(new Float64Array(16), { shape: [4, 4] }), { lengths: Int32Array.of(1) }), RangeError, /1 lengths for 2 rows/); // biome-ignore format: one line
  });
});

run();
