/** Products of a few hundred long rows, f64: stretches of columns in the kernels’ memory. */
import { borrow, close, open, u8 } from '../runtime/arena.js';
import type { WordKernels } from './kernels.js';

/** Columns of a stretch, even: 300 rows of it are 600 KB. */
const STRETCH = 256;

/** Rows of one length. */
export interface Panel {
  data: Float64Array;
  rows: number;
}

/** The numbers at an address. */
function f64(address: number, length: number): Float64Array {
  const bytes = u8(address, 8 * length);
  return new Float64Array(bytes.buffer, bytes.byteOffset, length);
}

/** Copies columns from … of each row to an address, zeros behind the last; n columns there. */
function copyIn(at: number, { data, rows }: Panel, from: number, length: number): void {
  const n = data.length / rows;
  const to = f64(at, rows * STRETCH);
  if (length < STRETCH) to.fill(0);
  for (let m = 0; m < rows; m++)
    to.set(data.subarray(m * n + from, m * n + from + length), m * STRETCH);
}

/** Visits all stretches of n columns. */
function* stretches(n: number): Generator<readonly [from: number, length: number]> {
  for (let from = 0; from < n; from += STRETCH) yield [from, Math.min(STRETCH, n - from)];
}

/** A·Bᵀ, [a.rows, b.rows]. */
export function products(kernels: WordKernels, a: Panel, b: Panel): Float64Array {
  const mark = open();
  try {
    const [M, N] = [a.rows, b.rows];
    const [c, at, bt] = [borrow(8 * M * N), borrow(8 * M * STRETCH), borrow(8 * N * STRETCH)] as const; // biome-ignore format: one line
    f64(c, M * N).fill(0);
    if (M > 0 && N > 0)
      for (const [from, length] of stretches(a.data.length / M)) {
        copyIn(at, a, from, length);
        copyIn(bt, b, from, length);
        kernels.panel_products(c, at, bt, M, N, STRETCH);
      }
    return f64(c, M * N).slice();
  } finally {
    close(mark);
  }
}

/** y += C·X, where `factors` is C, [y.rows, x.rows]. */
export function add(kernels: WordKernels, y: Panel, factors: Float64Array, x: Panel): void {
  const mark = open();
  try {
    const [M, N] = [y.rows, x.rows];
    if (M === 0 || N === 0) return;
    const n = y.data.length / M;
    const [c, yt, xt] = [borrow(8 * M * N), borrow(8 * M * STRETCH), borrow(8 * N * STRETCH)] as const; // biome-ignore format: one line
    f64(c, M * N).set(factors);
    for (const [from, length] of stretches(n)) {
      copyIn(yt, y, from, length);
      copyIn(xt, x, from, length);
      kernels.panel_add(yt, c, xt, M, N, STRETCH);
      const result = f64(yt, M * STRETCH);
      for (let m = 0; m < M; m++)
        y.data.set(result.subarray(m * STRETCH, m * STRETCH + length), m * n + from);
    }
  } finally {
    close(mark);
  }
}
