/**
 * A short convolution over time, each unit by itself (depthwise), that sees no later step:
 *
 *   y_t = b + Σₖ w_k·x_{t−k},   k = 0 … K − 1
 *
 * Steps before the first one come from a history; where a text begins the steps before it count as
 * 0.
 *
 *   y, x, dy, dx         [T, B, H]
 *   history, dhistory    [K − 1, B, H]  the steps before, the last one at the end; 0: zeros
 *   w, dw                [K, H]         w₀ is that of the present step
 *   b, db                [H]
 *   resets               i32 [T, B]     1: a text begins at (t, b); 0: none
 */
import { backward4, forward4, reach, step } from '../core/convolution';
import { loadLanes, storeLanes } from '../core/lanes';

/** y written; x, history, w, b read */
export function convolution_forward(
  y: usize,
  x: usize,
  history: usize,
  w: usize,
  b: usize,
  resets: usize,
  T: i32,
  B: i32,
  H: i32,
  K: i32,
): void {
  const row = (<usize>H) << 2;
  for (let t = 0; t < T; t++)
    for (let n = 0; n < B; n++) {
      const yAt = y + <usize>(t * B + n) * row;
      memory.copy(yAt, b, row);
      const seen = reach(resets, t, n, B, K);
      for (let k = 0; k < seen; k++) {
        const from = step(x, history, t, k, n, B, K, row);
        if (!from) break;
        const wk = w + <usize>k * row;
        let left = H,
          j: usize = 0;
        for (; left >= 4; left -= 4, j += 16) forward4<v128>(yAt + j, from + j, wk + j, left);
        if (left > 0) forward4<f32>(yAt + j, from + j, wk + j, left);
      }
    }
}

/** dx, dhistory, dw, db added to, 0: not wanted; dy, x, history, w read */
export function convolution_backward(
  dx: usize,
  dhistory: usize,
  dw: usize,
  db: usize,
  dy: usize,
  x: usize,
  history: usize,
  w: usize,
  resets: usize,
  T: i32,
  B: i32,
  H: i32,
  K: i32,
): void {
  const row = (<usize>H) << 2;
  for (let t = 0; t < T; t++)
    for (let n = 0; n < B; n++) {
      const dyAt = dy + <usize>(t * B + n) * row;
      if (db) {
        let left = H,
          j: usize = 0;
        for (; left >= 4; left -= 4, j += 16)
          v128.store(db + j, f32x4.add(v128.load(db + j), v128.load(dyAt + j)));
        if (left > 0)
          storeLanes<f32>(
            db + j,
            f32x4.add(loadLanes<f32>(db + j, left), loadLanes<f32>(dyAt + j, left)),
            left,
          );
      }
      const seen = reach(resets, t, n, B, K);
      for (let k = 0; k < seen; k++) {
        const from = step(x, history, t, k, n, B, K, row);
        if (!from) break;
        const own = t - k >= 0 ? dx : dhistory;
        const into = own ? step(dx, dhistory, t, k, n, B, K, row) : 0;
        const wk = w + <usize>k * row,
          dwk = dw ? dw + <usize>k * row : 0;
        let left = H,
          j: usize = 0;
        for (; left >= 4; left -= 4, j += 16)
          backward4<v128>(into ? into + j : 0, dwk ? dwk + j : 0, dyAt + j, from + j, wk + j, left);
        if (left > 0)
          backward4<f32>(into ? into + j : 0, dwk ? dwk + j : 0, dyAt + j, from + j, wk + j, left);
      }
    }
}
