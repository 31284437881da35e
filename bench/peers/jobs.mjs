/** The jobs, the same for every contestant: those of ../jobs.ts, and two of ../sample.bench.ts. */
import { label, JOBS as TRAIN, trainName } from '../../build/bench/jobs.js';

const SAMPLE = [
  { cell: 'lstm', V: 65, H: 128, layers: 2 },
  { cell: 'lstm', V: 65, H: 512, layers: 2 },
];

export const JOBS = [
  ...TRAIN.map(job => ({ name: trainName(job), kind: 'train', ...job })),
  ...SAMPLE.map(job => ({ name: `sample ${label(job)}`, kind: 'sample', ...job })),
];

/** Windows of a training text, worked through again and again with the state carried on. */
export const WINDOWS = 20;
export const CLIP_NORM = 1;
export const LEARNING_RATE = 1e-3;
export const TEMPERATURE = 0.8;

/** n ids below V: xorshift32 (Marsaglia 2003). */
export function randomIds(n, V) {
  let x = 2463534242;
  return Int32Array.from({ length: n }, () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % V;
  });
}
