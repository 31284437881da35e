/** Whole training steps of the usual jobs. */
import type { Case } from './case.js';
import { randomIds } from './data.js';
import { flopPerStep, label, model, type Size } from './model.js';
import { stepCase } from './step.js';

interface Job extends Size {
  note: string;
  T: number;
  B: number;
}

const JOBS: readonly Job[] = [
  { note: 'char', cell: 'lstm', V: 65, H: 128, layers: 2, T: 50, B: 50 },
  { note: 'char', cell: 'gru', V: 65, H: 128, layers: 2, T: 50, B: 50 },
  { note: 'char', cell: 'lstm', V: 65, H: 128, layers: 1, T: 50, B: 32 },
  { note: 'char', cell: 'lstm', V: 65, H: 512, layers: 2, T: 50, B: 50 },
  { note: 'word', cell: 'lstm', V: 10_000, H: 200, layers: 2, T: 35, B: 20 },
  { note: 'online', cell: 'lstm', V: 65, H: 128, layers: 1, T: 25, B: 1 },
  { note: 'tiny', cell: 'lstm', V: 65, H: 32, layers: 1, T: 25, B: 1 },
];

export default function* (): Generator<Case> {
  for (const job of JOBS) {
    const { T, B, V } = job;
    using lm = model(job);
    yield* stepCase(lm, { name: `train ${job.note} ${label(job)} T${T} B${B}`, ids: randomIds(B * (20 * T + 1), V), T, B, flop: flopPerStep(job, T, B) });
  }
}
