import { loadPart, storePart } from './core/lanes';
import { firstKey, random4, secondKey } from './core/random';

/**
 * yᵢ = xᵢ / (1 − p) if u(i mod period; seed) ≥ p, else 0
 *
 * u is 32 random bits as a fraction in [0, 1).
 *
 *   y [n]  written; may be x
 *   x [n]  read
 *
 * period n is ordinary dropout; period B·H on [T, B, H] is one mask for all times (Gal & Ghahramani
 * 2016). The mask of an element depends on its index and the seed alone. p in [0, 1]; p = 1 gives
 * zeros.
 */
export function dropout_forward(
  y: usize,
  x: usize,
  n: i32,
  period: i32,
  p: f64,
  seedLow: i32,
  seedHigh: i32,
): void {
  for (let i = 0; i < n; i += period, x += (<usize>period) << 2, y += (<usize>period) << 2) {
    drop(y, x, min(period, n - i), p, seedLow, seedHigh, false);
  }
}

/**
 * dxᵢ += dyᵢ / (1 − p) where the forward kept element i: the same period, p and seed give the same
 * mask
 *
 *   dx [n]  added to
 *   dy [n]  read
 */
export function dropout_backward(
  dx: usize,
  dy: usize,
  n: i32,
  period: i32,
  p: f64,
  seedLow: i32,
  seedHigh: i32,
): void {
  for (let i = 0; i < n; i += period, dx += (<usize>period) << 2, dy += (<usize>period) << 2) {
    drop(dx, dy, min(period, n - i), p, seedLow, seedHigh, true);
  }
}

/** One period from its start: y = mask·x / (1 − p), added to y if `adds`. */
function drop(y: usize, x: usize, n: i32, p: f64, seedLow: i32, seedHigh: i32, adds: bool): void {
  // u ≥ p ⇔ bits ≥ p·2³²
  const threshold = i32x4.splat(<u32>min(ceil(p * 4294967296), 4294967295));
  const scale = f32x4.splat(p < 1 ? <f32>(1 / (1 - p)) : 0);
  const key1 = i32x4.splat(firstKey(seedLow, seedHigh));
  const key2 = i32x4.splat(secondKey(seedLow, seedHigh));
  let counters = i32x4(0, 1, 2, 3);
  let left = n;
  for (; left >= 4; left -= 4, x += 16, y += 16) {
    const kept = i32x4.ge_u(random4(counters, key1, key2), threshold);
    let v = v128.and(f32x4.mul(v128.load(x), scale), kept);
    if (adds) v = f32x4.add(v, v128.load(y));
    v128.store(y, v);
    counters = i32x4.add(counters, i32x4.splat(4));
  }
  if (left > 0) {
    const kept = i32x4.ge_u(random4(counters, key1, key2), threshold);
    let v = v128.and(f32x4.mul(loadPart(x, left, scale), scale), kept);
    if (adds) v = f32x4.add(v, loadPart(y, left, scale));
    storePart(y, v, left);
  }
}
