/** One step of a parameter: the embedding of 10,000 words, and a recurrent weight. */
import { kernels } from '../src/runtime/kernels.js';
import type { Case } from './case.js';
import { withBuffers } from './data.js';

const SIZES = [
  [10_000, 200],
  [512, 128],
] as const;

export default function* (): Generator<Case> {
  for (const [rows, columns] of SIZES) {
    const n = rows * columns;
    yield* withBuffers(function* (buffer) {
      const [p, g, m, v] = [buffer(n), buffer(n), buffer(n), buffer(n)];
      kernels.mul(v, v, v, n); // a mean of squares
      yield {
        name: `adam_step ${rows}×${columns}`,
        flop: 12 * n,
        bytes: 28 * n,
        run: () => kernels.adam_step(p, g, m, v, 0, n, 1e-3, 0.9, 0.999, 1e-8, 0, false, 0.5, 0.5),
      };
    });
  }
}
