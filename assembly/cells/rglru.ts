/**
 * The real-gated linear recurrent unit (De et al. 2024, "Griffin: mixing gated linear recurrences
 * with local attention for efficient language models"; details as google-deepmind/recurrentgemma).
 *
 *   r = σ(a_r),  i = σ(a_i)                 (1)
 *   a = exp(−8·r·s),  s = softplus(Λ)       (2)
 *   m = √(1 − a²)                           (3)
 *   h_t = a·h_{t−1} + m·i·x                 (4)
 *
 * Rows of the batch are independent: (t, b) stands at t·rows + b, of which B are computed.
 */
import { backward4, forward4 } from '../core/rglru';

/**
 *   y       [T, rows, H]   written; 0 in frozen rows
 *   h       [B, H]         read as h₀, written: the last state
 *   gates   [T, rows, 2H]  read as a_r, a_i; overwritten by r, i
 *   x       [T, rows, H]   read
 *   s       [H]            read: softplus(Λ)
 *   lengths i32 [B]        row b is frozen at t ≥ lengths[b]; 0: none
 *   resets  i32 [T, rows]  1: the state before (t, b) is 0; 0: none
 *   G                      2H
 */
export function rglru_forward(
  y: usize,
  h: usize,
  gates: usize,
  x: usize,
  s: usize,
  lengths: usize,
  resets: usize,
  T: i32,
  B: i32,
  H: i32,
  G: i32,
  rows: i32,
): void {
  const row = (<usize>H) << 2,
    all = (<usize>G) << 2;
  for (let t = 0; t < T; t++)
    for (let b = 0; b < B; b++) {
      const place = <usize>(t * rows + b);
      let yAt = y + place * row,
        hAt = h + <usize>b * row,
        gAt = gates + place * all,
        xAt = x + place * row,
        sAt = s;
      if (lengths && t >= load<i32>(lengths + ((<usize>b) << 2))) {
        memory.fill(yAt, 0, row);
        continue;
      }
      const fresh = resets ? load<i32>(resets + (place << 2)) : 0;
      let left = H;
      for (; left >= 4; left -= 4, yAt += 16, hAt += 16, gAt += 16, xAt += 16, sAt += 16)
        forward4<v128>(yAt, hAt, gAt, row, xAt, sAt, fresh, left);
      if (left > 0) forward4<f32>(yAt, hAt, gAt, row, xAt, sAt, fresh, left);
    }
}

/**
 *   gates   [T, rows, 2H]  read as r, i; overwritten by ∂loss/∂(a_r, a_i)
 *   dx      [T, rows, H]   added to
 *   ds      [T, rows, H]   written: ∂loss/∂s of each step, to be summed over all of them
 *   dh      [B, H]         read as ∂loss/∂(last state), written: ∂loss/∂h₀
 *   dy, y   [T, rows, H]   read; dy 0: there is none
 *   x, s, h0               read, as in the forward; h0 0: zeros
 *   the others             as in the forward
 */
export function rglru_backward(
  gates: usize,
  dx: usize,
  ds: usize,
  dh: usize,
  dy: usize,
  y: usize,
  x: usize,
  s: usize,
  h0: usize,
  lengths: usize,
  resets: usize,
  T: i32,
  B: i32,
  H: i32,
  G: i32,
  rows: i32,
): void {
  const row = (<usize>H) << 2,
    all = (<usize>G) << 2;
  for (let t = T - 1; t >= 0; t--)
    for (let b = 0; b < B; b++) {
      const place = <usize>(t * rows + b);
      let gAt = gates + place * all,
        dsAt = ds + place * row;
      if (lengths && t >= load<i32>(lengths + ((<usize>b) << 2))) {
        memory.fill(gAt, 0, all);
        memory.fill(dsAt, 0, row);
        continue;
      }
      const fresh = resets ? load<i32>(resets + (place << 2)) : 0;
      let before: usize = 0;
      if (!fresh) {
        if (t > 0) before = y + (place - <usize>rows) * row;
        else if (h0) before = h0 + <usize>b * row;
      }
      let dhAt = dh + <usize>b * row,
        dyAt = dy ? dy + place * row : 0,
        dxAt = dx + place * row,
        xAt = x + place * row,
        sAt = s;
      let left = H;
      for (
        ;
        left >= 4;
        left -= 4, gAt += 16, dsAt += 16, dhAt += 16, dxAt += 16, xAt += 16, sAt += 16
      ) {
        backward4<v128>(dxAt, dsAt, dhAt, dyAt, gAt, row, xAt, sAt, before, left);
        if (dyAt) dyAt += 16;
        if (before) before += 16;
      }
      if (left > 0) backward4<f32>(dxAt, dsAt, dhAt, dyAt, gAt, row, xAt, sAt, before, left);
      if (fresh) memory.fill(dh + <usize>b * row, 0, row);
    }
}
