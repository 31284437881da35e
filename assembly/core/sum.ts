/** Accurate sums. Never exported from the module. */

/** Lanes 0 and 1 as f64. */
// @ts-ignore: decorator
@inline export function lowHalf(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

/** Lanes 2 and 3 as f64. */
// @ts-ignore: decorator
@inline export function highHalf(v: v128): v128 {
  return f64x2.promote_low_f32x4(
    i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15),
  );
}

/** Four f64 (lanes 0 and 1, lanes 2 and 3), rounded to f32. */
// @ts-ignore: decorator
@inline export function demote(low: v128, high: v128): v128 {
  return i8x16.shuffle(
    f32x4.demote_f64x2_zero(low),
    f32x4.demote_f64x2_zero(high),
    0,
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    16,
    17,
    18,
    19,
    20,
    21,
    22,
    23,
  );
}

/**
 * Σ xᵢ of n floats in f64: four partial sums, one per i mod 4, added as (0 + 2) + (1 + 3), then the
 * tail.
 */
export function sumRow(x: usize, n: i32): f64 {
  const end = x + (n << 2),
    body = x + ((n & ~3) << 2);
  let low = f64x2.splat(0),
    high = f64x2.splat(0);
  for (; x < body; x += 16) {
    const v = v128.load(x);
    low = f64x2.add(low, lowHalf(v));
    high = f64x2.add(high, highHalf(v));
  }
  low = f64x2.add(low, high);
  let sum = f64x2.extract_lane(low, 0) + f64x2.extract_lane(low, 1);
  for (; x < end; x += 4) sum += load<f32>(x);
  return sum;
}

/** sum [2 f64] + the four floats of v. */
// @ts-ignore: decorator
@inline export function addPromoted(sum: v128, v: v128): v128 {
  return f64x2.add(sum, f64x2.add(lowHalf(v), highHalf(v)));
}

/** Sum of the two f64. */
// @ts-ignore: decorator
@inline export function sumPair(sum: v128): f64 {
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** The largest lane; none is NaN. */
// @ts-ignore: decorator
@inline export function maxLanes(v: v128): f32 {
  const pairs = f32x4.pmax(
    v,
    i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7),
  );
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}
