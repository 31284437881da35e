/**
 * Words a second of word2vec: 100 numbers, window 5, 5 negatives, sample 1e-4, on a million words
 * of 30,000, about as frequent as words are. Text of real language has better and worse neighbours
 * in the caches: README.md has its rates beside the C program's.
 */
import { text, words } from '../src/index.js';
import type { Case } from './case.js';
import { wordIds } from './data.js';

const [N, V] = [1_000_000, 30_000];

const ids = wordIds(N, V).map(id => id + 2);
const counts = new Array<number>(V + 2).fill(0);
for (const id of ids) counts[id]!++;
const tokens = ['<eos>', '<unk>', ...Array.from({ length: V }, (_, i) => `w${i}`)];
const vocab = text.Vocab.fromJSON({ level: 'word', tokens, counts });
const corpus = new words.WordCorpus(ids);

const CASES: readonly [name: string, options: Partial<words.Word2VecOptions>][] = [
  ['skip-gram, negatives of each pair', { shared: false }],
  ['skip-gram, negatives shared by a window', {}],
  ['skip-gram, hierarchical softmax', { hierarchical: true }],
  ['CBOW', { algorithm: 'cbow' }],
];
const models = await Promise.all(
  CASES.map(async ([name, options]) => ({
    name,
    model: await words.Word2Vec.create({ vocab, ...options }),
  })),
);

export default function* (): Generator<Case> {
  for (const { name, model } of models) {
    using trainer = new words.Word2VecTrainer(model, { epochs: 1000, shards: 1 });
    yield {
      name: `word2vec ${name}`,
      tokens: N,
      run: async () => {
        for await (const _ of trainer.run(corpus, { steps: N / 100_000 }));
      },
    };
    model.dispose();
  }
}
