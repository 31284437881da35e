/** Packing for gemm.ts: strided matrices into panels that the micro-kernels read from front to back. */

/** Four rows of four floats at p, `stride` bytes apart, transposed into q, q + to, q + 2·to, q + 3·to (bytes). */
// @ts-ignore: decorator
@inline export function transpose4(q: usize, to: usize, p: usize, stride: usize): void {
  const r0 = v128.load(p), r1 = v128.load(p + stride), r2 = v128.load(p + 2 * stride), r3 = v128.load(p + 3 * stride);
  const x = i32x4.shuffle(r0, r1, 0, 4, 1, 5), y = i32x4.shuffle(r2, r3, 0, 4, 1, 5);
  const z = i32x4.shuffle(r0, r1, 2, 6, 3, 7), w = i32x4.shuffle(r2, r3, 2, 6, 3, 7);
  v128.store(q, i64x2.shuffle(x, y, 0, 2));
  v128.store(q + to, i64x2.shuffle(x, y, 1, 3));
  v128.store(q + 2 * to, i64x2.shuffle(z, w, 0, 2));
  v128.store(q + 3 * to, i64x2.shuffle(z, w, 1, 3));
}

/** dst[k·width + j] = src[k·kStride + j·jStride], k < K, j < count: strides in bytes, `width` in floats. */
export function packStrip(dst: usize, src: usize, K: i32, count: i32, width: i32, kStride: usize, jStride: usize): void {
  const row = <usize>width << 2;
  let j = 0;
  if (jStride == 4 && count == 8) {
    for (let k = K; k >= 1; k--, src += kStride, dst += row) {
      v128.store(dst, v128.load(src));
      v128.store(dst, v128.load(src, 16), 16);
    }
    return;
  }
  for (; j + 4 <= count; j += 4, src += 4 * jStride, dst += 16) {
    let p = src, q = dst, k = K;
    if (jStride == 4) {
      for (; k >= 1; k--, p += kStride, q += row) v128.store(q, v128.load(p));
    } else if (kStride == 4) {
      for (; k >= 4; k -= 4, p += 16, q += 4 * row) transpose4(q, row, p, jStride);
    }
    for (; k >= 1; k--, p += kStride, q += row) {
      store<f32>(q, load<f32>(p));
      store<f32>(q, load<f32>(p + jStride), 4);
      store<f32>(q, load<f32>(p + 2 * jStride), 8);
      store<f32>(q, load<f32>(p + 3 * jStride), 12);
    }
  }
  for (; j < count; j++, src += jStride, dst += 4) {
    for (let k = K, p = src, q = dst; k >= 1; k--, p += kStride, q += row) store<f32>(q, load<f32>(p));
  }
}

/** dst[k, j] = four times src[k·kStride + j·jStride], k < K, j < count: strides in bytes. */
export function packSplats(dst: usize, src: usize, K: i32, count: i32, kStride: usize, jStride: usize): void {
  const row = <usize>count << 4;
  for (let j = 0; j < count; j++, src += jStride, dst += 16) {
    let p = src, q = dst;
    for (let k = K; k >= 1; k--, p += kStride, q += row) v128.store(q, v128.load32_splat(p));
  }
}
