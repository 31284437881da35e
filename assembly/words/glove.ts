/**
 * GloVe over a list of pairs (Pennington, Socher & Manning 2014): weighted least squares on the
 * logarithms of co-occurrence counts, by AdaGrad, one pair after the other.
 *
 *   d = ⟨w, c⟩ + b_w + b_c − ln x,   loss += ½·f(x)·d²
 *   g_w = f(x)·d·c,   g_c = f(x)·d·w,   g_b = f(x)·d
 *   t = α·g,   p −= t·s,   s = s / √(1 + (t·s)²)   for each parameter p; s begins at 1
 *
 * s stands for 1 / √G, G the sum of all t²: neither a root nor a division is needed as long as t·s
 * is small, where a series gives 1 / √(1 + u).
 *
 * Elements of g are limited to ±100, and biases move without the factor α, both as in Stanford's
 * glove.c: with the factor, similarities agree less with people's (WordSim-353 0.433 against 0.458
 * after 15 epochs of 30 MB).
 */
import { madd, sumLanes } from '../core/v128';

/** What one thread trains, in the memory: 4 bytes each, unless said. */
@unmanaged
class Pairs {
  /** [count, 4] row of w, row of c (i32), ln x, f(x) (f32). */
  list: usize;
  count: i32;
  /** Rows of words and of contexts: [p, s of p, b, s of b, 0, 0]; `row` bytes each. */
  words: usize;
  contexts: usize;
  /** Bytes of p: a multiple of 16. */
  size: usize;
  /** Bytes of a row: 2·size + 16. */
  row: usize;
  /** α */
  rate: f32;
  unused: i32;
  /** Σ ½·f(x)·d², f64, written. */
  loss: f64;
}

/** Elements of a gradient are at most this. */
const MOST: f32 = 100;

/** Bytes of a record. */
export function glove_record(): usize {
  return offsetof<Pairs>();
}

/** Trains on the pairs of each of the shards, one after the other. */
export function glove_train(records: usize, shards: i32): void {
  for (let s = 0; s < shards; s++) train(changetype<Pairs>(records + <usize>s * offsetof<Pairs>()));
}

function train(pairs: Pairs): void {
  const words = pairs.words;
  const contexts = pairs.contexts;
  const size = pairs.size;
  const row = pairs.row;
  const rate = pairs.rate;
  let loss: f64 = 0;
  const end = pairs.list + ((<usize>pairs.count) << 4);
  for (let at = pairs.list; at < end; at += 16) {
    const w = words + row * <usize>load<i32>(at);
    const c = contexts + row * <usize>load<i32>(at, 4);
    const bw = w + 2 * size;
    const bc = c + 2 * size;
    const d = dot(w, c, size) + load<f32>(bw) + load<f32>(bc) - load<f32>(at, 8);
    const f = load<f32>(at, 12) * d;
    loss += <f64>(0.5 * f * d);
    move(w, c, size, f, rate);
    const t = min(max(f, -MOST), MOST);
    bias(bw, t);
    bias(bc, t);
  }
  pairs.loss = loss;
}

function dot(x: usize, y: usize, size: usize): f32 {
  let a = f32x4.splat(0);
  let b = a;
  const end = x + (size & ~31);
  for (; x < end; x += 32, y += 32) {
    a = madd(v128.load(x), v128.load(y), a);
    b = madd(v128.load(x, 16), v128.load(y, 16), b);
  }
  if (size & 16) a = madd(v128.load(x), v128.load(y), a);
  return sumLanes(f32x4.add(a, b));
}

function bias(at: usize, t: f32): void {
  const s = load<f32>(at, 4);
  const v = t * s;
  store<f32>(at, load<f32>(at) - v);
  store<f32>(at, s / sqrt<f32>(1 + v * v), 4);
}

/** Coefficients of the series of 1 / √(1 + u), and up to which u it has all digits of an f32. */
const SERIES = memory.data<f32>([-0.5, 0.375, -0.3125, 0.015625]);

/** All elements of both rows. */
function move(x: usize, y: usize, size: usize, f: f32, rate: f32): void {
  const alpha = f32x4.splat(f * rate);
  const most = f32x4.splat(MOST * rate);
  const least = f32x4.splat(-MOST * rate);
  const c1 = v128.load32_splat(SERIES);
  const c2 = v128.load32_splat(SERIES, 4);
  const c3 = v128.load32_splat(SERIES, 8);
  const small = v128.load32_splat(SERIES, 12);
  const one = f32x4.splat(1);
  for (const end = x + size; x < end; x += 16, y += 16) {
    const p = v128.load(x);
    const q = v128.load(y);
    const sx = v128.load(x + size);
    const sy = v128.load(y + size);
    const vx = f32x4.mul(f32x4.pmax(f32x4.pmin(f32x4.mul(alpha, q), most), least), sx);
    const vy = f32x4.mul(f32x4.pmax(f32x4.pmin(f32x4.mul(alpha, p), most), least), sy);
    const ux = f32x4.mul(vx, vx);
    const uy = f32x4.mul(vy, vy);
    v128.store(x, f32x4.sub(p, vx));
    v128.store(y, f32x4.sub(q, vy));
    if (v128.any_true(f32x4.gt(f32x4.pmax(ux, uy), small))) {
      v128.store(x + size, f32x4.div(sx, f32x4.sqrt(f32x4.add(one, ux))));
      v128.store(y + size, f32x4.div(sy, f32x4.sqrt(f32x4.add(one, uy))));
    } else {
      v128.store(x + size, madd(f32x4.mul(madd(madd(c3, ux, c2), ux, c1), ux), sx, sx));
      v128.store(y + size, madd(f32x4.mul(madd(madd(c3, uy, c2), uy, c1), uy), sy, sy));
    }
  }
}
