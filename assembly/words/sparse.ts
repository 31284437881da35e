import { madd } from '../core/v128';

/**
 * Y = A·X, A sparse in compressed rows: row m has the values starts[m] … starts[m + 1] − 1
 *
 *   y       [M, K]    written
 *   starts  [M + 1]   i32, read
 *   columns [nonzeros] i32 in 0 … N − 1, read
 *   values  [nonzeros] read
 *   x       [N, K]    read
 *
 * Threads share out the rows: `starts` moves, the arrays that it points into stay. The number of
 * nonzeros is what they estimate the work by.
 */
export function csr_dense(
  y: usize,
  starts: usize,
  columns: usize,
  values: usize,
  x: usize,
  M: i32,
  K: i32,
  // biome-ignore lint/correctness/noUnusedFunctionParameters: threads estimate the work by it
  nonzeros: i32,
): void {
  const row = (<usize>K) << 2;
  for (let m = 0; m < M; m++, y += row, starts += 4) {
    const from = (<usize>load<i32>(starts)) << 2;
    const to = (<usize>load<i32>(starts, 4)) << 2;
    let k: usize = 0;
    for (; k + 128 <= row; k += 128)
      sum32(y + k, columns + from, values + from, columns + to, x + k, row);
    for (; k + 16 <= row; k += 16)
      sum4(y + k, columns + from, values + from, columns + to, x + k, row);
    for (; k < row; k += 4) sum1(y + k, columns + from, values + from, columns + to, x + k, row);
  }
}

/** 32 columns of one row of Y: 8 vectors, so that additions need not wait for each other. */
function sum32(y: usize, column: usize, value: usize, end: usize, x: usize, row: usize): void {
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  for (; column < end; column += 4, value += 4) {
    const at = x + <usize>load<i32>(column) * row;
    const v = v128.load32_splat(value);
    a = madd(v, v128.load(at), a);
    b = madd(v, v128.load(at, 16), b);
    c = madd(v, v128.load(at, 32), c);
    d = madd(v, v128.load(at, 48), d);
    e = madd(v, v128.load(at, 64), e);
    f = madd(v, v128.load(at, 80), f);
    g = madd(v, v128.load(at, 96), g);
    h = madd(v, v128.load(at, 112), h);
  }
  v128.store(y, a);
  v128.store(y, b, 16);
  v128.store(y, c, 32);
  v128.store(y, d, 48);
  v128.store(y, e, 64);
  v128.store(y, f, 80);
  v128.store(y, g, 96);
  v128.store(y, h, 112);
}

/** Four columns of one row of Y. */
function sum4(y: usize, column: usize, value: usize, end: usize, x: usize, row: usize): void {
  let sum = f32x4.splat(0);
  for (; column < end; column += 4, value += 4)
    sum = madd(v128.load32_splat(value), v128.load(x + <usize>load<i32>(column) * row), sum);
  v128.store(y, sum);
}

/** One column of one row of Y, with the same roundings as four. */
function sum1(y: usize, column: usize, value: usize, end: usize, x: usize, row: usize): void {
  let sum = f32x4.splat(0);
  for (; column < end; column += 4, value += 4) {
    const at = x + <usize>load<i32>(column) * row;
    sum = madd(v128.load32_splat(value), v128.load32_zero(at), sum);
  }
  v128.store32_lane(y, sum, 0);
}
