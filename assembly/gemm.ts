/**
 * C = D + A·B: every matrix product of the library. Strides (floats) say how A and B lie, so NN, NT
 * and TN are one function.
 *
 * Blocks over N, K and M (Goto & van de Geijn 2008): a block of B and a block of A are packed into
 * `scratch`, then tiles of C that live in registers walk along K. B lies in panels of 8 columns
 * [K][8], A in panels of a few rows [K][rows]: a micro-kernel reads two streams from front to back.
 *
 * An element of C is Σ over blocks of K of one chain over k: it depends on K alone, not on the tile
 * that computed it.
 */
import { gemvColumns, gemvRows } from './core/gemv';
import { packSplats, packStrip } from './core/pack';
import { ELEMENT, FUSED, tile, tile1x32, tile16 } from './core/tile';

/**
 * A tile: rows of A by panels of B, as many as stay in registers. Where multiply-add is one
 * instruction that is 12 accumulators, else 8: mul and add need a register between them. What a
 * compiler makes of it differs, so it can be chosen (`gemm_tile`).
 */
let tileRows: usize = FUSED ? 6 : 4;
let tilePanels: usize = 1;

/**
 * Sets the tile, before the first product: 6 × 1 (as it is) or 4 × 1 for a compiler that fails to
 * keep twelve accumulators in registers; 6 × 2 for one that makes 256-bit instructions of pairs of
 * 128-bit ones. A build that is not fused always has four rows. An element of C is the same bits
 * with each.
 */
export function gemm_tile(rows: i32, panels: i32): void {
  if (FUSED) tileRows = rows;
  tilePanels = panels;
}

/**
 * Blocks. A block of A stays in L2 (128 KiB fused, 256 KiB with each element four times), a panel
 * of B (8 KiB) in L1.
 */
const MC: i32 = FUSED ? 128 : 64;
const KC: i32 = 256;
const NC: i32 = FUSED ? 512 : 384;

/** Floats of a packed B that stays in L2 (512 KiB). */
const NEAR: usize = 1 << 17;

/** Up to so many rows are products of one row each by a B that is not packed. */
const IN_PLACE_NN: i32 = 2;
const IN_PLACE_NT: i32 = FUSED ? 2 : 1;

/**
 * Bytes of scratch that `gemm` and `gemm_packed` need: a block of A, then a block of B (640 KiB).
 */
export function gemm_scratch(): i32 {
  return (MC * <i32>ELEMENT + NC * 4) * KC;
}

/** Bytes of a packed B [K, N]: in f64, for they may be more than a memory holds. */
export function gemm_pack_size(K: i32, N: i32): f64 {
  return <f64>((N + 7) >>> 3) * K * 32;
}

/**
 * Packs B into panels of 8 columns, the last filled up with zeros.
 *
 *   dst [⌈N/8⌉, K, 8]  written
 *   b   [K, N]         read: B[k, n] at k·bRow + n·bCol
 */
export function gemm_pack(dst: usize, b: usize, K: i32, N: i32, bRow: i32, bCol: i32): void {
  const kStride = (<usize>bRow) << 2,
    nStride = (<usize>bCol) << 2,
    panel = (<usize>K) << 5;
  for (let n = 0; n < N; n += 8, b += 8 * nStride, dst += panel) {
    const columns = min(N - n, 8);
    if (columns < 8) memory.fill(dst, 0, panel);
    packStrip(dst, b, K, columns, 8, kStride, nStride);
  }
}

/**
 * Where part i of `parts` begins when `total` is shared out evenly. total·i passes 2³² where a
 * matrix has a few hundred thousand rows, so it is multiplied in 64 bits.
 */
function share(total: usize, i: usize, parts: usize): usize {
  return <usize>((<u64>total * i) / parts);
}

/** ⌈n / size⌉ */
function parts(n: usize, size: usize): usize {
  return (n + size - 1) / size;
}

/**
 * Where panel i of `panels` of A begins; M is at most MC. Panels of six rows are as equal as they
 * can be: five rows are as fast as six, one row is not. Panels of four rows are all full but the
 * last: three rows are slower than four, and `block` has tiles for one row and for two that are as
 * fast as four.
 */
function panelRow(M: usize, i: usize, panels: usize): usize {
  return tileRows == 6 ? (M * i) / panels : min(i * 4, M);
}

/** Reads a byte of each cache line from `from` to `to`. */
function touch(from: usize, to: usize): void {
  for (; from < to; from += 64) load<u8>(from);
}

/**
 * Packs M rows of A into panels of at most `tileRows` rows.
 *
 * Where the rows are columns in memory a cache line serves several panels: they are filled side by
 * side, a few k's at a time, while the next few come from L3 (`touch`): lines that far apart are
 * not foreseen by the processor.
 */
function packA(dst: usize, a: usize, M: usize, K: usize, mStride: usize, kStride: usize): void {
  const panels = parts(M, tileRows),
    chunk: usize = mStride == 4 ? 12 : K;
  for (let k: usize = 0; k < K; k += chunk) {
    const depth = <i32>min(chunk, K - k);
    if (mStride == 4)
      for (let next = k + chunk, end = min(next + chunk, K); next < end; next++)
        touch(a + next * kStride, a + next * kStride + M * 4);
    for (let i: usize = 0; i < panels; i++) {
      const m = panelRow(M, i, panels),
        rows = panelRow(M, i + 1, panels) - m;
      const to = dst + (m * K + rows * k) * ELEMENT,
        from = a + m * mStride + k * kStride;
      if (FUSED) packStrip(to, from, depth, <i32>rows, <i32>rows, kStride, mStride);
      else packSplats(to, from, depth, <i32>rows, kStride, mStride);
    }
  }
}

function tile1(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  a: usize,
  aStep: usize,
  b: usize,
  K: i32,
  columns: i32,
): void {
  tile(c, cRow, d, dRow, a, aStep, b, 1, K, columns, false, 0, 0);
}
function tile2(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  a: usize,
  aStep: usize,
  b: usize,
  K: i32,
  columns: i32,
): void {
  tile(c, cRow, d, dRow, a, aStep, b, 2, K, columns, false, 0, 0);
}
function tile3(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  a: usize,
  aStep: usize,
  b: usize,
  K: i32,
  columns: i32,
): void {
  tile(c, cRow, d, dRow, a, aStep, b, 3, K, columns, false, 0, 0);
}
function tile4(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  a: usize,
  aStep: usize,
  b: usize,
  K: i32,
  columns: i32,
): void {
  tile(c, cRow, d, dRow, a, aStep, b, 4, K, columns, false, 0, 0);
}
function tile5(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  a: usize,
  aStep: usize,
  b: usize,
  K: i32,
  columns: i32,
): void {
  tile(c, cRow, d, dRow, a, aStep, b, 5, K, columns, false, 0, 0);
}
function tile6(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  a: usize,
  aStep: usize,
  b: usize,
  K: i32,
  columns: i32,
): void {
  tile(c, cRow, d, dRow, a, aStep, b, 6, K, columns, false, 0, 0);
}

function tile5far(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  a: usize,
  aStep: usize,
  b: usize,
  K: i32,
  columns: i32,
  next: usize,
  step: usize,
): void {
  tile(c, cRow, d, dRow, a, aStep, b, 5, K, columns, true, next, step);
}
function tile6far(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  a: usize,
  aStep: usize,
  b: usize,
  K: i32,
  columns: i32,
  next: usize,
  step: usize,
): void {
  tile(c, cRow, d, dRow, a, aStep, b, 6, K, columns, true, next, step);
}

function tile2x16(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  a: usize,
  aStep: usize,
  b: usize,
  panel: usize,
  K: i32,
): void {
  tile16(c, cRow, d, dRow, a, aStep, b, panel, 2, K);
}
function tile4x16(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  a: usize,
  aStep: usize,
  b: usize,
  panel: usize,
  K: i32,
): void {
  tile16(c, cRow, d, dRow, a, aStep, b, panel, 4, K);
}
function tile5x16(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  a: usize,
  aStep: usize,
  b: usize,
  panel: usize,
  K: i32,
): void {
  tile16(c, cRow, d, dRow, a, aStep, b, panel, 5, K);
}
function tile6x16(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  a: usize,
  aStep: usize,
  b: usize,
  panel: usize,
  K: i32,
): void {
  tile16(c, cRow, d, dRow, a, aStep, b, panel, 6, K);
}

/**
 * A block of C: M rows of A by N columns of packed B, whose panels are `panel` bytes apart. D[m, n]
 * lies at d + m·dRow + n·dCol.
 *
 * A is packed, or read in place where its columns are contiguous: aRow bytes from row to row; aStep
 * from k to k, 0 = as its panels are packed.
 *
 * A B that is larger than L2 (`far`) comes from L3, and WebAssembly has no prefetch: while the
 * tiles of one panel are computed, each reads its share of the next one, a byte a line. Tiles of
 * 6×8 do so as they walk along K; a load more slows the loop of the others, so there a tile's share
 * is read before it begins.
 *
 * A last panel of one row or two takes four panels of B at once, or two: as many accumulators as a
 * full tile. With 256-bit instructions all other tiles take two, but for those of three rows, which
 * are rare, and at the edge of N.
 */
function block(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  dCol: usize,
  a: usize,
  aRow: usize,
  aStep: usize,
  b: usize,
  panel: usize,
  M: usize,
  N: usize,
  K: i32,
  far: bool,
): void {
  const panels = parts(M, tileRows),
    lastRow = panelRow(M, panels - 1, panels),
    last = M - lastRow;
  const tiles = last < 3 ? panels - 1 : panels,
    share: usize = 32 / max<usize>(tiles, 1);
  for (let n: usize = 0; n < N; ) {
    const most: usize = last == 1 ? 4 : last == 2 ? 2 : tilePanels,
      group: usize = N - n >= 8 * most ? most : 1,
      begin = n,
      first = b;
    const pair: usize = min(group, tilePanels); // panels of a tile
    for (const end = n + 8 * group; n < end; n += 8 * pair, b += pair * panel) {
      const columns = <i32>min<usize>(N - n, 8),
        next = n + 8 * pair < N ? b + pair * panel : b;
      for (let i: usize = 0; i < tiles; i++) {
        const m = panelRow(M, i, panels),
          rows = panelRow(M, i + 1, panels) - m;
        const to = c + m * cRow + n * 4,
          base = d + m * dRow + n * dCol,
          from = a + m * aRow,
          step = aStep ? aStep : rows * ELEMENT;
        const near = next + i * <usize>K * share;
        if (far && (tileRows == 4 || pair == 2)) touch(near, near + <usize>K * share);
        if (pair == 2 && rows > 3) {
          if (!FUSED || rows == 4) tile4x16(to, cRow, base, dRow, from, step, b, panel, K);
          else if (rows == 5) tile5x16(to, cRow, base, dRow, from, step, b, panel, K);
          else tile6x16(to, cRow, base, dRow, from, step, b, panel, K);
        } else if (rows == 3) {
          tile3(to, cRow, base, dRow, from, step, b, K, columns);
          if (pair == 2) tile3(to + 32, cRow, base + 8 * dCol, dRow, from, step, b + panel, K, 8);
        } else if (!FUSED || rows == 4) {
          tile4(to, cRow, base, dRow, from, step, b, K, columns);
        } else if (rows == 5) {
          if (far) tile5far(to, cRow, base, dRow, from, step, b, K, columns, near, share);
          else tile5(to, cRow, base, dRow, from, step, b, K, columns);
        } else if (far) {
          tile6far(to, cRow, base, dRow, from, step, b, K, columns, near, share);
        } else {
          tile6(to, cRow, base, dRow, from, step, b, K, columns);
        }
      }
    }
    if (last > 2) continue;
    const to = c + lastRow * cRow + begin * 4,
      base = d + lastRow * dRow + begin * dCol,
      from = a + lastRow * aRow,
      step = aStep ? aStep : last * ELEMENT;
    const columns = <i32>min<usize>(N - begin, 8);
    if (group == 4) tile1x32(to, base, from, step, first, panel, K);
    else if (last == 2 && group == 2) tile2x16(to, cRow, base, dRow, from, step, first, panel, K);
    else if (last == 2) tile2(to, cRow, base, dRow, from, step, first, K, columns);
    else tile1(to, cRow, base, dRow, from, step, first, K, columns);
  }
}

/**
 * Whether A is read where it lies. Where its columns are contiguous a tile could: it takes a few
 * floats of a line at each k. A processor's L1 has one place for lines a page apart, a dozen deep:
 * columns so far apart drive each other out, and half a page is near enough to that for short
 * products.
 */
function readInPlace(mStride: usize, kStride: usize, K: usize): bool {
  return FUSED && mStride == 4 && ((kStride & 2047) != 0 || (kStride == 2048 && K >= 64));
}

/**
 * As `block`, of all rows, MC at a time, and of an A that is not packed yet: A[m, k] at a +
 * m·mStride + k·kStride.
 */
function blocks(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  dCol: usize,
  a: usize,
  mStride: usize,
  kStride: usize,
  b: usize,
  panel: usize,
  scratch: usize,
  M: usize,
  N: usize,
  K: usize,
  far: bool,
): void {
  const count = parts(M, MC),
    inPlace = readInPlace(mStride, kStride, K);
  for (let j: usize = 0; j < count; j++) {
    const m = share(M, j, count),
      rows = share(M, j + 1, count) - m,
      from = a + m * mStride;
    if (!inPlace) packA(scratch, from, rows, K, mStride, kStride);
    block(
      c + m * cRow,
      cRow,
      d + m * dRow,
      dRow,
      dCol,
      inPlace ? from : scratch,
      inPlace ? 4 : K * ELEMENT,
      inPlace ? kStride : 0,
      b,
      panel,
      rows,
      N,
      <i32>K,
      far,
    );
  }
}

/** As wide as the widest tile. */
export const ZEROS = memory.data(128);

/** C = D, rows of N floats. */
function copyRows(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  dCol: usize,
  M: usize,
  N: usize,
): void {
  if (c == d) return;
  for (let m: usize = 0; m < M; m++, c += cRow, d += dRow) {
    if (dCol) memory.copy(c, d, N * 4);
    else memory.fill(c, 0, N * 4);
  }
}

/**
 * C (+)= A·B, B packed by `gemm_pack`. add = 0 writes C, 1 adds to it.
 *
 *   c      [M, N]          written or added to: C[m, n] at m·cRow + n
 *   a      [M, K]          read: A[m, k] at m·aRow + k·aCol
 *   packed [⌈N/8⌉, K, 8]   read
 *   scratch                `gemm_scratch` bytes
 *
 * A row of C is the same bits whatever M is.
 */
export function gemm_packed(
  c: usize,
  a: usize,
  packed: usize,
  scratch: usize,
  M: i32,
  N: i32,
  K: i32,
  cRow: i32,
  aRow: i32,
  aCol: i32,
  add: i32,
): void {
  const cStride = (<usize>cRow) << 2,
    mStride = (<usize>aRow) << 2,
    kStride = (<usize>aCol) << 2;
  const kBlocks = parts(K, KC);
  let d = add ? c : ZEROS,
    dRow: usize = add ? cStride : 0,
    dCol: usize = add ? 4 : 0;
  if (K == 0) copyRows(c, cStride, d, dRow, dCol, M, N);
  for (let i: usize = 0; i < kBlocks; i++) {
    const k = share(K, i, kBlocks),
      depth = share(K, i + 1, kBlocks) - k;
    blocks(
      c,
      cStride,
      d,
      dRow,
      dCol,
      a + k * kStride,
      mStride,
      kStride,
      packed + k * 32,
      <usize>K * 32,
      scratch,
      M,
      N,
      depth,
      <usize>N * K > NEAR,
    );
    d = c;
    dRow = cStride;
    dCol = 4;
  }
}

/**
 * C (+)= A·B. add = 0 writes C, 1 adds to it.
 *
 *   c [M, N]   written or added to: C[m, n] at m·cRow + n
 *   a [M, K]   read: A[m, k] at m·aRow + k·aCol
 *   b [K, N]   read: B[k, n] at k·bRow + n·bCol
 *   scratch    `gemm_scratch` bytes
 */
export function gemm(
  c: usize,
  a: usize,
  b: usize,
  scratch: usize,
  M: i32,
  N: i32,
  K: i32,
  cRow: i32,
  aRow: i32,
  aCol: i32,
  bRow: i32,
  bCol: i32,
  add: i32,
): void {
  if (add) product(c, c, cRow << 2, 4, a, b, scratch, M, N, K, cRow, aRow, aCol, bRow, bCol);
  else product(c, ZEROS, 0, 0, a, b, scratch, M, N, K, cRow, aRow, aCol, bRow, bCol);
}

/**
 * C = D + A·B, as `gemm`, with D[m, n] at d + m·dRow + n·dCol (bytes): C itself, a row, or ZEROS.
 *
 * One row (or two) reads B where it lies: packing would cost more than the product.
 */
export function product(
  c: usize,
  d: usize,
  dRow: usize,
  dCol: usize,
  a: usize,
  b: usize,
  scratch: usize,
  M: i32,
  N: i32,
  K: i32,
  cRow: i32,
  aRow: i32,
  aCol: i32,
  bRow: i32,
  bCol: i32,
): void {
  const cStride = (<usize>cRow) << 2,
    mStride = (<usize>aRow) << 2,
    kStride = (<usize>aCol) << 2;
  const transposed = N == 1 && cRow == 1 && M > 1,
    rows = bCol == 1 && M <= IN_PLACE_NN,
    columns = bRow == 1 && aCol == 1 && M <= IN_PLACE_NT;
  if (K == 0 || transposed || rows || columns) {
    copyRows(c, cStride, d, dRow, dCol, M, N); // and what follows adds to C
    if (K == 0) return;
    if (transposed) return product(c, c, 0, 4, b, a, scratch, 1, M, K, M, bCol, bRow, aCol, aRow);
    for (let m = 0; m < M; m++, c += cStride, a += mStride) {
      if (rows) gemvRows(c, a, b, scratch, N, K, kStride, (<usize>bRow) << 2);
      else gemvColumns(c, a, b, scratch, N, K, (<usize>bCol) << 2);
    }
    return;
  }
  const bBlock = scratch + <usize>(MC * KC) * ELEMENT;
  const panelsOfN = parts(N, 8),
    nBlocks = parts(N, NC),
    kBlocks = parts(K, KC);
  for (let h: usize = 0; h < nBlocks; h++) {
    const n = share(panelsOfN, h, nBlocks) << 3,
      columns = min<usize>(share(panelsOfN, h + 1, nBlocks) << 3, N) - n;
    for (let i: usize = 0; i < kBlocks; i++) {
      const k = share(K, i, kBlocks),
        depth = share(K, i + 1, kBlocks) - k;
      const first = i == 0,
        base = first ? d + n * dCol : c + n * 4,
        baseRow = first ? dRow : cStride,
        baseCol = first ? dCol : 4;
      gemm_pack(bBlock, b + (k * bRow + n * bCol) * 4, <i32>depth, <i32>columns, bRow, bCol);
      blocks(
        c + n * 4,
        cStride,
        base,
        baseRow,
        baseCol,
        a + k * kStride,
        mStride,
        kStride,
        bBlock,
        depth * 32,
        scratch,
        M,
        columns,
        depth,
        false,
      );
    }
  }
}
