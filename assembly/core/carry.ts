/**
 * Flushes tiny values of a recurrent state, or of its gradient, to zero: those with |x| < 1e-30.
 * NaN stays NaN.
 *
 * Arithmetic on subnormal numbers (below 1.2e-38) is slow. The bound lies far above them, because
 * the next step multiplies the value by derivatives and weights, and these products should not be
 * subnormal either.
 */
// @ts-ignore: decorator
@inline export function carry(v: v128): v128 {
  return v128.andnot(v, f32x4.lt(f32x4.abs(v), f32x4.splat(1e-30)));
}
