/**
 * Arithmetic of arrays of one shape, [n] each. Plain multiply, then add, in both builds: the loops
 * are bound by memory. An output may be the same array as an input or as another output.
 */

/** y = a + b.   y written */
export function add(y: usize, a: usize, b: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i < body; i += 16) v128.store(y + i, f32x4.add(v128.load(a + i), v128.load(b + i)));
  for (; i < end; i += 4) store<f32>(y + i, load<f32>(a + i) + load<f32>(b + i));
}

/** y = a − b.   y written */
export function sub(y: usize, a: usize, b: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i < body; i += 16) v128.store(y + i, f32x4.sub(v128.load(a + i), v128.load(b + i)));
  for (; i < end; i += 4) store<f32>(y + i, load<f32>(a + i) - load<f32>(b + i));
}

/** y = a·b.   y written */
export function mul(y: usize, a: usize, b: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i < body; i += 16) v128.store(y + i, f32x4.mul(v128.load(a + i), v128.load(b + i)));
  for (; i < end; i += 4) store<f32>(y + i, load<f32>(a + i) * load<f32>(b + i));
}

/** y = a / b.   y written */
export function div(y: usize, a: usize, b: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i < body; i += 16) v128.store(y + i, f32x4.div(v128.load(a + i), v128.load(b + i)));
  for (; i < end; i += 4) store<f32>(y + i, load<f32>(a + i) / load<f32>(b + i));
}

/** y = scale·x + shift.   y written */
export function affine(y: usize, x: usize, n: i32, scale: f32, shift: f32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  const scale4 = f32x4.splat(scale),
    shift4 = f32x4.splat(shift);
  let i: usize = 0;
  for (; i < body; i += 16)
    v128.store(y + i, f32x4.add(f32x4.mul(scale4, v128.load(x + i)), shift4));
  for (; i < end; i += 4) store<f32>(y + i, scale * load<f32>(x + i) + shift);
}

/** y = value.   y written */
export function fill(y: usize, n: i32, value: f32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  const value4 = f32x4.splat(value);
  let i: usize = 0;
  for (; i < body; i += 16) v128.store(y + i, value4);
  for (; i < end; i += 4) store<f32>(y + i, value);
}

/** y = x.   y written; the arrays may overlap */
export function copy(y: usize, x: usize, n: i32): void {
  memory.copy(y, x, (<usize>n) << 2);
}

/** dst += src.   The backward of a sum. */
export function add_to(dst: usize, src: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i < body; i += 16) v128.store(dst + i, f32x4.add(v128.load(dst + i), v128.load(src + i)));
  for (; i < end; i += 4) store<f32>(dst + i, load<f32>(dst + i) + load<f32>(src + i));
}

/** dst += alpha·src.   The backward of a difference (alpha = −1) and of affine (alpha = scale). */
export function axpy(dst: usize, src: usize, n: i32, alpha: f32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  const alpha4 = f32x4.splat(alpha);
  let i: usize = 0;
  for (; i < body; i += 16)
    v128.store(dst + i, f32x4.add(v128.load(dst + i), f32x4.mul(alpha4, v128.load(src + i))));
  for (; i < end; i += 4) store<f32>(dst + i, load<f32>(dst + i) + alpha * load<f32>(src + i));
}

/** dst += a·b.   The backward of a product: da += dy·b, db += dy·a. */
export function mul_add(dst: usize, a: usize, b: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i < body; i += 16)
    v128.store(
      dst + i,
      f32x4.add(v128.load(dst + i), f32x4.mul(v128.load(a + i), v128.load(b + i))),
    );
  for (; i < end; i += 4)
    store<f32>(dst + i, load<f32>(dst + i) + load<f32>(a + i) * load<f32>(b + i));
}

/**
 * The backward of y = a / b, with q = dy / b:
 *
 *   da += q        added to, or 0
 *   db −= q·y      added to, or 0
 */
export function div_backward(da: usize, db: usize, dy: usize, b: usize, y: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i < body; i += 16) {
    const q = f32x4.div(v128.load(dy + i), v128.load(b + i));
    if (da) v128.store(da + i, f32x4.add(v128.load(da + i), q));
    if (db) v128.store(db + i, f32x4.sub(v128.load(db + i), f32x4.mul(q, v128.load(y + i))));
  }
  for (; i < end; i += 4) {
    const q = load<f32>(dy + i) / load<f32>(b + i);
    if (da) store<f32>(da + i, load<f32>(da + i) + q);
    if (db) store<f32>(db + i, load<f32>(db + i) - q * load<f32>(y + i));
  }
}

/** y = a where the mask is not 0, else b.   mask [n] u8, read */
export function select(y: usize, mask: usize, a: usize, b: usize, n: i32): void {
  const end: usize = n << 2;
  for (let i: usize = 0; i < end; i += 4, mask++)
    store<f32>(y + i, load<f32>((load<u8>(mask) ? a : b) + i));
}

/** dst += src where the mask, or (not = 1) its opposite, holds: the backward of a selection. */
export function masked_add(dst: usize, src: usize, mask: usize, n: i32, not: i32): void {
  const end: usize = n << 2;
  for (let i: usize = 0; i < end; i += 4, mask++)
    if ((load<u8>(mask) == 0) == (not != 0))
      store<f32>(dst + i, load<f32>(dst + i) + load<f32>(src + i));
}
