/**
 * minGRU (Feng, Tung, Ahmed, Bengio & Hajimirsadeghi 2024, "Were RNNs all we needed?"): a GRU whose
 * gates see the input alone. Its products are done for all time steps at once; what is left is a
 * scan, one multiply-add an element.
 *
 *   z = σ(a_z),   n = a_n, or g(a_n) where `positive`      (1)
 *   h_t = (1 − z)·h_{t−1} + z·n                            (2)
 *   g(x) = x + ½ for x ≥ 0, else σ(x): above 0, and so is h
 *
 * Rows of the batch are independent: (t, b) stands at t·rows + b, of which B are computed.
 */
import { backward4, forward4 } from '../core/mingru';

/**
 *   y       [T, rows, H]   written; 0 in frozen rows
 *   h       [B, H]         read as h₀, written: the last state
 *   gates   [T, rows, 2H]  read as a_z, a_n; overwritten by z, n
 *   lengths i32 [B]        row b is frozen at t ≥ lengths[b]; 0: none
 *   resets  i32 [T, rows]  1: the state before (t, b) is 0; 0: none
 *   G                      2H
 */
export function mingru_forward(
  y: usize,
  h: usize,
  gates: usize,
  lengths: usize,
  resets: usize,
  T: i32,
  B: i32,
  H: i32,
  G: i32,
  rows: i32,
  positive: i32,
): void {
  const row = (<usize>H) << 2,
    all = (<usize>G) << 2;
  for (let t = 0; t < T; t++)
    for (let b = 0; b < B; b++) {
      const place = <usize>(t * rows + b);
      let yAt = y + place * row,
        hAt = h + <usize>b * row,
        gAt = gates + place * all;
      if (lengths && t >= load<i32>(lengths + ((<usize>b) << 2))) {
        memory.fill(yAt, 0, row);
        continue;
      }
      const fresh = resets ? load<i32>(resets + (place << 2)) : 0;
      let left = H;
      for (; left >= 4; left -= 4, yAt += 16, hAt += 16, gAt += 16)
        forward4<v128>(yAt, hAt, gAt, row, fresh, positive, left);
      if (left > 0) forward4<f32>(yAt, hAt, gAt, row, fresh, positive, left);
    }
}

/**
 *   gates   [T, rows, 2H]  read as z, n; overwritten by ∂loss/∂(a_z, a_n)
 *   dh      [B, H]         read as ∂loss/∂(last state), written: ∂loss/∂h₀
 *   dy, y   [T, rows, H]   read; dy 0: there is none
 *   h0      [B, H]         read; 0: zeros
 *   the others             as in the forward
 */
export function mingru_backward(
  gates: usize,
  dh: usize,
  dy: usize,
  y: usize,
  h0: usize,
  lengths: usize,
  resets: usize,
  T: i32,
  B: i32,
  H: i32,
  G: i32,
  rows: i32,
  positive: i32,
): void {
  const row = (<usize>H) << 2,
    all = (<usize>G) << 2;
  for (let t = T - 1; t >= 0; t--)
    for (let b = 0; b < B; b++) {
      const place = <usize>(t * rows + b);
      let gAt = gates + place * all;
      if (lengths && t >= load<i32>(lengths + ((<usize>b) << 2))) {
        memory.fill(gAt, 0, all);
        continue;
      }
      const fresh = resets ? load<i32>(resets + (place << 2)) : 0;
      let before: usize = 0;
      if (!fresh) {
        if (t > 0) before = y + (place - <usize>rows) * row;
        else if (h0) before = h0 + <usize>b * row;
      }
      let dhAt = dh + <usize>b * row,
        dyAt = dy ? dy + place * row : 0;
      let left = H;
      for (; left >= 4; left -= 4, gAt += 16, dhAt += 16) {
        backward4<v128>(dhAt, dyAt, gAt, row, before, positive, left);
        if (dyAt) dyAt += 16;
        if (before) before += 16;
      }
      if (left > 0) backward4<f32>(dhAt, dyAt, gAt, row, before, positive, left);
      if (fresh) memory.fill(dh + <usize>b * row, 0, row);
    }
}
