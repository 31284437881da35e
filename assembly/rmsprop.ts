import { held, hold } from './core/held';
import { flush, loadLanes, squared, storeLanes } from './core/lanes';
import { madd } from './core/v128';

/**
 * Tieleman & Hinton 2012; centered: Graves 2013; as torch.optim.RMSprop.
 *
 * d = g + λ·p
 * s = α·s + (1 − α)·d²
 * a = α·a + (1 − α)·d                            only centered
 * r = d / (√(s − a²) + ε)                        a = 0 if not centered
 * b = μ·b + r,  p = p − η·b                      without momentum: p − η·r
 *
 *   p      [n]  updated
 *   g      [n]  read
 *   square [n]  s, updated
 *   mean   [n]  a, updated; 0 if not centered
 *   buffer [n]  b, updated; 0 without momentum
 *
 * s − a² is a variance: where rounding makes it negative it counts as 0.
 */
export function rmsprop_step(
  p: usize,
  g: usize,
  square: usize,
  mean: usize,
  buffer: usize,
  n: i32,
  lr: f64,
  alpha: f64,
  eps: f64,
  weightDecay: f64,
  momentum: f64,
): void {
  const whole = n & ~3;
  update<v128>(p, g, square, mean, buffer, 0, whole, lr, alpha, eps, weightDecay, momentum);
  if (whole < n)
    update<f32>(p, g, square, mean, buffer, whole, n, lr, alpha, eps, weightDecay, momentum);
}

/** Places of `held`. */
const RATE = 0,
  KEEP = 1,
  FRESH = 2,
  FLOOR = 3,
  DECAY = 4,
  MU = 5;

/** Elements [from, to): whole vectors, or at most three floats (`Lanes` is f32). */
function update<Lanes>(
  p: usize,
  g: usize,
  square: usize,
  mean: usize,
  buffer: usize,
  from: i32,
  to: i32,
  lr: f64,
  alpha: f64,
  eps: f64,
  weightDecay: f64,
  momentum: f64,
): void {
  hold(RATE, -lr);
  hold(KEEP, alpha);
  hold(FRESH, 1 - alpha);
  hold(FLOOR, eps);
  hold(DECAY, weightDecay);
  hold(MU, momentum);
  for (let i = from; i < to; i += 4) {
    const at = (<usize>i) << 2;
    const left = to - i;
    const P = loadLanes<Lanes>(p + at, left);
    const D = madd(held(DECAY), P, loadLanes<Lanes>(g + at, left));
    const S = madd(
      held(KEEP),
      loadLanes<Lanes>(square + at, left),
      f32x4.mul(held(FRESH), squared(D)),
    );
    storeLanes<Lanes>(square + at, S, left);
    let variance = S;
    if (mean) {
      const A = flush(
        madd(held(KEEP), loadLanes<Lanes>(mean + at, left), f32x4.mul(held(FRESH), D)),
      );
      storeLanes<Lanes>(mean + at, A, left);
      variance = f32x4.max(f32x4.sub(S, f32x4.mul(A, A)), f32x4.splat(0));
    }
    let R = f32x4.div(D, f32x4.add(f32x4.sqrt(variance), held(FLOOR)));
    if (buffer) {
      R = flush(madd(held(MU), loadLanes<Lanes>(buffer + at, left), R));
      storeLanes<Lanes>(buffer + at, R, left);
    }
    storeLanes<Lanes>(p + at, flush(madd(held(RATE), R, P)), left);
  }
}
