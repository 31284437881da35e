/**
 * One row by a matrix that is read in place: c += a·B. B is used once, so packing it would cost
 * more than the product.
 *
 *   c [N]      added to (contiguous)
 *   a [K]      read, `aCol` bytes apart
 *   scratch    32 floats: the last, incomplete group of columns passes through it
 */
import { FUSED } from './tile';
import { madd, sumLanesOf4 } from './v128';

/**
 * Of B at a time. V8 11 loads all of a loop's operands before it multiplies: with 8 accumulators
 * and no fused instruction it spills, with 6 not.
 */
const COLUMNS: i32 = FUSED ? 32 : 24;
/**
 * At a time, for the same reason: by rows of 512 floats four are 1.4 times as fast as eight there.
 */
const DOTS: i32 = FUSED ? 8 : 4;

/** c += v, four floats */
// @ts-ignore: decorator
@inline function add4(c: usize, v: v128): void {
  v128.store(c, f32x4.add(v128.load(c), v));
}

/** c += v, n floats */
function add(c: usize, v: usize, n: i32): void {
  for (; n >= 1; n--, c += 4, v += 4) store<f32>(c, load<f32>(c) + load<f32>(v));
}

/**
 * B [K, N] with contiguous rows, `bRow` bytes apart: COLUMNS at a time, four to an accumulator. The
 * last group begins at N − COLUMNS (or is four wide where N < COLUMNS) and stores only its new
 * columns.
 */
export function gemvRows(
  c: usize,
  a: usize,
  b: usize,
  scratch: usize,
  N: i32,
  K: i32,
  aCol: usize,
  bRow: usize,
): void {
  const zero = f32x4.splat(0);
  let n = 0;
  for (; N >= COLUMNS && n < N; n += COLUMNS) {
    const first = min(n, N - COLUMNS);
    let c0 = zero,
      c1 = zero,
      c2 = zero,
      c3 = zero,
      c4 = zero,
      c5 = zero,
      c6 = zero,
      c7 = zero;
    let p = a,
      q = b + ((<usize>first) << 2);
    for (let k = K; k >= 1; k--, p += aCol, q += bRow) {
      const s = v128.load32_splat(p);
      c0 = madd(s, v128.load(q), c0);
      c1 = madd(s, v128.load(q, 16), c1);
      c2 = madd(s, v128.load(q, 32), c2);
      c3 = madd(s, v128.load(q, 48), c3);
      c4 = madd(s, v128.load(q, 64), c4);
      c5 = madd(s, v128.load(q, 80), c5);
      if (FUSED) {
        c6 = madd(s, v128.load(q, 96), c6);
        c7 = madd(s, v128.load(q, 112), c7);
      }
    }
    if (first == n) {
      const to = c + ((<usize>n) << 2);
      add4(to, c0);
      add4(to + 16, c1);
      add4(to + 32, c2);
      add4(to + 48, c3);
      add4(to + 64, c4);
      add4(to + 80, c5);
      if (FUSED) {
        add4(to + 96, c6);
        add4(to + 112, c7);
      }
      continue;
    }
    v128.store(scratch, c0);
    v128.store(scratch, c1, 16);
    v128.store(scratch, c2, 32);
    v128.store(scratch, c3, 48);
    v128.store(scratch, c4, 64);
    v128.store(scratch, c5, 80);
    if (FUSED) {
      v128.store(scratch, c6, 96);
      v128.store(scratch, c7, 112);
    }
    add(c + ((<usize>n) << 2), scratch + ((<usize>(n - first)) << 2), COLUMNS - (n - first));
  }
  for (; n + 4 <= N; n += 4) {
    let sum = zero;
    let p = a,
      q = b + ((<usize>n) << 2);
    for (let k = K; k >= 1; k--, p += aCol, q += bRow)
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(p), v128.load(q)));
    add4(c + ((<usize>n) << 2), sum);
  }
  for (; n < N; n++) {
    let sum: f32 = 0;
    let p = a,
      q = b + ((<usize>n) << 2);
    for (let k = K; k >= 1; k--, p += aCol, q += bRow) sum += load<f32>(p) * load<f32>(q);
    store<f32>(c + ((<usize>n) << 2), load<f32>(c + ((<usize>n) << 2)) + sum);
  }
}

/**
 * B [K, N] with contiguous columns, `bCol` bytes apart (weights [N, K]), a contiguous: DOTS
 * products at a time. The last group repeats the last column and stores only what is new.
 */
export function gemvColumns(
  c: usize,
  a: usize,
  b: usize,
  scratch: usize,
  N: i32,
  K: i32,
  bCol: usize,
): void {
  const zero = f32x4.splat(0);
  const last = b + <usize>(N - 1) * bCol;
  for (let n = 0; n < N; n += DOTS, b += <usize>DOTS * bCol) {
    let s0 = zero,
      s1 = zero,
      s2 = zero,
      s3 = zero,
      s4 = zero,
      s5 = zero,
      s6 = zero,
      s7 = zero;
    let p = a,
      k = K;
    let q0 = b,
      q1 = min(last, b + bCol),
      q2 = min(last, b + 2 * bCol),
      q3 = min(last, b + 3 * bCol);
    let q4 = min(last, b + 4 * bCol),
      q5 = min(last, b + 5 * bCol),
      q6 = min(last, b + 6 * bCol),
      q7 = min(last, b + 7 * bCol);
    let i: usize = 0;
    for (; k >= 4; k -= 4, i += 16) {
      const x = v128.load(p + i);
      s0 = madd(x, v128.load(q0 + i), s0);
      s1 = madd(x, v128.load(q1 + i), s1);
      s2 = madd(x, v128.load(q2 + i), s2);
      s3 = madd(x, v128.load(q3 + i), s3);
      if (DOTS == 8) {
        s4 = madd(x, v128.load(q4 + i), s4);
        s5 = madd(x, v128.load(q5 + i), s5);
        s6 = madd(x, v128.load(q6 + i), s6);
        s7 = madd(x, v128.load(q7 + i), s7);
      }
    }
    for (; k >= 1; k--, i += 4) {
      const x = v128.load32_zero(p + i);
      s0 = madd(x, v128.load32_zero(q0 + i), s0);
      s1 = madd(x, v128.load32_zero(q1 + i), s1);
      s2 = madd(x, v128.load32_zero(q2 + i), s2);
      s3 = madd(x, v128.load32_zero(q3 + i), s3);
      if (DOTS == 8) {
        s4 = madd(x, v128.load32_zero(q4 + i), s4);
        s5 = madd(x, v128.load32_zero(q5 + i), s5);
        s6 = madd(x, v128.load32_zero(q6 + i), s6);
        s7 = madd(x, v128.load32_zero(q7 + i), s7);
      }
    }
    const low = sumLanesOf4(s0, s1, s2, s3),
      high = sumLanesOf4(s4, s5, s6, s7);
    if (N - n >= DOTS) {
      const to = c + ((<usize>n) << 2);
      add4(to, low);
      if (DOTS == 8) add4(to + 16, high);
    } else {
      v128.store(scratch, low);
      v128.store(scratch, high, 16);
      add(c + ((<usize>n) << 2), scratch, N - n);
    }
  }
}
