/**
 * Text one character at a time through the public generator, and texts evaluated: in f32 and in
 * 8-bit weights.
 */
import { quantize } from '../src/lm/quantized.js';
import type { Case } from './case.js';
import { randomIds } from './data.js';
import { label, type Size } from './jobs.js';
import { flopPerToken, model } from './model.js';

const SIZES: readonly Size[] = [
  { cell: 'lstm', V: 65, H: 128, layers: 2 },
  { cell: 'lstm', V: 65, H: 512, layers: 2 },
  { cell: 'gru', V: 65, H: 128, layers: 2 },
];

export default function* (): Generator<Case> {
  for (const size of SIZES) {
    using float = model(size);
    using int8 = quantize(float);
    for (const [name, lm] of [
      ['', float],
      [' int8', int8],
    ] as const) {
      const pieces = lm.sample({ length: 1e9, temperature: 0.8, seed: 1 });
      yield {
        name: `sample ${label(size)}${name}`,
        flop: flopPerToken(size),
        tokens: 1,
        run: () => pieces.next(),
      };
    }
    const evaluation = (
      name: string,
      tokens: number,
      run: (ids: Int32Array) => Promise<unknown>,
    ): Case => {
      const ids = randomIds(tokens + 1, size.V);
      return {
        name: `evaluate ${label(size)} ${name}`,
        flop: tokens * flopPerToken(size),
        tokens,
        run: () => run(ids),
      };
    };
    const tokens = Math.round(2 ** 22 / size.H ** 2) * 16;
    yield evaluation('one stream', tokens, ids => float.evaluate(ids));
    yield evaluation('one stream int8', tokens, ids => int8.evaluate(ids));
    yield evaluation('24 parts', 24 * (size.H > 256 ? 1600 : 4000), ids =>
      float.evaluate(ids, { parts: 24 }),
    );
  }
}
