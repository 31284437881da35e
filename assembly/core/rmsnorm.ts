/** Four elements of a row (or the first `left`): equations of cells/rmsnorm.ts. */
import { loadLanes, storeLanes } from './lanes';
import { madd } from './v128';

// @ts-ignore: decorator
@inline export function forward4<Lanes>(y: usize, x: usize, w: usize, r: v128, left: i32): void {
  const scaled = f32x4.mul(loadLanes<Lanes>(x, left), r);
  storeLanes<Lanes>(y, f32x4.mul(scaled, loadLanes<Lanes>(w, left)), left);
}

// @ts-ignore: decorator
@inline export function backward4<Lanes>(
  dx: usize,
  dw: usize,
  dy: usize,
  x: usize,
  w: usize,
  r: v128,
  c: v128,
  left: i32,
): void {
  const d = loadLanes<Lanes>(dy, left);
  const v = loadLanes<Lanes>(x, left);
  if (dx) {
    const own = f32x4.mul(f32x4.mul(d, loadLanes<Lanes>(w, left)), r);
    const sum = f32x4.add(loadLanes<Lanes>(dx, left), f32x4.sub(own, f32x4.mul(v, c)));
    storeLanes<Lanes>(dx, sum, left);
  }
  if (dw) storeLanes<Lanes>(dw, madd(d, f32x4.mul(v, r), loadLanes<Lanes>(dw, left)), left);
}
