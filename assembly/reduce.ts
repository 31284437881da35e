/**
 * Reductions along the middle axis of [outer, n, inner]: any axis of any tensor, seen as three. n ≥
 * 1. The backward of the sum is strided_gather_add with a stride of 0.
 */
import { demote, highHalf, lowHalf, sumRow } from './core/sum';

/**
 * y = Σₖ xₖ, in f64, rounded once; k ascends for inner > 1, and runs as sumRow does for inner = 1.
 *
 *   y [outer, inner]      written
 *   x [outer, n, inner]   read
 */
export function sum_forward(y: usize, x: usize, outer: i32, n: i32, inner: i32): void {
  const step: usize = inner << 2,
    slab = <usize>n * step;
  for (const last = x + <usize>outer * slab; x < last; x += slab) {
    if (inner == 1) {
      store<f32>(y, <f32>sumRow(x, n));
      y += 4;
      continue;
    }
    const end = x + step,
      body = x + ((inner & ~3) << 2),
      past = x + slab;
    let column = x;
    for (; column < body; column += 16, y += 16) {
      let low = f64x2.splat(0),
        high = f64x2.splat(0);
      for (let at = column; at < past; at += step) {
        const v = v128.load(at);
        low = f64x2.add(low, lowHalf(v));
        high = f64x2.add(high, highHalf(v));
      }
      v128.store(y, demote(low, high));
    }
    for (; column < end; column += 4, y += 4) {
      let sum: f64 = 0;
      for (let at = column; at < past; at += step) sum += load<f32>(at);
      store<f32>(y, <f32>sum);
    }
  }
}

/**
 * y = maxₖ xₖ and the first k that attains it. A NaN is greater than any number, as in PyTorch: the
 * first one wins.
 *
 *   y     [outer, inner]      written, or 0
 *   index [outer, inner] i32  written, or 0
 *   x     [outer, n, inner]   read
 */
export function max_forward(
  y: usize,
  index: usize,
  x: usize,
  outer: i32,
  n: i32,
  inner: i32,
): void {
  const step: usize = inner << 2,
    slab = <usize>n * step;
  let to: usize = 0; // offset into y and index
  for (const last = x + <usize>outer * slab; x < last; x += slab) {
    const end = x + step,
      body = x + ((inner & ~3) << 2);
    let column = x;
    for (; column < body; column += 16, to += 16) {
      let most = v128.load(column),
        which = i32x4.splat(0);
      for (let k = 1, at = column + step; k < n; k++, at += step) {
        const v = v128.load(at);
        // v > most or v is NaN, but never once most is NaN: !(v ≤ most) and most = most
        const better = v128.andnot(f32x4.eq(most, most), f32x4.le(v, most));
        most = v128.bitselect(v, most, better);
        which = v128.bitselect(i32x4.splat(k), which, better);
      }
      if (y) v128.store(y + to, most);
      if (index) v128.store(index + to, which);
    }
    for (; column < end; column += 4, to += 4) {
      let most = load<f32>(column),
        which = 0;
      for (let k = 1, at = column + step; k < n; k++, at += step) {
        const v = load<f32>(at);
        if (!(v <= most) && most == most) {
          most = v;
          which = k;
        }
      }
      if (y) store<f32>(y + to, most);
      if (index) store<i32>(index + to, which);
    }
  }
}

/**
 * dx[·, index, ·] += dy
 *
 *   dx    [outer, n, inner]   added to
 *   dy    [outer, inner]      read
 *   index [outer, inner] i32  read
 */
export function max_backward(
  dx: usize,
  dy: usize,
  index: usize,
  outer: i32,
  n: i32,
  inner: i32,
): void {
  const step: usize = inner << 2,
    slab = <usize>n * step;
  for (const last = dx + <usize>outer * slab; dx < last; dx += slab) {
    for (let column = dx; column < dx + step; column += 4, dy += 4, index += 4) {
      const at = column + <usize>load<i32>(index) * step;
      store<f32>(at, load<f32>(at) + load<f32>(dy));
    }
  }
}
