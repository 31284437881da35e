/**
 * Three tasks that need memory over many steps, and one network to learn them: the classic tests of whether gradients reach
 * back (Hochreiter & Schmidhuber 1997; Pascanu et al. 2013).
 */
import { nn, ops, Random, tensor, type Tensor, type train } from '../src/index.js';

/** Numbers in, one decision at the end (or at each counted step). */
export interface Task {
  /** Inputs per step. */
  inputSize: number;
  /** Outputs. */
  outputSize: number;
  /** What a network that remembers nothing can reach. */
  baseline: number;
  /** Draws B sequences of length T. */
  draw(random: Random, T: number, B: number): Sample;
}

export interface Sample {
  /** [T', B, inputSize], time-major; T' depends on the task. */
  x: Float32Array;
  steps: number;
  /** The loss, given the network's outputs [T', B, hiddenSize] and the layer that reads them. */
  loss(outputs: Tensor, head: nn.Linear): Tensor;
  /** Share of right answers, or null where the loss says it all. */
  accuracy?(outputs: Tensor, head: nn.Linear): number;
}

const last = (outputs: Tensor): Tensor => {
  const [T, B, H] = outputs.shape as readonly [number, number, number];
  return ops.reshape(ops.slice(outputs, 0, T - 1, T), [B, H]);
};

/**
 * Adding: each step has a value in [0, 1] and a marker; two steps are marked, one in each half; the answer is the sum of
 * their values. Mean squared error; always answering 1 gives the variance of a sum of two U[0, 1], 1/6.
 */
export const adding: Task = {
  inputSize: 2,
  outputSize: 1,
  baseline: 1 / 6,
  draw(random, T, B) {
    const x = new Float32Array(T * B * 2);
    const target = new Float32Array(B);
    for (let b = 0; b < B; b++) {
      for (let t = 0; t < T; t++) x[(t * B + b) * 2] = random.float();
      const half = T >> 1;
      for (const t of [random.int(half), half + random.int(T - half)]) {
        x[(t * B + b) * 2 + 1] = 1;
        target[b]! += x[(t * B + b) * 2]!;
      }
    }
    return { x, steps: T, loss: (outputs, head) => ops.mse(head.forward(last(outputs)), tensor(target, { shape: [B, 1] })) };
  },
};

/** One-hot inputs from symbols [T·B]. */
function oneHot(symbols: Int32Array, size: number): Float32Array {
  const x = new Float32Array(symbols.length * size);
  symbols.forEach((symbol, i) => (x[i * size + symbol] = 1));
  return x;
}

/** Share of rows whose largest logit is the target. */
function share(logits: Tensor, targets: Int32Array): number {
  const C = logits.shape.at(-1)!;
  const values = logits.toArray();
  let right = 0;
  targets.forEach((target, n) => {
    const row = values.subarray(n * C, (n + 1) * C);
    if (row.indexOf(Math.max(...row)) === target) right++;
  });
  return right / targets.length;
}

/**
 * Temporal order (6a): among distractors stand two symbols, each X or Y, one early and one in the middle; the answer is which
 * of the four orders it was. Symbols: 0–3 distractors, 4 X, 5 Y, 6 start, 7 end. Cross-entropy; guessing gives ln 4.
 */
export const temporalOrder: Task = {
  inputSize: 8,
  outputSize: 4,
  baseline: Math.log(4),
  draw(random, T, B) {
    const symbols = Int32Array.from({ length: T * B }, () => random.int(4));
    const targets = new Int32Array(B);
    const tenth = Math.floor(T / 10);
    for (let b = 0; b < B; b++) {
      symbols[b] = 6;
      symbols[(T - 1) * B + b] = 7;
      for (const from of [tenth, 5 * tenth]) {
        const second = random.int(2);
        symbols[(from + random.int(tenth)) * B + b] = 4 + second;
        targets[b] = 2 * targets[b]! + second;
      }
    }
    return {
      x: oneHot(symbols, 8),
      steps: T,
      loss: (outputs, head) => ops.crossEntropy(head.forward(last(outputs)), targets),
      accuracy: (outputs, head) => share(head.forward(last(outputs)), targets),
    };
  },
};

const WORD = 10;

/**
 * Copying memory: ten symbols out of eight, T blanks, a delimiter, and then the ten again. Symbols: 0 blank, 1–8, 9 delimiter;
 * T + 20 steps. Cross-entropy over all steps; without memory 10 ln 8 / (T + 20).
 */
export function copying(T: number): Task {
  return {
    inputSize: 10,
    outputSize: 9,
    baseline: (WORD * Math.log(8)) / (T + 2 * WORD),
    draw(random, _, B) {
      const steps = T + 2 * WORD;
      const symbols = new Int32Array(steps * B);
      const targets = new Int32Array(steps * B);
      for (let b = 0; b < B; b++) {
        symbols[(T + WORD - 1) * B + b] = 9;
        for (let t = 0; t < WORD; t++) targets[(T + WORD + t) * B + b] = symbols[t * B + b] = 1 + random.int(8);
      }
      const recall = targets.subarray((T + WORD) * B);
      return {
        x: oneHot(symbols, 10),
        steps,
        loss: (outputs, head) => ops.crossEntropy(head.forward(outputs), targets),
        accuracy: (outputs, head) => share(head.forward(ops.slice(outputs, 0, T + WORD, steps)), recall),
      };
    },
  };
}

/** What the trainer hands to the network. */
interface Batch extends train.TrainBatch {
  sample: Sample;
}

/** A recurrent layer and a linear one on its outputs. */
export class Network extends nn.Module implements train.Trainable<Batch> {
  readonly head: nn.Linear;

  constructor(
    readonly rnn: nn.Recurrent,
    outputSize: number,
    random: Random,
  ) {
    super();
    this.head = new nn.Linear(rnn.hiddenSize, outputSize, { random });
  }

  outputs({ x, steps }: Sample): Tensor {
    return this.rnn.forward(tensor(x, { shape: [steps, x.length / steps / this.rnn.inputSize, this.rnn.inputSize] })).output;
  }

  loss({ sample }: Batch): train.LossResult {
    return { loss: sample.loss(this.outputs(sample), this.head), state: undefined };
  }

  stateShapes(): number[][] {
    return [];
  }

  describe() {
    return { kind: 'example', config: {}, vocab: null, state: this.stateDict() };
  }
}

/** Fresh batches of a task as data for the trainer: `steps` of them are an epoch, each from a seed of its own. */
export function batches(task: Task, { T, B, steps }: { T: number; B: number; steps: number }): train.TrainData<Batch> {
  return {
    fingerprint: `${T}:${B}:${steps}`,
    windows({ random }) {
      const seeds = Array.from({ length: steps }, () => random.uint32());
      const windows: train.Windows<Batch> = {
        length: steps,
        position: 0,
        next() {
          if (windows.position >= steps) return { done: true, value: undefined };
          const sample = task.draw(new Random(seeds[windows.position++]!), T, B);
          return { done: false, value: { T: sample.steps, B, lossFrom: 0, tokens: B, first: true, sample } };
        },
      };
      return windows;
    },
  };
}
