/**
 * Copies and sums between a contiguous array and a view with strides: expand, transpose, slice,
 * concat and their backwards.
 *
 *   table  i32 [ndim, size₀ …, stride₀ …]   ndim ≤ 6, strides in floats; a stride of 0 repeats
 *                                           (gather) or sums (scatter_add)
 *
 * The view's addresses must differ, other than by strides of 0; the two arrays must not overlap.
 */
import { sumRow } from './core/sum';

/** y [size₀, …] written, x strided read */
export function strided_gather(y: usize, x: usize, table: usize): void {
  walk(GATHER, y, x, table);
}

/**
 * y [size₀, …] added to, x strided read. The backward of strided_scatter; with strides of 0, of a
 * sum.
 */
export function strided_gather_add(y: usize, x: usize, table: usize): void {
  walk(GATHER_ADD, y, x, table);
}

/** y strided written, x [size₀, …] read; no stride is 0 */
export function strided_scatter(y: usize, x: usize, table: usize): void {
  walk(SCATTER, x, y, table);
}

/** y strided added to, x [size₀, …] read. The backward of strided_gather. */
export function strided_scatter_add(y: usize, x: usize, table: usize): void {
  walk(SCATTER_ADD, x, y, table);
}

const GATHER = 0,
  GATHER_ADD = 1,
  SCATTER = 2,
  SCATTER_ADD = 3;

/** c walks the contiguous array, s the strided one. */
function walk(mode: i32, c: usize, s: usize, table: usize): void {
  const ndim = load<i32>(table);
  let left = ndim;
  // innermost sizes of 1 are no loops
  while (left > 0 && load<i32>(table + (left << 2)) == 1) left--;
  if (left == 0) row(mode, c, s, 1, 4);
  else dimension(mode, c, s, table + 4, ndim << 2, left);
}

/**
 * All elements from one dimension inwards, `left` dimensions in all; returns the contiguous address
 * after them.
 */
function dimension(mode: i32, c: usize, s: usize, size: usize, toStride: usize, left: i32): usize {
  const n = load<i32>(size),
    stride = load<i32>(size + toStride) << 2;
  if (left == 1) {
    row(mode, c, s, n, stride);
    return c + (n << 2);
  }
  if (left == 2 && stride == 4 && load<i32>(size + 4 + toStride) > 1)
    return plane(mode, c, s, n, load<i32>(size + 4), load<i32>(size + 4 + toStride) << 2);
  for (let i = 0; i < n; i++, s += stride) c = dimension(mode, c, s, size + 4, toStride, left - 1);
  return c;
}

/**
 * A transpose, [m, n] with strides 1 and `stride` bytes: in columns of TILE rows, so that the cache
 * lines of s are used whole.
 */
function plane(mode: i32, c: usize, s: usize, m: i32, n: i32, stride: usize): usize {
  const TILE = 8;
  for (let j = 0; j < n; j += TILE, s += <usize>TILE * stride) {
    const width = min(TILE, n - j);
    for (let i = 0; i < m; i++) row(mode, c + ((i * n + j) << 2), s + (i << 2), width, stride);
  }
  return c + ((m * n) << 2);
}

/** The innermost dimension; stride in bytes. */
function row(mode: i32, c: usize, s: usize, n: i32, stride: usize): void {
  if (mode == GATHER) gather(c, s, n, stride);
  else if (mode == GATHER_ADD) gatherAdd(c, s, n, stride);
  else if (mode == SCATTER) scatter(c, s, n, stride);
  else scatterAdd(c, s, n, stride);
}

function gather(c: usize, s: usize, n: i32, stride: usize): void {
  const end = c + (n << 2),
    body = c + ((n & ~3) << 2);
  if (stride == 4) for (; c < body; c += 16, s += 16) v128.store(c, v128.load(s));
  else if (stride == 0) for (const v = v128.load32_splat(s); c < body; c += 16) v128.store(c, v);
  for (; c < end; c += 4, s += stride) store<f32>(c, load<f32>(s));
}

function gatherAdd(c: usize, s: usize, n: i32, stride: usize): void {
  const end = c + (n << 2),
    body = c + ((n & ~3) << 2);
  if (stride == 4)
    for (; c < body; c += 16, s += 16) v128.store(c, f32x4.add(v128.load(c), v128.load(s)));
  else if (stride == 0)
    for (const v = v128.load32_splat(s); c < body; c += 16)
      v128.store(c, f32x4.add(v128.load(c), v));
  for (; c < end; c += 4, s += stride) store<f32>(c, load<f32>(c) + load<f32>(s));
}

function scatter(c: usize, s: usize, n: i32, stride: usize): void {
  const end = c + (n << 2),
    body = c + ((n & ~3) << 2);
  if (stride == 4) for (; c < body; c += 16, s += 16) v128.store(s, v128.load(c));
  for (; c < end; c += 4, s += stride) store<f32>(s, load<f32>(c));
}

function scatterAdd(c: usize, s: usize, n: i32, stride: usize): void {
  if (stride == 0) {
    store<f32>(s, <f32>(load<f32>(s) + sumRow(c, n)));
    return;
  }
  const end = c + (n << 2),
    body = c + ((n & ~3) << 2);
  if (stride == 4)
    for (; c < body; c += 16, s += 16) v128.store(s, f32x4.add(v128.load(s), v128.load(c)));
  for (; c < end; c += 4, s += stride) store<f32>(s, load<f32>(s) + load<f32>(c));
}
