import { scale } from './clip';
import { loadPart, storePart } from './core/lanes';
import { exp4, log1 } from './core/math';
import { dot, expRow, rowMax, sumExp, sumShifted } from './core/row';
import { madd } from './core/v128';

/**
 * yⱼ = exp(xⱼ − max x) / Σₖ exp(xₖ − max x), row by row
 *
 *   y [N, C]  written; may be x
 *   x [N, C]  read
 */
export function softmax_forward(y: usize, x: usize, N: i32, C: i32): void {
  const bytes = (<usize>C) << 2;
  for (let row = 0; row < N; row++, x += bytes, y += bytes)
    scale(y, C, <f32>(1 / expRow(y, x, C, rowMax(x, C))));
}

/**
 * dxⱼ += yⱼ·(dyⱼ − Σₖ dyₖ·yₖ)
 *
 *   dx [N, C]  added to
 *   dy [N, C]  read
 *   y  [N, C]  read
 */
export function softmax_backward(dx: usize, dy: usize, y: usize, N: i32, C: i32): void {
  for (let row = 0; row < N; row++) {
    const s = f32x4.splat(<f32>dot(dy, y, C));
    let left = C;
    for (; left >= 4; left -= 4, dx += 16, dy += 16, y += 16) {
      v128.store(dx, madd(v128.load(y), f32x4.sub(v128.load(dy), s), v128.load(dx)));
    }
    if (left > 0) {
      storePart(
        dx,
        madd(loadPart(y, left, s), f32x4.sub(loadPart(dy, left, s), s), loadPart(dx, left, s)),
        left,
      );
      const rest = (<usize>left) << 2;
      dx += rest;
      dy += rest;
      y += rest;
    }
  }
}

/**
 * yⱼ = (xⱼ − max x) − ln Σₖ exp(xₖ − max x), row by row
 *
 *   y [N, C]  written; may be x
 *   x [N, C]  read
 */
export function log_softmax_forward(y: usize, x: usize, N: i32, C: i32): void {
  for (let row = 0; row < N; row++) {
    const top = rowMax(x, C);
    const m = f32x4.splat(top);
    const l = f32x4.splat(log1(<f32>sumExp(x, C, top)));
    let left = C;
    for (; left >= 4; left -= 4, x += 16, y += 16)
      v128.store(y, f32x4.sub(f32x4.sub(v128.load(x), m), l));
    if (left > 0) {
      storePart(y, f32x4.sub(f32x4.sub(loadPart(x, left, m), m), l), left);
      const rest = (<usize>left) << 2;
      x += rest;
      y += rest;
    }
  }
}

/**
 * dxⱼ += dyⱼ − exp(yⱼ)·Σₖ dyₖ
 *
 *   dx [N, C]  added to
 *   dy [N, C]  read
 *   y  [N, C]  read: log-probabilities
 */
export function log_softmax_backward(dx: usize, dy: usize, y: usize, N: i32, C: i32): void {
  for (let row = 0; row < N; row++) {
    const s = f32x4.splat(<f32>-sumShifted(dy, C, 0));
    let left = C;
    for (; left >= 8; left -= 8, dx += 32, dy += 32, y += 32) {
      const a = madd(s, exp4(v128.load(y)), v128.load(dy));
      const b = madd(s, exp4(v128.load(y, 16)), v128.load(dy, 16));
      v128.store(dx, f32x4.add(v128.load(dx), a));
      v128.store(dx, f32x4.add(v128.load(dx, 16), b), 16);
    }
    for (; left >= 4; left -= 4, dx += 16, dy += 16, y += 16) {
      v128.store(dx, f32x4.add(v128.load(dx), madd(s, exp4(v128.load(y)), v128.load(dy))));
    }
    if (left > 0) {
      storePart(
        dx,
        f32x4.add(
          loadPart(dx, left, s),
          madd(s, exp4(loadPart(y, left, s)), loadPart(dy, left, s)),
        ),
        left,
      );
      const rest = (<usize>left) << 2;
      dx += rest;
      dy += rest;
      y += rest;
    }
  }
}
