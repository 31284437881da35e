/** Text one character at a time, through the public generator. */
import type { Case } from './case.js';
import { flopPerToken, label, model, type Size } from './model.js';

const SIZES: readonly Size[] = [
  { cell: 'lstm', V: 65, H: 128, layers: 2 },
  { cell: 'lstm', V: 65, H: 512, layers: 2 },
  { cell: 'gru', V: 65, H: 128, layers: 2 },
];

export default function* (): Generator<Case> {
  for (const size of SIZES) {
    using lm = model(size);
    const pieces = lm.sample({ length: 1e9, temperature: 0.8, seed: 1 });
    yield { name: `sample ${label(size)}`, flop: flopPerToken(size), tokens: 1, run: () => pieces.next() };
  }
}
