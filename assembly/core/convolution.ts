/** One step that a convolution sees: equations of cells/convolution.ts. */
import { loadLanes, storeLanes } from './lanes';
import { madd } from './v128';

/** Address of x_{t−k} of row b, 0 where there is none. */
// @ts-ignore: decorator
@inline export function step(x: usize, history: usize, t: i32, k: i32, b: i32, B: i32, K: i32, row: usize): usize {
  const s = t - k;
  if (s >= 0) return x + <usize>(s * B + b) * row;
  return history ? history + <usize>((K - 1 + s) * B + b) * row : 0;
}

/** Steps back that row b of step t sees: up to the beginning of its text. */
// @ts-ignore: decorator
@inline export function reach(resets: usize, t: i32, b: i32, B: i32, K: i32): i32 {
  if (!resets) return K;
  for (let k = 0; k < K; k++) {
    if (t - k < 0) return K;
    if (load<i32>(resets + (<usize>((t - k) * B + b) << 2))) return k + 1;
  }
  return K;
}

// @ts-ignore: decorator
@inline export function backward4<Lanes>(
  into: usize,
  dw: usize,
  dy: usize,
  from: usize,
  w: usize,
  left: i32,
): void {
  const d = loadLanes<Lanes>(dy, left);
  if (into)
    storeLanes<Lanes>(into, madd(d, loadLanes<Lanes>(w, left), loadLanes<Lanes>(into, left)), left);
  if (dw)
    storeLanes<Lanes>(dw, madd(d, loadLanes<Lanes>(from, left), loadLanes<Lanes>(dw, left)), left);
}

/** y += w·x of four units. */
// @ts-ignore: decorator
@inline export function forward4<Lanes>(y: usize, from: usize, w: usize, left: i32): void {
  const sum = madd(
    loadLanes<Lanes>(w, left),
    loadLanes<Lanes>(from, left),
    loadLanes<Lanes>(y, left),
  );
  storeLanes<Lanes>(y, sum, left);
}
