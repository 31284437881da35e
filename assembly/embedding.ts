import { loadPart, storePart } from './core/lanes';

/**
 * y[n] = w[ids[n]]
 *
 *   y   [N, E]  written
 *   w   [V, E]  read
 *   ids [N]     i32 in 0 … V − 1, read
 */
export function embedding_forward(y: usize, w: usize, ids: usize, N: i32, E: i32): void {
  const bytes = <usize>E << 2;
  for (let row = 0; row < N; row++, y += bytes, ids += 4) memory.copy(y, w + <usize>load<i32>(ids) * bytes, bytes);
}

/**
 * dw[ids[n]] += dy[n] for n = 0 … N − 1 in this order, except where ids[n] is padding
 *
 *   dw  [V, E]  added to
 *   dy  [N, E]  read
 *   ids [N]     i32, read
 *
 * Both in rows of `row` floats: threads share out the columns. padding −1: none.
 */
export function embedding_backward(dw: usize, dy: usize, ids: usize, N: i32, E: i32, row: i32, padding: i32): void {
  const bytes = <usize>row << 2;
  for (let n = 0; n < N; n++, dy += bytes, ids += 4) {
    const id = load<i32>(ids);
    if (id != padding) addRow(dw + <usize>id * bytes, dy, E);
  }
}

/** a += b.   a, b [n] */
function addRow(a: usize, b: usize, n: i32): void {
  let left = n;
  for (; left >= 4; left -= 4, a += 16, b += 16) v128.store(a, f32x4.add(v128.load(a), v128.load(b)));
  if (left > 0) storePart(a, f32x4.add(loadPart(a, left, f32x4.splat(0)), loadPart(b, left, f32x4.splat(0))), left);
}
