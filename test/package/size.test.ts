import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { bundle, ROOT } from '../support/bundle.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('package/size');

/**
 * Bytes, gzipped, of all that it takes to train an LSTM: both WebAssembly builds, model, optimizer,
 * trainer.
 */
const BUDGET = 64 * 1024;

const TRAIN = `
  (async () => {
    await init();
    const vocab = Vocab.fromText(TEXT, { level: 'char' });
    const model = new RecurrentLM({ vocab });
    for await (const report of new Trainer(model, { optimizer: new Adam(model.namedParameters()) }).run(columns(vocab.encode(TEXT), { batchSize: 8 }))) console.log(report);
  })();`;

test('all that it takes to train an LSTM fits the budget', async () => {
  const { gzip, files } = await bundle(`
    import { init } from 'throughtime';
    import { RecurrentLM } from 'throughtime/lm';
    import { Adam } from 'throughtime/optim';
    import { columns, Vocab } from 'throughtime/text';
    import { Trainer } from 'throughtime/train';
    ${TRAIN}`);
  console.log(`${gzip} of ${BUDGET} bytes`);
  assert.ok(files.includes('kernels/binary.js'));
  assert.ok(gzip <= BUDGET, `${gzip} bytes, the budget is ${BUDGET}`);
});

/** Bytes, gzipped, of the kernels of words, both builds: what they add to the engine's. */
const BUDGET_OF_WORDS = 24 * 1024;

test('the module of words fits its budget, and comes only with what uses it', async () => {
  const source = `
    import { init } from 'throughtime';
    import { Vocab } from 'throughtime/text';
    import { Word2Vec, Word2VecTrainer, WordCorpus } from 'throughtime/words';
    (async () => {
      await init();
      const vocab = Vocab.fromText(TEXT, { level: 'word' });
      const model = await Word2Vec.create({ vocab });
      for await (const report of new Word2VecTrainer(model).run(new WordCorpus(vocab.encode(TEXT)))) console.log(report);
    })();`;
  const { files, gzip } = await bundle(source);
  assert.ok(files.includes('kernels/words.js'));
  const module = gzipSync(readFileSync(`${ROOT}dist/kernels/words.js`), { level: 9 }).length;
  console.log(`${module} of ${BUDGET_OF_WORDS} bytes; ${gzip} with the engine`);
  assert.ok(module <= BUDGET_OF_WORDS, `${module} bytes, the budget is ${BUDGET_OF_WORDS}`);
  const without = await bundle(`import { init } from 'throughtime'; init();`);
  assert.not(without.files.includes('kernels/words.js'));
});

/** Bytes, gzipped, of what a decoder in a page needs: reading a model and scoring, no kernels. */
const BUDGET_OF_NGRAM = 12 * 1024;

test('n-grams for decoders fit their budget, without kernels', async () => {
  const { gzip, files } = await bundle(`
    import { NgramDecoder } from 'throughtime/ngram';
    fetch('lm.safetensors').then(async file => {
      const lm = NgramDecoder.read(await file.arrayBuffer());
      console.log(lm.score(lm.start(), 'word'));
    });`);
  console.log(`${gzip} of ${BUDGET_OF_NGRAM} bytes`);
  assert.not(files.some(file => file.startsWith('kernels/')));
  assert.ok(gzip <= BUDGET_OF_NGRAM, `${gzip} bytes, the budget is ${BUDGET_OF_NGRAM}`);
});

/**
 * A bundler takes a namespace of the one entry whole: all optimizers, all softmaxes, models of
 * counts beside those of weights.
 */
const BUDGET_OF_ALL = 96 * 1024;

test('through the one entry the rooms come whole, and fit a budget of their own', async () => {
  const { gzip } = await bundle(`
    import { init, lm, optim, text, train } from 'throughtime';
    const { RecurrentLM } = lm, { Adam } = optim, { Vocab, columns } = text, { Trainer } = train;
    ${TRAIN}`);
  console.log(`${gzip} of ${BUDGET_OF_ALL} bytes`);
  assert.ok(gzip <= BUDGET_OF_ALL, `${gzip} bytes, the budget is ${BUDGET_OF_ALL}`);
});

for (const [source, kilobytes] of [
  [`import { Vocab } from 'throughtime/text'; console.log(Vocab)`, 7],
  // the room comes whole: subword units too
  [`import { text } from 'throughtime'; console.log(text.Vocab)`, 9],
] as const) {
  test(`no kernels come with text alone: ${source}`, async () => {
    const { gzip, files } = await bundle(source);
    assert.not(
      files.some(file => file.startsWith('kernels/')),
      files.join(' '),
    );
    assert.ok(gzip < kilobytes * 1024, `${gzip} bytes`);
  });
}

test('an optimizer that is not used is not bundled', async () => {
  const { code } = await bundle(`import { SGD } from 'throughtime/optim'; console.log(SGD)`);
  assert.match(code, 'sgd_step');
  assert.not.match(code, 'adadelta_step');
});

run();
