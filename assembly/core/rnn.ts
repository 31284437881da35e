/**
 * Four units of an RNN (or the first `left`), forward and backward. Addresses are those of the
 * first unit.
 *
 *   h_t = φ(a),  φ = tanh or max(0, ·)      Elman 1990
 */
import { carry } from './carry';
import { loadLanes, storeLanes } from './lanes';
import { tanh4 } from './math';

// @ts-ignore: decorator
@inline export function forward4<Lanes>(
  a: usize,
  h: usize,
  y: usize,
  left: i32,
  relu: bool,
): void {
  const at = loadLanes<Lanes>(a, left);
  const ht = carry(relu ? f32x4.max(at, f32x4.splat(0)) : tanh4(at));
  storeLanes<Lanes>(a, ht, left);
  storeLanes<Lanes>(h, ht, left);
  storeLanes<Lanes>(y, ht, left);
}

/** a holds h_t; da may be a. ReLU passes the gradient on where h_t is NaN, as PyTorch does. */
// @ts-ignore: decorator
@inline export function backward4<Lanes>(
  da: usize,
  dh: usize,
  dy: usize,
  a: usize,
  left: i32,
  relu: bool,
): void {
  const h = loadLanes<Lanes>(a, left);
  const dht = carry(f32x4.add(loadLanes<Lanes>(dh, left), loadLanes<Lanes>(dy, left)));
  const d = relu
    ? v128.andnot(dht, f32x4.le(h, f32x4.splat(0)))
    : f32x4.mul(dht, f32x4.sub(f32x4.splat(1), f32x4.mul(h, h)));
  storeLanes<Lanes>(da, d, left);
}
