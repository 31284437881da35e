/** Cells that are scans, and what their blocks are made of, in plain f64 loops. */
type Numbers = ArrayLike<number>;

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** g of minGRU's positive form. */
export const g = (x: number): number => (x >= 0 ? x + 0.5 : sigmoid(x));

/** Sizes of a scan, and where rows end or begin anew. */
export interface Scan {
  T: number;
  B: number;
  H: number;
  lengths?: Numbers | undefined;
  resets?: Numbers | undefined;
}

/** Calls `step` with (t, b), skipping frozen rows; `fresh`: a text begins there. */
function walk(
  { T, B, lengths, resets }: Scan,
  step: (t: number, b: number, fresh: boolean) => void,
): void {
  for (let t = 0; t < T; t++)
    for (let b = 0; b < B; b++)
      if (!lengths || t < lengths[b]!) step(t, b, resets?.[t * B + b] === 1);
}

/** h_t = (1 − z)·h_{t−1} + z·n.   a [T, B, 2H], h0 [B, H] → y [T, B, H], h [B, H] */
export function minGRU(
  a: Numbers,
  h0: Numbers,
  scan: Scan,
  positive: boolean,
): { y: Float64Array; h: Float64Array } {
  const { T, B, H } = scan;
  const y = new Float64Array(T * B * H);
  const h = Float64Array.from(h0);
  walk(scan, (t, b, fresh) => {
    for (let j = 0; j < H; j++) {
      const row = (t * B + b) * 2 * H;
      const z = sigmoid(a[row + j]!);
      const raw = a[row + H + j]!;
      const n = positive ? g(raw) : raw;
      const before = fresh ? 0 : h[b * H + j]!;
      h[b * H + j] = (1 - z) * before + z * n;
      y[(t * B + b) * H + j] = h[b * H + j]!;
    }
  });
  return { y, h };
}

/**
 * The parallel form in logarithms, with `positive` (Feng et al. 2024, algorithm 8):
 * A*ₜ = Σ log(1 − z), log h_t = A*ₜ + log Σₛ exp(log h₀, log zₛ + log nₛ − A*ₛ).   One row: a [T, 2H]
 */
export function minGRULog(a: Numbers, h0: Numbers, T: number, H: number): Float64Array {
  const y = new Float64Array(T * H);
  const softplus = (x: number): number => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0);
  for (let j = 0; j < H; j++) {
    let A = 0;
    const terms = [Math.log(h0[j]!)];
    for (let t = 0; t < T; t++) {
      const az = a[t * 2 * H + j]!;
      A += -softplus(az);
      terms.push(-softplus(-az) + Math.log(g(a[t * 2 * H + H + j]!)) - A);
      const most = Math.max(...terms);
      const sum = terms.reduce((all, term) => all + Math.exp(term - most), 0);
      y[t * H + j] = Math.exp(A + most + Math.log(sum));
    }
  }
  return y;
}

/** h_t = a·h_{t−1} + √(1 − a²)·i·x.   x [T, B, H], gates [T, B, 2H], lambda [H], h0 [B, H] */
export function rglru(
  x: Numbers,
  gates: Numbers,
  lambda: Numbers,
  h0: Numbers,
  scan: Scan,
): { y: Float64Array; h: Float64Array } {
  const { T, B, H } = scan;
  const y = new Float64Array(T * B * H);
  const h = Float64Array.from(h0);
  walk(scan, (t, b, fresh) => {
    for (let j = 0; j < H; j++) {
      const row = (t * B + b) * 2 * H;
      const r = sigmoid(gates[row + j]!);
      const i = sigmoid(gates[row + H + j]!);
      const a = Math.exp(-8 * r * Math.log1p(Math.exp(lambda[j]!)));
      const place = (t * B + b) * H + j;
      h[b * H + j] = a * (fresh ? 0 : h[b * H + j]!) + Math.sqrt(1 - a * a) * i * x[place]!;
      y[place] = h[b * H + j]!;
    }
  });
  return { y, h };
}

/** ½·x·(1 + tanh(√(2/π)·(x + 0.044715·x³))) */
export const gelu = (x: number): number =>
  0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));

/** x / √(mean x² + ε)·w.   x [N, C], w [C] */
export function rmsNorm(x: Numbers, w: Numbers, N: number, C: number, eps: number): Float64Array {
  const y = new Float64Array(N * C);
  for (let n = 0; n < N; n++) {
    let squares = 0;
    for (let j = 0; j < C; j++) squares += x[n * C + j]! ** 2 / C;
    for (let j = 0; j < C; j++) y[n * C + j] = (x[n * C + j]! * w[j]!) / Math.sqrt(squares + eps);
  }
  return y;
}

/** y_t = b + Σₖ w_k·x_{t−k}.   x [T, B, H], history [K − 1, B, H], w [K, H], b [H] */
export function convolution(
  x: Numbers,
  history: Numbers,
  w: Numbers,
  b: Numbers,
  { T, B, H, resets }: Scan,
): Float64Array {
  const K = w.length / H;
  const y = new Float64Array(T * B * H);
  for (let t = 0; t < T; t++)
    for (let n = 0; n < B; n++)
      for (let j = 0; j < H; j++) {
        let sum = b[j]!;
        for (let k = 0; k < K; k++) {
          const s = t - k;
          sum += w[k * H + j]! * (s >= 0 ? x[(s * B + n) * H + j]! : history[((K - 1 + s) * B + n) * H + j]!); // biome-ignore format: one line
          if (s >= 0 && resets?.[s * B + n] === 1) break;
        }
        y[(t * B + n) * H + j] = sum;
      }
  return y;
}
