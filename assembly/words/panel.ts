/**
 * Products of tall rows in f64, for orthogonal bases: a few hundred rows, of which the caller hands
 * in a stretch of n columns that stays in the cache. n is even. Both builds round alike.
 */

/**
 * C += A·Bᵀ
 *
 *   c [M, N]  added to
 *   a [M, n]  read
 *   b [N, n]  read
 */
export function panel_products(c: usize, a: usize, b: usize, M: i32, N: i32, n: i32): void {
  const row = (<usize>n) << 3;
  let m = 0;
  for (; m + 2 <= M; m += 2, a += 2 * row) {
    const first = c + ((<usize>m * <usize>N) << 3);
    let y = b;
    let i = 0;
    for (; i + 4 <= N; i += 4, y += 4 * row)
      products24(first + ((<usize>i) << 3), (<usize>N) << 3, a, y, row);
    for (; i < N; i++, y += row) {
      product(first + ((<usize>i) << 3), a, y, row);
      product(first + ((<usize>(N + i)) << 3), a + row, y, row);
    }
  }
  if (m < M) {
    let y = b;
    for (let i = 0; i < N; i++, y += row)
      product(c + ((<usize>m * <usize>N + <usize>i) << 3), a, y, row);
  }
}

/** Two rows of A times four of B: eight sums, so that additions need not wait for each other. */
function products24(c: usize, next: usize, a: usize, b: usize, row: usize): void {
  let s00 = f64x2.splat(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  const b1 = b + row;
  const b2 = b1 + row;
  const b3 = b2 + row;
  for (let k: usize = 0; k < row; k += 16) {
    const x0 = v128.load(a + k);
    const x1 = v128.load(a + row + k);
    let y = v128.load(b + k);
    s00 = f64x2.add(s00, f64x2.mul(x0, y));
    s10 = f64x2.add(s10, f64x2.mul(x1, y));
    y = v128.load(b1 + k);
    s01 = f64x2.add(s01, f64x2.mul(x0, y));
    s11 = f64x2.add(s11, f64x2.mul(x1, y));
    y = v128.load(b2 + k);
    s02 = f64x2.add(s02, f64x2.mul(x0, y));
    s12 = f64x2.add(s12, f64x2.mul(x1, y));
    y = v128.load(b3 + k);
    s03 = f64x2.add(s03, f64x2.mul(x0, y));
    s13 = f64x2.add(s13, f64x2.mul(x1, y));
  }
  gather(c, s00);
  gather(c + 8, s01);
  gather(c + 16, s02);
  gather(c + 24, s03);
  gather(c + next, s10);
  gather(c + next + 8, s11);
  gather(c + next + 16, s12);
  gather(c + next + 24, s13);
}

/** One row times one row. */
function product(c: usize, a: usize, b: usize, row: usize): void {
  let sum = f64x2.splat(0);
  for (let k: usize = 0; k < row; k += 16)
    sum = f64x2.add(sum, f64x2.mul(v128.load(a + k), v128.load(b + k)));
  gather(c, sum);
}

/** Adds both lanes to the number at c. */
function gather(c: usize, sum: v128): void {
  const both = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  store<f64>(c, load<f64>(c) + both);
}

/**
 * Y += C·X
 *
 *   y [M, n]  added to
 *   c [M, N]  read
 *   x [N, n]  read
 */
export function panel_add(y: usize, c: usize, x: usize, M: i32, N: i32, n: i32): void {
  const row = (<usize>n) << 3;
  const next = (<usize>N) << 3;
  for (let m = 0; m < M; m++, y += row, c += next) {
    let from = x;
    let i = 0;
    for (; i + 4 <= N; i += 4, from += 4 * row) add4(y, c + ((<usize>i) << 3), from, row);
    for (; i < N; i++, from += row) add1(y, c + ((<usize>i) << 3), from, row);
  }
}

/** Four rows times a number each, added to one row. */
function add4(y: usize, c: usize, x: usize, row: usize): void {
  const c0 = v128.load64_splat(c);
  const c1 = v128.load64_splat(c, 8);
  const c2 = v128.load64_splat(c, 16);
  const c3 = v128.load64_splat(c, 24);
  const x1 = x + row;
  const x2 = x1 + row;
  const x3 = x2 + row;
  for (let k: usize = 0; k < row; k += 16) {
    const low = f64x2.add(f64x2.mul(c0, v128.load(x + k)), f64x2.mul(c1, v128.load(x1 + k)));
    const high = f64x2.add(f64x2.mul(c2, v128.load(x2 + k)), f64x2.mul(c3, v128.load(x3 + k)));
    v128.store(y + k, f64x2.add(v128.load(y + k), f64x2.add(low, high)));
  }
}

/** One row times a number, added to one row. */
function add1(y: usize, c: usize, x: usize, row: usize): void {
  const factor = v128.load64_splat(c);
  for (let k: usize = 0; k < row; k += 16)
    v128.store(y + k, f64x2.add(v128.load(y + k), f64x2.mul(factor, v128.load(x + k))));
}
