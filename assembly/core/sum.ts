/** Long sums of f32: in f64, two lanes at a time, so that 33,278 terms lose nothing. */

/** The upper two floats as f64. */
// @ts-ignore: decorator
@inline export function promoteHigh(v: v128): v128 {
  return f64x2.promote_low_f32x4(i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
}

/** sum [2 f64] + the four floats of v. */
// @ts-ignore: decorator
@inline export function addPromoted(sum: v128, v: v128): v128 {
  return f64x2.add(sum, f64x2.add(f64x2.promote_low_f32x4(v), promoteHigh(v)));
}

// @ts-ignore: decorator
@inline export function sumPair(sum: v128): f64 {
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** The largest lane; none is NaN. */
// @ts-ignore: decorator
@inline export function maxLanes(v: v128): f32 {
  const pairs = f32x4.pmax(v, i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}
