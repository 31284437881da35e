/** Helpers over four f32 lanes. Never exported from the module. */

/** a·b + c: fused where the build has relaxed SIMD, two roundings elsewhere. */
// @ts-ignore: decorator
@inline export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  else return f32x4.add(f32x4.mul(a, b), c);
}

/** The sums of the lanes of four vectors, each in the order of `sumLanes`. */
// @ts-ignore: decorator
@inline export function sumLanesOf4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(i32x4.shuffle(a, b, 0, 1, 4, 5), i32x4.shuffle(a, b, 2, 3, 6, 7));
  const cd = f32x4.add(i32x4.shuffle(c, d, 0, 1, 4, 5), i32x4.shuffle(c, d, 2, 3, 6, 7));
  return f32x4.add(i32x4.shuffle(ab, cd, 0, 2, 4, 6), i32x4.shuffle(ab, cd, 1, 3, 5, 7));
}

/** Sum of the four lanes, in a fixed order: (0 + 2) + (1 + 3). */
// @ts-ignore: decorator
@inline export function sumLanes(v: v128): f32 {
  const pairs = f32x4.add(
    v,
    i8x16.shuffle(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7),
  );
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}
