/**
 * Root-mean-square normalisation (Zhang & Sennrich 2019), as torch.nn.RMSNorm.
 *
 *   r = 1 / √((1/C)·Σ xⱼ² + ε)      (1)
 *   yⱼ = xⱼ·r·wⱼ                    (2)
 */
import { loadLanes } from '../core/lanes';
import { backward4, forward4 } from '../core/rmsnorm';
import { dot } from '../core/row';
import { addPromoted, sumPair } from '../core/sum';

/**
 *   y    [N, C]  written
 *   rrms [N]     written: r
 *   x    [N, C]  read
 *   w    [C]     read
 */
export function rms_norm_forward(
  y: usize,
  rrms: usize,
  x: usize,
  w: usize,
  N: i32,
  C: i32,
  eps: f32,
): void {
  for (let n = 0; n < N; n++, rrms += 4) {
    const r = <f32>(1 / sqrt(dot(x, x, C) / C + <f64>eps));
    store<f32>(rrms, r);
    const rr = f32x4.splat(r);
    let left = C,
      wAt = w;
    for (; left >= 4; left -= 4, y += 16, x += 16, wAt += 16) forward4<v128>(y, x, wAt, rr, left);
    if (left > 0) forward4<f32>(y, x, wAt, rr, left);
    y += (<usize>left) << 2;
    x += (<usize>left) << 2;
  }
}

/** Σ dy·w·x of a row. */
function dot3(dy: usize, w: usize, x: usize, C: i32): f64 {
  let sum = f64x2.splat(0);
  let left = C;
  for (; left >= 4; left -= 4, dy += 16, w += 16, x += 16)
    sum = addPromoted(sum, f32x4.mul(f32x4.mul(v128.load(dy), v128.load(w)), v128.load(x)));
  if (left > 0)
    sum = addPromoted(
      sum,
      f32x4.mul(
        f32x4.mul(loadLanes<f32>(dy, left), loadLanes<f32>(w, left)),
        loadLanes<f32>(x, left),
      ),
    );
  return sumPair(sum);
}

/**
 * dxⱼ += r·dyⱼ·wⱼ − xⱼ·r³·(1/C)·Σₖ dyₖ·wₖ·xₖ      (2), (1)
 * dwⱼ += Σₙ dyⱼ·xⱼ·r                              (2)
 *
 *   dx    [N, C]  added to; 0: not wanted
 *   dw    [C]     added to, row after row; 0: not wanted
 *   dy, x [N, C]  read
 *   rrms  [N]     read
 *   w     [C]     read
 */
export function rms_norm_backward(
  dx: usize,
  dw: usize,
  dy: usize,
  x: usize,
  rrms: usize,
  w: usize,
  N: i32,
  C: i32,
): void {
  const row = (<usize>C) << 2;
  for (let n = 0; n < N; n++, rrms += 4) {
    const at = <usize>n * row;
    const r = load<f32>(rrms);
    const c = <f32>((<f64>r * r * r * dot3(dy + at, w, x + at, C)) / C);
    const rr = f32x4.splat(r),
      cc = f32x4.splat(c);
    let left = C,
      j: usize = 0;
    for (; left >= 4; left -= 4, j += 16)
      backward4<v128>(
        dx ? dx + at + j : 0,
        dw ? dw + j : 0,
        dy + at + j,
        x + at + j,
        w + j,
        rr,
        cc,
        left,
      );
    if (left > 0)
      backward4<f32>(
        dx ? dx + at + j : 0,
        dw ? dw + j : 0,
        dy + at + j,
        x + at + j,
        w + j,
        rr,
        cc,
        left,
      );
  }
}
