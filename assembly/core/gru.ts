/**
 * Four units of a GRU (or the first `left`), forward and backward: Cho et al. 2014, with the reset
 * after the product as in cuDNN and PyTorch. Addresses are those of the first unit; its gates lie
 * `row` bytes apart.
 *
 *   r = σ(a_r), z = σ(a_z)                   (1)
 *   n = tanh(a_n + r·(W_hn·h_{t−1} + b_hn))  (2)
 *   h_t = (1 − z)·n + z·h_{t−1}              (3)
 */
import { carry } from './carry';
import { loadLanes, storeLanes } from './lanes';
import { tanh4 } from './math';
import { madd } from './v128';

/** (2) and (3), of r and z that went through (1). hn: W_hn·h_{t−1} becomes W_hn·h_{t−1} + b_hn. */
// @ts-ignore: decorator
@inline export function forward4<Lanes>(
  gates: usize,
  row: usize,
  hn: usize,
  bias: usize,
  hp: usize,
  h: usize,
  y: usize,
  left: i32,
): void {
  const r = loadLanes<Lanes>(gates, left);
  const z = loadLanes<Lanes>(gates + row, left);
  const product = f32x4.add(loadLanes<Lanes>(hn, left), loadLanes<Lanes>(bias, left));
  const n = tanh4(madd(r, product, loadLanes<Lanes>(gates + 2 * row, left)));
  storeLanes<Lanes>(gates + 2 * row, n, left);
  storeLanes<Lanes>(hn, product, left);
  const ht = carry(madd(z, f32x4.sub(loadLanes<Lanes>(hp, left), n), n));
  storeLanes<Lanes>(h, ht, left);
  storeLanes<Lanes>(y, ht, left);
}

/**
 * dh: ∂loss/∂h_t by way of later steps becomes what (3) passes on to h_{t−1}. dgates may be gates,
 * dhn may be hn.
 */
// @ts-ignore: decorator
@inline export function backward4<Lanes>(
  dgates: usize,
  dhn: usize,
  dh: usize,
  dy: usize,
  gates: usize,
  row: usize,
  hn: usize,
  hp: usize,
  left: i32,
): void {
  const one = f32x4.splat(1);
  const r = loadLanes<Lanes>(gates, left);
  const z = loadLanes<Lanes>(gates + row, left);
  const n = loadLanes<Lanes>(gates + 2 * row, left);
  const dht = carry(f32x4.add(loadLanes<Lanes>(dh, left), loadLanes<Lanes>(dy, left)));
  const dhz = f32x4.mul(dht, z);
  const dn = f32x4.mul(f32x4.sub(dht, dhz), f32x4.sub(one, f32x4.mul(n, n))); // (3), (2)
  const dnr = f32x4.mul(dn, r);
  const dr = f32x4.mul(f32x4.mul(dnr, loadLanes<Lanes>(hn, left)), f32x4.sub(one, r)); // (2), (1)
  // (3), (1)
  const dz = f32x4.mul(f32x4.mul(dhz, f32x4.sub(loadLanes<Lanes>(hp, left), n)), f32x4.sub(one, z));
  storeLanes<Lanes>(dgates, dr, left);
  storeLanes<Lanes>(dgates + row, dz, left);
  storeLanes<Lanes>(dgates + 2 * row, dn, left);
  storeLanes<Lanes>(dhn, dnr, left); // (2)
  storeLanes<Lanes>(dh, dhz, left); // (3)
}
