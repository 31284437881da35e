/**
 * Rows of inputs on six rows of outputs: the scalar products and the updates of word2vec. Six
 * output rows stay in registers while the inputs pass by.
 *
 *   y  six addresses of output rows
 *   e  six floats, then two zeros: scalar products, later what the rows are multiplied by
 *   x, z  inputs; `list` addresses of C inputs
 *
 * Rows have `row` bytes, a multiple of 16. Where the engine makes 256-bit instructions (`wide`),
 * two vectors side by side go together; the bits are the same.
 */
import { madd, sumLanes, sumLanesOf4 } from './v128';

/** Bytes of the e of one input. */
const GROUP: usize = 32;
/** Bytes of the sums of one input: six pairs of vectors. */
const ALL: usize = 192;

/** Scalar products of x with six rows y. */
export function dots1(
  x: usize,
  y: usize,
  e: usize,
  row: usize,
  sums: usize,
  wide: bool,
): void {
  if (wide) pairs1(x, y, row, sums);
  else {
    half1(x, y, row, sums, 0);
    half1(x, y, row, sums, 16);
  }
  sumUp(sums, e);
}

/** As `dots1`, of two inputs. */
export function dots2(
  x: usize,
  z: usize,
  y: usize,
  e: usize,
  f: usize,
  row: usize,
  sums: usize,
  wide: bool,
): void {
  if (wide) pairs2(x, z, y, row, sums);
  else {
    half2(x, z, y, row, sums, 0);
    half2(x, z, y, row, sums, 16);
  }
  sumUp(sums, e);
  sumUp(sums + ALL, f);
}

/** Six scalar products from sums of vectors, [6, 2 vectors]. */
function sumUp(s: usize, e: usize): void {
  v128.store(e, sumLanesOf4(two(s), two(s + 32), two(s + 64), two(s + 96)));
  store<f32>(e, sumLanes(two(s + 128)), 16);
  store<f32>(e, sumLanes(two(s + 160)), 20);
}

function two(s: usize): v128 {
  return f32x4.add(v128.load(s), v128.load(s, 16));
}

/**
 * Every second vector of x and y, from byte `start` on, multiplied and summed: one half of what
 * `pairs1` does, with the same roundings.
 */
function half1(x: usize, y: usize, row: usize, sums: usize, start: usize): void {
  let y0 = load<usize>(y);
  let y1 = load<usize>(y, 4);
  let y2 = load<usize>(y, 8);
  let y3 = load<usize>(y, 12);
  let y4 = load<usize>(y, 16);
  let y5 = load<usize>(y, 20);
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let a4 = a0;
  let a5 = a0;
  for (let k = start; k < row; k += 32) {
    const a = v128.load(x + k);
    a0 = madd(a, v128.load(y0 + k), a0);
    a1 = madd(a, v128.load(y1 + k), a1);
    a2 = madd(a, v128.load(y2 + k), a2);
    a3 = madd(a, v128.load(y3 + k), a3);
    a4 = madd(a, v128.load(y4 + k), a4);
    a5 = madd(a, v128.load(y5 + k), a5);
  }
  const s = sums + start;
  v128.store(s, a0);
  v128.store(s, a1, 32);
  v128.store(s, a2, 64);
  v128.store(s, a3, 96);
  v128.store(s, a4, 128);
  v128.store(s, a5, 160);
}

function half2(x: usize, z: usize, y: usize, row: usize, sums: usize, start: usize): void {
  let y0 = load<usize>(y);
  let y1 = load<usize>(y, 4);
  let y2 = load<usize>(y, 8);
  let y3 = load<usize>(y, 12);
  let y4 = load<usize>(y, 16);
  let y5 = load<usize>(y, 20);
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let a4 = a0;
  let a5 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let b3 = a0;
  let b4 = a0;
  let b5 = a0;
  for (let k = start; k < row; k += 32) {
    const a = v128.load(x + k);
    const b = v128.load(z + k);
    let w = v128.load(y0 + k);
    a0 = madd(a, w, a0);
    b0 = madd(b, w, b0);
    w = v128.load(y1 + k);
    a1 = madd(a, w, a1);
    b1 = madd(b, w, b1);
    w = v128.load(y2 + k);
    a2 = madd(a, w, a2);
    b2 = madd(b, w, b2);
    w = v128.load(y3 + k);
    a3 = madd(a, w, a3);
    b3 = madd(b, w, b3);
    w = v128.load(y4 + k);
    a4 = madd(a, w, a4);
    b4 = madd(b, w, b4);
    w = v128.load(y5 + k);
    a5 = madd(a, w, a5);
    b5 = madd(b, w, b5);
  }
  const s = sums + start;
  v128.store(s, a0);
  v128.store(s, a1, 32);
  v128.store(s, a2, 64);
  v128.store(s, a3, 96);
  v128.store(s, a4, 128);
  v128.store(s, a5, 160);
  v128.store(s, b0, 192);
  v128.store(s, b1, 224);
  v128.store(s, b2, 256);
  v128.store(s, b3, 288);
  v128.store(s, b4, 320);
  v128.store(s, b5, 352);
}

/** Both halves at once, for 256-bit instructions. */
function pairs1(x: usize, y: usize, row: usize, s: usize): void {
  let y0 = load<usize>(y);
  let y1 = load<usize>(y, 4);
  let y2 = load<usize>(y, 8);
  let y3 = load<usize>(y, 12);
  let y4 = load<usize>(y, 16);
  let y5 = load<usize>(y, 20);
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let a4 = a0;
  let a5 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let b3 = a0;
  let b4 = a0;
  let b5 = a0;
  const end = x + (row & ~31);
  for (; x < end; x += 32, y0 += 32, y1 += 32, y2 += 32, y3 += 32, y4 += 32, y5 += 32) {
    a0 = madd(v128.load(x), v128.load(y0), a0);
    b0 = madd(v128.load(x, 16), v128.load(y0, 16), b0);
    a1 = madd(v128.load(x), v128.load(y1), a1);
    b1 = madd(v128.load(x, 16), v128.load(y1, 16), b1);
    a2 = madd(v128.load(x), v128.load(y2), a2);
    b2 = madd(v128.load(x, 16), v128.load(y2, 16), b2);
    a3 = madd(v128.load(x), v128.load(y3), a3);
    b3 = madd(v128.load(x, 16), v128.load(y3, 16), b3);
    a4 = madd(v128.load(x), v128.load(y4), a4);
    b4 = madd(v128.load(x, 16), v128.load(y4, 16), b4);
    a5 = madd(v128.load(x), v128.load(y5), a5);
    b5 = madd(v128.load(x, 16), v128.load(y5, 16), b5);
  }
  v128.store(s, a0, 0);
  v128.store(s, b0, 16);
  v128.store(s, a1, 32);
  v128.store(s, b1, 48);
  v128.store(s, a2, 64);
  v128.store(s, b2, 80);
  v128.store(s, a3, 96);
  v128.store(s, b3, 112);
  v128.store(s, a4, 128);
  v128.store(s, b4, 144);
  v128.store(s, a5, 160);
  v128.store(s, b5, 176);
  if (row & 16) {
    const a = v128.load(x);
    v128.store(s, madd(a, v128.load(y0), v128.load(s, 0)), 0);
    v128.store(s, madd(a, v128.load(y1), v128.load(s, 32)), 32);
    v128.store(s, madd(a, v128.load(y2), v128.load(s, 64)), 64);
    v128.store(s, madd(a, v128.load(y3), v128.load(s, 96)), 96);
    v128.store(s, madd(a, v128.load(y4), v128.load(s, 128)), 128);
    v128.store(s, madd(a, v128.load(y5), v128.load(s, 160)), 160);
  }
}

function pairs2(x: usize, z: usize, y: usize, row: usize, s: usize): void {
  let y0 = load<usize>(y);
  let y1 = load<usize>(y, 4);
  let y2 = load<usize>(y, 8);
  let y3 = load<usize>(y, 12);
  let y4 = load<usize>(y, 16);
  let y5 = load<usize>(y, 20);
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  let a4 = a0;
  let a5 = a0;
  let b0 = a0;
  let b1 = a0;
  let b2 = a0;
  let b3 = a0;
  let b4 = a0;
  let b5 = a0;
  let c0 = a0;
  let c1 = a0;
  let c2 = a0;
  let c3 = a0;
  let c4 = a0;
  let c5 = a0;
  let d0 = a0;
  let d1 = a0;
  let d2 = a0;
  let d3 = a0;
  let d4 = a0;
  let d5 = a0;
  const end = x + (row & ~31);
  for (; x < end; x += 32, z += 32, y0 += 32, y1 += 32, y2 += 32, y3 += 32, y4 += 32, y5 += 32) {
    const p = v128.load(x);
    const q = v128.load(x, 16);
    const u = v128.load(z);
    const v = v128.load(z, 16);
    let w0 = v128.load(y0);
    let w1 = v128.load(y0, 16);
    a0 = madd(p, w0, a0);
    b0 = madd(q, w1, b0);
    c0 = madd(u, w0, c0);
    d0 = madd(v, w1, d0);
    w0 = v128.load(y1);
    w1 = v128.load(y1, 16);
    a1 = madd(p, w0, a1);
    b1 = madd(q, w1, b1);
    c1 = madd(u, w0, c1);
    d1 = madd(v, w1, d1);
    w0 = v128.load(y2);
    w1 = v128.load(y2, 16);
    a2 = madd(p, w0, a2);
    b2 = madd(q, w1, b2);
    c2 = madd(u, w0, c2);
    d2 = madd(v, w1, d2);
    w0 = v128.load(y3);
    w1 = v128.load(y3, 16);
    a3 = madd(p, w0, a3);
    b3 = madd(q, w1, b3);
    c3 = madd(u, w0, c3);
    d3 = madd(v, w1, d3);
    w0 = v128.load(y4);
    w1 = v128.load(y4, 16);
    a4 = madd(p, w0, a4);
    b4 = madd(q, w1, b4);
    c4 = madd(u, w0, c4);
    d4 = madd(v, w1, d4);
    w0 = v128.load(y5);
    w1 = v128.load(y5, 16);
    a5 = madd(p, w0, a5);
    b5 = madd(q, w1, b5);
    c5 = madd(u, w0, c5);
    d5 = madd(v, w1, d5);
  }
  v128.store(s, a0, 0);
  v128.store(s, b0, 16);
  v128.store(s, a1, 32);
  v128.store(s, b1, 48);
  v128.store(s, a2, 64);
  v128.store(s, b2, 80);
  v128.store(s, a3, 96);
  v128.store(s, b3, 112);
  v128.store(s, a4, 128);
  v128.store(s, b4, 144);
  v128.store(s, a5, 160);
  v128.store(s, b5, 176);
  v128.store(s, c0, 192);
  v128.store(s, d0, 208);
  v128.store(s, c1, 224);
  v128.store(s, d1, 240);
  v128.store(s, c2, 256);
  v128.store(s, d2, 272);
  v128.store(s, c3, 288);
  v128.store(s, d3, 304);
  v128.store(s, c4, 320);
  v128.store(s, d4, 336);
  v128.store(s, c5, 352);
  v128.store(s, d5, 368);
  if (row & 16) {
    const a = v128.load(x);
    const b = v128.load(z);
    v128.store(s, madd(a, v128.load(y0), v128.load(s, 0)), 0);
    v128.store(s, madd(b, v128.load(y0), v128.load(s, 192)), 192);
    v128.store(s, madd(a, v128.load(y1), v128.load(s, 32)), 32);
    v128.store(s, madd(b, v128.load(y1), v128.load(s, 224)), 224);
    v128.store(s, madd(a, v128.load(y2), v128.load(s, 64)), 64);
    v128.store(s, madd(b, v128.load(y2), v128.load(s, 256)), 256);
    v128.store(s, madd(a, v128.load(y3), v128.load(s, 96)), 96);
    v128.store(s, madd(b, v128.load(y3), v128.load(s, 288)), 288);
    v128.store(s, madd(a, v128.load(y4), v128.load(s, 128)), 128);
    v128.store(s, madd(b, v128.load(y4), v128.load(s, 320)), 320);
    v128.store(s, madd(a, v128.load(y5), v128.load(s, 160)), 160);
    v128.store(s, madd(b, v128.load(y5), v128.load(s, 352)), 352);
  }
}

/** x += Σ e·y and y += e·x for C inputs and one group of outputs. */
export function update(
  list: usize,
  C: i32,
  y: usize,
  e: usize,
  row: usize,
  wide: bool,
): void {
  let y0 = load<usize>(y);
  let y1 = load<usize>(y, 4);
  let y2 = load<usize>(y, 8);
  let y3 = load<usize>(y, 12);
  let y4 = load<usize>(y, 16);
  let y5 = load<usize>(y, 20);
  const last = list + (<usize>C << 2);
  let k: usize = 0;
  if (wide) {
    for (const end = row & ~31; k < end; k += 32) {
      let a0 = v128.load(y0 + k);
      let b0 = v128.load(y0 + k, 16);
      let a1 = v128.load(y1 + k);
      let b1 = v128.load(y1 + k, 16);
      let a2 = v128.load(y2 + k);
      let b2 = v128.load(y2 + k, 16);
      let a3 = v128.load(y3 + k);
      let b3 = v128.load(y3 + k, 16);
      let a4 = v128.load(y4 + k);
      let b4 = v128.load(y4 + k, 16);
      let a5 = v128.load(y5 + k);
      let b5 = v128.load(y5 + k, 16);
      for (let c = list, g = e; c < last; c += 4, g += GROUP) {
        const at = load<usize>(c) + k;
        const x = v128.load(at);
        const z = v128.load(at, 16);
        let t = x;
        let u = z;
        let s = v128.load32_splat(g, 0);
        t = madd(s, a0, t);
        u = madd(s, b0, u);
        a0 = madd(s, x, a0);
        b0 = madd(s, z, b0);
        s = v128.load32_splat(g, 4);
        t = madd(s, a1, t);
        u = madd(s, b1, u);
        a1 = madd(s, x, a1);
        b1 = madd(s, z, b1);
        s = v128.load32_splat(g, 8);
        t = madd(s, a2, t);
        u = madd(s, b2, u);
        a2 = madd(s, x, a2);
        b2 = madd(s, z, b2);
        s = v128.load32_splat(g, 12);
        t = madd(s, a3, t);
        u = madd(s, b3, u);
        a3 = madd(s, x, a3);
        b3 = madd(s, z, b3);
        s = v128.load32_splat(g, 16);
        t = madd(s, a4, t);
        u = madd(s, b4, u);
        a4 = madd(s, x, a4);
        b4 = madd(s, z, b4);
        s = v128.load32_splat(g, 20);
        t = madd(s, a5, t);
        u = madd(s, b5, u);
        a5 = madd(s, x, a5);
        b5 = madd(s, z, b5);
        v128.store(at, u, 16);
        v128.store(at, t);
      }
      v128.store(y0 + k, b0, 16);
      v128.store(y0 + k, a0);
      v128.store(y1 + k, b1, 16);
      v128.store(y1 + k, a1);
      v128.store(y2 + k, b2, 16);
      v128.store(y2 + k, a2);
      v128.store(y3 + k, b3, 16);
      v128.store(y3 + k, a3);
      v128.store(y4 + k, b4, 16);
      v128.store(y4 + k, a4);
      v128.store(y5 + k, b5, 16);
      v128.store(y5 + k, a5);
    }
  }
  for (; k < row; k += 16) {
    let a0 = v128.load(y0 + k);
    let a1 = v128.load(y1 + k);
    let a2 = v128.load(y2 + k);
    let a3 = v128.load(y3 + k);
    let a4 = v128.load(y4 + k);
    let a5 = v128.load(y5 + k);
    for (let c = list, g = e; c < last; c += 4, g += GROUP) {
      const at = load<usize>(c) + k;
      const x = v128.load(at);
      let s = v128.load32_splat(g);
      let t = madd(s, a0, x);
      a0 = madd(s, x, a0);
      s = v128.load32_splat(g, 4);
      t = madd(s, a1, t);
      a1 = madd(s, x, a1);
      s = v128.load32_splat(g, 8);
      t = madd(s, a2, t);
      a2 = madd(s, x, a2);
      s = v128.load32_splat(g, 12);
      t = madd(s, a3, t);
      a3 = madd(s, x, a3);
      s = v128.load32_splat(g, 16);
      t = madd(s, a4, t);
      a4 = madd(s, x, a4);
      s = v128.load32_splat(g, 20);
      t = madd(s, a5, t);
      a5 = madd(s, x, a5);
      v128.store(at, t);
    }
    v128.store(y0 + k, a0);
    v128.store(y1 + k, a1);
    v128.store(y2 + k, a2);
    v128.store(y3 + k, a3);
    v128.store(y4 + k, a4);
    v128.store(y5 + k, a5);
  }
}

/** As `update`, of one input, whose gradient is added at d: e stays in registers. */
export function update1(
  x: usize,
  d: usize,
  y: usize,
  e: usize,
  row: usize,
  wide: bool,
): void {
  let y0 = load<usize>(y);
  let y1 = load<usize>(y, 4);
  let y2 = load<usize>(y, 8);
  let y3 = load<usize>(y, 12);
  let y4 = load<usize>(y, 16);
  let y5 = load<usize>(y, 20);
  let k: usize = 0;
  if (wide) {
    for (const end = row & ~31; k < end; k += 32) {
      const a = v128.load(x + k);
      const b = v128.load(x + k, 16);
      let t = v128.load(d + k);
      let u = v128.load(d + k, 16);
      let s = v128.load32_splat(e, 0);
      let v = v128.load(y0 + k);
      let w = v128.load(y0 + k, 16);
      t = madd(s, v, t);
      u = madd(s, w, u);
      let p = madd(s, a, v);
      let q = madd(s, b, w);
      v128.store(y0 + k, q, 16);
      v128.store(y0 + k, p);
      s = v128.load32_splat(e, 4);
      v = v128.load(y1 + k);
      w = v128.load(y1 + k, 16);
      t = madd(s, v, t);
      u = madd(s, w, u);
      p = madd(s, a, v);
      q = madd(s, b, w);
      v128.store(y1 + k, q, 16);
      v128.store(y1 + k, p);
      s = v128.load32_splat(e, 8);
      v = v128.load(y2 + k);
      w = v128.load(y2 + k, 16);
      t = madd(s, v, t);
      u = madd(s, w, u);
      p = madd(s, a, v);
      q = madd(s, b, w);
      v128.store(y2 + k, q, 16);
      v128.store(y2 + k, p);
      s = v128.load32_splat(e, 12);
      v = v128.load(y3 + k);
      w = v128.load(y3 + k, 16);
      t = madd(s, v, t);
      u = madd(s, w, u);
      p = madd(s, a, v);
      q = madd(s, b, w);
      v128.store(y3 + k, q, 16);
      v128.store(y3 + k, p);
      s = v128.load32_splat(e, 16);
      v = v128.load(y4 + k);
      w = v128.load(y4 + k, 16);
      t = madd(s, v, t);
      u = madd(s, w, u);
      p = madd(s, a, v);
      q = madd(s, b, w);
      v128.store(y4 + k, q, 16);
      v128.store(y4 + k, p);
      s = v128.load32_splat(e, 20);
      v = v128.load(y5 + k);
      w = v128.load(y5 + k, 16);
      t = madd(s, v, t);
      u = madd(s, w, u);
      p = madd(s, a, v);
      q = madd(s, b, w);
      v128.store(y5 + k, q, 16);
      v128.store(y5 + k, p);
      v128.store(d + k, u, 16);
      v128.store(d + k, t);
    }
  }
  const s0 = v128.load32_splat(e);
  const s1 = v128.load32_splat(e, 4);
  const s2 = v128.load32_splat(e, 8);
  const s3 = v128.load32_splat(e, 12);
  const s4 = v128.load32_splat(e, 16);
  const s5 = v128.load32_splat(e, 20);
  for (; k < row; k += 16) {
    const a = v128.load(x + k);
    let t = v128.load(d + k);
    let w = v128.load(y0 + k);
    t = madd(s0, w, t);
    v128.store(y0 + k, madd(s0, a, w));
    w = v128.load(y1 + k);
    t = madd(s1, w, t);
    v128.store(y1 + k, madd(s1, a, w));
    w = v128.load(y2 + k);
    t = madd(s2, w, t);
    v128.store(y2 + k, madd(s2, a, w));
    w = v128.load(y3 + k);
    t = madd(s3, w, t);
    v128.store(y3 + k, madd(s3, a, w));
    w = v128.load(y4 + k);
    t = madd(s4, w, t);
    v128.store(y4 + k, madd(s4, a, w));
    w = v128.load(y5 + k);
    t = madd(s5, w, t);
    v128.store(y5 + k, madd(s5, a, w));
    v128.store(d + k, t);
  }
}

/** As `update`, but x stays, and Σ e·y is added to `into`, a row for each input. */
export function collect(
  list: usize,
  C: i32,
  into: usize,
  y: usize,
  e: usize,
  stride: usize,
  row: usize,
): void {
  let y0 = load<usize>(y);
  let y1 = load<usize>(y, 4);
  let y2 = load<usize>(y, 8);
  let y3 = load<usize>(y, 12);
  let y4 = load<usize>(y, 16);
  let y5 = load<usize>(y, 20);
  const last = list + (<usize>C << 2);
  for (let k: usize = 0; k < row; k += 16) {
    let a0 = v128.load(y0);
    let a1 = v128.load(y1);
    let a2 = v128.load(y2);
    let a3 = v128.load(y3);
    let a4 = v128.load(y4);
    let a5 = v128.load(y5);
    for (let c = list, g = e, d = into + k; c < last; c += 4, g += stride, d += row) {
      const x = v128.load(load<usize>(c) + k);
      let s = v128.load32_splat(g);
      let t = madd(s, a0, v128.load(d));
      a0 = madd(s, x, a0);
      s = v128.load32_splat(g, 4);
      t = madd(s, a1, t);
      a1 = madd(s, x, a1);
      s = v128.load32_splat(g, 8);
      t = madd(s, a2, t);
      a2 = madd(s, x, a2);
      s = v128.load32_splat(g, 12);
      t = madd(s, a3, t);
      a3 = madd(s, x, a3);
      s = v128.load32_splat(g, 16);
      t = madd(s, a4, t);
      a4 = madd(s, x, a4);
      s = v128.load32_splat(g, 20);
      t = madd(s, a5, t);
      a5 = madd(s, x, a5);
      v128.store(d, t);
    }
    v128.store(y0, a0);
    v128.store(y1, a1);
    v128.store(y2, a2);
    v128.store(y3, a3);
    v128.store(y4, a4);
    v128.store(y5, a5);
    y0 += 16;
    y1 += 16;
    y2 += 16;
    y3 += 16;
    y4 += 16;
    y5 += 16;
  }
}

