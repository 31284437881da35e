import { madd, sumLanes } from '../core/v128';

/**
 * Scalar products of all rows with some queries: y[q, m] = Σ_k rows[m, k]·queries[q, k]
 *
 *   y       [Q, M]        written, `stride` floats from query to query
 *   rows    [M, columns]  read once for all queries
 *   queries [Q, columns]  read
 *   columns               a multiple of 4
 *
 * One query takes as long as the memory does: rows go by as they lie there, in four sums. Of more,
 * two at a time meet four rows at a time in registers. What is left over of either takes the way of
 * one query; so the last bits of a product depend on how many queries there are, not on threads.
 */
export function scan(
  y: usize,
  rows: usize,
  queries: usize,
  M: i32,
  columns: i32,
  Q: i32,
  stride: usize,
): void {
  const row = (<usize>columns) << 2;
  const next = stride << 2;
  if (Q == 1) {
    each(y, rows, queries, M, row);
    return;
  }
  let m = 0;
  for (; m + 4 <= M; m += 4, rows += 4 * row, y += 16) {
    let q = queries;
    let at = y;
    let left = Q;
    for (; left >= 2; left -= 2, q += 2 * row, at += 2 * next) tile(at, rows, q, row, next);
    if (left > 0) each(at, rows, q, 4, row);
  }
  for (let i = 0; i < Q; i++) each(y + <usize>i * next, rows, queries + <usize>i * row, M - m, row);
}

/** Rows one after the other, as they lie in the memory, and one query. */
function each(y: usize, x: usize, query: usize, M: i32, row: usize): void {
  const most = row & ~63;
  for (const last = x + <usize>M * row; x < last; y += 4) {
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let q = query;
    for (const end = x + most; x < end; x += 64, q += 64) {
      a = madd(v128.load(x), v128.load(q), a);
      b = madd(v128.load(x, 16), v128.load(q, 16), b);
      c = madd(v128.load(x, 32), v128.load(q, 32), c);
      d = madd(v128.load(x, 48), v128.load(q, 48), d);
    }
    for (const end = query + row; q < end; x += 16, q += 16)
      a = madd(v128.load(x), v128.load(q), a);
    store<f32>(y, sumLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d))));
  }
}

/** Four rows and two queries. */
function tile(y: usize, x0: usize, q0: usize, row: usize, next: usize): void {
  let x1 = x0 + row;
  let x2 = x1 + row;
  let x3 = x2 + row;
  let q1 = q0 + row;
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let b3 = a0;
  for (const end = x1; x0 < end; q0 += 16, q1 += 16) {
    const u = v128.load(q0);
    const v = v128.load(q1);
    let x = v128.load(x0);
    a0 = madd(x, u, a0);
    b0 = madd(x, v, b0);
    x = v128.load(x1);
    a1 = madd(x, u, a1);
    b1 = madd(x, v, b1);
    x = v128.load(x2);
    a2 = madd(x, u, a2);
    b2 = madd(x, v, b2);
    x = v128.load(x3);
    a3 = madd(x, u, a3);
    b3 = madd(x, v, b3);
    x0 += 16;
    x1 += 16;
    x2 += 16;
    x3 += 16;
  }
  store<f32>(y, sumLanes(a0));
  store<f32>(y, sumLanes(a1), 4);
  store<f32>(y, sumLanes(a2), 8);
  store<f32>(y, sumLanes(a3), 12);
  y += next;
  store<f32>(y, sumLanes(b0));
  store<f32>(y, sumLanes(b1), 4);
  store<f32>(y, sumLanes(b2), 8);
  store<f32>(y, sumLanes(b3), 12);
}
