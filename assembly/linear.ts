/**
 * The linear layer, over N rows.
 *
 *   Y = X·Wᵀ + b        (1)
 */
import { gemm, product, ZEROS } from './gemm';

/**
 * (1)
 *
 *   y  [N, O]  written
 *   x  [N, I]  read
 *   w  [O, I]  read (row o holds the weights of output o, as torch.nn.Linear)
 *   b  [O]     read, or 0
 *   scratch    `gemm_scratch` bytes
 */
export function linear_forward(
  y: usize,
  x: usize,
  w: usize,
  b: usize,
  scratch: usize,
  N: i32,
  I: i32,
  O: i32,
): void {
  product(y, b ? b : ZEROS, 0, b ? 4 : 0, x, w, scratch, N, O, I, O, I, 1, 1, I);
}

/**
 * The gradients of (1). Each of dx, dw, db may be 0: not wanted.
 *
 *   dx [N, I]  added to: dY·W
 *   dw [O, I]  added to: dYᵀ·X
 *   db [O]     added to: Σₙ dY
 *   dy [N, O]  read
 *   x  [N, I]  read
 *   w  [O, I]  read
 *   scratch    `gemm_scratch` bytes
 */
export function linear_backward(
  dx: usize,
  dw: usize,
  db: usize,
  dy: usize,
  x: usize,
  w: usize,
  scratch: usize,
  N: i32,
  I: i32,
  O: i32,
): void {
  if (dx != 0) gemm(dx, dy, w, scratch, N, I, O, I, O, 1, I, 1, 1);
  if (dw != 0) gemm(dw, dy, x, scratch, O, I, N, I, 1, O, I, 1, 1);
  if (db != 0) column_sums(db, dy, N, O, O);
}

/**
 * db[o] += Σₙ dy[n, o], from the first row to the last.
 *
 *   db [O]     added to
 *   dy [N, O]  read, rows `dyRow` apart
 */
export function column_sums(db: usize, dy: usize, N: i32, O: i32, dyRow: i32): void {
  const step = (<usize>dyRow) << 2;
  let o = 0;
  for (; o + 16 <= O; o += 16, db += 64, dy += 64) {
    let s0 = f32x4.splat(0),
      s1 = s0,
      s2 = s0,
      s3 = s0;
    for (let n = N, p = dy; n >= 1; n--, p += step) {
      s0 = f32x4.add(s0, v128.load(p));
      s1 = f32x4.add(s1, v128.load(p, 16));
      s2 = f32x4.add(s2, v128.load(p, 32));
      s3 = f32x4.add(s3, v128.load(p, 48));
    }
    v128.store(db, f32x4.add(v128.load(db), s0));
    v128.store(db, f32x4.add(v128.load(db, 16), s1), 16);
    v128.store(db, f32x4.add(v128.load(db, 32), s2), 32);
    v128.store(db, f32x4.add(v128.load(db, 48), s3), 48);
  }
  for (; o + 4 <= O; o += 4, db += 16, dy += 16) {
    let sum = f32x4.splat(0);
    for (let n = N, p = dy; n >= 1; n--, p += step) sum = f32x4.add(sum, v128.load(p));
    v128.store(db, f32x4.add(v128.load(db), sum));
  }
  for (; o < O; o++, db += 4, dy += 4) {
    let sum: f32 = 0;
    for (let n = N, p = dy; n >= 1; n--, p += step) sum += load<f32>(p);
    store<f32>(db, load<f32>(db) + sum);
  }
}
