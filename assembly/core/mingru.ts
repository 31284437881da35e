/** Four units of a minGRU (or the first `left`), both ways: equations of cells/mingru.ts. */
import { carry } from './carry';
import { loadLanes, storeLanes } from './lanes';
import { sigmoid4 } from './math';
import { madd } from './v128';

/** (1) of n. */
// @ts-ignore: decorator
@inline function candidate(a: v128, positive: i32): v128 {
  if (!positive) return a;
  const negative = f32x4.lt(a, f32x4.splat(0));
  return v128.bitselect(sigmoid4(a), f32x4.add(a, f32x4.splat(0.5)), negative);
}

/** dn/da_n of (1), from n: g(x) < ½ exactly where x < 0. */
// @ts-ignore: decorator
@inline function slope(n: v128, positive: i32): v128 {
  const one = f32x4.splat(1);
  if (!positive) return one;
  const below = f32x4.lt(n, f32x4.splat(0.5));
  return v128.bitselect(f32x4.mul(n, f32x4.sub(one, n)), one, below);
}

// @ts-ignore: decorator
@inline export function forward4<Lanes>(
  y: usize,
  h: usize,
  gates: usize,
  row: usize,
  fresh: i32,
  positive: i32,
  left: i32,
): void {
  const z = sigmoid4(loadLanes<Lanes>(gates, left));
  const n = candidate(loadLanes<Lanes>(gates + row, left), positive);
  storeLanes<Lanes>(gates, z, left);
  storeLanes<Lanes>(gates + row, n, left);
  const before = fresh ? f32x4.splat(0) : loadLanes<Lanes>(h, left);
  const ht = carry(madd(z, f32x4.sub(n, before), before)); // (2)
  storeLanes<Lanes>(h, ht, left);
  storeLanes<Lanes>(y, ht, left);
}

// @ts-ignore: decorator
@inline export function backward4<Lanes>(
  dh: usize,
  dy: usize,
  gates: usize,
  row: usize,
  before: usize,
  positive: i32,
  left: i32,
): void {
  const one = f32x4.splat(1);
  const z = loadLanes<Lanes>(gates, left);
  const n = loadLanes<Lanes>(gates + row, left);
  const hp = before ? loadLanes<Lanes>(before, left) : f32x4.splat(0);
  let d = loadLanes<Lanes>(dh, left);
  if (dy) d = f32x4.add(d, loadLanes<Lanes>(dy, left));
  d = carry(d);
  const dz = f32x4.mul(d, f32x4.sub(n, hp)); // (2)
  const keep = f32x4.sub(one, z);
  storeLanes<Lanes>(gates, f32x4.mul(f32x4.mul(dz, z), keep), left); // (1)
  storeLanes<Lanes>(gates + row, f32x4.mul(f32x4.mul(d, z), slope(n, positive)), left); // (2), (1)
  storeLanes<Lanes>(dh, f32x4.mul(d, keep), left); // (2)
}
