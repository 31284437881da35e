/**
 * One layer and direction of a GRU over a whole sequence. The equations are those of core/gru.ts,
 * with
 *
 *   (a_r, a_z) = W_ih·x + b_ih + b_hh + W_hh·h_{t−1},   a_n = W_in·x + b_in
 *
 * The input's part is one product over all T·B rows, done before. After: dx, dW_ih and db_ih from
 * dgates; dW_hh = (dr, dz, dhn)ᵀ·hp and db_hh.
 */
import { sigmoid_forward } from './activation';
import { backward4, forward4 } from './core/gru';
import { gemm_pack_size } from './gemm';
import {
  addRows,
  backwardProduct,
  begin,
  forwardProduct,
  frozen,
  lookUp,
  packBackward,
  packedIn,
  packForward,
  restart,
  statesIn,
} from './recurrent';

/** One row of H units. */
function forwardRow(
  gates: usize,
  hn: usize,
  bias: usize,
  hp: usize,
  h: usize,
  y: usize,
  H: i32,
): void {
  const row = (<usize>H) << 2;
  sigmoid_forward(gates, gates, 2 * H);
  let left = H;
  for (; left >= 4; left -= 4, gates += 16, hn += 16, bias += 16, hp += 16, h += 16, y += 16)
    forward4<v128>(gates, row, hn, bias, hp, h, y, left);
  if (left > 0) forward4<f32>(gates, row, hn, bias, hp, h, y, left);
}

function backwardRow(
  dgates: usize,
  dhn: usize,
  dh: usize,
  dy: usize,
  gates: usize,
  hn: usize,
  hp: usize,
  H: i32,
): void {
  const row = (<usize>H) << 2;
  let left = H;
  for (
    ;
    left >= 4;
    left -= 4, dgates += 16, dhn += 16, dh += 16, dy += 16, gates += 16, hn += 16, hp += 16
  )
    backward4<v128>(dgates, dhn, dh, dy, gates, row, hn, hp, left);
  if (left > 0) backward4<f32>(dgates, dhn, dh, dy, gates, row, hn, hp, left);
}

/**
 *   y      [T, B, H]    written, row (t, b) at (t·B + b)·yRow; 0 in frozen rows
 *   hN     [B, H]       written: the running state, at the end the last one; may be h0
 *   hn     [T, B, H]    written: W_hn·h_{t−1} + b_hn, 0 in frozen rows; 0 = not wanted
 *   hp     [T, B, H]    written: h_{t−1} as it was used; 0 = not wanted
 *   gates  [T, B, 3H]   read as W_ih·x + b_ih, for r and z + b_hh too; overwritten by r, z, n; 0 in
 *                       frozen rows
 *   table  [V, 3H]      read; gates [t, b] begin as row ids[t, b]; 0 = they are there
 *   ids    [T, B]       read
 *   w_hh   [3H, H]      read; 0 (one step of one row) = gates hold the r and z products already,
 *                       hn holds W_hn·h0
 *   b_hh   [3H]         read: the n third only
 *   h0     [B, H]       read; 0 = zeros
 *   lengths, resets     read; 0 = none; from, to: rows of the batch (recurrent.ts)
 *   scratch             recurrent_scratch(B, H, 3) bytes
 */
export function gru_forward(
  y: usize,
  hN: usize,
  hn: usize,
  hp: usize,
  gates: usize,
  table: usize,
  ids: usize,
  w_hh: usize,
  b_hh: usize,
  h0: usize,
  lengths: usize,
  resets: usize,
  scratch: usize,
  T: i32,
  B: i32,
  H: i32,
  yRow: i32,
  reverse: i32,
  from: i32,
  to: i32,
): void {
  const row = (<usize>H) << 2,
    state = row * B,
    yStride = (<usize>yRow) << 2;
  const w_n = w_hh + row * (2 * H),
    bias = b_hh + 2 * row;
  const packed = packedIn(scratch),
    packed_n = packed + <usize>gemm_pack_size(H, 2 * H),
    unsaved = statesIn(scratch, B, H, 3);
  packForward(packed, w_hh, B, 2 * H, H);
  packForward(packed_n, w_n, B, H, H);

  let h = hp ? hp + (reverse ? state * (T - 1) : 0) : hN;
  begin(h, h0, H, from, to);
  for (let n = 0; n < T; n++) {
    const t = reverse ? T - 1 - n : n;
    const hNext = hp && n < T - 1 ? hp + state * (reverse ? t - 1 : t + 1) : hN;
    const gatesT = gates + state * (3 * t),
      hnT = hn ? hn + state * t : unsaved;
    lookUp(gatesT, table, ids, t, B, from, to, 3 * H);
    restart(h, lengths, resets, t, B, from, to, H);
    if (w_hh == 0) {
      // there already
    } else if (n > 0 || h0) {
      forwardProduct(gatesT, h, w_hh, packed, scratch, B, from, to, 2 * H, H, 3 * H, 1);
      forwardProduct(hnT, h, w_n, packed_n, scratch, B, from, to, H, H, H, 0);
    } else begin(hnT, 0, H, from, to);
    for (let b = from; b < to; b++) {
      const at = row * b,
        gatesRow = gatesT + 3 * at,
        yAt = y + yStride * (t * B + b);
      if (frozen(lengths, t, b)) {
        memory.fill(gatesRow, 0, 3 * row);
        memory.fill(hnT + at, 0, row);
        memory.fill(yAt, 0, row);
        memory.copy(hNext + at, h + at, row);
      } else forwardRow(gatesRow, hnT + at, bias, h + at, hNext + at, yAt, H);
    }
    h = hNext;
  }
}

/**
 *   dgates  [T, B, 3H]  *written*: gradients of a_r, a_z, a_n, 0 in frozen rows; may be gates
 *   dhn     [T, B, H]   *written*: gradient of W_hn·h_{t−1} + b_hn, 0 in frozen rows; may be hn
 *   dh0     [B, H]      added to; 0 = not wanted
 *   dy      [T, B, H]   read, row (t, b) at (t·B + b)·dyRow; 0 = zeros
 *   dhN     [B, H]      read; 0 = zeros
 *   gates, hn, hp       as the forward left them
 *   w_hh    [3H, H]     read
 *   lengths, resets     as in the forward
 *   scratch             recurrent_scratch(B, H, 3) bytes
 */
export function gru_backward(
  dgates: usize,
  dhn: usize,
  dh0: usize,
  dy: usize,
  dhN: usize,
  gates: usize,
  hn: usize,
  hp: usize,
  w_hh: usize,
  lengths: usize,
  resets: usize,
  scratch: usize,
  T: i32,
  B: i32,
  H: i32,
  dyRow: i32,
  reverse: i32,
  from: i32,
  to: i32,
): void {
  const row = (<usize>H) << 2,
    state = row * B;
  const w_n = w_hh + row * (2 * H);
  const packed = packedIn(scratch),
    packed_n = packed + <usize>gemm_pack_size(2 * H, H),
    dh = statesIn(scratch, B, H, 3),
    zeros = dh + state;
  memory.fill(zeros, 0, row);
  packBackward(packed, w_hh, B, 2 * H, H);
  packBackward(packed_n, w_n, B, H, H);

  begin(dh, dhN, H, from, to);
  const dyStride = dy ? (<usize>dyRow) << 2 : 0;
  if (dy == 0) dy = zeros;
  for (let n = T - 1; n >= 0; n--) {
    const t = reverse ? T - 1 - n : n;
    const gatesT = gates + state * (3 * t),
      dgatesT = dgates + state * (3 * t),
      dhnT = dhn + state * t;
    for (let b = from; b < to; b++) {
      const at = row * b,
        tb = t * B + b;
      if (frozen(lengths, t, b)) {
        memory.fill(dgatesT + 3 * at, 0, 3 * row);
        memory.fill(dhnT + at, 0, row);
      } else
        backwardRow(
          dgatesT + 3 * at,
          dhnT + at,
          dh + at,
          dy + dyStride * tb,
          gatesT + 3 * at,
          hn + row * tb,
          hp + row * tb,
          H,
        );
    }
    if (n > 0 || dh0) {
      backwardProduct(dh, dgatesT, w_hh, packed, scratch, B, from, to, 2 * H, H, 3 * H, 1);
      backwardProduct(dh, dhnT, w_n, packed_n, scratch, B, from, to, H, H, H, 1);
    }
    restart(dh, lengths, resets, t, B, from, to, H);
  }
  addRows(dh0, dh, H, from, to);
}
