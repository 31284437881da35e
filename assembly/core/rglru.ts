/** Four units of an RG-LRU (or the first `left`), both ways: equations of cells/rglru.ts. */
import { carry } from './carry';
import { loadLanes, storeLanes } from './lanes';
import { exp4, sigmoid4 } from './math';
import { madd } from './v128';

const EIGHT: f32 = -8;

/** The least 4·(1 − a²) under the root of the derivative: ∂m/∂(1 − a²) is at most 1000. */
const LEAST: f32 = 1e-6;

/** 1 − a² = (1 − a)·(1 + a), without the cancellation of the square. */
// @ts-ignore: decorator
@inline function complement(a: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.mul(f32x4.sub(one, a), f32x4.add(one, a));
}

// @ts-ignore: decorator
@inline export function forward4<Lanes>(
  y: usize,
  h: usize,
  gates: usize,
  row: usize,
  x: usize,
  s: usize,
  fresh: i32,
  left: i32,
): void {
  const r = sigmoid4(loadLanes<Lanes>(gates, left));
  const i = sigmoid4(loadLanes<Lanes>(gates + row, left));
  storeLanes<Lanes>(gates, r, left);
  storeLanes<Lanes>(gates + row, i, left);
  const gx = f32x4.mul(i, loadLanes<Lanes>(x, left));
  const a = exp4(f32x4.mul(f32x4.mul(r, loadLanes<Lanes>(s, left)), f32x4.splat(EIGHT)));
  const m = f32x4.sqrt(complement(a));
  const before = fresh ? f32x4.splat(0) : loadLanes<Lanes>(h, left);
  const ht = carry(madd(a, before, f32x4.mul(m, gx)));
  storeLanes<Lanes>(h, ht, left);
  storeLanes<Lanes>(y, ht, left);
}

// @ts-ignore: decorator
@inline export function backward4<Lanes>(
  dx: usize,
  ds: usize,
  dh: usize,
  dy: usize,
  gates: usize,
  row: usize,
  x: usize,
  s: usize,
  before: usize,
  left: i32,
): void {
  const one = f32x4.splat(1);
  const r = loadLanes<Lanes>(gates, left);
  const i = loadLanes<Lanes>(gates + row, left);
  const xt = loadLanes<Lanes>(x, left);
  let d = loadLanes<Lanes>(dh, left);
  if (dy) d = f32x4.add(d, loadLanes<Lanes>(dy, left));
  d = carry(d);
  const soft = loadLanes<Lanes>(s, left);
  const a = exp4(f32x4.mul(f32x4.mul(r, soft), f32x4.splat(EIGHT)));
  const u = complement(a);
  const m = f32x4.sqrt(u);
  const hp = before ? loadLanes<Lanes>(before, left) : f32x4.splat(0);
  // ∂m/∂a = −2a·∂√u/∂u, with ∂√u/∂u = 1 / √max(4u, LEAST)
  const root = f32x4.sqrt(f32x4.pmax(f32x4.splat(LEAST), f32x4.mul(u, f32x4.splat(4))));
  const dm = f32x4.mul(d, f32x4.mul(i, xt)); // (4)
  const da = f32x4.sub(
    f32x4.mul(d, hp), // (4)
    f32x4.div(f32x4.mul(f32x4.mul(dm, a), f32x4.splat(2)), root), // (3)
  );
  const dlog = f32x4.mul(f32x4.mul(da, a), f32x4.splat(EIGHT)); // (2)
  const dr = f32x4.mul(dlog, soft);
  const dsoft = f32x4.mul(dlog, r);
  const passed = f32x4.mul(d, a); // (4)
  const dg = f32x4.mul(d, m); // (4)
  const di = f32x4.mul(dg, xt);
  storeLanes<Lanes>(dx, f32x4.add(loadLanes<Lanes>(dx, left), f32x4.mul(dg, i)), left);
  storeLanes<Lanes>(ds, dsoft, left);
  storeLanes<Lanes>(gates, f32x4.mul(f32x4.mul(dr, r), f32x4.sub(one, r)), left); // (1)
  storeLanes<Lanes>(gates + row, f32x4.mul(f32x4.mul(di, i), f32x4.sub(one, i)), left); // (1)
  storeLanes<Lanes>(dh, passed, left);
}
