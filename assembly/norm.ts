import { loadPart, storePart } from './core/lanes';
import { sumShifted } from './core/row';
import { addPromoted, sumPair } from './core/sum';
import { madd } from './core/v128';

/**
 * μ = (1/C)·Σ xⱼ                         Ba, Kiros & Hinton 2016, as torch.nn.LayerNorm
 * r = 1 / √((1/C)·Σ (xⱼ − μ)² + ε)
 * x̂ⱼ = (xⱼ − μ)·r                        (1)
 * yⱼ = x̂ⱼ·wⱼ + bⱼ                        (2)
 *
 *   y    [N, C]  written; may be x
 *   mean [N]     written: μ
 *   rstd [N]     written: r
 *   x    [N, C]  read
 *   w, b [C]     read; 0: ones, zeros
 */
export function layer_norm_forward(
  y: usize,
  mean: usize,
  rstd: usize,
  x: usize,
  w: usize,
  b: usize,
  N: i32,
  C: i32,
  eps: f32,
): void {
  const bytes = (<usize>C) << 2;
  for (let row = 0; row < N; row++, x += bytes, y += bytes, mean += 4, rstd += 4) {
    const m = <f32>(sumShifted(x, C, 0) / C);
    const r = <f32>(1 / sqrt(sumSquaresShifted(x, C, m) / C + <f64>eps));
    store<f32>(mean, m);
    store<f32>(rstd, r);
    normalize(y, x, w, b, C, m, r);
  }
}

/** Σ (x − shift)² */
function sumSquaresShifted(x: usize, C: i32, shift: f32): f64 {
  const s = f32x4.splat(shift);
  let sum = f64x2.splat(0);
  let left = C;
  for (; left >= 4; left -= 4, x += 16) {
    const d = f32x4.sub(v128.load(x), s);
    sum = addPromoted(sum, f32x4.mul(d, d));
  }
  if (left > 0) {
    const d = f32x4.sub(loadPart(x, left, s), s);
    sum = addPromoted(sum, f32x4.mul(d, d));
  }
  return sumPair(sum);
}

/** (1) and (2) of one row. */
function normalize(y: usize, x: usize, w: usize, b: usize, C: i32, mean: f32, rstd: f32): void {
  const m = f32x4.splat(mean);
  const r = f32x4.splat(rstd);
  let j = 0;
  for (; j + 4 <= C; j += 4) {
    const at = (<usize>j) << 2;
    let v = f32x4.mul(f32x4.sub(v128.load(x + at), m), r);
    if (w) v = f32x4.mul(v, v128.load(w + at));
    if (b) v = f32x4.add(v, v128.load(b + at));
    v128.store(y + at, v);
  }
  for (; j < C; j++) {
    const at = (<usize>j) << 2;
    let v = (load<f32>(x + at) - mean) * rstd;
    if (w) v *= load<f32>(w + at);
    if (b) v += load<f32>(b + at);
    store<f32>(y + at, v);
  }
}

/**
 * dx̂ⱼ = dyⱼ·wⱼ                                                      (2)
 * dxⱼ += r·(dx̂ⱼ − (1/C)·Σₖ dx̂ₖ − x̂ⱼ·(1/C)·Σₖ dx̂ₖ·x̂ₖ)                (1)
 * dwⱼ += Σₙ dyⱼ·x̂ⱼ,   dbⱼ += Σₙ dyⱼ                                  (2)
 *
 *   dx         [N, C]  added to; 0: not wanted
 *   dw, db     [C]     added to, row after row; 0: not wanted
 *   dy, x      [N, C]  read
 *   mean, rstd [N]     read
 *   w          [C]     read; 0: ones
 */
export function layer_norm_backward(
  dx: usize,
  dw: usize,
  db: usize,
  dy: usize,
  x: usize,
  mean: usize,
  rstd: usize,
  w: usize,
  N: i32,
  C: i32,
): void {
  const bytes = (<usize>C) << 2;
  for (let row = 0; row < N; row++, dy += bytes, x += bytes, mean += 4, rstd += 4) {
    const m = load<f32>(mean);
    const r = load<f32>(rstd);
    if (dw || db) addParameters(dw, db, dy, x, C, m, r);
    if (dx) {
      addInput(dx, dy, x, w, C, m, r);
      dx += bytes;
    }
  }
}

/** (2) of one row, for w and b. */
function addParameters(
  dw: usize,
  db: usize,
  dy: usize,
  x: usize,
  C: i32,
  mean: f32,
  rstd: f32,
): void {
  const m = f32x4.splat(mean);
  const r = f32x4.splat(rstd);
  let j = 0;
  for (; j + 4 <= C; j += 4) {
    const at = (<usize>j) << 2;
    const d = v128.load(dy + at);
    if (dw)
      v128.store(
        dw + at,
        madd(d, f32x4.mul(f32x4.sub(v128.load(x + at), m), r), v128.load(dw + at)),
      );
    if (db) v128.store(db + at, f32x4.add(v128.load(db + at), d));
  }
  for (; j < C; j++) {
    const at = (<usize>j) << 2;
    const d = load<f32>(dy + at);
    if (dw) store<f32>(dw + at, load<f32>(dw + at) + d * ((load<f32>(x + at) - mean) * rstd));
    if (db) store<f32>(db + at, load<f32>(db + at) + d);
  }
}

/** (2) and (1) of one row, for x. */
function addInput(dx: usize, dy: usize, x: usize, w: usize, C: i32, mean: f32, rstd: f32): void {
  const m = f32x4.splat(mean);
  const r = f32x4.splat(rstd);
  const one = f32x4.splat(1);
  const whole = C & ~3;
  const left = C - whole;
  const rest = (<usize>whole) << 2;
  let sums = f64x2.splat(0);
  let dots = f64x2.splat(0);
  for (let at: usize = 0; at < rest; at += 16) {
    const d = w ? f32x4.mul(v128.load(dy + at), v128.load(w + at)) : v128.load(dy + at);
    sums = addPromoted(sums, d);
    dots = addPromoted(dots, f32x4.mul(d, f32x4.mul(f32x4.sub(v128.load(x + at), m), r)));
  }
  let tailD = f32x4.splat(0);
  let tailX = tailD;
  if (left > 0) {
    tailD = loadPart(dy + rest, left, tailD);
    if (w) tailD = f32x4.mul(tailD, loadPart(w + rest, left, one));
    tailX = f32x4.mul(f32x4.sub(loadPart(x + rest, left, m), m), r);
    sums = addPromoted(sums, tailD);
    dots = addPromoted(dots, f32x4.mul(tailD, tailX));
  }
  const meanD = f32x4.splat(<f32>(sumPair(sums) / C));
  const meanDot = f32x4.splat(<f32>(sumPair(dots) / C));
  for (let at: usize = 0; at < rest; at += 16) {
    const d = w ? f32x4.mul(v128.load(dy + at), v128.load(w + at)) : v128.load(dy + at);
    const h = f32x4.mul(f32x4.sub(v128.load(x + at), m), r);
    v128.store(
      dx + at,
      madd(r, f32x4.sub(f32x4.sub(d, meanD), f32x4.mul(h, meanDot)), v128.load(dx + at)),
    );
  }
  if (left > 0) {
    storePart(
      dx + rest,
      madd(
        r,
        f32x4.sub(f32x4.sub(tailD, meanD), f32x4.mul(tailX, meanDot)),
        loadPart(dx + rest, left, one),
      ),
      left,
    );
  }
}
