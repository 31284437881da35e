import * as assert from 'uvu/assert';
import { scan } from '../reference/scan.js';
import { Bench, builds } from '../support/kernels.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/scan');

for (const build of builds) {
  const bench = new Bench(build);
  const kernels = bench.words();

  test(`scalar products of rows and queries (${build})`, () => {
    for (const M of [1, 3, 4, 5, 8, 17])
      for (const Q of [1, 2, 3, 4, 7])
        for (const columns of [4, 8, 12, 100]) {
          bench.reset();
          const random = new TestRandom(M + 100 * Q + columns);
          const rows = random.array(M * columns);
          const queries = random.array(Q * columns);
          const y = bench.f32(Q * M, undefined, 'y');
          kernels.scan(
            y,
            bench.f32(M * columns, rows, 'rows'),
            bench.f32(Q * columns, queries, 'queries'),
            M,
            columns,
            Q,
            M,
          );
          near(bench.read(y, Q * M), scan(rows, queries, columns), 1e-6, `[${Q}, ${M}]`);
          bench.checkCanaries();
        }
  });

  test(`a product has the same bits beside any others (${build})`, () => {
    bench.reset();
    const random = new TestRandom(9);
    const [M, Q, columns] = [13, 5, 20];
    const rows = bench.f32(M * columns, random.array(M * columns));
    const queries = bench.f32(Q * columns, random.array(Q * columns));
    const [whole, single] = [bench.f32(Q * M), bench.f32(Q * M)];
    kernels.scan(whole, rows, queries, M, columns, Q, M);
    for (let q = 0; q < Q; q++)
      for (let m = 0; m < M; m++) {
        const [row, query] = [rows + 4 * m * columns, queries + 4 * q * columns];
        kernels.scan(single + 4 * (q * M + m), row, query, 1, columns, 1, M);
      }
    assert.equal(bench.read(single, Q * M), bench.read(whole, Q * M));
  });
}

run();
