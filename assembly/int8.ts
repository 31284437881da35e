/**
 * One row by weights of 8 bits: a row waits for its weights to arrive, and these are a quarter of
 * the bytes.
 *
 *   w[n, k] = scale[n]·q[n, k],  q whole, |q| ≤ 127
 */
import { max_abs } from './clip';
import { loadLanes, storeLanes } from './core/lanes';
import { sumLanesOf4 } from './core/v128';

/** to[k] = x[k]·factor as whole numbers of 16 bits, with 16 zeros behind.   x [K] */
function roundRow(to: usize, x: usize, K: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  let left = K;
  for (; left >= 4; left -= 4, x += 16, to += 8) {
    const q = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), f)));
    v128.store64_lane(to, i16x8.narrow_i32x4_s(q, q), 0);
  }
  for (; left > 0; left--, x += 4, to += 2) store<i16>(to, <i32>nearest(load<f32>(x) * factor));
  memory.fill(to, 0, 32);
}

/** The first `left` of four y += scale·factor·sums. */
function addScaled<Lanes>(y: usize, scale: usize, factor: f32, sums: v128, left: i32): void {
  storeLanes<Lanes>(
    y,
    f32x4.add(
      loadLanes<Lanes>(y, left),
      f32x4.mul(f32x4.mul(loadLanes<Lanes>(scale, left), f32x4.splat(factor)), sums),
    ),
    left,
  );
}

/**
 * y += w·x, with x rounded to 16 bits of its largest element: to fewer where K > 2000 sums would
 * not fit in 32 bits. The sums are exact, so they are the same bits in each build.
 *
 *   y       [N]     added to
 *   q       [N, K]  i8, read; the 15 bytes behind it too, without effect
 *   scale   [N]     read
 *   x       [K]     read
 *   scratch         2·K + 32 bytes
 *
 * Four rows, 16 columns at a time: with more V8 11 spills, with fewer the loop costs more than the
 * products.
 */
export function gemv_int8(
  y: usize,
  q: usize,
  scale: usize,
  x: usize,
  scratch: usize,
  N: i32,
  K: i32,
): void {
  const limit = <f32>min(32767, 67_600_000 / (K + 16)); // 127·limit·(K + 16) / 4 lanes < 2³¹
  const most = max_abs(x, K);
  if (most == 0) return;
  roundRow(scratch, x, K, limit / most);
  const row = <usize>K,
    last = q + <usize>(N - 1) * row;
  for (let n = N; n > 0; n -= 4, y += 16, scale += 16, q += 4 * row) {
    const q1 = min(last, q + row),
      q2 = min(last, q + 2 * row),
      q3 = min(last, q + 3 * row);
    let s0 = i32x4.splat(0),
      s1 = s0,
      s2 = s0,
      s3 = s0;
    let p = scratch;
    for (let k: usize = 0; k < row; k += 16, p += 32) {
      const x0 = v128.load(p),
        x1 = v128.load(p, 16);
      s0 = i32x4.add(s0, i32x4.dot_i16x8_s(x0, v128.load8x8_s(q + k)));
      s1 = i32x4.add(s1, i32x4.dot_i16x8_s(x0, v128.load8x8_s(q1 + k)));
      s2 = i32x4.add(s2, i32x4.dot_i16x8_s(x0, v128.load8x8_s(q2 + k)));
      s3 = i32x4.add(s3, i32x4.dot_i16x8_s(x0, v128.load8x8_s(q3 + k)));
      s0 = i32x4.add(s0, i32x4.dot_i16x8_s(x1, v128.load8x8_s(q + k, 8)));
      s1 = i32x4.add(s1, i32x4.dot_i16x8_s(x1, v128.load8x8_s(q1 + k, 8)));
      s2 = i32x4.add(s2, i32x4.dot_i16x8_s(x1, v128.load8x8_s(q2 + k, 8)));
      s3 = i32x4.add(s3, i32x4.dot_i16x8_s(x1, v128.load8x8_s(q3 + k, 8)));
    }
    const sums = sumLanesOf4(
      f32x4.convert_i32x4_s(s0),
      f32x4.convert_i32x4_s(s1),
      f32x4.convert_i32x4_s(s2),
      f32x4.convert_i32x4_s(s3),
    );
    if (n >= 4) addScaled<v128>(y, scale, most / limit, sums, n);
    else addScaled<f32>(y, scale, most / limit, sums, n);
  }
}
