/** How the networks are trained: the same steps, seeds and rates for every cell. */
import { infer, optim, Random, train } from '../src/index.js';
import { type Cell, layer, Network } from './network.js';
import type { Batch, Task } from './synthetic.js';

export interface Recipe {
  hiddenSize: number;
  /** Sequences in a batch. */
  B: number;
  /** Adam's rate at the start; along half a cosine it falls to a hundredth. */
  lr: number;
  /** Limit of the gradient's norm. */
  clipNorm: number;
  steps: number;
}

/** Enough for the cells that can. */
export const recipes = {
  adding: { hiddenSize: 32, B: 32, lr: 0.01, clipNorm: 1, steps: 1000 },
  temporalOrder: { hiddenSize: 32, B: 32, lr: 0.01, clipNorm: 1, steps: 600 },
  copying: { hiddenSize: 64, B: 16, lr: 0.02, clipNorm: 1, steps: 2500 },
} satisfies Record<string, Recipe>;

/** How a network does on sequences it has never seen. */
export interface Progress {
  step: number;
  loss: number;
  /** Share of right answers; null where they are not right or wrong. */
  accuracy: number | null;
}

/** Sequences to measure on. */
const HELD = 1024;

export interface LearnOptions {
  cell: Cell;
  /** Of the initial values and of all sequences. */
  seed: number;
  /** How often to measure. */
  reports: number;
}

/** Trains on fresh sequences at each step, and measures on 1024 others. */
export async function* learn(
  task: Task,
  { hiddenSize, B, lr, clipNorm, steps }: Recipe,
  { cell, seed, reports }: LearnOptions,
): AsyncGenerator<Progress, void, undefined> {
  const random = new Random(seed);
  const network = new Network(
    task,
    layer(cell, { inputSize: task.inputSize, T: task.steps, hiddenSize, random }),
    random,
  );
  const trainer = new train.Trainer(network, {
    optimizer: new optim.Adam(network.namedParameters(), { lr }),
    schedule: optim.cosine({ min: lr / 100 }),
    clipNorm,
    steps,
    validEvery: Math.ceil(steps / reports),
    seed,
  });
  const held = task.draw(new Random(seed + 1), HELD);
  let accuracy: number | null = null;
  const validate = async () =>
    infer(() => {
      const outputs = network.forward(held);
      accuracy = held.accuracy?.(outputs) ?? null;
      return { loss: held.loss(outputs).item(), tokens: held.tokens };
    });
  try {
    for await (const report of trainer.run(batches(task, { B, steps }), { validate })) {
      if (report.type === 'valid')
        yield { step: report.step, loss: report.metrics['loss']!, accuracy };
    }
  } finally {
    trainer.dispose();
    network.dispose();
  }
}

/**
 * Fresh batches of a task, as data for the trainer: `steps` of them are an epoch, each from a seed
 * of its own.
 */
export function batches(
  task: Task,
  { B, steps }: Pick<Recipe, 'B' | 'steps'>,
): train.TrainData<Batch> {
  return {
    fingerprint: `${task.inputSize}:${task.steps}:${B}:${steps}`,
    windows({ random }) {
      const seeds = Array.from({ length: steps }, () => random.uint32());
      return {
        length: steps,
        position: 0,
        next() {
          const seed = seeds[this.position];
          if (seed === undefined) return { done: true, value: undefined };
          this.position++;
          return { done: false, value: task.draw(new Random(seed), B) };
        },
      };
    },
  };
}
