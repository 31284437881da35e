/**
 * What is carried from step to step, state or gradient: 0 where |x| < 1e-30; NaN passes.
 *
 * Subnormal numbers are slow. The bound lies far above them, so that what remains can still be
 * multiplied by small derivatives and weights: a gradient that vanishes over the steps would
 * otherwise spend several of them in subnormal products.
 */
// @ts-ignore: decorator
@inline export function carry(v: v128): v128 {
  return v128.andnot(v, f32x4.lt(f32x4.abs(v), f32x4.splat(1e-30)));
}
