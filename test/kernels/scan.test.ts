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

  test(`one query gives each row the same bits, whatever stands beside it (${build})`, () => {
    bench.reset();
    const random = new TestRandom(9);
    const [M, columns] = [13, 84];
    const rows = bench.f32(M * columns, random.array(M * columns));
    const query = bench.f32(columns, random.array(columns));
    const [whole, single] = [bench.f32(M), bench.f32(M)];
    kernels.scan(whole, rows, query, M, columns, 1, M);
    for (let m = 0; m < M; m++)
      kernels.scan(single + 4 * m, rows + 4 * m * columns, query, 1, columns, 1, 1);
    assert.equal(bench.read(single, M), bench.read(whole, M));
  });
}

run();
