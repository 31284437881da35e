/**
 * Functions of one variable, element by element.   y, x, dy, dx [n]
 *
 *   forward    y  = f(x)              y written, x read
 *   backward   dx += dy·f′            dx added to; dy and the saved value (y, for log x) read
 *
 * Every element has the same bits wherever it stands in the array: a tail rounds as the body does,
 * and n may be split anywhere.
 */
import { exp1, exp4, log1, log4, sigmoid1, sigmoid4, tanh1, tanh4 } from './core/math';
import { pow64 } from './scalar';

/** The largest x whose eˣ is finite in f32. */
const EXP_LIMIT: f32 = 88.722832;

/** y = eˣ, see exp4; ∞ where it overflows */
export function exp_forward(y: usize, x: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  const infinity = f32x4.splat(Infinity),
    limit = f32x4.splat(EXP_LIMIT);
  let i: usize = 0;
  for (; i < body; i += 16) {
    const v = v128.load(x + i);
    v128.store(y + i, v128.bitselect(infinity, exp4(v), f32x4.gt(v, limit)));
  }
  for (; i < end; i += 4) {
    const v = load<f32>(x + i);
    store<f32>(y + i, v > EXP_LIMIT ? Infinity : exp1(v));
  }
}

/** dx += dy·y */
export function exp_backward(dx: usize, dy: usize, y: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i < body; i += 16)
    v128.store(
      dx + i,
      f32x4.add(v128.load(dx + i), f32x4.mul(v128.load(dy + i), v128.load(y + i))),
    );
  for (; i < end; i += 4)
    store<f32>(dx + i, load<f32>(dx + i) + load<f32>(dy + i) * load<f32>(y + i));
}

/** y = ln x, see log4 */
export function log_forward(y: usize, x: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i < body; i += 16) v128.store(y + i, log4(v128.load(x + i)));
  for (; i < end; i += 4) store<f32>(y + i, log1(load<f32>(x + i)));
}

/** dx += dy / x */
export function log_backward(dx: usize, dy: usize, x: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i < body; i += 16)
    v128.store(
      dx + i,
      f32x4.add(v128.load(dx + i), f32x4.div(v128.load(dy + i), v128.load(x + i))),
    );
  for (; i < end; i += 4)
    store<f32>(dx + i, load<f32>(dx + i) + load<f32>(dy + i) / load<f32>(x + i));
}

/** y = √x, correctly rounded */
export function sqrt_forward(y: usize, x: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i < body; i += 16) v128.store(y + i, f32x4.sqrt(v128.load(x + i)));
  for (; i < end; i += 4) store<f32>(y + i, sqrt<f32>(load<f32>(x + i)));
}

/** dx += dy / 2y */
export function sqrt_backward(dx: usize, dy: usize, y: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  const half = f32x4.splat(0.5);
  let i: usize = 0;
  for (; i < body; i += 16)
    v128.store(
      dx + i,
      f32x4.add(v128.load(dx + i), f32x4.div(f32x4.mul(half, v128.load(dy + i)), v128.load(y + i))),
    );
  for (; i < end; i += 4)
    store<f32>(dx + i, load<f32>(dx + i) + (<f32>0.5 * load<f32>(dy + i)) / load<f32>(y + i));
}

/** y = tanh x, see tanh4 */
export function tanh_forward(y: usize, x: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i + 32 <= body; i += 32) {
    const a = tanh4(v128.load(x + i)),
      b = tanh4(v128.load(x + i, 16));
    v128.store(y + i, a);
    v128.store(y + i, b, 16);
  }
  for (; i < body; i += 16) v128.store(y + i, tanh4(v128.load(x + i)));
  for (; i < end; i += 4) store<f32>(y + i, tanh1(load<f32>(x + i)));
}

/** dx += dy·(1 − y²) */
export function tanh_backward(dx: usize, dy: usize, y: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  const one = f32x4.splat(1);
  let i: usize = 0;
  for (; i < body; i += 16) {
    const t = v128.load(y + i);
    v128.store(
      dx + i,
      f32x4.add(v128.load(dx + i), f32x4.mul(v128.load(dy + i), f32x4.sub(one, f32x4.mul(t, t)))),
    );
  }
  for (; i < end; i += 4) {
    const t = load<f32>(y + i);
    store<f32>(dx + i, load<f32>(dx + i) + load<f32>(dy + i) * (1 - t * t));
  }
}

/** y = σ(x) = 1 / (1 + e⁻ˣ), see sigmoid4 */
export function sigmoid_forward(y: usize, x: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i + 32 <= body; i += 32) {
    const a = sigmoid4(v128.load(x + i)),
      b = sigmoid4(v128.load(x + i, 16));
    v128.store(y + i, a);
    v128.store(y + i, b, 16);
  }
  for (; i < body; i += 16) v128.store(y + i, sigmoid4(v128.load(x + i)));
  for (; i < end; i += 4) store<f32>(y + i, sigmoid1(load<f32>(x + i)));
}

/** dx += dy·y·(1 − y) */
export function sigmoid_backward(dx: usize, dy: usize, y: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  const one = f32x4.splat(1);
  let i: usize = 0;
  for (; i < body; i += 16) {
    const s = v128.load(y + i);
    v128.store(
      dx + i,
      f32x4.add(v128.load(dx + i), f32x4.mul(v128.load(dy + i), f32x4.mul(s, f32x4.sub(one, s)))),
    );
  }
  for (; i < end; i += 4) {
    const s = load<f32>(y + i);
    store<f32>(dx + i, load<f32>(dx + i) + load<f32>(dy + i) * (s * (1 - s)));
  }
}

/** y = max(x, 0); NaN stays NaN */
export function relu_forward(y: usize, x: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  const zero = f32x4.splat(0);
  let i: usize = 0;
  for (; i < body; i += 16) v128.store(y + i, f32x4.pmax(v128.load(x + i), zero));
  for (; i < end; i += 4) {
    const v = load<f32>(x + i);
    store<f32>(y + i, v < 0 ? 0 : v);
  }
}

/** dx += dy where y > 0 or NaN, as PyTorch: a NaN is not hidden behind a gradient of 0 */
export function relu_backward(dx: usize, dy: usize, y: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  const zero = f32x4.splat(0);
  let i: usize = 0;
  for (; i < body; i += 16)
    v128.store(
      dx + i,
      f32x4.add(
        v128.load(dx + i),
        v128.andnot(v128.load(dy + i), f32x4.le(v128.load(y + i), zero)),
      ),
    );
  for (; i < end; i += 4)
    if (!(load<f32>(y + i) <= 0)) store<f32>(dx + i, load<f32>(dx + i) + load<f32>(dy + i));
}

/** y = |x| */
export function abs_forward(y: usize, x: usize, n: i32): void {
  const body: usize = (n & ~3) << 2,
    end: usize = n << 2;
  let i: usize = 0;
  for (; i < body; i += 16) v128.store(y + i, f32x4.abs(v128.load(x + i)));
  for (; i < end; i += 4) store<f32>(y + i, abs<f32>(load<f32>(x + i)));
}

/** dx += dy·sign(x), 0 where x is 0; the saved value is x */
export function abs_backward(dx: usize, dy: usize, x: usize, n: i32): void {
  const end: usize = n << 2;
  for (let i: usize = 0; i < end; i += 4) {
    const v = load<f32>(x + i);
    if (v == 0) continue;
    const sign: f32 = v > 0 ? 1 : v < 0 ? -1 : v; // NaN stays
    store<f32>(dx + i, load<f32>(dx + i) + load<f32>(dy + i) * sign);
  }
}

/** y = min(max(x, low), high); NaN stays NaN */
export function clamp_forward(y: usize, x: usize, n: i32, low: f32, high: f32): void {
  const end: usize = n << 2;
  for (let i: usize = 0; i < end; i += 4) {
    const v = load<f32>(x + i);
    store<f32>(y + i, v < low ? low : v > high ? high : v);
  }
}

/** dx += dy where not x < low and not x > high; the saved value is x */
export function clamp_backward(dx: usize, dy: usize, x: usize, n: i32, low: f32, high: f32): void {
  const end: usize = n << 2;
  for (let i: usize = 0; i < end; i += 4) {
    const v = load<f32>(x + i);
    if (!(v < low) && !(v > high)) store<f32>(dx + i, load<f32>(dx + i) + load<f32>(dy + i));
  }
}

/** y = xᵖ, in f64, rounded once */
export function pow_forward(y: usize, x: usize, n: i32, p: f64): void {
  const end: usize = n << 2;
  for (let i: usize = 0; i < end; i += 4) store<f32>(y + i, <f32>pow64(<f64>load<f32>(x + i), p));
}

/** dx += dy·p·xᵖ⁻¹; the saved value is x */
export function pow_backward(dx: usize, dy: usize, x: usize, n: i32, p: f64): void {
  const end: usize = n << 2;
  for (let i: usize = 0; i < end; i += 4) {
    const slope = p == 0 ? 0 : p * pow64(<f64>load<f32>(x + i), p - 1);
    store<f32>(dx + i, load<f32>(dx + i) + <f32>(<f64>load<f32>(dy + i) * slope));
  }
}
