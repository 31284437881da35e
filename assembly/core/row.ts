/** Maximum, sums and exponentials of a row of C floats: for softmax and cross-entropy. */
import { loadPart, storePart } from './lanes';
import { exp4 } from './math';
import { addPromoted, maxLanes, sumPair } from './sum';

/** max x. NaN is ignored here: it makes the sum of exponentials NaN. */
export function rowMax(x: usize, C: i32): f32 {
  const least = f32x4.splat(-Infinity);
  let a = least;
  let b = least;
  let left = C;
  for (; left >= 8; left -= 8, x += 32) {
    a = f32x4.pmax(a, v128.load(x));
    b = f32x4.pmax(b, v128.load(x, 16));
  }
  if (left >= 4) {
    a = f32x4.pmax(a, v128.load(x));
    left -= 4;
    x += 16;
  }
  if (left > 0) b = f32x4.pmax(b, loadPart(x, left, least));
  return maxLanes(f32x4.pmax(a, b));
}

/** Σ exp(x − shift) */
export function sumExp(x: usize, C: i32, shift: f32): f64 {
  const s = f32x4.splat(shift);
  let sum = f64x2.splat(0);
  let left = C;
  for (; left >= 16; left -= 16, x += 64) {
    const ab = f32x4.add(exp4(f32x4.sub(v128.load(x), s)), exp4(f32x4.sub(v128.load(x, 16), s)));
    const cd = f32x4.add(
      exp4(f32x4.sub(v128.load(x, 32), s)),
      exp4(f32x4.sub(v128.load(x, 48), s)),
    );
    sum = addPromoted(sum, f32x4.add(ab, cd));
  }
  for (; left >= 4; left -= 4, x += 16) sum = addPromoted(sum, exp4(f32x4.sub(v128.load(x), s)));
  if (left > 0)
    sum = addPromoted(sum, exp4(f32x4.sub(loadPart(x, left, f32x4.splat(-Infinity)), s)));
  return sumPair(sum);
}

/** y = exp(x − shift); returns Σy. y may be x. */
export function expRow(y: usize, x: usize, C: i32, shift: f32): f64 {
  const s = f32x4.splat(shift);
  let sum = f64x2.splat(0);
  let left = C;
  for (; left >= 16; left -= 16, x += 64, y += 64) {
    const a = exp4(f32x4.sub(v128.load(x), s));
    const b = exp4(f32x4.sub(v128.load(x, 16), s));
    const c = exp4(f32x4.sub(v128.load(x, 32), s));
    const d = exp4(f32x4.sub(v128.load(x, 48), s));
    v128.store(y, a);
    v128.store(y, b, 16);
    v128.store(y, c, 32);
    v128.store(y, d, 48);
    sum = addPromoted(sum, f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
  }
  for (; left >= 4; left -= 4, x += 16, y += 16) {
    const a = exp4(f32x4.sub(v128.load(x), s));
    v128.store(y, a);
    sum = addPromoted(sum, a);
  }
  if (left > 0) {
    const a = exp4(f32x4.sub(loadPart(x, left, f32x4.splat(-Infinity)), s));
    storePart(y, a, left);
    sum = addPromoted(sum, a);
  }
  return sumPair(sum);
}

/** Σ (x − shift) */
export function sumShifted(x: usize, C: i32, shift: f32): f64 {
  const s = f32x4.splat(shift);
  let sum = f64x2.splat(0);
  let left = C;
  for (; left >= 4; left -= 4, x += 16) sum = addPromoted(sum, f32x4.sub(v128.load(x), s));
  if (left > 0) sum = addPromoted(sum, f32x4.sub(loadPart(x, left, s), s));
  return sumPair(sum);
}

/** Σ a·b */
export function dot(a: usize, b: usize, C: i32): f64 {
  let sum = f64x2.splat(0);
  let left = C;
  for (; left >= 8; left -= 8, a += 32, b += 32) {
    sum = addPromoted(
      sum,
      f32x4.add(
        f32x4.mul(v128.load(a), v128.load(b)),
        f32x4.mul(v128.load(a, 16), v128.load(b, 16)),
      ),
    );
  }
  for (; left >= 4; left -= 4, a += 16, b += 16)
    sum = addPromoted(sum, f32x4.mul(v128.load(a), v128.load(b)));
  if (left > 0)
    sum = addPromoted(
      sum,
      f32x4.mul(loadPart(a, left, f32x4.splat(0)), loadPart(b, left, f32x4.splat(0))),
    );
  return sumPair(sum);
}
