import { scale } from './clip';
import { loadPart, storePart } from './core/lanes';
import { exp4, log1 } from './core/math';
import { expRow, rowMax, sumExp, sumShifted } from './core/row';
import { madd } from './core/v128';

/** Bytes of a row's statistics. */
const STATS: usize = 16;

/**
 * ln p = x − ln Σⱼ exp xⱼ
 * lossₙ = −(1 − ε)·ln pₜ − ε·(1/C)·Σⱼ ln pⱼ      t = targetsₙ; 0 where t is ignoreIndex
 *
 * as torch.nn.functional.cross_entropy.
 *
 *   losses  [N]     written
 *   stats   [N]     written, but for ignored rows: 16 bytes a row for the backward, the f64
 *                   Σⱼ exp(xⱼ − max x), then the f32 max x
 *   logits  [N, C]  read: x
 *   targets [N]     i32, read
 *
 * smoothing is ε. Everything is taken relative to the row's maximum: finite for any finite logits,
 * and as accurate for large ones as for small ones.
 */
export function cross_entropy_forward(
  losses: usize,
  stats: usize,
  logits: usize,
  targets: usize,
  N: i32,
  C: i32,
  ignoreIndex: i32,
  smoothing: f32,
): void {
  const e = <f64>smoothing;
  for (
    let row = 0;
    row < N;
    row++, losses += 4, stats += STATS, targets += 4, logits += (<usize>C) << 2
  ) {
    const target = load<i32>(targets);
    if (target == ignoreIndex) {
      store<f32>(losses, 0);
      continue;
    }
    const top = rowMax(logits, C);
    const sum = sumExp(logits, C, top);
    store<f64>(stats, sum);
    store<f32>(stats, top, 8);
    const logSum = log1(<f32>sum);
    let score = (1 - e) * (<f64>load<f32>(logits + ((<usize>target) << 2)) - <f64>top);
    if (e != 0) score += (e * sumShifted(logits, C, top)) / <f64>C;
    store<f32>(losses, <f32>(<f64>logSum - score));
  }
}

/**
 * dxⱼ += dloss·(pⱼ − ε/C − (1 − ε)·[j = t]),   pⱼ = exp(xⱼ − max x) / Σₖ exp(xₖ − max x)
 *
 *   dlogits [N, C]  added to; rows whose target is ignoreIndex are left alone. May be logits: their
 *   place is then written, with 0 in such rows
 *   dloss   [N]     read: one upstream gradient for each row
 *   logits  [N, C]  read: x
 *   stats   [N]     read: as the forward wrote them
 *   targets [N]     i32, read
 */
export function cross_entropy_backward(
  dlogits: usize,
  dloss: usize,
  logits: usize,
  stats: usize,
  targets: usize,
  N: i32,
  C: i32,
  ignoreIndex: i32,
  smoothing: f32,
): void {
  const bytes = (<usize>C) << 2;
  for (
    let row = 0;
    row < N;
    row++, dlogits += bytes, logits += bytes, dloss += 4, stats += STATS, targets += 4
  ) {
    const target = load<i32>(targets);
    if (target == ignoreIndex) {
      if (dlogits == logits) memory.fill(dlogits, 0, bytes);
      continue;
    }
    const d = load<f32>(dloss);
    const factor = <f32>(<f64>d / load<f64>(stats));
    addExponentials(dlogits, logits, C, factor, load<f32>(stats, 8), (d * smoothing) / <f32>C);
    const at = dlogits + ((<usize>target) << 2);
    store<f32>(at, load<f32>(at) - d * (1 - smoothing));
  }
}

/**
 * Both at once, of ε = 0, where the gradient of the losses is known before they are: each
 * exponential is computed once.
 *
 *   losses  [N]     written
 *   logits  [N, C]  read: x; overwritten by dloss·(pⱼ − [j = t]), 0 where ignored
 *   targets [N]     i32, read
 *
 * dloss is that of every row.
 */
export function cross_entropy_both(
  losses: usize,
  logits: usize,
  targets: usize,
  N: i32,
  C: i32,
  ignoreIndex: i32,
  dloss: f32,
): void {
  const bytes = (<usize>C) << 2;
  for (let row = 0; row < N; row++, losses += 4, targets += 4, logits += bytes) {
    const target = load<i32>(targets);
    if (target == ignoreIndex) {
      store<f32>(losses, 0);
      memory.fill(logits, 0, bytes);
      continue;
    }
    const at = logits + ((<usize>target) << 2);
    const top = rowMax(logits, C),
      score = <f64>load<f32>(at) - <f64>top;
    const sum = expRow(logits, logits, C, top);
    store<f32>(losses, <f32>(<f64>log1(<f32>sum) - score));
    scale(logits, C, <f32>(<f64>dloss / sum));
    store<f32>(at, load<f32>(at) - dloss);
  }
}

/** dxⱼ += factor·exp(xⱼ − top) − base;   where dx is x: dxⱼ = … */
function addExponentials(dx: usize, x: usize, C: i32, factor: f32, top: f32, base: f32): void {
  const l = f32x4.splat(top);
  const f = f32x4.splat(factor);
  const b = f32x4.splat(base);
  const kept = i32x4.splat(dx == x ? 0 : -1); // bits of dx that count
  let left = C;
  for (; left >= 16; left -= 16, dx += 64, x += 64) {
    const p0 = exp4(f32x4.sub(v128.load(x), l));
    const p1 = exp4(f32x4.sub(v128.load(x, 16), l));
    const p2 = exp4(f32x4.sub(v128.load(x, 32), l));
    const p3 = exp4(f32x4.sub(v128.load(x, 48), l));
    v128.store(dx, madd(f, p0, f32x4.sub(v128.and(v128.load(dx), kept), b)));
    v128.store(dx, madd(f, p1, f32x4.sub(v128.and(v128.load(dx, 16), kept), b)), 16);
    v128.store(dx, madd(f, p2, f32x4.sub(v128.and(v128.load(dx, 32), kept), b)), 32);
    v128.store(dx, madd(f, p3, f32x4.sub(v128.and(v128.load(dx, 48), kept), b)), 48);
  }
  for (; left >= 4; left -= 4, dx += 16, x += 16) {
    v128.store(
      dx,
      madd(f, exp4(f32x4.sub(v128.load(x), l)), f32x4.sub(v128.and(v128.load(dx), kept), b)),
    );
  }
  if (left > 0)
    storePart(
      dx,
      madd(
        f,
        exp4(f32x4.sub(loadPart(x, left, l), l)),
        f32x4.sub(v128.and(loadPart(dx, left, b), kept), b),
      ),
      left,
    );
}

/**
 * lossₙ = −logp[n, t],   t = targetsₙ; 0 where t is ignoreIndex
 *
 *   losses  [N]     written
 *   logp    [N, C]  read: log-probabilities
 *   targets [N]     i32, read
 */
export function nll_forward(
  losses: usize,
  logp: usize,
  targets: usize,
  N: i32,
  C: i32,
  ignoreIndex: i32,
): void {
  for (let row = 0; row < N; row++, losses += 4, targets += 4, logp += (<usize>C) << 2) {
    const target = load<i32>(targets);
    store<f32>(losses, target == ignoreIndex ? 0 : -load<f32>(logp + ((<usize>target) << 2)));
  }
}

/**
 * dlogp[n, t] −= dlossₙ
 *
 *   dlogp   [N, C]  added to
 *   dloss   [N]     read
 *   targets [N]     i32, read
 */
export function nll_backward(
  dlogp: usize,
  dloss: usize,
  targets: usize,
  N: i32,
  C: i32,
  ignoreIndex: i32,
): void {
  for (let row = 0; row < N; row++, dloss += 4, targets += 4, dlogp += (<usize>C) << 2) {
    const target = load<i32>(targets);
    if (target == ignoreIndex) continue;
    const at = dlogp + ((<usize>target) << 2);
    store<f32>(at, load<f32>(at) - load<f32>(dloss));
  }
}
