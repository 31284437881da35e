/** Whole training steps of the usual jobs. */
import type { Case } from './case.js';
import { randomIds } from './data.js';
import { JOBS, trainName } from './jobs.js';
import { flopPerStep, model } from './model.js';
import { stepCase } from './step.js';

export default function* (): Generator<Case> {
  for (const job of JOBS) {
    const { T, B, V } = job;
    using lm = model(job);
    yield* stepCase(lm, {
      name: trainName(job),
      ids: randomIds(B * (20 * T + 1), V),
      T,
      B,
      flop: flopPerStep(job, T, B),
    });
  }
}
