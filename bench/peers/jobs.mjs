/** The jobs, the same for every contestant: those of ../train.bench.ts and ../sample.bench.ts. */

/** V/H × layers; embeddings are as wide as the cells. Training has windows of T steps and B rows. */
const TRAIN = [
  { note: 'char', cell: 'lstm', V: 65, H: 128, layers: 2, T: 50, B: 50 },
  { note: 'char', cell: 'gru', V: 65, H: 128, layers: 2, T: 50, B: 50 },
  { note: 'char', cell: 'lstm', V: 65, H: 128, layers: 1, T: 50, B: 32 },
  { note: 'char', cell: 'lstm', V: 65, H: 512, layers: 2, T: 50, B: 50 },
  { note: 'word', cell: 'lstm', V: 10_000, H: 200, layers: 2, T: 35, B: 20 },
  { note: 'online', cell: 'lstm', V: 65, H: 128, layers: 1, T: 25, B: 1 },
  { note: 'tiny', cell: 'lstm', V: 65, H: 32, layers: 1, T: 25, B: 1 },
];
const SAMPLE = [
  { cell: 'lstm', V: 65, H: 128, layers: 2 },
  { cell: 'lstm', V: 65, H: 512, layers: 2 },
];

const size = ({ cell, V, H, layers }) => `${cell} ${V}/${H}×${layers}`;

export const JOBS = [
  ...TRAIN.map(job => ({ name: `train ${job.note} ${size(job)} T${job.T} B${job.B}`, kind: 'train', ...job })),
  ...SAMPLE.map(job => ({ name: `sample ${size(job)}`, kind: 'sample', ...job })),
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
