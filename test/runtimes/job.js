/**
 * The job that every runtime does: 200 steps of a character model, just large enough that threads
 * share them, then 200 characters of its own.
 */
import {
  init,
  lm,
  nn,
  ops,
  optim,
  Random,
  runtimeInfo,
  scope,
  tasks,
  tensor,
  text,
  train,
  words,
} from 'throughtime';

const CORPUS = `
The river is slow where the valley is wide. It carries the snow of the hills to the sea, and it is never in a hurry.
In the morning the mist lies on the water, and the boats lie in the mist, and nobody can say where one ends and the other begins.
At noon the light comes down to the bed of the river, and you can count the stones, the brown ones and the grey ones.
In the evening the herons come. They stand in the reeds like old men who wait for a train, and now and then one of them bows to the water.
When the wind turns to the north, the river turns grey, and the people in the houses on the bank light their lamps and talk about the flood.
The flood came in the year of the long winter. It took the bridge and the mill, and it left a boat in the church.
The bridge is new now, and the mill is a house for guests; but the boat is still in the church, and the children are told why.
Who remembers what was before? The river does not. It has the snow of this year to carry, and the sea is far, and it is never in a hurry.
`;
const STEPS = 200;

const vocab = text.Vocab.fromText(CORPUS, { level: 'char' });
const data = text.columns(vocab.encode(CORPUS), { batchSize: 8 });

const make = model =>
  new train.Trainer(model, {
    optimizer: new optim.AdamW(model.namedParameters(), { lr: 0.01 }),
    schedule: optim.cosine({ min: 1e-4 }),
    clipNorm: 1,
    bptt: 24,
    steps: STEPS,
    seed: 7,
  });

/**
 * The trainer at its first step, or at the step that a checkpoint stands at; `options` are those of
 * `init`.
 */
export async function open(checkpoint, options) {
  await init({ deterministic: true, ...options });
  if (checkpoint) return train.Trainer.load(checkpoint, file => make(lm.RecurrentLM.from(file)));
  return make(
    new lm.RecurrentLM({
      vocab,
      embeddingSize: 32,
      hiddenSize: 96,
      layers: 2,
      dropout: 0.2,
      seed: 7,
    }),
  );
}

/**
 * Trains for so many steps, or to the end, and frees the trainer: all that is left is a checkpoint.
 */
export async function advance(trainer, steps) {
  for await (const report of trainer.run(data, { steps })) void report;
  const checkpoint = trainer.save();
  trainer.dispose();
  trainer.model.dispose();
  return checkpoint;
}

/** A product of the kernels for words, whose module loads here, of so many rows that threads share it. */
function product() {
  const [M, N, K] = [300, 400, 64];
  const some = (n, below) => Array.from({ length: n }, (_, i) => (i * 7919) % below);
  const rows = Array.from({ length: 20000 }, (_, i) => i % M);
  const matrix = words.SparseMatrix.fromEntries([M, N], {
    rows,
    columns: some(20000, N),
    values: some(20000, 97),
  });
  return matrix.multiply(
    Float32Array.from(some(N * K, 1009), x => x / 1009),
    K,
  );
}

/** Word vectors, by word2vec in two shards and by GloVe. */
async function vectors() {
  const counted = text.Vocab.fromText(CORPUS.toLowerCase(), { level: 'word' });
  const corpus = new words.WordCorpus(counted.encode(CORPUS.toLowerCase()));
  const word2vec = await words.Word2Vec.create({
    vocab: counted,
    size: 20,
    subwords: { buckets: 999 },
  });
  const trainer = new words.Word2VecTrainer(word2vec, { epochs: 5, shards: 2, chunk: 50 });
  for await (const report of trainer.run(corpus)) void report;
  const counts = words.cooccurrence(corpus, { vocab: counted });
  const glove = await words.Glove.create({ words: counts.words, size: 20 });
  const fitting = new words.GloveTrainer(glove, { epochs: 5 });
  for await (const report of fitting.run(new words.CountedPairs(counts))) void report;
  const results = [word2vec.vectors().data, glove.vectors().data];
  for (const each of [trainer, word2vec, fitting, glove]) each.dispose();
  return results;
}

/** Model files of n-grams and of blocks whose cells are scans; the kernels of these load here. */
async function models() {
  const counted = text.Vocab.fromText(CORPUS, { level: 'word' });
  const ngrams = await lm.NgramLM.train(counted.encode(CORPUS), { vocab: counted, order: 4 });
  await nn.loadCells();
  const files = [ngrams.save()];
  for (const cell of [lm.minGRU(), lm.hawk()]) {
    const model = new lm.RecurrentLM({ vocab, cell, hiddenSize: 64, embeddingSize: 64, seed: 7 });
    const trainer = make(model);
    for await (const report of trainer.run(data, { steps: 8 })) void report;
    files.push(model.save());
    trainer.dispose();
    model.dispose();
  }
  return files;
}

/** Attention and its gradients, a tagger and a classifier; the kernels of the first load here. */
async function sequences() {
  await tasks.load();
  const random = new Random(7);
  const filled = (...shape) => {
    const size = shape.reduce((a, b) => a * b);
    const data = Float32Array.from({ length: size }, () => random.float() - 0.5);
    return tensor(data, { shape, requiresGrad: true });
  };
  const results = scope(() => {
    const [query, keys, values] = [filled(9, 8, 64), filled(11, 8, 64), filled(11, 8, 64)];
    const lengths = Int32Array.from({ length: 8 }, (_, b) => 4 + b);
    const { context } = tasks.attention(query, keys, values, { lengths, v: filled(64) });
    ops.sum(ops.mul(context, context)).backward();
    return [context.toArray(), query.grad, keys.grad, values.grad];
  });
  const lines = CORPUS.trim().split('\n');
  const sentences = lines.map(line => {
    const words = line.split(' ');
    return { words, tags: { ending: words.map(word => word.at(-1)) } };
  });
  const tagger = new tasks.Tagger({ ...tasks.Tagger.vocab(sentences), dropout: 0.3, seed: 7 });
  const examples = lines.map((line, i) => ({ text: line, label: i % 2 === 0 ? 'even' : 'odd' }));
  const classifier = new tasks.Classifier({
    vocab: tasks.Classifier.vocab(lines),
    labels: new text.Labels(['even', 'odd']),
    dropout: 0.3,
    seed: 7,
  });
  const options = { batchSize: 4, fingerprint: 'lines' };
  for (const [model, batches] of [
    [tagger, tagger.data(sentences, options)],
    [classifier, classifier.data(examples, options)],
  ]) {
    const optimizer = new optim.Adam(model.namedParameters());
    const trainer = new train.BatchTrainer(model, { optimizer, steps: 6, seed: 7 });
    for await (const report of trainer.run(batches)) void report;
    results.push(model.save());
    trainer.dispose();
    model.dispose();
  }
  return results;
}

/** SHA-256 of a product, word vectors, other models and the model file of a checkpoint, and what its model writes. */
export async function outcome(checkpoint, options) {
  const { step, model } = await open(checkpoint, options);
  let sample = '';
  for await (const piece of model.sample({ length: 200, temperature: 0.8, seed: 7 }))
    sample += piece;
  const results = new Blob([
    await product(),
    ...(await vectors()),
    ...(await models()),
    ...(await sequences()),
    model.save(),
  ]);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await results.arrayBuffer()));
  return {
    step,
    sha256: Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join(''),
    sample,
  };
}

export async function job(options) {
  const result = await outcome(await advance(await open(undefined, options)), options);
  const { build, threads, wide } = runtimeInfo();
  return { ...result, build, threads, wide };
}
