/**
 * What rnn, lstm and gru share: the recurrent products, and states that restart or stand still.
 *
 * Time-major [T, B, ·]; the walk is t = 0 … T−1, or with `reverse` T−1 … 0, and "h_{t−1}" is the
 * state that the walk brings to t. T ≥ 1.
 *
 *   lengths i32 [B], or 0     row b is frozen at t ≥ lengths[b]: its state does not change, its y
 *                             and its gradients are 0
 *   resets  u8 [T, B], or 0   where 1 (and the row is not frozen), the state used at (t, b) is
 *                             zero: a document starts there
 *   from, to                  the rows of the batch that this call computes. Rows are independent,
 *                             so threads share them out
 */
import { add_to } from './elementwise';
import { embedding_forward } from './embedding';
import { gemm, gemm_pack, gemm_pack_size, gemm_packed, gemm_scratch } from './gemm';

/** Bytes of the packed weights. The GRU packs its n rows apart from the others. */
function packedSize(B: i32, H: i32, G: i32): f64 {
  if (B == 1) return 0;
  const rest = (G - 1) * H;
  return gemm_pack_size(H, H) + max(gemm_pack_size(H, rest), gemm_pack_size(rest, H));
}

/**
 * Bytes of scratch for a recurrent kernel with G·H gate rows (rnn 1, gru 3, lstm 4): gemm's, packed
 * W_hh, two [B, H], two [H]. In f64, for they may be more than a memory holds.
 */
export function recurrent_scratch(B: i32, H: i32, G: i32): f64 {
  return <f64>gemm_scratch() + packedSize(B, H, G) + (<f64>B + 1) * H * 8;
}

/** Where the packed weights lie in `scratch`. */
export function packedIn(scratch: usize): usize {
  return scratch + gemm_scratch();
}

/** Where the two [B, H] and the two [H] lie in `scratch`. */
export function statesIn(scratch: usize, B: i32, H: i32, G: i32): usize {
  return packedIn(scratch) + <usize>packedSize(B, H, G);
}

/**
 * Gates [B, N] of the rows from … to at t: those of their tokens in a table, where there is one. It
 * spares the way through memory and back.
 */
export function lookUp(
  gates: usize,
  table: usize,
  ids: usize,
  t: i32,
  B: i32,
  from: i32,
  to: i32,
  N: i32,
): void {
  if (table)
    embedding_forward(
      gates + ((<usize>(from * N)) << 2),
      table,
      ids + ((<usize>(t * B + from)) << 2),
      to - from,
      N,
    );
}

/**
 * Packs w [N, H] for `forwardProduct`. A single row is multiplied with the weights as they are:
 * reading them is all its work.
 */
export function packForward(packed: usize, w: usize, B: i32, N: i32, H: i32): void {
  if (B > 1) gemm_pack(packed, w, H, N, 1, H);
}

/**
 * c (+)= h·wᵀ for rows from … to of a batch of B.   c [B, N] in rows of cRow, h [B, H], w [N, H]
 */
export function forwardProduct(
  c: usize,
  h: usize,
  w: usize,
  packed: usize,
  scratch: usize,
  B: i32,
  from: i32,
  to: i32,
  N: i32,
  H: i32,
  cRow: i32,
  add: i32,
): void {
  if (B == 1) gemm(c, h, w, scratch, 1, N, H, cRow, H, 1, 1, H, add);
  else
    gemm_packed(
      c + ((<usize>(from * cRow)) << 2),
      h + ((<usize>(from * H)) << 2),
      packed,
      scratch,
      to - from,
      N,
      H,
      cRow,
      H,
      1,
      add,
    );
}

/** Packs w [N, H] for `backwardProduct`. */
export function packBackward(packed: usize, w: usize, B: i32, N: i32, H: i32): void {
  if (B > 1) gemm_pack(packed, w, N, H, H, 1);
}

/**
 * dh (+)= d·w for rows from … to of a batch of B.   dh [B, H], d [B, N] in rows of dRow, w [N, H]
 */
export function backwardProduct(
  dh: usize,
  d: usize,
  w: usize,
  packed: usize,
  scratch: usize,
  B: i32,
  from: i32,
  to: i32,
  N: i32,
  H: i32,
  dRow: i32,
  add: i32,
): void {
  if (B == 1) gemm(dh, d, w, scratch, 1, H, N, H, dRow, 1, H, 1, add);
  else
    gemm_packed(
      dh + ((<usize>(from * H)) << 2),
      d + ((<usize>(from * dRow)) << 2),
      packed,
      scratch,
      to - from,
      H,
      N,
      H,
      dRow,
      1,
      add,
    );
}

/** Rows from … to of a state [B, H] begin as those of `origin`, absent = zeros. */
export function begin(state: usize, origin: usize, H: i32, from: i32, to: i32): void {
  const start = (<usize>(from * H)) << 2,
    bytes = (<usize>((to - from) * H)) << 2;
  if (origin == 0) memory.fill(state + start, 0, bytes);
  else if (origin != state) memory.copy(state + start, origin + start, bytes);
}

/** Is row b past its end at t? */
export function frozen(lengths: usize, t: i32, b: i32): bool {
  return lengths != 0 && t >= load<i32>(lengths + ((<usize>b) << 2));
}

/** Does the state of row b restart at t? Asked of rows that are not frozen. */
export function restarts(resets: usize, t: i32, b: i32, B: i32): bool {
  return resets != 0 && load<u8>(resets + t * B + b) != 0;
}

/** Zeroes those of the rows from … to of a state [B, H] that restart at t. */
export function restart(
  state: usize,
  lengths: usize,
  resets: usize,
  t: i32,
  B: i32,
  from: i32,
  to: i32,
  H: i32,
): void {
  if (resets == 0) return;
  const row = (<usize>H) << 2;
  for (let b = from; b < to; b++) {
    if (restarts(resets, t, b, B) && !frozen(lengths, t, b)) memory.fill(state + row * b, 0, row);
  }
}

/** sum += x, rows from … to of [B, H]; `sum` 0 is not wanted. */
export function addRows(sum: usize, x: usize, H: i32, from: i32, to: i32): void {
  if (sum == 0) return;
  const start = (<usize>(from * H)) << 2;
  add_to(sum + start, x + start, (to - from) * H);
}
