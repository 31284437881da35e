import * as assert from 'uvu/assert';
import { csrDense } from '../reference/sparse.js';
import { Bench, builds } from '../support/kernels.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/sparse');

/** Rows of 0 to 9 random elements. */
function matrix(random: TestRandom, M: number, N: number) {
  const starts = [0];
  const columns: number[] = [];
  for (let m = 0; m < M; m++) {
    const count = m === 1 ? 0 : random.int(Math.min(N, 10) + 1);
    const row = new Set(Array.from({ length: count }, () => random.int(N)));
    columns.push(...[...row].sort((a, b) => a - b));
    starts.push(columns.length);
  }
  return { starts, columns, values: random.array(columns.length) };
}

for (const build of builds) {
  const bench = new Bench(build);
  const kernels = bench.words();

  test(`products of sparse rows and dense columns (${build})`, () => {
    for (const M of [1, 3, 8, 17]) {
      for (const K of [1, 3, 4, 5, 8, 17, 31, 32, 33, 36, 64, 71]) {
        bench.reset();
        const random = new TestRandom(M * 100 + K);
        const N = 23;
        const a = matrix(random, M, N);
        const x = random.array(N * K);
        const at = {
          y: bench.f32(M * K, undefined, 'y'),
          starts: bench.i32(a.starts, 'starts'),
          columns: bench.i32(a.columns, 'columns'),
          values: bench.f32(a.values.length, a.values, 'values'),
          x: bench.f32(N * K, x, 'x'),
        };
        const { length } = a.values;
        kernels.csr_dense(at.y, at.starts, at.columns, at.values, at.x, M, K, length);
        const expected = csrDense(a.starts, a.columns, a.values, x, K);
        assert.ok(M === 1 || expected.some(value => value !== 0));
        near(bench.read(at.y, M * K), expected, 1e-6, `y [${M}, ${K}]`);
        bench.checkCanaries();
      }
    }
  });

  test(`some of the rows are the same bits, and the others stay (${build})`, () => {
    bench.reset();
    const random = new TestRandom(5);
    const [M, N, K] = [9, 30, 45];
    const a = matrix(random, M, N);
    const [whole, parts] = [bench.f32(M * K), bench.f32(M * K)];
    const starts = bench.i32(a.starts);
    const columns = bench.i32(a.columns);
    const values = bench.f32(a.values.length, a.values);
    const x = bench.f32(N * K, random.array(N * K));
    const { length } = a.values;
    kernels.csr_dense(whole, starts, columns, values, x, M, K, length);
    for (const [from, to] of [[0, 4], [4, 9]] as const) // biome-ignore format: pairs
      kernels.csr_dense(parts + 4 * from * K, starts + 4 * from, columns, values, x, to - from, K, length); // biome-ignore format: one call
    assert.equal(bench.read(parts, M * K), bench.read(whole, M * K));
    bench.checkCanaries();
  });

  test(`the static tables of both modules lie apart, and below the arena (${build})`, () => {
    assert.ok(bench.kernels.heap_base() <= 4096, `engine: ${bench.kernels.heap_base()}`);
    assert.ok(kernels.heap_base() >= 4096 && kernels.heap_base() <= 8192);
  });
}

run();
