/**
 * The usual jobs, of train.bench.ts and of the peers: plain data, so that a peer loads nothing
 * else.
 */

export interface Size {
  cell: 'lstm' | 'gru';
  /** Vocabulary. */
  V: number;
  /** Hidden size, and that of the embedding. */
  H: number;
  layers: number;
}

export interface Job extends Size {
  note: string;
  T: number;
  B: number;
}

/** Whole training steps, of windows of T steps and B rows. */
export const JOBS: readonly Job[] = [
  { note: 'char', cell: 'lstm', V: 65, H: 128, layers: 2, T: 50, B: 50 },
  { note: 'char', cell: 'gru', V: 65, H: 128, layers: 2, T: 50, B: 50 },
  { note: 'char', cell: 'lstm', V: 65, H: 128, layers: 1, T: 50, B: 32 },
  { note: 'char', cell: 'lstm', V: 65, H: 512, layers: 2, T: 50, B: 50 },
  { note: 'word', cell: 'lstm', V: 10_000, H: 200, layers: 2, T: 35, B: 20 },
  { note: 'online', cell: 'lstm', V: 65, H: 128, layers: 1, T: 25, B: 1 },
  { note: 'tiny', cell: 'lstm', V: 65, H: 32, layers: 1, T: 25, B: 1 },
];

export const label = ({ cell, V, H, layers }: Size): string => `${cell} ${V}/${H}×${layers}`;

export const trainName = (job: Job): string =>
  `train ${job.note} ${label(job)} T${job.T} B${job.B}`;
