/**
 * Three tasks that need memory over many steps: the classic tests of whether gradients reach back
 * (Hochreiter & Schmidhuber 1997; Pascanu et al. 2013; Arjovsky et al. 2016).
 */
import { ops, type Random, type Tensor, tensor, type train } from '../src/index.js';

/** B sequences as numbers, and what is asked of the outputs. */
export interface Batch extends train.TrainBatch {
  /** Inputs [T, B, inputSize], time-major. */
  x: Float32Array;
  /** Mean loss of outputs [answers, B, outputSize]. */
  loss(outputs: Tensor): Tensor;
  /** Share of right answers, where they are right or wrong. */
  accuracy?(outputs: Tensor): number;
}

export interface Task {
  /** Steps of a sequence. */
  steps: number;
  inputSize: number;
  outputSize: number;
  /** How many of the last steps are answered; what comes out before them counts for nothing. */
  answers: number;
  /** The loss of the best that needs no memory. */
  baseline: number;
  /** Draws B sequences. */
  draw(random: Random, B: number): Batch;
}

/** What the trainer reads of B sequences of T steps, each with as many targets as given. */
const sizes = (T: number, B: number, targets: number) => ({
  T,
  B,
  lossFrom: 0,
  tokens: B * targets,
  first: true,
});

/**
 * Adding: T steps with a value in [0, 1) and a marker each; one step of each half is marked; the
 * answer is the sum of the two marked values. Squared error; always answering 1 costs the variance
 * of a sum of two U[0, 1), 1/6.
 */
export function adding(T: number): Task {
  return {
    steps: T,
    inputSize: 2,
    outputSize: 1,
    answers: 1,
    baseline: 1 / 6,
    draw(random, B) {
      const x = new Float32Array(T * B * 2);
      const sums = new Float32Array(B);
      const half = T >> 1;
      for (let b = 0; b < B; b++) {
        for (let t = 0; t < T; t++) x[(t * B + b) * 2] = random.float();
        for (const t of [random.int(half), half + random.int(T - half)]) {
          x[(t * B + b) * 2 + 1] = 1;
          sums[b]! += x[(t * B + b) * 2]!;
        }
      }
      return {
        ...sizes(T, B, 1),
        x,
        loss: outputs => ops.mse(outputs, tensor(sums, { shape: [1, B, 1] })),
      };
    },
  };
}

/**
 * Temporal order (task 6a): among distractors stand two symbols, each X or Y, one early and one in
 * the middle; which of the four orders was it? Symbols: 0–3 distractors, 4 X, 5 Y, 6 start, 7 end.
 * Cross-entropy; guessing costs ln 4.
 */
export function temporalOrder(T: number): Task {
  return {
    steps: T,
    inputSize: 8,
    outputSize: 4,
    answers: 1,
    baseline: Math.log(4),
    draw(random, B) {
      const symbols = Int32Array.from({ length: T * B }, () => random.int(4))
        .fill(6, 0, B)
        .fill(7, (T - 1) * B);
      const orders = new Int32Array(B);
      const tenth = Math.floor(T / 10);
      for (let b = 0; b < B; b++) {
        for (const from of [tenth, 5 * tenth]) {
          const which = random.int(2);
          symbols[(from + random.int(tenth)) * B + b] = 4 + which;
          orders[b] = 2 * orders[b]! + which;
        }
      }
      return {
        ...sizes(T, B, 1),
        x: oneHot(symbols, 8),
        loss: outputs => ops.crossEntropy(outputs, orders),
        accuracy: outputs => accuracy(outputs, orders),
      };
    },
  };
}

/** Symbols to copy. */
const WORD = 10;

/**
 * Copying memory: ten symbols out of eight, T − 1 blanks, a delimiter, ten blanks; the answer is a
 * blank at each step and the ten symbols at the last ten. Symbols: 0 blank, 1–8, 9 delimiter.
 * Cross-entropy over all T + 20 steps; who forgets the symbols but counts the steps pays 10·ln 8 /
 * (T + 20).
 */
export function copying(T: number): Task {
  const steps = T + 2 * WORD;
  return {
    steps,
    inputSize: 10,
    outputSize: 9,
    answers: steps,
    baseline: (WORD * Math.log(8)) / steps,
    draw(random, B) {
      const word = Int32Array.from({ length: WORD * B }, () => 1 + random.int(8));
      const symbols = new Int32Array(steps * B).fill(9, (T + WORD - 1) * B, (T + WORD) * B);
      symbols.set(word);
      const targets = new Int32Array(steps * B);
      targets.set(word, (T + WORD) * B);
      return {
        ...sizes(steps, B, steps),
        x: oneHot(symbols, 10),
        loss: outputs => ops.crossEntropy(outputs, targets),
        accuracy: outputs => accuracy(ops.slice(outputs, 0, T + WORD, steps), word),
      };
    },
  };
}

/** One row of `size` inputs for each symbol. */
function oneHot(symbols: Int32Array, size: number): Float32Array {
  const x = new Float32Array(symbols.length * size);
  symbols.forEach((symbol, i) => (x[i * size + symbol] = 1));
  return x;
}

/** Share of rows of logits [..., C] whose largest is the target's. */
function accuracy(logits: Tensor, targets: Int32Array): number {
  const C = logits.shape.at(-1)!;
  const values = logits.toArray();
  const right = targets.filter((target, n) => {
    const row = values.subarray(n * C, (n + 1) * C);
    return row.indexOf(Math.max(...row)) === target;
  });
  return right.length / targets.length;
}
