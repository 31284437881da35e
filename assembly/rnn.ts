/**
 * One layer and direction of a plain RNN over a whole sequence: h_t = φ(a_t + W_hh·h_{t−1}), φ =
 * tanh or (relu = 1) max(0, ·).
 *
 * a = W_ih·x + b_ih + b_hh is one product over all T·B rows, done before; so are dx, dW_ih, dW_hh =
 * daᵀ·hp and db, after.
 */
import { backward4, forward4 } from './core/rnn';
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

/**
 * One row of H units. Processors overlap neighbouring vectors by themselves: two to an iteration
 * measured the same.
 */
function forwardRow(a: usize, h: usize, y: usize, H: i32, relu: bool): void {
  let left = H;
  for (; left >= 4; left -= 4, a += 16, h += 16, y += 16) forward4<v128>(a, h, y, left, relu);
  if (left > 0) forward4<f32>(a, h, y, left, relu);
}

function backwardRow(da: usize, dh: usize, dy: usize, a: usize, H: i32, relu: bool): void {
  let left = H;
  for (; left >= 4; left -= 4, da += 16, dh += 16, dy += 16, a += 16)
    backward4<v128>(da, dh, dy, a, left, relu);
  if (left > 0) backward4<f32>(da, dh, dy, a, left, relu);
}

/**
 *   y     [T, B, H]    written, row (t, b) at (t·B + b)·yRow; 0 in frozen rows
 *   hN    [B, H]       written: the running state, at the end the last one; may be h0
 *   hp    [T, B, H]    written: h_{t−1} as it was used; 0 = not wanted
 *   a     [T, B, H]    read as W_ih·x + b_ih + b_hh, overwritten by h_t; 0 in frozen rows
 *   table [V, H]       read; a [t, b] begins as row ids[t, b]; 0 = it is there
 *   ids   [T, B]       read
 *   w_hh  [H, H]       read
 *   h0    [B, H]       read; 0 = zeros
 *   lengths, resets    read; 0 = none (recurrent.ts)
 *   scratch            recurrent_scratch(B, H, 1) bytes
 */
export function rnn_forward(
  y: usize,
  hN: usize,
  hp: usize,
  a: usize,
  table: usize,
  ids: usize,
  w_hh: usize,
  h0: usize,
  lengths: usize,
  resets: usize,
  scratch: usize,
  T: i32,
  B: i32,
  H: i32,
  yRow: i32,
  reverse: i32,
  relu: i32,
  from: i32,
  to: i32,
): void {
  const row = (<usize>H) << 2,
    state = row * B,
    yStride = (<usize>yRow) << 2;
  const packed = packedIn(scratch);
  packForward(packed, w_hh, B, H, H);

  let h = hp ? hp + (reverse ? state * (T - 1) : 0) : hN;
  begin(h, h0, H, from, to);
  for (let n = 0; n < T; n++) {
    const t = reverse ? T - 1 - n : n;
    const hNext = hp && n < T - 1 ? hp + state * (reverse ? t - 1 : t + 1) : hN;
    const aT = a + state * t;
    lookUp(aT, table, ids, t, B, from, to, H);
    restart(h, lengths, resets, t, B, from, to, H);
    if (n > 0 || h0) forwardProduct(aT, h, w_hh, packed, scratch, B, from, to, H, H, H, 1);
    for (let b = from; b < to; b++) {
      const at = row * b,
        yAt = y + yStride * (t * B + b);
      if (frozen(lengths, t, b)) {
        memory.fill(aT + at, 0, row);
        memory.fill(yAt, 0, row);
        memory.copy(hNext + at, h + at, row);
      } else forwardRow(aT + at, hNext + at, yAt, H, relu != 0);
    }
    h = hNext;
  }
}

/**
 *   da    [T, B, H]    *written*: gradients of the pre-activations, 0 in frozen rows; may be a
 *   dh0   [B, H]       added to; 0 = not wanted
 *   dy    [T, B, H]    read, row (t, b) at (t·B + b)·dyRow; 0 = zeros
 *   dhN   [B, H]       read; 0 = zeros
 *   a                  as the forward left it
 *   w_hh  [H, H]       read
 *   lengths, resets    as in the forward
 *   scratch            recurrent_scratch(B, H, 1) bytes
 */
export function rnn_backward(
  da: usize,
  dh0: usize,
  dy: usize,
  dhN: usize,
  a: usize,
  w_hh: usize,
  lengths: usize,
  resets: usize,
  scratch: usize,
  T: i32,
  B: i32,
  H: i32,
  dyRow: i32,
  reverse: i32,
  relu: i32,
  from: i32,
  to: i32,
): void {
  const row = (<usize>H) << 2,
    state = row * B;
  const packed = packedIn(scratch),
    dh = statesIn(scratch, B, H, 1),
    zeros = dh + state;
  memory.fill(zeros, 0, row);
  packBackward(packed, w_hh, B, H, H);

  begin(dh, dhN, H, from, to);
  const dyStride = dy ? (<usize>dyRow) << 2 : 0;
  if (dy == 0) dy = zeros;
  for (let n = T - 1; n >= 0; n--) {
    const t = reverse ? T - 1 - n : n;
    const aT = a + state * t,
      daT = da + state * t;
    for (let b = from; b < to; b++) {
      const at = row * b;
      if (frozen(lengths, t, b)) memory.fill(daT + at, 0, row);
      else {
        backwardRow(daT + at, dh + at, dy + dyStride * (t * B + b), aT + at, H, relu != 0);
        // the product adds, so that frozen rows keep what they carry
        if (lengths) memory.fill(dh + at, 0, row);
      }
    }
    if (n > 0 || dh0)
      backwardProduct(dh, daT, w_hh, packed, scratch, B, from, to, H, H, H, lengths ? 1 : 0);
    restart(dh, lengths, resets, t, B, from, to, H);
  }
  addRows(dh0, dh, H, from, to);
}
