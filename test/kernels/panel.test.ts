import * as assert from 'uvu/assert';
import { init } from '../../src/runtime/init.js';
import { loadKernels } from '../../src/words/kernels.js';
import { add, products } from '../../src/words/panel.js';
import { combinationOf, productsOf } from '../reference/panel.js';
import { Bench, builds } from '../support/kernels.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/panel');

const COUNTS = [1, 2, 3, 4, 5, 8, 9, 17];

for (const build of builds) {
  const bench = new Bench(build);
  const kernels = bench.words();
  const f64 = (values: Float64Array, what: string): number => {
    const address = bench.bytes(8 * values.length, what);
    bench.write(address, new Uint8Array(values.slice().buffer));
    return address;
  };
  const read = (address: number, n: number): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => bench.view(address, 8 * n).getFloat64(8 * i, true));

  test(`products and combinations of rows are added to what is there (${build})`, () => {
    const random = new TestRandom(6);
    const numbers = (n: number) => Float64Array.from({ length: n }, () => random.next() - 0.5);
    for (const M of COUNTS)
      for (const N of COUNTS)
        for (const n of [2, 4, 6, 34]) {
          bench.reset();
          const [a, b, c, y] = [numbers(M * n), numbers(N * n), numbers(M * N), numbers(M * n)] as const; // biome-ignore format: one line
          const at = { a: f64(a, 'a'), b: f64(b, 'b'), c: f64(c, 'c'), y: f64(y, 'y') };
          kernels.panel_add(at.y, at.c, at.b, M, N, n);
          near(read(at.y, M * n), combinationOf(c, b, n).map((v, i) => v + y[i]!), 1e-14, `C·X ${M} ${N} ${n}`); // biome-ignore format: one line
          kernels.panel_products(at.c, at.a, at.b, M, N, n);
          near(read(at.c, M * N), productsOf(a, b, n).map((v, i) => v + c[i]!), 1e-14, `A·Bᵀ ${M} ${N} ${n}`); // biome-ignore format: one line
          bench.checkCanaries();
        }
  });
}

await init({ deterministic: true });

test('rows longer than a stretch, and of an odd length, come whole', async () => {
  const kernels = await loadKernels();
  const random = new TestRandom(7);
  for (const n of [1, 255, 256, 257, 1000])
    for (const [M, N] of [
      [1, 1],
      [3, 6],
      [16, 40],
    ] as const) {
      // biome-ignore format: pairs
      const numbers = (rows: number) => Float64Array.from({ length: rows * n }, () => random.next() - 0.5); // biome-ignore format: one line
      const [a, b] = [numbers(M), numbers(N)] as const;
      const c = products(kernels, { data: a, rows: M }, { data: b, rows: N });
      near(c, productsOf(a, b, n), 1e-12, `A·Bᵀ, n ${n}`);
      const y = { data: a.slice(), rows: M };
      add(kernels, y, c, { data: b, rows: N });
      near(y.data, combinationOf(c, b, n).map((v, i) => v + a[i]!), 1e-12, `C·X, n ${n}`); // biome-ignore format: one line
    }
  assert.is(products(kernels, { data: new Float64Array(0), rows: 0 }, { data: new Float64Array(5), rows: 1 }).length, 0); // biome-ignore format: one line
});

run();
