import { Bench, builds, SIZES } from '../support/kernels.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { gemm, type Product } from '../reference/gemm.js';

const { test, run } = suite('gemm');
const TOLERANCE = 1e-6;

type Sizes = [M: number, N: number, K: number];

/** Around the tiles (rows to 6, panels of 8, 16 and 32 columns) and the blocks (M 128, N 512, K 256). */
const EDGES: Sizes[] = [
  [2, 15, 9], [2, 33, 6], [1, 31, 7], [1, 33, 257], [1, 65, 40], [6, 7, 2], [7, 9, 12], [9, 65, 31], [11, 16, 4], [13, 25, 8], [21, 33, 65],
  [127, 9, 5], [128, 8, 3], [129, 17, 6], [257, 4, 3],
  [3, 511, 4], [5, 512, 2], [4, 513, 3], [2, 1025, 2],
  [5, 8, 255], [4, 10, 256], [6, 9, 257], [3, 24, 511], [1, 40, 513],
  [129, 513, 257],
];
const ALL: Sizes[] = [...SIZES.flatMap(M => SIZES.flatMap(N => SIZES.map((K): Sizes => [M, N, K]))), ...EDGES];

/** How the two operands lie: [aRow, aCol, bRow, bCol] and the floats that A and B span. */
function layouts([M, N, K]: Sizes): Record<string, { aRow: number; aCol: number; bRow: number; bCol: number; cRow: number; aSize: number; bSize: number }> {
  return {
    NN: { aRow: K, aCol: 1, bRow: N, bCol: 1, cRow: N, aSize: M * K, bSize: K * N },
    NT: { aRow: K, aCol: 1, bRow: 1, bCol: K, cRow: N, aSize: M * K, bSize: K * N },
    TN: { aRow: 1, aCol: M, bRow: N, bCol: 1, cRow: N, aSize: M * K, bSize: K * N },
    TT: { aRow: 1, aCol: M, bRow: 1, bCol: K, cRow: N, aSize: M * K, bSize: K * N },
    'NN with gaps': { aRow: K + 3, aCol: 1, bRow: N + 5, bCol: 1, cRow: N + 2, aSize: M * (K + 3), bSize: K * (N + 5) },
    'every second': { aRow: 2 * K, aCol: 2, bRow: 2 * N, bCol: 2, cRow: N + 1, aSize: 2 * M * K, bSize: 2 * K * N },
  };
}

for (const build of builds) {
  const bench = new Bench(build);
  const { kernels } = bench;

  const check = (sizes: Sizes, packed: boolean) => {
    const [M, N, K] = sizes;
    const random = new TestRandom(M * 7919 + N * 31 + K);
    for (const [name, layout] of Object.entries(layouts(sizes))) {
      for (const add of [false, true]) {
        bench.reset();
        const product: Product = { M, N, K, add, ...layout };
        const { cRow, aRow, aCol, bRow, bCol } = layout;
        const aValues = random.array(layout.aSize), bValues = random.array(layout.bSize), cValues = random.array(M * cRow);
        const expected = cValues.slice();
        gemm(expected, aValues, bValues, product);
        // the gaps of C must stay: an output without `add` starts as NaN inside its columns only
        const start = cValues.map((x, i) => (add || i % cRow >= N ? x : NaN));
        const a = bench.f32(layout.aSize, aValues, 'a');
        const b = bench.f32(layout.bSize, bValues, 'b');
        const c = bench.f32(M * cRow, start, 'c');
        const scratch = bench.bytes(kernels.gemm_scratch(), 'scratch');
        if (packed) {
          const panels = bench.bytes(kernels.gemm_pack_size(K, N), 'packed');
          kernels.gemm_pack(panels, b, K, N, bRow, bCol);
          kernels.gemm_packed(c, a, panels, scratch, M, N, K, cRow, aRow, aCol, +add);
        } else {
          kernels.gemm(c, a, b, scratch, M, N, K, cRow, aRow, aCol, bRow, bCol, +add);
        }
        near(bench.read(c, M * cRow), expected, TOLERANCE, `${name} ${M}x${N}x${K}, add ${add}`);
        bench.checkCanaries();
      }
    }
  };

  test(`${build}: a product equals its reference in every orientation and size`, () => {
    for (const sizes of ALL) check(sizes, false);
  });

  test(`${build}: a product with packed B equals its reference in every orientation and size`, () => {
    for (const sizes of ALL) check(sizes, true);
  });
}

run();
