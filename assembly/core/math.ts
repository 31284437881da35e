/**
 * exp, log, tanh and sigmoid of four f32 lanes, and of one with the same bits, so that a tail
 * equals the body it follows. No branches, no state, at most one division. NaN gives NaN. Never
 * exported from the module. Errors are measured against f64, over every f32 with |x| in [2⁻⁵, 2⁷)
 * and one in 67 of the others; those of the relaxed build with a fused madd.
 * test/kernels/math.test.ts asserts them on a thinner sweep.
 *
 * pmin and pmax stand for min and max: one instruction on x86, and in this argument order they pass
 * NaN on.
 */
import { madd } from './v128';

/** Cody & Waite 1980: 9 bits, so that n·LN2_HIGH is exact for |n| < 2¹⁵. */
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.1219444e-4; // ln 2 − LN2_HIGH

/**
 * e to this power rounds to 2⁻¹²⁶ and is taken for 0; below −126.5·ln 2 = −87.68 expSigned would be
 * wrong.
 */
const UNDERFLOW: f32 = -87.25;

/**
 * Coefficients lie in memory: V8 13 puts a vector constant together anew whenever a loop comes by,
 * and there it takes a quarter of these functions' time; V8 11 keeps it on its stack, and is 3 %
 * slower so.
 */
// @ts-ignore: decorator
@inline function coefficient(table: usize, i: usize): v128 {
  return v128.load32_splat(table + 4 * i);
}

/**
 * Of expSigned, for both signs: sign·log₂ e; what rounds; −sign·ln 2, high and low; the polynomial.
 */
const EXP = memory.data<f32>([
  1.44269504, 12583038, -0.693359375, 2.1219444e-4, 0.0165806132, 0.0837959505, 0.333352732,
  0.999982984, 1.99999941, 2,
]);
const EXP_MINUS = memory.data<f32>([
  -1.44269504, 12583038, 0.693359375, -2.1219444e-4, -0.0165806132, 0.0837959505, -0.333352732,
  0.999982984, -1.99999941, 2,
]);
const TANH_P = memory.data<f32>([
  1.4248920266e-8, 2.1235626264e-5, 3.5330520477e-3, 1.3412411511e-1, 1,
]);
const TANH_Q = memory.data<f32>([
  8.136594829e-7, 3.3472978976e-4, 2.6018999517e-2, 4.6745735407e-1, 1,
]);
const ONE = memory.data<f32>([1]);

// @ts-ignore: decorator
@inline function clamp(x: v128, low: f32, high: f32): v128 {
  return f32x4.pmax(f32x4.pmin(x, f32x4.splat(high)), f32x4.splat(low));
}

/**
 * exp(sign·x) for UNDERFLOW ≤ sign·x ≤ 88.722832, the logarithm of the largest f32.
 *
 *   n = ⌊sign·x / ln 2⌉,   r = sign·x − n·ln 2,   exp(sign·x) = 2ⁿ⁻¹ · 2eʳ
 *
 * 2ⁿ⁻¹ never overflows, and is 0 for n = −126: no result is subnormal. n is rounded by adding
 * 1.5·2²³, whose last bit counts ones, + 126, which makes it the biased exponent of 2ⁿ⁻¹. 2eʳ:
 * degree 5, minimax in relative error on |r| ≤ ln 2 / 2 with the constant 2 fixed (9.2e-8); sign is
 * a constant and folds away.
 */
// @ts-ignore: decorator
@inline function expSigned(x: v128, sign: f32): v128 {
  const k = sign > 0 ? EXP : EXP_MINUS;
  const biased = madd(x, coefficient(k, 0), coefficient(k, 1));
  const n = f32x4.sub(biased, coefficient(k, 1));
  // r below is sign·r: it spares the negation of x
  let r = madd(n, coefficient(k, 2), x);
  r = madd(n, coefficient(k, 3), r);
  let p = madd(r, coefficient(k, 4), coefficient(k, 5));
  p = madd(p, r, coefficient(k, 6));
  p = madd(p, r, coefficient(k, 7));
  p = madd(p, r, coefficient(k, 8));
  p = madd(p, r, coefficient(k, 9));
  return f32x4.mul(p, i32x4.shl(biased, 23));
}

/**
 * eˣ; 0 below −86.99 (no subnormals), 3.4028e38 (finite) above 88.722832; e⁰ = 1 exactly.
 * Error at most 2.4 ULP (simd), 2.1 (relaxed).
 */
// @ts-ignore: decorator
@inline export function exp4(x: v128): v128 {
  return expSigned(clamp(x, UNDERFLOW, 88.722832), 1);
}

/**
 * σ(x) = 1 / (1 + e⁻ˣ), accurate relative to itself on both sides; at least 1.28e-38 (not
 * subnormal), at most 1. Error at most 3.6 ULP (simd), 3.5 (relaxed).
 */
// @ts-ignore: decorator
@inline export function sigmoid4(x: v128): v128 {
  const one = coefficient(ONE, 0);
  return f32x4.div(one, f32x4.add(one, expSigned(clamp(x, UNDERFLOW, -UNDERFLOW), -1)));
}

/**
 * tanh x = x·P(x²) / Q(x²), the rational 9/8 of XNNPACK's f32-vtanh (rational_9_8_div).
 * Beyond the clamp the quotient is 1 to the last bit; the bound differs by the rounding of madd.
 * |tanh x| ≤ 1. Error at most 6.9 ULP (simd), 5.4 (relaxed) of 2⁻²⁴, near |x| = 7.
 */
// @ts-ignore: decorator
@inline export function tanh4(x: v128): v128 {
  const bound: f32 = ASC_FEATURE_RELAXED_SIMD ? 7.9807181358 : 7.8522667885;
  x = clamp(x, -bound, bound);
  const s = f32x4.mul(x, x);
  let p = madd(s, coefficient(TANH_P, 0), coefficient(TANH_P, 1));
  p = madd(p, s, coefficient(TANH_P, 2));
  p = madd(p, s, coefficient(TANH_P, 3));
  p = madd(p, s, coefficient(TANH_P, 4));
  let q = madd(s, coefficient(TANH_Q, 0), coefficient(TANH_Q, 1));
  q = madd(q, s, coefficient(TANH_Q, 2));
  q = madd(q, s, coefficient(TANH_Q, 3));
  q = madd(q, s, coefficient(TANH_Q, 4));
  return f32x4.div(f32x4.mul(x, p), q);
}

/**
 * ln x for all x, subnormals included; ln 0 = −∞, ln ∞ = ∞, ln of a negative is NaN.
 *
 *   x = 2ᵉ·(1 + f),  √½ ≤ 1 + f < √2,   ln x = e·ln 2 + f − f²/2 + f³·P(f)      after Cephes' logf
 *
 * P: degree 7, minimax in the relative error of ln(1 + f) (5.8e-9). Error at most 0.9 ULP in both
 * builds.
 */
// @ts-ignore: decorator
@inline export function log4(x: v128): v128 {
  // bits of √½: subtracted from those of x they leave e in the exponent field
  const SQRT_HALF = 0x3f3504f3;
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38)); // subnormal: scaled by 2²³
  const bits = i32x4.sub(
    v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny),
    i32x4.splat(SQRT_HALF),
  );
  const e = f32x4.sub(
    f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23)),
    v128.and(tiny, f32x4.splat(23)),
  );
  const f = f32x4.sub(
    i32x4.add(v128.and(bits, i32x4.splat(0x7fffff)), i32x4.splat(SQRT_HALF)),
    f32x4.splat(1),
  );
  let p = madd(f, f32x4.splat(-0.0763450593), f32x4.splat(0.12761582));
  p = madd(p, f, f32x4.splat(-0.131601802));
  p = madd(p, f, f32x4.splat(0.142017566));
  p = madd(p, f, f32x4.splat(-0.166233574));
  p = madd(p, f, f32x4.splat(0.20001227));
  p = madd(p, f, f32x4.splat(-0.25000821));
  p = madd(p, f, f32x4.splat(0.333333317));
  const s = f32x4.mul(f, f);
  let y = madd(f32x4.mul(s, f), p, f32x4.mul(e, f32x4.splat(LN2_LOW)));
  y = f32x4.add(madd(s, f32x4.splat(-0.5), y), f);
  y = madd(e, f32x4.splat(LN2_HIGH), y);
  y = v128.bitselect(y, x, f32x4.lt(x, f32x4.splat(Infinity))); // ∞ and NaN stand for themselves
  y = v128.bitselect(f32x4.splat(-Infinity), y, f32x4.eq(x, f32x4.splat(0)));
  return v128.or(y, f32x4.lt(x, f32x4.splat(0))); // all ones: NaN
}

/**
 * ln(1 + e^−|x|), the smooth part of softplus, accurate relative to itself: 2·artanh(e / (2 + e))
 * with e = e^−|x|, as
 *
 *   t = e / (1 + e/2) ≤ 2/3,   t + t³·P(t²)
 *
 * P: degree 3, minimax in relative error (4.5e-9). Error at most 4.1 ULP in both builds; 0 beyond
 * |x| = 86.99.
 */
// @ts-ignore: decorator
@inline export function log1pExp4(x: v128): v128 {
  const e = expSigned(f32x4.pmin(f32x4.abs(x), f32x4.splat(-UNDERFLOW)), -1);
  const t = f32x4.div(e, madd(e, f32x4.splat(0.5), f32x4.splat(1)));
  const s = f32x4.mul(t, t);
  let p = madd(s, f32x4.splat(5.47352733e-4), f32x4.splat(2.18743319e-3));
  p = madd(p, s, f32x4.splat(1.2506781e-2));
  p = madd(p, s, f32x4.splat(8.33330164e-2));
  return madd(f32x4.mul(t, s), p, t);
}

// @ts-ignore: decorator
@inline export function exp1(x: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(x)), 0);
}

// @ts-ignore: decorator
@inline export function log1(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}

// @ts-ignore: decorator
@inline export function tanh1(x: f32): f32 {
  return f32x4.extract_lane(tanh4(f32x4.splat(x)), 0);
}

// @ts-ignore: decorator
@inline export function sigmoid1(x: f32): f32 {
  return f32x4.extract_lane(sigmoid4(f32x4.splat(x)), 0);
}

// @ts-ignore: decorator
@inline export function log1pExp1(x: f32): f32 {
  return f32x4.extract_lane(log1pExp4(f32x4.splat(x)), 0);
}
