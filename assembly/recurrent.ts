/**
 * What rnn, lstm and gru share: the recurrent products, and states that restart or stand still.
 *
 * Time-major [T, B, ·]; the walk is t = 0 … T−1, or with `reverse` T−1 … 0, and "h_{t−1}" is the state that the walk brings to t. T ≥ 1.
 *   lengths i32 [B], or 0     row b is frozen at t ≥ lengths[b]: its state stands still, its y and its gradients are 0
 *   resets  u8 [T, B], or 0   where 1 (and the row is not frozen), the state used at (t, b) is zero: a document starts there
 */
import { gemm, gemm_pack, gemm_pack_size, gemm_packed, gemm_scratch } from './gemm';

/** Bytes of the packed weights. The GRU packs its n rows apart from the others. */
function packedSize(B: i32, H: i32, G: i32): i32 {
  if (B == 1) return 0;
  const rest = (G - 1) * H;
  return gemm_pack_size(H, H) + max(gemm_pack_size(H, rest), gemm_pack_size(rest, H));
}

/** Bytes of scratch for a recurrent kernel with G·H gate rows (rnn 1, gru 3, lstm 4): gemm's, packed W_hh, two [B, H], two [H]. */
export function recurrent_scratch(B: i32, H: i32, G: i32): i32 {
  return gemm_scratch() + packedSize(B, H, G) + (2 * B + 2) * H * 4;
}

/** Where the packed weights lie in `scratch`. */
export function packedIn(scratch: usize): usize {
  return scratch + gemm_scratch();
}

/** Where the two [B, H] and the two [H] lie in `scratch`. */
export function statesIn(scratch: usize, B: i32, H: i32, G: i32): usize {
  return packedIn(scratch) + packedSize(B, H, G);
}

/** Packs w [N, H] for `forwardProduct`. A single row is multiplied with the weights as they are: reading them is all its work. */
export function packForward(packed: usize, w: usize, B: i32, N: i32, H: i32): void {
  if (B > 1) gemm_pack(packed, w, H, N, 1, H);
}

/** c (+)= h·wᵀ   c [B, N] in rows of cRow, h [B, H], w [N, H] */
export function forwardProduct(c: usize, h: usize, w: usize, packed: usize, scratch: usize, B: i32, N: i32, H: i32, cRow: i32, add: i32): void {
  if (B == 1) gemm(c, h, w, scratch, 1, N, H, cRow, H, 1, 1, H, add);
  else gemm_packed(c, h, packed, scratch, B, N, H, cRow, H, 1, add);
}

/** Packs w [N, H] for `backwardProduct`. */
export function packBackward(packed: usize, w: usize, B: i32, N: i32, H: i32): void {
  if (B > 1) gemm_pack(packed, w, N, H, H, 1);
}

/** dh (+)= d·w   dh [B, H], d [B, N] in rows of dRow, w [N, H] */
export function backwardProduct(dh: usize, d: usize, w: usize, packed: usize, scratch: usize, B: i32, N: i32, H: i32, dRow: i32, add: i32): void {
  if (B == 1) gemm(dh, d, w, scratch, 1, H, N, H, dRow, 1, H, 1, add);
  else gemm_packed(dh, d, packed, scratch, B, H, N, H, dRow, 1, add);
}

/** A state of `bytes` begins as `from`, absent = zeros. */
export function begin(state: usize, from: usize, bytes: usize): void {
  if (from == 0) memory.fill(state, 0, bytes);
  else if (from != state) memory.copy(state, from, bytes);
}

/** Is row b past its end at t? */
export function frozen(lengths: usize, t: i32, b: i32): bool {
  return lengths != 0 && t >= load<i32>(lengths + (<usize>b << 2));
}

/** Does the state of row b restart at t? Asked of rows that are not frozen. */
export function restarts(resets: usize, t: i32, b: i32, B: i32): bool {
  return resets != 0 && load<u8>(resets + t * B + b) != 0;
}

/** Zeroes the rows of a state [B, H] that restart at t. */
export function restart(state: usize, lengths: usize, resets: usize, t: i32, B: i32, H: i32): void {
  if (resets == 0) return;
  const row = <usize>H << 2;
  for (let b = 0; b < B; b++, state += row) {
    if (restarts(resets, t, b, B) && !frozen(lengths, t, b)) memory.fill(state, 0, row);
  }
}

/** to += from, n floats; `to` 0 is not wanted. */
export function addTo(to: usize, from: usize, n: i32): void {
  if (to == 0) return;
  for (; n >= 4; n -= 4, to += 16, from += 16) v128.store(to, f32x4.add(v128.load(to), v128.load(from)));
  for (; n > 0; n--, to += 4, from += 4) store<f32>(to, load<f32>(to) + load<f32>(from));
}
