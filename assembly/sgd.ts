import { held, hold } from './core/held';
import { flush, loadLanes, storeLanes } from './core/lanes';
import { madd } from './core/v128';

/**
 * As torch.optim.SGD: lr η, momentum μ, dampening τ, weight decay λ.
 *
 * d = g + λ·p
 * b = μ·b + (1 − τ)·d        (first step: b = d)
 * p = p − η·(d + μ·b if nesterov, else b)        without momentum: p − η·d
 *
 *   p      [n]  updated
 *   g      [n]  read
 *   buffer [n]  b, updated (written when `first`); 0 without momentum
 */
export function sgd_step(
  p: usize,
  g: usize,
  buffer: usize,
  n: i32,
  lr: f64,
  momentum: f64,
  dampening: f64,
  weightDecay: f64,
  nesterov: bool,
  first: bool,
): void {
  const whole = n & ~3;
  update<v128>(p, g, buffer, 0, whole, lr, momentum, dampening, weightDecay, nesterov, first);
  if (whole < n)
    update<f32>(p, g, buffer, whole, n, lr, momentum, dampening, weightDecay, nesterov, first);
}

/** Places of `held`. */
const RATE = 0,
  MU = 1,
  FRESH = 2,
  DECAY = 3;

/** Elements [from, to): whole vectors, or at most three floats (`Lanes` is f32). */
function update<Lanes>(
  p: usize,
  g: usize,
  buffer: usize,
  from: i32,
  to: i32,
  lr: f64,
  momentum: f64,
  dampening: f64,
  weightDecay: f64,
  nesterov: bool,
  first: bool,
): void {
  hold(RATE, -lr);
  hold(MU, momentum);
  hold(FRESH, 1 - dampening);
  hold(DECAY, weightDecay);
  for (let i = from; i < to; i += 4) {
    const at = (<usize>i) << 2;
    const left = to - i;
    const P = loadLanes<Lanes>(p + at, left);
    let D = madd(held(DECAY), P, loadLanes<Lanes>(g + at, left));
    if (buffer) {
      const B = flush(
        first ? D : madd(held(MU), loadLanes<Lanes>(buffer + at, left), f32x4.mul(held(FRESH), D)),
      );
      storeLanes<Lanes>(buffer + at, B, left);
      D = nesterov ? madd(held(MU), B, D) : B;
    }
    storeLanes<Lanes>(p + at, flush(madd(held(RATE), D, P)), left);
  }
}
