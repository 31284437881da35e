/** The affine map of all rows at once, and its gradients. */
import { gemm } from './gemm';

/**
 * Y = X·Wᵀ + b + b₂
 *
 *   y  [N, O]  written
 *   x  [N, I]  read
 *   w  [O, I]  read (row o holds the weights of output o, as torch.nn.Linear)
 *   b, b2 [O]  read, or 0: absent
 */
export function linear_forward(y: usize, x: usize, w: usize, b: usize, b2: usize, scratch: usize, N: i32, I: i32, O: i32): void {
  if (b != 0 || b2 != 0) fillRows(y, b != 0 ? b : b2, b != 0 ? b2 : 0, N, O);
  gemm(y, x, w, scratch, N, O, I, O, I, 1, 1, I, <i32>(b != 0 || b2 != 0));
}

/** Each row of y = b + b₂ (b2 may be 0). */
function fillRows(y: usize, b: usize, b2: usize, N: i32, O: i32): void {
  if (N == 0) return;
  const bytes = <usize>O << 2, body = <usize>(O & ~3) << 2;
  memory.copy(y, b, bytes);
  if (b2 != 0) {
    let i: usize = 0;
    for (; i < body; i += 16) v128.store(y + i, f32x4.add(v128.load(y + i), v128.load(b2 + i)));
    for (; i < bytes; i += 4) store<f32>(y + i, load<f32>(y + i) + load<f32>(b2 + i));
  }
  for (let n = 1; n < N; n++) memory.copy(y + <usize>n * bytes, y, bytes);
}

/**
 * Gradients of Y = X·Wᵀ + b; each output may be 0: not wanted.
 *
 *   dx [N, I]  added to:  dY·W
 *   dw [O, I]  added to:  dYᵀ·X
 *   db [O]     added to:  Σ_n dY
 *   dy [N, O]  read
 */
export function linear_backward(dx: usize, dw: usize, db: usize, dy: usize, x: usize, w: usize, scratch: usize, N: i32, I: i32, O: i32): void {
  if (dx != 0) gemm(dx, dy, w, scratch, N, I, O, I, O, 1, I, 1, 1);
  if (dw != 0) gemm(dw, dy, x, scratch, O, I, N, I, 1, O, I, 1, 1);
  if (db != 0) column_sums(db, dy, N, O, O);
}

/**
 * db += Σ_n dY[n], down each column in the order of the rows.
 *
 *   db [O]     added to
 *   dy [N, O]  read, rows dyRow floats apart
 */
export function column_sums(db: usize, dy: usize, N: i32, O: i32, dyRow: i32): void {
  const row = <usize>dyRow << 2;
  let o = 0;
  for (; o + 16 <= O; o += 16) {
    const out = db + (<usize>o << 2);
    let a = f32x4.splat(0), b = a, c = a, d = a;
    let at = dy + (<usize>o << 2);
    for (let n = 0; n < N; n++, at += row) {
      a = f32x4.add(a, v128.load(at));
      b = f32x4.add(b, v128.load(at, 16));
      c = f32x4.add(c, v128.load(at, 32));
      d = f32x4.add(d, v128.load(at, 48));
    }
    v128.store(out, f32x4.add(v128.load(out), a));
    v128.store(out, f32x4.add(v128.load(out, 16), b), 16);
    v128.store(out, f32x4.add(v128.load(out, 32), c), 32);
    v128.store(out, f32x4.add(v128.load(out, 48), d), 48);
  }
  for (; o < O; o++) {
    let sum: f32 = 0;
    let at = dy + (<usize>o << 2);
    for (let n = 0; n < N; n++, at += row) sum += load<f32>(at);
    store<f32>(db + (<usize>o << 2), load<f32>(db + (<usize>o << 2)) + sum);
  }
}
