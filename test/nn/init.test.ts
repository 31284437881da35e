import { nn, Parameter, Random, init as start } from '../../src/index.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await start({ deterministic: true });
const { test, run } = suite('initial values');
const { init } = nn;

/** The values that `fill` gives to a parameter. */
function filled(shape: readonly number[], fill: (p: Parameter) => void): Float32Array {
  const p = new Parameter(shape);
  try {
    fill(p);
    return p.toArray();
  } finally {
    p.dispose();
  }
}

/** Mean and standard deviation within 5 σ of what n deviates allow, all values inside ±bound. */
function moments(
  values: Float32Array,
  {
    deviation,
    bound = Infinity,
    mean = 0,
    fourth,
  }: { deviation: number; bound?: number; mean?: number; fourth: number },
): void {
  const n = values.length;
  const m = values.reduce((a, b) => a + b, 0) / n;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / n;
  if (Math.abs(m - mean) > (5 * deviation) / Math.sqrt(n))
    throw new Error(`mean ${m}, expected ${mean}`);
  if (Math.abs(variance / deviation ** 2 - 1) > 5 * Math.sqrt((fourth - 1) / n))
    throw new Error(`deviation ${Math.sqrt(variance)}, expected ${deviation}`);
  const worst = values.reduce((a, b) => Math.max(a, Math.abs(b - mean)), 0);
  if (worst > bound * 1.000001 || (Number.isFinite(bound) && worst < 0.99 * bound))
    throw new Error(`largest deviation ${worst}, expected just below ${bound}`);
}

const UNIFORM = 1.8; // fourth moment over variance squared
const NORMAL = 3;
const random = () => new Random(11);

test('uniform and Xavier and Kaiming uniform fill their interval evenly', () => {
  const check = (fill: (p: Parameter) => void, bound: number) =>
    moments(filled([100, 60], fill), { deviation: bound / Math.sqrt(3), bound, fourth: UNIFORM });
  check(p => init.uniform(p, -0.3, 0.3, random()), 0.3);
  check(p => init.xavierUniform(p, { random: random() }), Math.sqrt(6 / 160));
  check(p => init.xavierUniform(p, { gain: 2, random: random() }), 2 * Math.sqrt(6 / 160));
  check(p => init.kaimingUniform(p, { random: random() }), Math.sqrt(6 / 60));
});

test('normal and Xavier and Kaiming normal have their deviation', () => {
  const check = (fill: (p: Parameter) => void, deviation: number, mean = 0) =>
    moments(filled([100, 60], fill), { deviation, mean, fourth: NORMAL });
  check(p => init.normal(p, 0, 1, random()), 1);
  check(p => init.normal(p, 3, 0.5, random()), 0.5, 3);
  check(p => init.xavierNormal(p, { random: random() }), Math.sqrt(2 / 160));
  check(p => init.xavierNormal(p, { gain: 3, random: random() }), 3 * Math.sqrt(2 / 160));
  check(p => init.kaimingNormal(p, { random: random() }), Math.sqrt(2 / 60));
});

/** QᵀQ (or QQᵀ for a flat block) of rows [n, columns]. */
function gram(block: Float32Array, rows: number, columns: number): Float64Array {
  const tall = rows > columns;
  const [n, length] = tall ? [columns, rows] : [rows, columns];
  const element = (vector: number, i: number) =>
    tall ? block[i * columns + vector]! : block[vector * columns + i]!;
  return Float64Array.from({ length: n * n }, (_, k) => {
    let dot = 0;
    for (let i = 0; i < length; i++) dot += element(Math.floor(k / n), i) * element(k % n, i);
    return dot;
  });
}

const identityMatrix = (n: number, scale = 1) =>
  Float64Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? scale : 0));

test('orthogonal: QᵀQ = 1 for square, flat and tall matrices, times gain²', () => {
  for (const [rows, columns] of [
    [1, 1],
    [7, 7],
    [32, 32],
    [4, 9],
    [9, 4],
    [1, 5],
    [5, 1],
  ] as const) {
    for (const gain of [1, 1.5]) {
      const values = filled([rows, columns], p => init.orthogonal(p, { gain, random: random() }));
      near(
        gram(values, rows, columns),
        identityMatrix(Math.min(rows, columns), gain * gain),
        1e-6,
        `[${rows},${columns}], gain ${gain}`,
      );
    }
  }
});

test('orthogonal: QᵀQ = 1 for each gate’s block, and the blocks differ', () => {
  const H = 12;
  const values = filled([4 * H, H], p => init.orthogonal(p, { rows: H, random: random() }));
  for (let gate = 0; gate < 4; gate++)
    near(
      gram(values.subarray(gate * H * H, (gate + 1) * H * H), H, H),
      identityMatrix(H),
      1e-6,
      `gate ${gate}`,
    );
  if (values.subarray(0, H * H).every((v, i) => v === values[H * H + i]))
    throw new Error('two gates have the same matrix');
  const p = new Parameter([10, 5]);
  throws(
    () => init.orthogonal(p, { rows: 3 }),
    RangeError,
    /^orthogonal: blocks of 3 rows in \[10,5\]/,
  );
  p.dispose();
});

test('constant, identity and forget-gate bias set what they say', () => {
  near(
    filled([2, 2], p => init.constant(p, 0.5)),
    [0.5, 0.5, 0.5, 0.5],
    0,
    'constant',
  );
  near(
    filled([3, 3], p => init.identity(p)),
    identityMatrix(3),
    0,
    'identity',
  );
  near(
    filled([2, 2], p => init.identity(p, { gain: 0.5 })),
    [0.5, 0, 0, 0.5],
    0,
    'identity with gain',
  );
  const bias = filled([8], p => {
    init.constant(p, 0.25);
    init.forgetBias(p);
  });
  near(bias, [0.25, 0.25, 1, 1, 0.25, 0.25, 0.25, 0.25], 0, 'forget bias');
  near(
    filled([4], p => init.forgetBias(p, 2)),
    [0, 2, 0, 0],
    0,
    'forget bias of 2',
  );
});

test('what an initialiser has no meaning for is refused', () => {
  const [vector, flat] = [new Parameter([6]), new Parameter([2, 3])];
  for (const name of [
    'xavierUniform',
    'xavierNormal',
    'kaimingUniform',
    'kaimingNormal',
    'orthogonal',
    'identity',
  ] as const) {
    throws(
      () => init[name](vector),
      RangeError,
      new RegExp(`^${name}: the parameter is \\[6\\], expected two axes \\[out, in\\]`),
    );
  }
  throws(
    () => init.identity(flat),
    RangeError,
    /^identity: the parameter is \[2,3\], expected a square/,
  );
  throws(
    () => init.forgetBias(vector),
    RangeError,
    /^forgetBias: the bias is \[6\], expected \[4·hiddenSize\]/,
  );
  throws(() => init.forgetBias(flat), RangeError, /^forgetBias/);
  vector.dispose();
  flat.dispose();
});

test('the same seed gives the same bytes, another seed others', () => {
  for (const fill of [
    (p: Parameter, r: Random) => init.uniform(p, -1, 1, r),
    (p: Parameter, r: Random) => init.normal(p, 0, 1, r),
    (p: Parameter, r: Random) => init.xavierUniform(p, { random: r }),
    (p: Parameter, r: Random) => init.kaimingNormal(p, { random: r }),
    (p: Parameter, r: Random) => init.orthogonal(p, { random: r }),
  ]) {
    const draw = (seed: number) => filled([9, 9], p => fill(p, new Random(seed)));
    near(draw(1), draw(1), 0, 'same seed');
    if (draw(1).every((v, i) => v === draw(2)[i]))
      throw new Error('another seed gives the same values');
  }
});

test('modules start as PyTorch’s do: bounds of linear and recurrent layers, N(0, 1) for embeddings, 1 and 0 for norms', () => {
  const linear = new nn.Linear(50, 80, { random: random() });
  moments(linear.weight.toArray(), {
    deviation: 1 / Math.sqrt(150),
    bound: 1 / Math.sqrt(50),
    fourth: UNIFORM,
  });
  const lstm = new nn.LSTM(20, 40, { random: random() });
  for (const [name, p] of lstm.namedParameters()) {
    if (p.size > 1000)
      moments(p.toArray(), {
        deviation: 1 / Math.sqrt(120),
        bound: 1 / Math.sqrt(40),
        fourth: UNIFORM,
      });
    else if (p.toArray().every(v => v === 0)) throw new Error(`${name} is zero`);
  }
  const embedding = new nn.Embedding(100, 40, { random: random() });
  moments(embedding.weight.toArray(), { deviation: 1, fourth: NORMAL });
  const norm = new nn.LayerNorm(3);
  near(norm.weight.toArray(), [1, 1, 1], 0, 'weight of LayerNorm');
  near(norm.bias.toArray(), [0, 0, 0], 0, 'bias of LayerNorm');
  for (const module of [linear, lstm, embedding, norm]) module.dispose();
});

run();
