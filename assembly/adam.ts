import { held, hold } from './core/held';
import { flush, loadLanes, squared, storeLanes } from './core/lanes';
import { madd } from './core/v128';

/**
 * d = g + λ·p                                    Kingma & Ba 2015, as torch.optim.Adam
 * m = β₁·m + (1 − β₁)·d
 * v = β₂·v + (1 − β₂)·d²
 * w = max(w, v)                                  AMSGrad (Reddi et al. 2018); otherwise w = v
 * p = p − (η/c₁)·m / (√(w/c₂) + ε)               cᵢ = 1 − βᵢᵗ after t steps, by the caller
 *
 * Decoupled (AdamW, Loshchilov & Hutter 2019): d = g, and p additionally loses η·λ·p.
 *
 *   p    [n]  updated
 *   g    [n]  read
 *   m    [n]  updated
 *   v    [n]  updated
 *   vmax [n]  w, updated; 0 without AMSGrad
 */
export function adam_step(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  vmax: usize,
  n: i32,
  lr: f64,
  beta1: f64,
  beta2: f64,
  eps: f64,
  weightDecay: f64,
  decoupled: bool,
  correction1: f64,
  correction2: f64,
): void {
  const whole = n & ~3;
  update<v128>(
    p,
    g,
    m,
    v,
    vmax,
    0,
    whole,
    lr,
    beta1,
    beta2,
    eps,
    weightDecay,
    decoupled,
    correction1,
    correction2,
  );
  if (whole < n)
    update<f32>(
      p,
      g,
      m,
      v,
      vmax,
      whole,
      n,
      lr,
      beta1,
      beta2,
      eps,
      weightDecay,
      decoupled,
      correction1,
      correction2,
    );
}

/** Places of `held`. */
const RATE = 0,
  FLOOR = 1,
  KEEP1 = 2,
  FRESH1 = 3,
  KEEP2 = 4,
  FRESH2 = 5,
  COUPLED = 6,
  SHRINK = 7;

/** Elements [from, to): whole vectors, or at most three floats (`Lanes` is f32). */
function update<Lanes>(
  p: usize,
  g: usize,
  m: usize,
  v: usize,
  vmax: usize,
  from: i32,
  to: i32,
  lr: f64,
  beta1: f64,
  beta2: f64,
  eps: f64,
  weightDecay: f64,
  decoupled: bool,
  correction1: f64,
  correction2: f64,
): void {
  // Numerator and denominator times √c₂: m·(η·√c₂/c₁) / (√w + ε·√c₂).
  const root = sqrt(correction2);
  hold(RATE, (lr * root) / correction1);
  hold(FLOOR, eps * root);
  hold(KEEP1, beta1);
  hold(FRESH1, 1 - beta1);
  hold(KEEP2, beta2);
  hold(FRESH2, 1 - beta2);
  hold(COUPLED, decoupled ? 0 : weightDecay);
  hold(SHRINK, decoupled ? lr * weightDecay : 0);
  for (let i = from; i < to; i += 4) {
    const at = (<usize>i) << 2;
    const left = to - i;
    const P = loadLanes<Lanes>(p + at, left);
    const D = madd(held(COUPLED), P, loadLanes<Lanes>(g + at, left));
    const M = flush(madd(held(KEEP1), loadLanes<Lanes>(m + at, left), f32x4.mul(held(FRESH1), D)));
    storeLanes<Lanes>(m + at, M, left);
    let V = madd(held(KEEP2), loadLanes<Lanes>(v + at, left), f32x4.mul(held(FRESH2), squared(D)));
    storeLanes<Lanes>(v + at, V, left);
    if (vmax) {
      V = f32x4.max(V, loadLanes<Lanes>(vmax + at, left));
      storeLanes<Lanes>(vmax + at, V, left);
    }
    const loss = madd(
      held(RATE),
      f32x4.div(M, f32x4.add(f32x4.sqrt(V), held(FLOOR))),
      f32x4.mul(held(SHRINK), P),
    );
    storeLanes<Lanes>(p + at, flush(f32x4.sub(P, loss)), left);
  }
}
