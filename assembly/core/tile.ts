/** The micro-kernels of gemm.ts: a tile of C stays in registers for a whole block of K. */
import { madd } from './v128';

/** Multiply-add is one instruction. */
export const FUSED: bool = ASC_FEATURE_RELAXED_SIMD;
/**
 * Bytes of an element of packed A: with mul and add, on V8 11 (Node 20), broadcasting loads cost a
 * fifth of the speed, so there each element is packed four times over. A fused kernel is as fast
 * with broadcasts.
 */
export const ELEMENT: usize = FUSED ? 4 : 16;

/**
 * The first `columns` (1..8) floats of c = d + (u, v).
 *
 * Both halves are loaded before one is stored: that is how V8 finds pairs of vectors which it can
 * make one of (`gemm_tile`).
 */
// @ts-ignore: decorator
@inline function putRow(c: usize, d: usize, u: v128, v: v128, columns: i32): void {
  if (columns == 8) {
    const x = f32x4.add(v128.load(d), u),
      y = f32x4.add(v128.load(d, 16), v);
    v128.store(c, x);
    v128.store(c, y, 16);
  } else {
    putPart(c, d, u, v, columns);
  }
}

/**
 * c = d + (u, v, w, x). Of offsets that are not constants from one address V8 would take the first
 * pair alone.
 */
// @ts-ignore: decorator
@inline function putRow16(c: usize, d: usize, u: v128, v: v128, w: v128, x: v128): void {
  const s = f32x4.add(v128.load(d), u),
    t = f32x4.add(v128.load(d, 16), v),
    y = f32x4.add(v128.load(d, 32), w),
    z = f32x4.add(v128.load(d, 48), x);
  v128.store(c, s);
  v128.store(c, t, 16);
  v128.store(c, y, 32);
  v128.store(c, z, 48);
}

function putPart(c: usize, d: usize, u: v128, v: v128, columns: i32): void {
  if (columns & 4) {
    v128.store(c, f32x4.add(v128.load(d), u));
    u = v;
    c += 16;
    d += 16;
  }
  if (columns & 2) {
    v128.store64_lane(c, f32x4.add(v128.load64_zero(d), u), 0);
    u = i64x2.shuffle(u, u, 1, 0);
    c += 8;
    d += 8;
  }
  if (columns & 1) v128.store32_lane(c, f32x4.add(v128.load32_zero(d), u), 0);
}

/**
 * C[0..rows, 0..columns] = D + Σ_k a[k, row]·b[k, column]: `rows` (1..6, a constant) by 8
 * accumulators.
 *
 *   a [K, rows]  rows side by side, k's aStep bytes apart
 *   b [K, 8]     packed; `columns` (1..8) of them are stored
 *   d            D, rows dRow bytes apart; may be c
 *   next         if `far` (a constant), a byte is read there and, with each k, `step` further: it
 *                brings into the cache what is needed soon
 */
// @ts-ignore: decorator
@inline export function tile(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  a: usize,
  aStep: usize,
  b: usize,
  rows: i32,
  K: i32,
  columns: i32,
  far: bool,
  next: usize,
  step: usize,
): void {
  const zero = f32x4.splat(0);
  let c00 = zero,
    c01 = zero,
    c10 = zero,
    c11 = zero,
    c20 = zero,
    c21 = zero;
  let c30 = zero,
    c31 = zero,
    c40 = zero,
    c41 = zero,
    c50 = zero,
    c51 = zero;
  for (let end = b + ((<usize>K) << 5); b < end; b += 32, a += aStep) {
    if (far) {
      load<u8>(next);
      next += step;
    }
    const b0 = v128.load(b),
      b1 = v128.load(b, 16);
    let s = FUSED ? v128.load32_splat(a) : v128.load(a);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    if (rows > 1) {
      s = FUSED ? v128.load32_splat(a, 4) : v128.load(a, 16);
      c10 = madd(s, b0, c10);
      c11 = madd(s, b1, c11);
    }
    if (rows > 2) {
      s = FUSED ? v128.load32_splat(a, 8) : v128.load(a, 32);
      c20 = madd(s, b0, c20);
      c21 = madd(s, b1, c21);
    }
    if (rows > 3) {
      s = FUSED ? v128.load32_splat(a, 12) : v128.load(a, 48);
      c30 = madd(s, b0, c30);
      c31 = madd(s, b1, c31);
    }
    if (rows > 4) {
      s = FUSED ? v128.load32_splat(a, 16) : v128.load(a, 64);
      c40 = madd(s, b0, c40);
      c41 = madd(s, b1, c41);
    }
    if (rows > 5) {
      s = FUSED ? v128.load32_splat(a, 20) : v128.load(a, 80);
      c50 = madd(s, b0, c50);
      c51 = madd(s, b1, c51);
    }
  }
  putRow(c, d, c00, c01, columns);
  if (rows > 1) putRow((c += cRow), (d += dRow), c10, c11, columns);
  if (rows > 2) putRow((c += cRow), (d += dRow), c20, c21, columns);
  if (rows > 3) putRow((c += cRow), (d += dRow), c30, c31, columns);
  if (rows > 4) putRow((c += cRow), (d += dRow), c40, c41, columns);
  if (rows > 5) putRow((c += cRow), (d += dRow), c50, c51, columns);
}

/**
 * One row of C = D + A·B over four whole panels: 1 × 32. `panel` is the distance of the panels in
 * bytes.
 */
// @ts-ignore: decorator
@inline export function tile1x32(
  c: usize,
  d: usize,
  a: usize,
  aStep: usize,
  b: usize,
  panel: usize,
  K: i32,
): void {
  const zero = f32x4.splat(0);
  let c0 = zero,
    c1 = zero,
    c2 = zero,
    c3 = zero,
    c4 = zero,
    c5 = zero,
    c6 = zero,
    c7 = zero;
  let e = b + panel,
    f = e + panel,
    g = f + panel;
  for (let end = b + ((<usize>K) << 5); b < end; a += aStep, b += 32, e += 32, f += 32, g += 32) {
    const s = FUSED ? v128.load32_splat(a) : v128.load(a);
    c0 = madd(s, v128.load(b), c0);
    c1 = madd(s, v128.load(b, 16), c1);
    c2 = madd(s, v128.load(e), c2);
    c3 = madd(s, v128.load(e, 16), c3);
    c4 = madd(s, v128.load(f), c4);
    c5 = madd(s, v128.load(f, 16), c5);
    c6 = madd(s, v128.load(g), c6);
    c7 = madd(s, v128.load(g, 16), c7);
  }
  putRow16(c, d, c0, c1, c2, c3);
  putRow16(c + 64, d + 64, c4, c5, c6, c7);
}

/**
 * As `tile`, over two whole panels of B: `rows` (2..6, a constant) by 16. `panel` is the distance
 * of the panels in bytes.
 *
 * Tiles of more than two rows are for 256-bit instructions. V8 makes one of two broadcasts of the
 * same float, but not of two loads of the same vector, so a broadcast is used even where each
 * element of A is packed four times over.
 */
// @ts-ignore: decorator
@inline export function tile16(
  c: usize,
  cRow: usize,
  d: usize,
  dRow: usize,
  a: usize,
  aStep: usize,
  b: usize,
  panel: usize,
  rows: i32,
  K: i32,
): void {
  const zero = f32x4.splat(0);
  let c00 = zero,
    c01 = zero,
    c02 = zero,
    c03 = zero,
    c10 = zero,
    c11 = zero,
    c12 = zero,
    c13 = zero;
  let c20 = zero,
    c21 = zero,
    c22 = zero,
    c23 = zero,
    c30 = zero,
    c31 = zero,
    c32 = zero,
    c33 = zero;
  let c40 = zero,
    c41 = zero,
    c42 = zero,
    c43 = zero,
    c50 = zero,
    c51 = zero,
    c52 = zero,
    c53 = zero;
  let e = b + panel;
  for (let end = b + ((<usize>K) << 5); b < end; b += 32, e += 32, a += aStep) {
    const b0 = v128.load(b),
      b1 = v128.load(b, 16),
      b2 = v128.load(e),
      b3 = v128.load(e, 16);
    let s = FUSED || rows > 2 ? v128.load32_splat(a) : v128.load(a);
    c00 = madd(s, b0, c00);
    c01 = madd(s, b1, c01);
    c02 = madd(s, b2, c02);
    c03 = madd(s, b3, c03);
    s = FUSED ? v128.load32_splat(a, 4) : rows > 2 ? v128.load32_splat(a, 16) : v128.load(a, 16);
    c10 = madd(s, b0, c10);
    c11 = madd(s, b1, c11);
    c12 = madd(s, b2, c12);
    c13 = madd(s, b3, c13);
    if (rows > 2) {
      s = FUSED ? v128.load32_splat(a, 8) : v128.load32_splat(a, 32);
      c20 = madd(s, b0, c20);
      c21 = madd(s, b1, c21);
      c22 = madd(s, b2, c22);
      c23 = madd(s, b3, c23);
    }
    if (rows > 3) {
      s = FUSED ? v128.load32_splat(a, 12) : v128.load32_splat(a, 48);
      c30 = madd(s, b0, c30);
      c31 = madd(s, b1, c31);
      c32 = madd(s, b2, c32);
      c33 = madd(s, b3, c33);
    }
    if (rows > 4) {
      s = v128.load32_splat(a, 16);
      c40 = madd(s, b0, c40);
      c41 = madd(s, b1, c41);
      c42 = madd(s, b2, c42);
      c43 = madd(s, b3, c43);
    }
    if (rows > 5) {
      s = v128.load32_splat(a, 20);
      c50 = madd(s, b0, c50);
      c51 = madd(s, b1, c51);
      c52 = madd(s, b2, c52);
      c53 = madd(s, b3, c53);
    }
  }
  putRow16(c, d, c00, c01, c02, c03);
  putRow16((c += cRow), (d += dRow), c10, c11, c12, c13);
  if (rows > 2) putRow16((c += cRow), (d += dRow), c20, c21, c22, c23);
  if (rows > 3) putRow16((c += cRow), (d += dRow), c30, c31, c32, c33);
  if (rows > 4) putRow16((c += cRow), (d += dRow), c40, c41, c42, c43);
  if (rows > 5) putRow16((c += cRow), (d += dRow), c50, c51, c52, c53);
}
