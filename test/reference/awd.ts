/** The AWD-LSTM's training loss in f64 loops (Merity et al. 2017), masks given. */

/** A layer's parameters, as torch.nn.LSTM names and lays them out. */
export interface Layer {
  weight_ih: Float64Array;
  weight_hh: Float64Array;
  bias_ih: Float64Array;
  bias_hh: Float64Array;
}

/** Masks: 0, or 1/(1 − p). */
export interface Masks {
  /** [V] */
  words: ArrayLike<number>;
  /** [B, E] */
  input: ArrayLike<number>;
  /** Of each layer: [4H, H] */
  weights: readonly ArrayLike<number>[];
  /** Before each layer but the first: [B, width] */
  hidden: readonly ArrayLike<number>[];
  /** [B, E] */
  output: ArrayLike<number>;
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * Mean cross-entropy + α·mean(m²) + β·mean((h_t − h_{t−1})²), from zero states. `embedding` [V, E]
 * is the output's matrix too.
 */
export function awdLoss(
  {
    embedding,
    bias,
    layers,
  }: { embedding: Float64Array; bias: Float64Array; layers: readonly Layer[] },
  { inputs, targets, T, B }: { inputs: Int32Array; targets: Int32Array; T: number; B: number },
  masks: Masks,
  { alpha, beta }: { alpha: number; beta: number },
): number {
  const V = bias.length;
  const E = embedding.length / V;
  let x = Array.from(
    inputs,
    (id, row) =>
    Float64Array.from({ length: E }, (_, e) => embedding[id * E + e]! * masks.words[id]! * masks.input[(row % B) * E + e]!), // biome-ignore format: one line
  );
  for (const [k, w] of layers.entries()) {
    const H = w.bias_ih.length / 4;
    const I = w.weight_ih.length / (4 * H);
    const mask = k > 0 ? masks.hidden[k - 1]! : null;
    const h: Float64Array<ArrayBuffer>[] = Array.from({ length: B }, () => new Float64Array(H));
    const c = Array.from({ length: B }, () => new Float64Array(H));
    const outputs: Float64Array<ArrayBuffer>[] = [];
    for (let t = 0; t < T; t++)
      for (let b = 0; b < B; b++) {
        const read = x[t * B + b]!;
        const a = new Float64Array(4 * H);
        for (let g = 0; g < 4 * H; g++) {
          let sum = w.bias_ih[g]! + w.bias_hh[g]!;
          for (let i = 0; i < I; i++)
            sum += w.weight_ih[g * I + i]! * read[i]! * (mask ? mask[b * I + i]! : 1);
          for (let j = 0; j < H; j++)
            sum += w.weight_hh[g * H + j]! * masks.weights[k]![g * H + j]! * h[b]![j]!;
          a[g] = sum;
        }
        const next: Float64Array<ArrayBuffer> = new Float64Array(H);
        for (let j = 0; j < H; j++) {
          const [i, f, g, o] = [a[j]!, a[H + j]!, a[2 * H + j]!, a[3 * H + j]!];
          c[b]![j] = sigmoid(f) * c[b]![j]! + sigmoid(i) * Math.tanh(g);
          next[j] = sigmoid(o) * Math.tanh(c[b]![j]!);
        }
        h[b] = next;
        outputs.push(next);
      }
    x = outputs;
  }
  let entropy = 0;
  let squares = 0;
  let changes = 0;
  for (const [row, h] of x.entries()) {
    const m = h.map((value, e) => value * masks.output[(row % B) * E + e]!);
    const logits = Float64Array.from({ length: V }, (_, v) => m.reduce((sum, value, e) => sum + value * embedding[v * E + e]!, bias[v]!)); // biome-ignore format: one line
    const high = Math.max(...logits);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - high), 0);
    entropy += high + Math.log(total) - logits[targets[row]!]!;
    squares += m.reduce((sum, value) => sum + value * value, 0);
    if (row >= B) changes += h.reduce((sum, value, e) => sum + (value - x[row - B]![e]!) ** 2, 0);
  }
  const N = T * B;
  return entropy / N + (alpha * squares) / (N * E) + (beta * changes) / ((N - B) * E);
}
