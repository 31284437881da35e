/**
 * Packing for gemm.ts: strided matrices into panels that the micro-kernels read from front to back.
 */

/**
 * Four rows of four floats at p, `stride` bytes apart, transposed into q, q + to, q + 2·to, q +
 * 3·to (bytes).
 */
// @ts-ignore: decorator
@inline export function transpose4(q: usize, to: usize, p: usize, stride: usize): void {
  const r0 = v128.load(p),
    r1 = v128.load(p + stride),
    r2 = v128.load(p + 2 * stride),
    r3 = v128.load(p + 3 * stride);
  const x = i32x4.shuffle(r0, r1, 0, 4, 1, 5),
    y = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
  const z = i32x4.shuffle(r0, r1, 2, 6, 3, 7),
    w = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
  v128.store(q, i64x2.shuffle(x, y, 0, 2));
  v128.store(q + to, i64x2.shuffle(x, y, 1, 3));
  v128.store(q + 2 * to, i64x2.shuffle(z, w, 0, 2));
  v128.store(q + 3 * to, i64x2.shuffle(z, w, 1, 3));
}

/**
 * Two rows of four floats at p and p + stride, transposed into pairs at q, q + to, q + 2·to, q +
 * 3·to (bytes).
 */
// @ts-ignore: decorator
@inline function transpose2(q: usize, to: usize, p: usize, stride: usize): void {
  const r0 = v128.load(p),
    r1 = v128.load(p + stride);
  const x = i32x4.shuffle(r0, r1, 0, 4, 1, 5),
    y = i32x4.shuffle(r0, r1, 2, 6, 3, 7);
  v128.store64_lane(q, x, 0);
  v128.store64_lane(q + to, x, 1);
  v128.store64_lane(q + 2 * to, y, 0);
  v128.store64_lane(q + 3 * to, y, 1);
}

/**
 * dst[k·width + j] = src[k·kStride + j·jStride], k < K, j < count ≤ 8: strides in bytes, `width` in
 * floats.
 */
export function packStrip(
  dst: usize,
  src: usize,
  K: i32,
  count: i32,
  width: i32,
  kStride: usize,
  jStride: usize,
): void {
  const row = (<usize>width) << 2;
  if (jStride == 4) packRows(dst, src, K, count, row, kStride);
  else packColumns(dst, src, K, count, row, kStride, jStride);
}

/** jStride = 4: `count` floats that lie side by side, from each k. */
function packRows(dst: usize, src: usize, K: i32, count: i32, row: usize, kStride: usize): void {
  if (count == 8) {
    for (let k = K; k >= 1; k--, src += kStride, dst += row) {
      v128.store(dst, v128.load(src));
      v128.store(dst, v128.load(src, 16), 16);
    }
    return;
  }
  for (let k = K; k >= 1; k--, src += kStride, dst += row) {
    let p = src,
      q = dst;
    if (count & 4) {
      v128.store(q, v128.load(p));
      p += 16;
      q += 16;
    }
    if (count & 2) {
      store<u64>(q, load<u64>(p));
      p += 8;
      q += 8;
    }
    if (count & 1) store<u32>(q, load<u32>(p));
  }
}

/**
 * `count` floats that lie apart, from each k: four or two at a time, and four k's at a time where
 * those lie side by side.
 */
function packColumns(
  dst: usize,
  src: usize,
  K: i32,
  count: i32,
  row: usize,
  kStride: usize,
  jStride: usize,
): void {
  let j = 0;
  for (; j + 4 <= count; j += 4, src += 4 * jStride, dst += 16) {
    let p = src,
      q = dst,
      k = K;
    if (kStride == 4) for (; k >= 4; k -= 4, p += 16, q += 4 * row) transpose4(q, row, p, jStride);
    for (; k >= 1; k--, p += kStride, q += row) {
      store<f32>(q, load<f32>(p));
      store<f32>(q, load<f32>(p + jStride), 4);
      store<f32>(q, load<f32>(p + 2 * jStride), 8);
      store<f32>(q, load<f32>(p + 3 * jStride), 12);
    }
  }
  for (; j + 2 <= count; j += 2, src += 2 * jStride, dst += 8) {
    let p = src,
      q = dst,
      k = K;
    if (kStride == 4) for (; k >= 4; k -= 4, p += 16, q += 4 * row) transpose2(q, row, p, jStride);
    for (; k >= 1; k--, p += kStride, q += row) {
      store<f32>(q, load<f32>(p));
      store<f32>(q, load<f32>(p + jStride), 4);
    }
  }
  if (j < count)
    for (let k = K; k >= 1; k--, src += kStride, dst += row) store<f32>(dst, load<f32>(src));
}

/** dst[k, j] = four times src[k·kStride + j·jStride], k < K, j < count: strides in bytes. */
export function packSplats(
  dst: usize,
  src: usize,
  K: i32,
  count: i32,
  kStride: usize,
  jStride: usize,
): void {
  const row = (<usize>count) << 4;
  for (let j = 0; j < count; j++, src += jStride, dst += 16) {
    let p = src,
      q = dst;
    for (let k = K; k >= 1; k--, p += kStride, q += row) v128.store(q, v128.load32_splat(p));
  }
}
