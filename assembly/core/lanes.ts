/**
 * Vectors of four floats, and the last, partial one of a loop. Whoever computes the rest of n
 * floats in a partial vector treats every element alike: its bits do not depend on where in a
 * buffer it stands.
 */

/** In memory, as math.ts's coefficients: the smallest normal number, 2⁻¹²⁶, and 2⁻⁵⁴. */
const BOUNDS = memory.data<f32>([1.17549435e-38, 5.551115123125783e-17]);

/**
 * Four floats at `a` where `Lanes` is v128; the first `left` of them, then zeros, where it is f32.
 */
// @ts-ignore: decorator
@inline export function loadLanes<Lanes>(a: usize, left: i32): v128 {
  return sizeof<Lanes>() == 16 ? v128.load(a) : loadPart(a, left, f32x4.splat(0));
}

/** Writes four floats where `Lanes` is v128, the first `left` of them where it is f32. */
// @ts-ignore: decorator
@inline export function storeLanes<Lanes>(a: usize, v: v128, left: i32): void {
  if (sizeof<Lanes>() == 16) v128.store(a, v);
  else storePart(a, v, left);
}

/** The first `left` (1 to 3) floats at `a`, the other lanes from `rest`. */
// @ts-ignore: decorator
@inline export function loadPart(a: usize, left: i32, rest: v128): v128 {
  let v = v128.load32_lane(a, rest, 0);
  if (left > 1) v = v128.load32_lane(a, v, 1, 4);
  if (left > 2) v = v128.load32_lane(a, v, 2, 8);
  return v;
}

/** Writes the first `left` (1 to 3) lanes. */
// @ts-ignore: decorator
@inline export function storePart(a: usize, v: v128, left: i32): void {
  v128.store32_lane(a, v, 0);
  if (left > 1) v128.store32_lane(a, v, 1, 4);
  if (left > 2) v128.store32_lane(a, v, 2, 8);
}

/** Zero for subnormal lanes, every other lane (NaN too) as it is. */
// @ts-ignore: decorator
@inline export function flush(v: v128): v128 {
  return v128.andnot(v, f32x4.lt(f32x4.abs(v), v128.load32_splat(BOUNDS)));
}

/**
 * v², at least 2⁻¹⁰⁸ (3e-33): far below any ε that is added to a mean of squares, and far enough
 * above the subnormal numbers for a share of it to be none, even of gradients that have vanished.
 * NaN passes.
 */
// @ts-ignore: decorator
@inline export function squared(v: v128): v128 {
  const a = f32x4.pmax(f32x4.abs(v), v128.load32_splat(BOUNDS, 4));
  return f32x4.mul(a, a);
}
