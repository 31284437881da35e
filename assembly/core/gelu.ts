/** Four elements (or the first `left`) of the GELU: equations of cells/gelu.ts. */
import { loadLanes, storeLanes } from './lanes';
import { tanh4 } from './math';
import { madd } from './v128';

/** √(2/π), and the same times 0.044715. */
const SCALE: f32 = 0.7978845608;
const CUBIC: f32 = 0.0356774081;

// @ts-ignore: decorator
@inline function inner(x: v128): v128 {
  const s = f32x4.mul(x, x);
  return tanh4(f32x4.mul(x, madd(s, f32x4.splat(CUBIC), f32x4.splat(SCALE))));
}

// @ts-ignore: decorator
@inline export function forward4<Lanes>(y: usize, x: usize, left: i32): void {
  const v = loadLanes<Lanes>(x, left);
  const half = f32x4.mul(v, f32x4.splat(0.5));
  storeLanes<Lanes>(y, madd(half, inner(v), half), left);
}

// @ts-ignore: decorator
@inline export function backward4<Lanes>(dx: usize, dy: usize, x: usize, left: i32): void {
  const one = f32x4.splat(1);
  const half = f32x4.splat(0.5);
  const v = loadLanes<Lanes>(x, left);
  const t = inner(v);
  // ½(1 + t) + ½·x·(1 − t²)·(SCALE + 3·CUBIC·x²)
  const rise = madd(f32x4.mul(v, v), f32x4.splat(3 * CUBIC), f32x4.splat(SCALE));
  const bend = f32x4.mul(f32x4.mul(v, f32x4.sub(one, f32x4.mul(t, t))), rise);
  const slope = f32x4.mul(half, f32x4.add(f32x4.add(one, t), bend));
  storeLanes<Lanes>(dx, madd(loadLanes<Lanes>(dy, left), slope, loadLanes<Lanes>(dx, left)), left);
}
