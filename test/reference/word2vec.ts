/**
 * word2vec in plain loops and f64: the same windows and draws as the kernel, drawn by the same
 * generator, so that the vectors can be compared.
 */

export interface Word2VecCase {
  /** Negative: the end of a sentence. */
  ids: readonly number[];
  words: number;
  size: number;
  window: number;
  /** 0: hierarchical softmax. */
  negative: number;
  bag: 'none' | 'sum' | 'mean';
  shared: boolean;
  keep: Uint32Array;
  alias: Uint32Array;
  starts?: ArrayLike<number>;
  paths?: ArrayLike<number>;
  /** Input rows of each word; absent: its own. */
  pieces?: readonly (readonly number[])[];
  alpha: number;
  alphaEnd: number;
  seed: bigint;
  /** [rows][size], changed. */
  input: number[][];
  output: number[][];
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const dot = (x: readonly number[], y: readonly number[]): number =>
  x.reduce((sum, value, k) => sum + value * y[k]!, 0);

/** Trains in place; the sum of −ln p over all outputs, the predictions, and the next state. */
export function word2vec(c: Word2VecCase): { loss: number; pairs: number; state: bigint } {
  let state = c.seed;
  const random = (): number => {
    state = BigInt.asUintN(64, state * 25214903917n + 11n);
    return Number(state >> 32n);
  };
  const below = (n: number): number => Number((BigInt(random()) * BigInt(n)) >> 32n);
  let loss = 0;
  let pairs = 0;

  /** The outputs of a word: rows and labels. */
  const outputsOf = (centre: number): [row: number, label: number][] => {
    if (c.negative === 0) {
      const list: [number, number][] = [];
      for (let i = c.starts![centre]!; i < c.starts![centre + 1]!; i++)
        list.push([c.paths![i]! >> 1, c.paths![i]! & 1]);
      return list;
    }
    const list: [number, number][] = [[centre, 1]];
    for (let k = 0; k < c.negative; k++) {
      let id: number;
      let tries = 0;
      do {
        id = below(c.words);
        if (random() >= c.alias[2 * id]!) id = c.alias[2 * id + 1]!;
        if (++tries > 64) id = below(c.words);
      } while (list.some(([other]) => other === id));
      list.push([id, 0]);
    }
    return list;
  };
  /** α·e of an input on outputs, before anything moves. */
  const errors = (x: readonly number[], outputs: [number, number][], alpha: number): number[] => {
    pairs++;
    return outputs.map(([row, label]) => {
      const e = label - sigmoid(dot(x, c.output[row]!));
      loss -= Math.log(Math.max(1 - Math.abs(e), 2 ** -24));
      return alpha * e;
    });
  };
  /** y += e·x, and Σ e·y before that. */
  const move = (x: readonly number[], outputs: [number, number][], e: number[]): number[] => {
    const dx = x.map(() => 0);
    outputs.forEach(([row], o) => {
      const y = c.output[row]!;
      for (let k = 0; k < x.length; k++) {
        dx[k]! += e[o]! * y[k]!;
        y[k]! += e[o]! * x[k]!;
      }
    });
    return dx;
  };
  /** A window: all inputs see the outputs as they were. */
  const inputsOn = (rows: number[], outputs: [number, number][][], alpha: number): void => {
    const e = rows.map((row, i) => errors(c.input[row]!, outputs[i]!, alpha));
    // with one group of outputs each input moves before the next; with more they move at the end
    const late: [number, number[]][] = [];
    rows.forEach((row, i) => {
      const dx = move(c.input[row]!, outputs[i]!, e[i]!);
      if (outputs[i]!.length > 6 && (c.shared || c.negative === 0)) late.push([row, dx]);
      else add(row, dx, 1);
    });
    for (const [row, dx] of late) add(row, dx, 1);
  };
  const add = (row: number, dx: readonly number[], scale: number): void =>
    dx.forEach((d, k) => (c.input[row]![k]! += scale * d));
  const bagOn = (rows: number[], outputs: [number, number][], alpha: number): void => {
    const mean = c.input[0]!.map(
      (_, k) => rows.reduce((sum, row) => sum + c.input[row]![k]!, 0) / rows.length,
    );
    const dx = move(mean, outputs, errors(mean, outputs, alpha));
    for (const row of rows) add(row, dx, c.bag === 'mean' ? 1 / rows.length : 1);
  };

  for (let i = 0; i < c.ids.length; ) {
    const sentence: number[] = [];
    while (i < c.ids.length && sentence.length < 1000) {
      const id = c.ids[i++]!;
      if (id < 0) break;
      if (c.keep[id] !== 0xffffffff && random() > c.keep[id]!) continue;
      sentence.push(id);
    }
    const alpha = c.alpha + (c.alphaEnd - c.alpha) * (i / c.ids.length);
    sentence.forEach((centre, at) => {
      const reach = c.window - below(c.window);
      const neighbours = sentence.filter((_, j) => j !== at && j >= at - reach && j <= at + reach);
      if (neighbours.length === 0) return;
      const first = outputsOf(centre);
      const each = (): [number, number][] =>
        c.shared || c.negative === 0 ? first : outputsOf(centre);
      if (c.bag === 'none' && !c.pieces) {
        const outputs = neighbours.map((_, j) => (j === 0 ? first : each()));
        inputsOn(neighbours, outputs, alpha);
      } else if (c.bag === 'none')
        for (const word of neighbours) bagOn([...c.pieces![word]!], each(), alpha);
      else
        bagOn(
          neighbours.flatMap(word => c.pieces?.[word] ?? [word]),
          first,
          alpha,
        );
    });
  }
  return { loss, pairs, state };
}
