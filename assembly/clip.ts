import { loadPart, storePart } from './core/lanes';
import { highHalf, sumPair } from './core/sum';

/** Σx² in f64.   x [n] read */
export function sum_squares(x: usize, n: i32): f64 {
  let even = f64x2.splat(0);
  let odd = f64x2.splat(0);
  let left = n;
  for (; left >= 4; left -= 4, x += 16) {
    const v = v128.load(x);
    const low = f64x2.promote_low_f32x4(v);
    const high = highHalf(v);
    even = f64x2.add(even, f64x2.mul(low, low));
    odd = f64x2.add(odd, f64x2.mul(high, high));
  }
  let sum = sumPair(f64x2.add(even, odd));
  for (; left > 0; left--, x += 4) {
    const v = <f64>load<f32>(x);
    sum += v * v;
  }
  return sum;
}

/** Σ|x|ᵖ in f64, p > 0.   x [n] read */
export function sum_powers(x: usize, n: i32, p: f64): f64 {
  let sum: f64 = 0;
  if (p == 1) for (let i = 0; i < n; i++, x += 4) sum += <f64>abs(load<f32>(x));
  else for (let i = 0; i < n; i++, x += 4) sum += Math.pow(<f64>abs(load<f32>(x)), p);
  return sum;
}

/**
 * max |x|, 0 for n = 0; NaN if any element is.   x [n] read
 *
 * As integers: without their sign bit floats are ordered like their bits, NaN above ∞.
 */
export function max_abs(x: usize, n: i32): f32 {
  let a = i32x4.splat(0);
  let b = a;
  let left = n;
  for (; left >= 8; left -= 8, x += 32) {
    a = i32x4.max_s(a, f32x4.abs(v128.load(x)));
    b = i32x4.max_s(b, f32x4.abs(v128.load(x, 16)));
  }
  a = i32x4.max_s(a, b);
  let largest = max(
    max(i32x4.extract_lane(a, 0), i32x4.extract_lane(a, 1)),
    max(i32x4.extract_lane(a, 2), i32x4.extract_lane(a, 3)),
  );
  for (; left > 0; left--, x += 4) largest = max(largest, load<i32>(x) & i32.MAX_VALUE);
  return reinterpret<f32>(largest);
}

/** x = factor·x.   x [n] updated */
export function scale(x: usize, n: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  let left = n;
  for (; left >= 4; left -= 4, x += 16) v128.store(x, f32x4.mul(v128.load(x), f));
  if (left > 0) storePart(x, f32x4.mul(loadPart(x, left, f), f), left);
}

/** x = min(max(x, −limit), limit); NaN stays NaN.   x [n] updated, limit ≥ 0 */
export function clamp(x: usize, n: i32, limit: f32): void {
  const high = f32x4.splat(limit);
  const low = f32x4.splat(-limit);
  let left = n;
  for (; left >= 4; left -= 4, x += 16)
    v128.store(x, f32x4.max(f32x4.min(v128.load(x), high), low));
  if (left > 0) storePart(x, f32x4.max(f32x4.min(loadPart(x, left, low), high), low), left);
}

/** Index of the first element that is NaN or infinite, −1 if all are finite.   x [n] read */
export function first_nonfinite(x: usize, n: i32): i32 {
  let i = 0;
  for (; i + 16 <= n; i += 16) {
    const at = x + ((<usize>i) << 2);
    // 0·v is 0 for finite v, NaN otherwise; NaN is the one number that differs from itself
    const zero = f32x4.splat(0);
    const ab = f32x4.add(f32x4.mul(v128.load(at), zero), f32x4.mul(v128.load(at, 16), zero));
    const cd = f32x4.add(f32x4.mul(v128.load(at, 32), zero), f32x4.mul(v128.load(at, 48), zero));
    const sum = f32x4.add(ab, cd);
    if (v128.any_true(f32x4.ne(sum, sum))) break;
  }
  for (; i < n; i++) if (!isFinite<f32>(load<f32>(x + ((<usize>i) << 2)))) return i;
  return -1;
}
