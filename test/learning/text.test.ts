/** Real text: every cell at every level learns more than how often each unit occurs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { glosses } from '../../examples/glosses.js';
import { init, lm, optim, text, train } from '../../src/index.js';
import { suite } from '../support/suite.js';

const data = process.env.THROUGHTIME_DATA;
const { test, testIf, run } = suite('learning/text');

await init({ deterministic: true });

interface Job {
  corpus: string;
  level: text.Level;
  cell: 'rnn' | 'gru' | 'lstm';
  hiddenSize: number;
  lr: number;
  steps: number;
  minCount?: number;
}

/**
 * Nats per unit of the last tenth, after training on the rest: the model's, and those of the units'
 * frequencies alone.
 */
async function compare({
  corpus,
  level,
  cell,
  hiddenSize,
  lr,
  steps,
  minCount = 1,
}: Job): Promise<{ loss: number; unigram: number }> {
  const vocab = text.Vocab.fromText(corpus, { level, minCount });
  const [training, held] = text.split(vocab.encode(corpus), 0.9);
  const model = new lm.RecurrentLM({ vocab, cell, hiddenSize, embeddingSize: 32, seed: 1 });
  const optimizer = new optim.Adam(model.namedParameters(), { lr });
  const trainer = new train.Trainer(model, {
    optimizer,
    schedule: optim.cosine({ min: lr / 20 }),
    clipNorm: 1,
    bptt: 32,
    steps,
  });
  for await (const report of trainer.run(text.columns(training, { batchSize: 16 }))) void report;
  const { loss } = await model.evaluate(held);
  trainer.dispose();
  model.dispose();
  return { loss, unigram: unigramEntropy(held.subarray(1), vocab.size) };
}

/** −Σ p·ln p of the ids' own frequencies: what the best model without context pays on them. */
function unigramEntropy(ids: Int32Array, size: number): number {
  const counts = new Float64Array(size);
  for (const id of ids) counts[id]!++;
  return counts.reduce(
    (sum, count) => (count > 0 ? sum - (count / ids.length) * Math.log(count / ids.length) : sum),
    0,
  );
}

const corpus = glosses(1);
const jobs = [
  { level: 'byte', corpus: corpus.slice(0, 60_000), steps: 150, margin: 0.25 },
  { level: 'char', corpus: corpus.slice(0, 60_000), steps: 150, margin: 0.25 },
  { level: 'word', corpus: corpus.slice(0, 240_000), steps: 150, margin: 0.25, minCount: 5 },
] as const;

for (const { margin, ...job } of jobs) {
  for (const cell of ['rnn', 'gru', 'lstm'] as const) {
    test(`${cell} predicts the glosses of WordNet better than the frequency of each ${job.level} does`, async () => {
      const { loss, unigram } = await compare({ ...job, cell, hiddenSize: 64, lr: 0.01 });
      assert.ok(
        loss < unigram - margin,
        `${loss} nats per ${job.level}, the frequencies ${unigram}`,
      );
    });
  }
}

testIf(data, 'THROUGHTIME_DATA is not set', 'a small LSTM learns tiny shakespeare', async () => {
  const shakespeare = readFileSync(join(data!, 'char-lm/tinyshakespeare.txt'), 'utf8').slice(
    0,
    200_000,
  );
  const { loss } = await compare({
    corpus: shakespeare,
    level: 'char',
    cell: 'lstm',
    hiddenSize: 64,
    lr: 0.01,
    steps: 150,
  });
  assert.ok(loss < 2.4, `${loss} nats per character`);
});

run();
