/** The job of test/runtime/threads.test.ts, run as `node threads.js NUMBER`. */
import { createHash } from 'node:crypto';
import { init, lm, optim, runtimeInfo, text, train, words } from '../../src/index.js';

/**
 * Trains each cell a few steps, large enough that recurrences and products are shared out, and
 * prints the weights' hash.
 */
async function job(threads: number): Promise<void> {
  await init({ threads, deterministic: true });
  const hash = createHash('sha256');
  const vocab = text.Vocab.fromText(
    Array.from({ length: 67 }, (_, i) => String.fromCharCode(48 + i)).join(''),
    { level: 'char' },
  );
  const ids = Int32Array.from({ length: 13 * 81 }, (_, i) => (i * 7919) % vocab.size);
  const columns = text.columns(ids, { batchSize: 13, documents: [40, 100, 333, 777] });
  const sequences = text.sequences(
    Array.from({ length: 30 }, (_, i) => ids.subarray(i * 20, i * 20 + 5 + (i % 14))),
    { batchSize: 11, bucket: 1 },
  );
  for (const cell of ['lstm', 'gru', 'rnn'] as const) {
    for (const data of [columns, sequences]) {
      const model = new lm.RecurrentLM({
        vocab,
        cell,
        embeddingSize: 45,
        hiddenSize: 130,
        layers: 2,
        dropout: 0.1,
      });
      const trainer = new train.Trainer(model, {
        optimizer: new optim.Adam(model.parameters()),
        clipNorm: 1,
        bptt: 20,
        epochs: 2,
      });
      for await (const report of trainer.run(data))
        hash.update(JSON.stringify({ ...report, seconds: 0, tokensPerSecond: 0, etaSeconds: 0 }));
      hash.update(trainer.save());
      trainer.dispose();
      model.dispose();
    }
  }
  const awd = lm.awd({ width: 150, weightDrop: 0.4, hiddenDropout: 0.2, embeddingDropout: 0.1, outputDropout: 0.3, ar: 2, tar: 1 }); // biome-ignore format: one line
  const averaged = new lm.RecurrentLM({ vocab, cell: awd, hiddenSize: 130, layers: 3, tie: true });
  const averaging = new train.Trainer(averaged, {
    optimizer: new optim.AveragedSGD(averaged.parameters(), { lr: 1, nonmonotone: 1 }),
    clipNorm: 0.25,
    bptt: 20,
    randomLength: true,
    steps: 8,
    validEvery: 2,
  });
  let losses = 0;
  for await (const _ of averaging.run(columns, { validate: async () => ({ loss: ++losses }) }));
  hash.update(averaging.save());
  averaging.dispose();
  averaged.dispose();
  // a module that loads after the threads have started
  const n = 30_000;
  const matrix = words.SparseMatrix.fromEntries([301, 500], {
    rows: Array.from({ length: n }, (_, i) => (i * 7919) % 301),
    columns: Array.from({ length: n }, (_, i) => (i * 104_729) % 500),
    values: Array.from({ length: n }, (_, i) => i % 97),
  });
  for (const K of [64, 65])
    hash.update(
      await matrix.multiply(
        Float32Array.from({ length: 500 * K }, (_, i) => (i % 1009) / 1009),
        K,
      ),
    );
  // shards of a training without a tape
  const line = Array.from({ length: 9000 }, (_, i) => `w${(i * i) % 97}`).join(' ');
  const counted = text.Vocab.fromText(line, { level: 'word' });
  const model = await words.Word2Vec.create({ vocab: counted, size: 17, sample: 0 });
  const options = { epochs: 2, shards: 3, chunk: 1000 };
  const trainer = new words.Word2VecTrainer(model, options);
  for await (const _ of trainer.run(new words.WordCorpus(counted.encode(line))));
  hash.update(model.save());
  trainer.dispose();
  model.dispose();
  const counts = words.cooccurrence(new words.WordCorpus(counted.encode(line)), { vocab: counted });
  const glove = await words.Glove.create({ words: counts.words, size: 9 });
  const fitting = new words.GloveTrainer(glove, { epochs: 2, chunk: 100 });
  for await (const _ of fitting.run(new words.CountedPairs(counts)));
  hash.update(glove.save());
  fitting.dispose();
  glove.dispose();
  // So many words that the output layer's logits come in chunks.
  const vocabulary = text.Vocab.fromJSON({
    level: 'word',
    tokens: ['<eos>', '<unk>', ...Array.from({ length: 9000 }, (_, i) => `w${i}`)],
  });
  const read = text.columns(
    Int32Array.from({ length: 13 * 61 }, (_, i) => (i * 7919) % vocabulary.size),
    { batchSize: 13 },
  );
  for (const softmax of [undefined, lm.adaptive(), lm.sampled()]) {
    const model = new lm.RecurrentLM({
      vocab: vocabulary,
      embeddingSize: 45,
      hiddenSize: 70,
      softmax,
    });
    const trainer = new train.Trainer(model, {
      optimizer: new optim.Adam(model.parameters()),
      clipNorm: 1,
      bptt: 20,
    });
    for await (const _ of trainer.run(read));
    hash.update(model.save());
    trainer.dispose();
    model.dispose();
  }
  console.log(JSON.stringify({ threads: runtimeInfo().threads, hash: hash.digest('hex') }));
}

void job(Number(process.argv[2]));
