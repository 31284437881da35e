/** Loops over one row of attention. Never exported from the module. */
import { loadLanes, storeLanes } from './lanes';
import { tanh4 } from './math';
import { addPromoted, sumPair } from './sum';
import { madd } from './v128';

// @ts-ignore: decorator
@inline function addScaled4<Lanes>(y: usize, x: usize, a: v128, left: i32): void {
  storeLanes<Lanes>(y, madd(loadLanes<Lanes>(x, left), a, loadLanes<Lanes>(y, left)), left);
}

/** y += a·x, of C floats. */
export function addScaled(y: usize, x: usize, a: f32, C: i32): void {
  const factor = f32x4.splat(a);
  let left = C;
  for (; left >= 4; left -= 4, y += 16, x += 16) addScaled4<v128>(y, x, factor, left);
  if (left > 0) addScaled4<f32>(y, x, factor, left);
}

// @ts-ignore: decorator
@inline function score4<Lanes>(v: usize, q: usize, k: usize, left: i32): v128 {
  const u = tanh4(f32x4.add(loadLanes<Lanes>(q, left), loadLanes<Lanes>(k, left)));
  return f32x4.mul(loadLanes<Lanes>(v, left), u);
}

/** Σ v·tanh(q + k), of A floats. */
export function additiveScore(v: usize, q: usize, k: usize, A: i32): f64 {
  let sum = f64x2.splat(0);
  let left = A;
  for (; left >= 4; left -= 4, v += 16, q += 16, k += 16)
    sum = addPromoted(sum, score4<v128>(v, q, k, left));
  if (left > 0) sum = addPromoted(sum, score4<f32>(v, q, k, left));
  return sumPair(sum);
}

// @ts-ignore: decorator
@inline function backward4<Lanes>(
  dq: usize,
  dk: usize,
  dv: usize,
  v: usize,
  q: usize,
  k: usize,
  d: v128,
  left: i32,
): void {
  const u = tanh4(f32x4.add(loadLanes<Lanes>(q, left), loadLanes<Lanes>(k, left)));
  const slope = f32x4.sub(f32x4.splat(1), f32x4.mul(u, u));
  const da = f32x4.mul(f32x4.mul(d, loadLanes<Lanes>(v, left)), slope);
  if (dq) storeLanes<Lanes>(dq, f32x4.add(loadLanes<Lanes>(dq, left), da), left);
  if (dk) storeLanes<Lanes>(dk, f32x4.add(loadLanes<Lanes>(dk, left), da), left);
  storeLanes<Lanes>(dv, madd(d, u, loadLanes<Lanes>(dv, left)), left);
}

/**
 * Of d·Σ v·tanh(q + k) the gradients, added to dq, dk (0: not wanted) and dv, of A floats each.
 */
export function additiveBackward(
  dq: usize,
  dk: usize,
  dv: usize,
  v: usize,
  q: usize,
  k: usize,
  d: f32,
  A: i32,
): void {
  const each = f32x4.splat(d);
  let left = A,
    j: usize = 0;
  for (; left >= 4; left -= 4, j += 16)
    backward4<v128>(dq ? dq + j : 0, dk ? dk + j : 0, dv + j, v + j, q + j, k + j, each, left);
  if (left > 0)
    backward4<f32>(dq ? dq + j : 0, dk ? dk + j : 0, dv + j, v + j, q + j, k + j, each, left);
}
