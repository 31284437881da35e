/**
 * f64 functions for JavaScript: schedules, initialisers and sampling take them from here, so that
 * every engine computes the same bits. (Math.log, pow, cos and sin differ in their last bits
 * between engines.) AssemblyScript's NativeMath, after musl: pure wasm, log and pow by polynomials
 * (polynomials.mjs); the static table below heap_base() holds digits of 2/π.
 */

export function log64(x: f64): f64 {
  return NativeMath.log(x);
}

export function pow64(x: f64, y: f64): f64 {
  return NativeMath.pow(x, y);
}

/** x in radians */
export function cos64(x: f64): f64 {
  return NativeMath.cos(x);
}

/** x in radians */
export function sin64(x: f64): f64 {
  return NativeMath.sin(x);
}
