/** Losses element by element, [n] each; the caller takes the mean or the sum. */
import { log1pExp1, log1pExp4, sigmoid1, sigmoid4 } from './core/math';

/** y = (a − b)².   y written */
export function mse_forward(y: usize, a: usize, b: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i < body; i += 16) {
    const d = f32x4.sub(v128.load(a + i), v128.load(b + i));
    v128.store(y + i, f32x4.mul(d, d));
  }
  for (; i < end; i += 4) {
    const d = load<f32>(a + i) - load<f32>(b + i);
    store<f32>(y + i, d * d);
  }
}

/**
 * With g = 2·dy·(a − b):
 *
 *   da += g    added to, or 0
 *   db −= g    added to, or 0
 */
export function mse_backward(da: usize, db: usize, dy: usize, a: usize, b: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i < body; i += 16) {
    const d = f32x4.sub(v128.load(a + i), v128.load(b + i));
    const g = f32x4.mul(v128.load(dy + i), f32x4.add(d, d));
    if (da) v128.store(da + i, f32x4.add(v128.load(da + i), g));
    if (db) v128.store(db + i, f32x4.sub(v128.load(db + i), g));
  }
  for (; i < end; i += 4) {
    const d = load<f32>(a + i) - load<f32>(b + i);
    const g = load<f32>(dy + i) * (d + d);
    if (da) store<f32>(da + i, load<f32>(da + i) + g);
    if (db) store<f32>(db + i, load<f32>(db + i) - g);
  }
}

/**
 * Binary cross-entropy of logits x against targets t in [0, 1]:
 *
 *   y = −t·ln σ(x) − (1 − t)·ln(1 − σ(x)) = (max(x, 0) − x·t) + ln(1 + e^−|x|)
 *
 * It is finite for every finite x.
 *
 *   y [n]  written
 */
export function bce_logits_forward(y: usize, x: usize, t: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  const zero = f32x4.splat(0);
  let i: usize = 0;
  for (; i < body; i += 16) {
    const v = v128.load(x + i);
    v128.store(
      y + i,
      f32x4.add(f32x4.sub(f32x4.pmax(v, zero), f32x4.mul(v, v128.load(t + i))), log1pExp4(v)),
    );
  }
  for (; i < end; i += 4) {
    const v = load<f32>(x + i);
    store<f32>(y + i, (v < 0 ? 0 : v) - v * load<f32>(t + i) + log1pExp1(v));
  }
}

/** dx += dy·(σ(x) − t) */
export function bce_logits_backward(dx: usize, dy: usize, x: usize, t: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i < body; i += 16) {
    const g = f32x4.mul(v128.load(dy + i), f32x4.sub(sigmoid4(v128.load(x + i)), v128.load(t + i)));
    v128.store(dx + i, f32x4.add(v128.load(dx + i), g));
  }
  for (; i < end; i += 4) {
    store<f32>(
      dx + i,
      load<f32>(dx + i) + load<f32>(dy + i) * (sigmoid1(load<f32>(x + i)) - load<f32>(t + i)),
    );
  }
}
