import { madd, sumLanes } from '../core/v128';

/**
 * Scalar products of all rows with some queries: y[q, m] = Σ_k rows[m, k]·queries[q, k]
 *
 *   y       [Q, M]        written, `stride` floats from query to query
 *   rows    [M, columns]  read once for all queries
 *   queries [Q, columns]  read
 *   columns               a multiple of 4
 *
 * Four rows go by together: four streams of the memory, and as many sums as hide each other's
 * latency. Each product has one sum of vectors, whatever rows and queries stand beside it.
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
  let m = 0;
  for (; m + 4 <= M; m += 4, rows += 4 * row, y += 16) {
    let q = queries;
    let at = y;
    let left = Q;
    for (; left >= 3; left -= 3, q += 3 * row, at += 3 * next) four3(at, rows, q, row, next);
    for (; left > 0; left--, q += row, at += next) four1(at, rows, q, row);
  }
  for (; m < M; m++, rows += row, y += 4)
    for (let i = 0; i < Q; i++)
      store<f32>(y + <usize>i * next, one(rows, queries + <usize>i * row, row));
}

function one(x: usize, q: usize, row: usize): f32 {
  let a = f32x4.splat(0);
  for (const end = x + row; x < end; x += 16, q += 16) a = madd(v128.load(x), v128.load(q), a);
  return sumLanes(a);
}

/** Four rows and one query. */
function four1(y: usize, x0: usize, q: usize, row: usize): void {
  let x1 = x0 + row;
  let x2 = x1 + row;
  let x3 = x2 + row;
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (const end = x1; x0 < end; x0 += 16, x1 += 16, x2 += 16, x3 += 16, q += 16) {
    const v = v128.load(q);
    a = madd(v128.load(x0), v, a);
    b = madd(v128.load(x1), v, b);
    c = madd(v128.load(x2), v, c);
    d = madd(v128.load(x3), v, d);
  }
  store<f32>(y, sumLanes(a));
  store<f32>(y, sumLanes(b), 4);
  store<f32>(y, sumLanes(c), 8);
  store<f32>(y, sumLanes(d), 12);
}

/** Four rows and three queries. */
function four3(y: usize, x0: usize, q0: usize, row: usize, next: usize): void {
  let x1 = x0 + row;
  let x2 = x1 + row;
  let x3 = x2 + row;
  let q1 = q0 + row;
  let q2 = q1 + row;
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let b3 = a0;
  let c0 = a0;
  let c1 = a0;
  let c2 = a0;
  let c3 = a0;
  for (const end = x1; x0 < end; x0 += 16, x1 += 16, x2 += 16, x3 += 16) {
    const u = v128.load(q0);
    const v = v128.load(q1);
    const w = v128.load(q2);
    let x = v128.load(x0);
    a0 = madd(x, u, a0);
    b0 = madd(x, v, b0);
    c0 = madd(x, w, c0);
    x = v128.load(x1);
    a1 = madd(x, u, a1);
    b1 = madd(x, v, b1);
    c1 = madd(x, w, c1);
    x = v128.load(x2);
    a2 = madd(x, u, a2);
    b2 = madd(x, v, b2);
    c2 = madd(x, w, c2);
    x = v128.load(x3);
    a3 = madd(x, u, a3);
    b3 = madd(x, v, b3);
    c3 = madd(x, w, c3);
    q0 += 16;
    q1 += 16;
    q2 += 16;
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
  y += next;
  store<f32>(y, sumLanes(c0));
  store<f32>(y, sumLanes(c1), 4);
  store<f32>(y, sumLanes(c2), 8);
  store<f32>(y, sumLanes(c3), 12);
}
