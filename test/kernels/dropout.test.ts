import { dropoutMask, randomBits, type Seed } from '../reference/dropout.js';
import { added } from '../support/added.js';
import { Bench, builds, SIZES } from '../support/kernels.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const tests = suite('kernels/dropout');

const seeds: Seed[] = [
  { low: 0, high: 0 },
  { low: 1, high: 0 },
  { low: 0, high: 1 },
  { low: 0x80000000 | 0, high: -1 },
  { low: 123456789, high: 987654321 },
];
const COUNT = 1 << 15;

/** Fails unless |x| ≤ 5.5 standard deviations: one false alarm in 2.6e7. */
function within(x: number, deviation: number, what: string): void {
  if (!(Math.abs(x) <= 5.5 * deviation))
    throw new Error(`${what}: off by ${(x / deviation).toFixed(1)} standard deviations`);
}

/** Correlation of the fractions u of two sequences of bits. */
function correlation(a: Uint32Array, b: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! / 2 ** 32 - 0.5) * (b[i]! / 2 ** 32 - 0.5);
  return (12 * sum) / a.length;
}

const stream = (seed: Seed, from = 0) =>
  Uint32Array.from({ length: COUNT }, (_, i) => randomBits(from + i, seed));

tests.test('each of the 32 bits is as often 1 as 0', () => {
  for (const seed of seeds) {
    const bits = stream(seed);
    for (let b = 0; b < 32; b++) {
      let ones = 0;
      for (const word of bits) ones += (word >>> b) & 1;
      within(
        ones / COUNT - 0.5,
        0.5 / Math.sqrt(COUNT),
        `bit ${b} of seed ${seed.high}:${seed.low}`,
      );
    }
  }
});

tests.test('one flipped bit of counter or seed flips each bit of the result half the time', () => {
  const random = new TestRandom(1);
  const word = () => (random.next() * 2 ** 32) | 0;
  const samples = 4000;
  for (let input = 0; input < 96; input++) {
    const flips = new Float64Array(32);
    const flip = (which: number) => (input >>> 5 === which ? 1 << (input & 31) : 0);
    for (let k = 0; k < samples; k++) {
      const [counter, low, high] = [word(), word(), word()];
      const change =
        randomBits(counter, { low, high }) ^
        randomBits(counter ^ flip(0), { low: low ^ flip(1), high: high ^ flip(2) });
      for (let b = 0; b < 32; b++) flips[b]! += (change >>> b) & 1;
    }
    flips.forEach((count, b) =>
      within(count / samples - 0.5, 0.5 / Math.sqrt(samples), `input bit ${input} → bit ${b}`),
    );
  }
});

tests.test(
  'neighbours in the sequence are uncorrelated, and so are the sequences of neighbouring seeds',
  () => {
    const deviation = 1 / Math.sqrt(COUNT);
    for (const seed of seeds) {
      const bits = stream(seed);
      for (const lag of [1, 2, 3, 4, 5, 8, 16, 64, 200, 256, 650, 1024])
        within(correlation(bits, stream(seed, lag)), deviation, `lag ${lag}`);
      for (const shift of [-4, -1, 0, 1, 4]) {
        within(
          correlation(bits, stream({ ...seed, low: seed.low + 1 }, shift)),
          deviation,
          `low + 1, shift ${shift}`,
        );
        within(
          correlation(bits, stream({ ...seed, high: seed.high + 1 }, shift)),
          deviation,
          `high + 1, shift ${shift}`,
        );
      }
    }
  },
);

tests.test('a mask keeps the share 1 − p', () => {
  for (const p of [0, 0.1, 0.5, 0.9]) {
    const kept = dropoutMask(COUNT, COUNT, p, seeds[4]!).filter(v => v > 0).length;
    within(kept / COUNT - (1 - p), Math.sqrt((p * (1 - p)) / COUNT) + 1e-12, `p ${p}`);
  }
});

for (const build of builds) {
  const bench = new Bench(build);
  const { kernels } = bench;

  tests.test(`dropout masks and scales as the reference, forward and backward (${build})`, () => {
    for (const n of [...SIZES, 16, 101]) {
      for (const period of [1, 3, 4, 5, 16, n]) {
        for (const p of [0, 0.25, 0.5, 0.9]) {
          for (const seed of seeds) {
            bench.reset();
            const random = new TestRandom(n);
            const [x, dy, before] = [random.array(n), random.array(n), random.array(n)];
            const mask = dropoutMask(n, period, p, seed);
            const at = {
              y: bench.f32(n, undefined, 'y'),
              x: bench.f32(n, x, 'x'),
              dx: bench.f32(n, before, 'dx'),
              dy: bench.f32(n, dy, 'dy'),
            };
            kernels.dropout_forward(at.y, at.x, n, period, p, seed.low, seed.high);
            kernels.dropout_backward(at.dx, at.dy, n, period, p, seed.low, seed.high);
            const y = bench.read(at.y, n);
            near(
              y,
              x.map((v, i) => v * mask[i]!),
              1e-7,
              `y [${n}], period ${period}, p ${p}`,
            );
            y.forEach((v, i) => {
              if ((v !== 0) !== mask[i]! > 0)
                throw new Error(`y[${i}] is ${v}, its mask ${mask[i]}`);
            });
            near(
              bench.read(at.dx, n),
              added(
                before,
                dy.map((v, i) => v * mask[i]!),
              ),
              2e-7,
              `dx [${n}], period ${period}, p ${p}`,
            );
            bench.checkCanaries();
          }
        }
      }
    }
  });

  tests.test(`p = 1 drops everything and p = 0 nothing (${build})`, () => {
    bench.reset();
    const x = new TestRandom(1).array(1001);
    const [at, y] = [bench.f32(1001, x), bench.f32(1001)];
    kernels.dropout_forward(y, at, 1001, 1001, 1, 5, 6);
    near(bench.read(y, 1001), new Float64Array(1001), 0, 'p = 1');
    kernels.dropout_forward(y, at, 1001, 1001, 0, 5, 6);
    near(bench.read(y, 1001), x, 0, 'p = 0');
    const mask = dropoutMask(1001, 1001, 0.5, { low: 5, high: 6 });
    kernels.dropout_forward(at, at, 1001, 1001, 0.5, 5, 6);
    near(
      bench.read(at, 1001),
      x.map((v, i) => v * mask[i]!),
      0,
      'in place',
    );
  });
}

tests.run();
