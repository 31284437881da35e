import * as assert from 'uvu/assert';
import { type GloveRow, glove } from '../reference/glove.js';
import { Bench, builds } from '../support/kernels.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/glove');

for (const build of builds) {
  const bench = new Bench(build);
  const kernels = bench.words();
  const RECORD = kernels.glove_record();

  /** Trains random pairs; `scale` large: steps beyond the series, and gradients beyond the limit. */
  const check = (size: number, scale: number, tolerance: number): void => {
    bench.reset();
    const random = new TestRandom(size);
    const n = 7;
    const rows = (): GloveRow[] =>
      Array.from({ length: n }, () => ({
        p: [...random.array(size, scale)],
        g: Array.from({ length: size }, () => 1 + Math.fround(random.next())),
        b: Math.fround(random.next()),
        gb: 1,
      }));
    const [words, contexts] = [rows(), rows()];
    const pairs = Array.from({ length: 60 }, () => [random.int(n), random.int(n), Math.fround(3 * random.next()), Math.fround(random.next())] as const); // biome-ignore format: one line
    const stride = 4 * Math.ceil(size / 4);
    const row = 2 * stride + 4;
    const memory = (list: GloveRow[]): number[] =>
      list.flatMap(({ p, g, b, gb }) => {
        const fill = Array<number>(stride - size).fill(0);
        return [...p, ...fill, ...g.map(x => 1 / Math.sqrt(x)), ...fill.map(() => 1), b, 1 / Math.sqrt(gb), 0, 0]; // biome-ignore format: one line
      });
    const at = {
      words: bench.f32(n * row, memory(words), 'words'),
      contexts: bench.f32(n * row, memory(contexts), 'contexts'),
      list: bench.f32(4 * pairs.length, undefined, 'list'),
      record: bench.i32(Array<number>(RECORD / 4).fill(0), 'record'),
    };
    const list = bench.view(at.list, 16 * pairs.length);
    pairs.forEach(([i, j, lnX, weight], k) => {
      list.setInt32(16 * k, i, true);
      list.setInt32(16 * k + 4, j, true);
      list.setFloat32(16 * k + 8, lnX, true);
      list.setFloat32(16 * k + 12, weight, true);
    });
    const record = bench.view(at.record, RECORD);
    [at.list, pairs.length, at.words, at.contexts, 4 * stride, 4 * row].forEach((field, i) => record.setInt32(4 * i, field, true)); // biome-ignore format: one line
    record.setFloat32(24, 0.05, true);
    kernels.glove_train(at.record, 1);
    bench.checkCanaries();
    const loss = glove(pairs, words, contexts, Math.fround(0.05));
    const got = bench.view(at.record, RECORD).getFloat64(32, true);
    assert.ok(Math.abs(got - loss) < tolerance * loss, `loss ${got}, expected ${loss}`);
    for (const [address, expected] of [
      [at.words, words],
      [at.contexts, contexts],
    ] as const) {
      // biome-ignore format: one line
      const values = bench.read(address, n * row);
      const part = (from: number, length: number): number[] =>
        expected.flatMap((_, i) => [...values.subarray(i * row + from, i * row + from + length)]);
      near(part(0, size), expected.flatMap(({ p }) => p), tolerance, `vectors, size ${size}`); // biome-ignore format: one line
      near(part(stride, size), expected.flatMap(({ g }) => g.map(x => 1 / Math.sqrt(x))), tolerance, 'scales'); // biome-ignore format: one line
      near(part(2 * stride, 1), expected.map(({ b }) => b), tolerance, 'biases'); // biome-ignore format: one line
      near(part(2 * stride + 1, 1), expected.map(({ gb }) => 1 / Math.sqrt(gb)), tolerance, 'scales of biases'); // biome-ignore format: one line
    }
  };

  test(`the record has the fields that the kernel reads (${build})`, () => {
    assert.is(RECORD, 40);
  });

  test(`small steps, by the series (${build})`, () => {
    for (const size of [1, 3, 4, 5, 8, 17, 36, 100]) check(size, 0.5, 1e-5);
  });

  test(`large steps, by roots, and gradients beyond the limit (${build})`, () => {
    for (const size of [1, 4, 8, 17]) check(size, 30, 1e-3);
  });
}

run();
