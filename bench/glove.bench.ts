/** Pairs a second of GloVe, 100 numbers: 4 million pairs of 30,000 words, in tiles. */
import { Random, words } from '../src/index.js';
import type { Case } from './case.js';
import { wordIds } from './data.js';

const [N, V] = [4_000_000, 30_000];

const random = new Random(3);
const matrix = words.SparseMatrix.fromEntries([V, V], {
  rows: random.shuffle(wordIds(N, V)),
  columns: wordIds(N, V),
  values: Float32Array.from({ length: N }, () => 1 + random.float()),
});
const names = Array.from({ length: V }, (_, i) => `w${i}`);
const pairs = new words.CountedPairs({ words: names, counts: new Float64Array(V), matrix });
const model = await words.Glove.create({ words: names });

export default function* (): Generator<Case> {
  using trainer = new words.GloveTrainer(model, { epochs: 1000 });
  const steps = trainer.stepsOf(pairs);
  yield {
    name: 'GloVe',
    tokens: pairs.length,
    run: async () => {
      for await (const _ of trainer.run(pairs, { steps }));
    },
  };
  model.dispose();
}
