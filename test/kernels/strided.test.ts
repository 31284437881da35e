import * as assert from 'uvu/assert';
import { offsets } from '../reference/strided.js';
import { Bench, builds } from '../support/kernels.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/strided');
const random = new TestRandom(3);

interface View {
  sizes: number[];
  strides: number[];
}

const SIZES = [1, 3, 4, 5, 8, 17];

/** Views whose elements lie apart. */
const views: Record<string, View> = {
  scalar: { sizes: [], strides: [] },
  ...Object.fromEntries(SIZES.map(n => [`row of ${n}`, { sizes: [n], strides: [1] }])),
  ...Object.fromEntries(SIZES.map(n => [`column of ${n}`, { sizes: [n], strides: [3] }])),
  ...Object.fromEntries(
    SIZES.flatMap(m =>
      SIZES.map(n => [`transpose of ${n} × ${m}`, { sizes: [m, n], strides: [1, m + 1] }]),
    ),
  ),
  'columns of a matrix': { sizes: [5, 7], strides: [11, 1] },
  'transposes, one after the other': { sizes: [3, 5, 9], strides: [47, 1, 5] },
  'permuted 3-D': { sizes: [3, 5, 4], strides: [1, 12, 3] },
  'transposed heads': { sizes: [2, 3, 4, 8], strides: [96, 8, 24, 1] },
  'six dimensions': { sizes: [2, 3, 1, 2, 3, 2], strides: [1, 2, 1, 36, 12, 6] },
};

/** Views that meet an element more than once. */
const expanded: Record<string, View> = {
  ...Object.fromEntries(SIZES.map(n => [`one element ${n} times`, { sizes: [n], strides: [0] }])),
  'rows from one row': { sizes: [6, 5], strides: [0, 1] },
  'columns from one column': { sizes: [6, 5], strides: [1, 0] },
  'middle axis': { sizes: [2, 9, 3], strides: [3, 0, 1] },
  'outer and inner': { sizes: [4, 3, 17], strides: [0, 1, 0] },
};

const empty: View = { sizes: [3, 0, 2], strides: [2, 2, 1] };

for (const build of builds) {
  const bench = new Bench(build);
  const { kernels } = bench;

  const table = ({ sizes, strides }: View): number =>
    bench.i32([sizes.length, ...sizes, ...strides], 'table');

  for (const [name, view] of Object.entries({ ...views, ...expanded, empty })) {
    const at = offsets(view.sizes, view.strides);
    const n = at.length;
    const span = Math.max(0, ...at) + 1;

    test(`gather writes and gather_add adds: ${name} (${build})`, () => {
      bench.reset();
      const x = random.array(span);
      const y = random.array(n);
      const [xAt, yAt, sumAt] = [
        bench.f32(span, x),
        bench.f32(n, undefined, 'y'),
        bench.f32(n, y, 'sum'),
      ];
      kernels.strided_gather(yAt, xAt, table(view));
      assert.equal(
        bench.read(yAt, n),
        Float32Array.from(at, offset => x[offset]!),
      );
      kernels.strided_gather_add(sumAt, xAt, table(view));
      assert.equal(
        bench.read(sumAt, n),
        Float32Array.from(at, (offset, i) => y[i]! + x[offset]!),
      );
      bench.checkCanaries();
    });

    test(`scatter_add adds: ${name} (${build})`, () => {
      bench.reset();
      const x = random.array(n);
      const y = random.array(span);
      const yAt = bench.f32(span, y, 'y');
      kernels.strided_scatter_add(yAt, bench.f32(n, x), table(view));
      at.forEach((offset, i) => (y[offset]! += x[i]!));
      near(bench.read(yAt, span), y, 2e-7, 'y');
      bench.checkCanaries();
    });
  }

  for (const [name, view] of Object.entries({ ...views, empty })) {
    test(`scatter writes its elements and leaves the others: ${name} (${build})`, () => {
      bench.reset();
      const at = offsets(view.sizes, view.strides);
      const span = Math.max(0, ...at) + 1;
      const x = random.array(at.length);
      const y = random.array(span);
      const yAt = bench.f32(span, y, 'y');
      kernels.strided_scatter(yAt, bench.f32(at.length, x), table(view));
      at.forEach((offset, i) => (y[offset] = x[i]!));
      assert.equal(bench.read(yAt, span), Float32Array.from(y));
      bench.checkCanaries();
    });
  }

  test(`a sum over the innermost axis is accurate for a million elements (${build})`, () => {
    bench.reset();
    const n = 1_000_000;
    const x = random.array(n).map(v => Math.fround(1 + v));
    const y = bench.f32(1, [0]);
    kernels.strided_scatter_add(y, bench.f32(n, x), table({ sizes: [n], strides: [0] }));
    near(bench.read(y, 1), [x.reduce((sum, v) => sum + v, 0)], 1e-7, 'sum');
  });
}

run();
