import { held, hold } from './core/held';
import { flush, loadLanes, squared, storeLanes } from './core/lanes';
import { madd } from './core/v128';

/**
 * d = g + λ·p                          Duchi et al. 2011, as torch.optim.Adagrad
 * s = s + d²
 * p = p − η·d / (√s + ε)               η = lr / (1 + (t − 1)·lr_decay), by the caller
 *
 *   p   [n]  updated
 *   g   [n]  read
 *   sum [n]  s, updated
 */
export function adagrad_step(
  p: usize,
  g: usize,
  sum: usize,
  n: i32,
  lr: f64,
  weightDecay: f64,
  eps: f64,
): void {
  const whole = n & ~3;
  update<v128>(p, g, sum, 0, whole, lr, weightDecay, eps);
  if (whole < n) update<f32>(p, g, sum, whole, n, lr, weightDecay, eps);
}

/** Places of `held`. */
const RATE = 0,
  DECAY = 1,
  FLOOR = 2;

/** Elements [from, to): whole vectors, or at most three floats (`Lanes` is f32). */
function update<Lanes>(
  p: usize,
  g: usize,
  sum: usize,
  from: i32,
  to: i32,
  lr: f64,
  weightDecay: f64,
  eps: f64,
): void {
  hold(RATE, -lr);
  hold(DECAY, weightDecay);
  hold(FLOOR, eps);
  for (let i = from; i < to; i += 4) {
    const at = (<usize>i) << 2;
    const left = to - i;
    const P = loadLanes<Lanes>(p + at, left);
    const D = madd(held(DECAY), P, loadLanes<Lanes>(g + at, left));
    const S = f32x4.add(loadLanes<Lanes>(sum + at, left), squared(D));
    storeLanes<Lanes>(sum + at, S, left);
    storeLanes<Lanes>(
      p + at,
      flush(madd(held(RATE), f32x4.div(D, f32x4.add(f32x4.sqrt(S), held(FLOOR))), P)),
      left,
    );
  }
}
