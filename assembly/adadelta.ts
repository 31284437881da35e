import { held, hold } from './core/held';
import { flush, loadLanes, squared, storeLanes } from './core/lanes';
import { madd } from './core/v128';

/**
 * d = g + λ·p                                    Zeiler 2012, as torch.optim.Adadelta
 * s = ρ·s + (1 − ρ)·d²
 * r = √((u + ε) / (s + ε))·d
 * u = ρ·u + (1 − ρ)·r²
 * p = p − η·r
 *
 *   p      [n]  updated
 *   g      [n]  read
 *   square [n]  s, updated
 *   delta  [n]  u, updated
 */
export function adadelta_step(
  p: usize,
  g: usize,
  square: usize,
  delta: usize,
  n: i32,
  lr: f64,
  rho: f64,
  eps: f64,
  weightDecay: f64,
): void {
  const whole = n & ~3;
  update<v128>(p, g, square, delta, 0, whole, lr, rho, eps, weightDecay);
  if (whole < n) update<f32>(p, g, square, delta, whole, n, lr, rho, eps, weightDecay);
}

/** Places of `held`. */
const RATE = 0,
  KEEP = 1,
  FRESH = 2,
  FLOOR = 3,
  DECAY = 4;

/** Elements [from, to): whole vectors, or at most three floats (`Lanes` is f32). */
function update<Lanes>(
  p: usize,
  g: usize,
  square: usize,
  delta: usize,
  from: i32,
  to: i32,
  lr: f64,
  rho: f64,
  eps: f64,
  weightDecay: f64,
): void {
  hold(RATE, -lr);
  hold(KEEP, rho);
  hold(FRESH, 1 - rho);
  hold(FLOOR, eps);
  hold(DECAY, weightDecay);
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
    const U = loadLanes<Lanes>(delta + at, left);
    const R = f32x4.mul(
      f32x4.sqrt(f32x4.div(f32x4.add(U, held(FLOOR)), f32x4.add(S, held(FLOOR)))),
      D,
    );
    storeLanes<Lanes>(delta + at, madd(held(KEEP), U, f32x4.mul(held(FRESH), squared(R))), left);
    storeLanes<Lanes>(p + at, flush(madd(held(RATE), R, P)), left);
  }
}
