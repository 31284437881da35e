import { add_to } from './elementwise';

/**
 * y[n] = w[ids[n]]
 *
 *   y   [N, E]  written
 *   w   [V, E]  read
 *   ids [N]     i32 in 0 … V − 1, read
 */
export function embedding_forward(y: usize, w: usize, ids: usize, N: i32, E: i32): void {
  const bytes = (<usize>E) << 2;
  for (let row = 0; row < N; row++, y += bytes, ids += 4)
    memory.copy(y, w + <usize>load<i32>(ids) * bytes, bytes);
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
export function embedding_backward(
  dw: usize,
  dy: usize,
  ids: usize,
  N: i32,
  E: i32,
  row: i32,
  padding: i32,
): void {
  const bytes = (<usize>row) << 2;
  for (let n = 0; n < N; n++, dy += bytes, ids += 4) {
    const id = load<i32>(ids);
    if (id != padding) add_to(dw + <usize>id * bytes, dy, E);
  }
}
