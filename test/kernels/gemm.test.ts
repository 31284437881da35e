import { equal } from 'uvu/assert';
import { gemm, type Product } from '../reference/gemm.js';
import { Bench, type Build, builds, SIZES } from '../support/kernels.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('gemm');
const TOLERANCE = 1e-6;

type Sizes = [M: number, N: number, K: number];

/**
 * Around the tiles (rows to 6, panels of 8, 16 and 32 columns) and the blocks (M 64 or 128, N 384
 * or 512, K 256).
 */
const EDGES: Sizes[] = [
  [2, 15, 9],
  [2, 33, 6],
  [3, 40, 7],
  [7, 16, 9],
  [10, 47, 8],
  [1, 23, 5],
  [1, 24, 6],
  [1, 25, 9],
  [1, 31, 7],
  [1, 33, 257],
  [1, 65, 40],
  [6, 7, 2],
  [7, 9, 12],
  [9, 65, 31],
  [11, 16, 4],
  [13, 25, 8],
  [21, 33, 65],
  [63, 8, 5],
  [64, 12, 6],
  [65, 7, 3],
  [127, 9, 5],
  [128, 8, 3],
  [129, 17, 6],
  [257, 4, 3],
  [3, 383, 4],
  [4, 384, 3],
  [5, 385, 2],
  [3, 511, 4],
  [5, 512, 2],
  [4, 513, 3],
  [2, 1025, 2],
  [5, 8, 255],
  [4, 10, 256],
  [6, 9, 257],
  [3, 24, 511],
  [1, 40, 513],
  [129, 513, 257],
  [512, 9, 63],
  [512, 7, 64],
  [1024, 8, 65], // columns of A half a page and a page apart
];
const ALL: Sizes[] = [
  ...SIZES.flatMap(M => SIZES.flatMap(N => SIZES.map((K): Sizes => [M, N, K]))),
  ...EDGES,
];

/** How the two operands lie: [aRow, aCol, bRow, bCol] and the floats that A and B span. */
function layouts([M, N, K]: Sizes): Record<
  string,
  {
    aRow: number;
    aCol: number;
    bRow: number;
    bCol: number;
    cRow: number;
    aSize: number;
    bSize: number;
  }
> {
  return {
    NN: { aRow: K, aCol: 1, bRow: N, bCol: 1, cRow: N, aSize: M * K, bSize: K * N },
    NT: { aRow: K, aCol: 1, bRow: 1, bCol: K, cRow: N, aSize: M * K, bSize: K * N },
    TN: { aRow: 1, aCol: M, bRow: N, bCol: 1, cRow: N, aSize: M * K, bSize: K * N },
    TT: { aRow: 1, aCol: M, bRow: 1, bCol: K, cRow: N, aSize: M * K, bSize: K * N },
    'NN with gaps': {
      aRow: K + 3,
      aCol: 1,
      bRow: N + 5,
      bCol: 1,
      cRow: N + 2,
      aSize: M * (K + 3),
      bSize: K * (N + 5),
    },
    'every second': {
      aRow: 2 * K,
      aCol: 2,
      bRow: 2 * N,
      bCol: 2,
      cRow: N + 1,
      aSize: 2 * M * K,
      bSize: 2 * K * N,
    },
  };
}

/** Rows and panels of a tile, the default first. */
const TILES: Record<Build, [rows: number, panels: number][]> = {
  simd: [
    [4, 1],
    [4, 2],
  ],
  relaxed: [
    [6, 1],
    [4, 1],
    [6, 2],
  ],
};

for (const build of builds) {
  const bench = new Bench(build);
  const { kernels } = bench;

  /** Runs `body` with each tile. */
  const withTiles = (body: (tile: string) => void): void => {
    for (const tile of TILES[build]) {
      kernels.gemm_tile(...tile);
      body(tile.join('×'));
    }
    kernels.gemm_tile(...TILES[build][0]!);
  };

  const check = (sizes: Sizes, packed: boolean, tile: string) => {
    const [M, N, K] = sizes;
    const random = new TestRandom(M * 7919 + N * 31 + K);
    for (const [name, layout] of Object.entries(layouts(sizes))) {
      for (const add of [false, true]) {
        bench.reset();
        const product: Product = { M, N, K, add, ...layout };
        const { cRow, aRow, aCol, bRow, bCol } = layout;
        const aValues = random.array(layout.aSize),
          bValues = random.array(layout.bSize),
          cValues = random.array(M * cRow);
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
        near(
          bench.read(c, M * cRow),
          expected,
          TOLERANCE,
          `${name} ${M}x${N}x${K}, add ${add}, tile ${tile}`,
        );
        bench.checkCanaries();
      }
    }
  };

  test(`${build}: a product equals its reference in every orientation and size`, () => {
    withTiles(tile => ALL.forEach(sizes => check(sizes, false, tile)));
  });

  test(`${build}: a product with packed B equals its reference in every orientation and size`, () => {
    withTiles(tile => ALL.forEach(sizes => check(sizes, true, tile)));
  });

  test(`${build}: an empty sum writes zeros, or adds nothing`, () => {
    for (const add of [0, 1]) {
      for (const packed of [false, true]) {
        bench.reset();
        const c = bench.f32(3 * 7, new TestRandom(1).array(3 * 7), 'c'),
          before = bench.read(c, 21),
          scratch = bench.bytes(kernels.gemm_scratch(), 'scratch');
        if (packed) kernels.gemm_packed(c, c, c, scratch, 3, 5, 0, 7, 1, 1, add);
        else kernels.gemm(c, c, c, scratch, 3, 5, 0, 7, 1, 1, 1, 1, add);
        equal(
          bench.read(c, 21),
          before.map((x, i) => (add || i % 7 >= 5 ? x : 0)),
        );
        bench.checkCanaries();
      }
    }
  });

  test(`${build}: packed panels hold 8 columns each, the last filled up with zeros`, () => {
    for (const K of SIZES) {
      for (const N of SIZES) {
        bench.reset();
        const values = new TestRandom(K + 100 * N).array(K * N);
        const b = bench.f32(K * N, values, 'b'),
          columnsFirst = bench.f32(
            K * N,
            values.map((_, i) => values[(i % K) * N + Math.floor(i / K)]!),
            'bᵀ',
          );
        equal(kernels.gemm_pack_size(K, N), Math.ceil(N / 8) * K * 32);
        const expected = new Float32Array(Math.ceil(N / 8) * K * 8);
        for (let k = 0; k < K; k++)
          for (let n = 0; n < N; n++)
            expected[(n >> 3) * K * 8 + k * 8 + (n & 7)] = values[k * N + n]!;
        for (const [from, bRow, bCol] of [
          [b, N, 1],
          [columnsFirst, 1, K],
        ] as const) {
          const packed = bench.f32(expected.length, undefined, 'packed');
          kernels.gemm_pack(packed, from, K, N, bRow, bCol);
          equal(bench.read(packed, expected.length), expected, `${K}x${N}`);
        }
        bench.checkCanaries();
      }
    }
  });

  test(`${build}: a row of a packed product is the same bits whatever rows are computed with it, and with any tile`, () => {
    for (const [N, K] of [
      [65, 40],
      [9, 257],
      [48, 513],
      [3, 5],
    ] as const) {
      const M = 131;
      bench.reset();
      const random = new TestRandom(N + K);
      const a = bench.f32(M * K, random.array(M * K)),
        b = bench.f32(K * N, random.array(K * N));
      const whole = bench.f32(M * N),
        part = bench.f32(M * N),
        scratch = bench.bytes(kernels.gemm_scratch()),
        packed = bench.bytes(kernels.gemm_pack_size(K, N));
      kernels.gemm_pack(packed, b, K, N, N, 1);
      kernels.gemm_packed(whole, a, packed, scratch, M, N, K, N, K, 1, 0);
      withTiles(tile => {
        for (const rows of [1, 2, 3, 4, 5, 6, 7, 13, 64, 65, M]) {
          for (let first = 0; first < M; first += rows) {
            const count = Math.min(rows, M - first);
            const to = part + first * N * 4;
            kernels.gemm_packed(to, a + first * K * 4, packed, scratch, count, N, K, N, K, 1, 0);
          }
          equal(
            bench.read(part, M * N),
            bench.read(whole, M * N),
            `${rows} rows at a time, tile ${tile}`,
          );
        }
      });
    }
  });
}

run();
