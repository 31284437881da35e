/** Recurrent language models with the softmaxes for large vocabularies. */
import assert from 'node:assert/strict';
import { init, lm, optim, text, train } from '../../src/index.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('lm/softmax');

await init({ deterministic: true });

/** A language of 60 words: of the three words that may follow a word, one does. */
const vocab = text.Vocab.fromJSON({
  level: 'word',
  tokens: ['<eos>', '<unk>', ...Array.from({ length: 58 }, (_, i) => `w${i}`)],
});
const random = new TestRandom(1);
const ids = new Int32Array(4000);
for (let t = 1; t < ids.length; t++) ids[t] = (7 * ids[t - 1]! + random.int(3)) % vocab.size;
const [data, heldOut] = [text.columns(ids.subarray(0, 3600), { batchSize: 6 }), ids.subarray(3600)];

const WAYS = {
  adaptive: () => lm.adaptive({ cutoffs: [30] }),
  sampled: () => lm.sampled({ samples: 8 }),
};
const options = (softmax: lm.Softmax): lm.RecurrentLMOptions => ({
  vocab,
  hiddenSize: 32,
  dropout: 0.1,
  softmax,
});
const make = (model: lm.RecurrentLM) =>
  new train.Trainer(model, {
    optimizer: new optim.Adam(model.namedParameters(), { lr: 1e-2 }),
    bptt: 20,
    clipNorm: 1,
    epochs: 12,
  });

async function written(model: lm.RecurrentLM): Promise<string> {
  let text = '';
  for await (const piece of model.sample({ prompt: 'w3', length: 30, seed: 4 })) text += piece;
  return text;
}

for (const [name, way] of Object.entries(WAYS)) {
  test(`with the ${name} softmax it learns, measured over all words, is saved, loaded, and writes`, async () => {
    const model = new lm.RecurrentLM(options(way()));
    const trainer = make(model);
    for await (const _ of trainer.run(data));
    const { loss, tokens } = await model.evaluate(heldOut);
    assert.equal(tokens, heldOut.length - 1);
    if (!(loss < 1.6)) throw new Error(`loss ${loss}, ln 60 is 4.09, ln 3 is 1.10`);
    const loaded = lm.RecurrentLM.load(model.save(), lm.softmaxOf);
    assert.deepEqual(loaded.config, model.config);
    assert.deepEqual(loaded.save(), model.save());
    near([(await loaded.evaluate(heldOut)).loss], [loss], 0, 'loss');
    assert.equal(await written(loaded), await written(model));
    for (const each of [trainer, model, loaded]) each.dispose();
  });

  test(`with the ${name} softmax a resumed run ends in the same bytes`, async () => {
    const whole = make(new lm.RecurrentLM(options(way())));
    for await (const _ of whole.run(data, { steps: 30 }));
    const first = make(new lm.RecurrentLM(options(way())));
    for await (const _ of first.run(data, { steps: 11 }));
    const second = train.Trainer.load(first.save(), file =>
      make(lm.RecurrentLM.from(file, lm.softmaxOf)),
    );
    for await (const _ of second.run(data, { steps: 19 }));
    assert.deepEqual(second.save(), whole.save());
    for (const trainer of [whole, first, second]) {
      trainer.dispose();
      trainer.model.dispose();
    }
  });

  test(`the ${name} softmax is for words, and a file that has it is loaded by who knows it`, () => {
    throws(
      () =>
        new lm.RecurrentLM({
          vocab: text.Vocab.fromText('abc', { level: 'char' }),
          softmax: way(),
        }),
      RangeError,
      new RegExp(
        `^RecurrentLM: the ${name} softmax is for words, the vocabulary is of level "char"`,
      ),
    );
    const model = new lm.RecurrentLM(options(way()));
    throws(
      () => lm.RecurrentLM.load(model.save()),
      RangeError,
      new RegExp(`^load: the model has the ${name} softmax; pass lm.softmaxOf`),
    );
    model.dispose();
  });
}

test('a tied weight goes with the sampled softmax, not with the adaptive one', async () => {
  throws(
    () => new lm.RecurrentLM({ ...options(WAYS.adaptive()), tie: true }),
    RangeError,
    /^RecurrentLM: tie, and an adaptive softmax/,
  );
  const model = new lm.RecurrentLM({ ...options(WAYS.sampled()), tie: true });
  const trainer = make(model);
  for await (const _ of trainer.run(data));
  const { loss } = await model.evaluate(heldOut);
  if (!(loss < 1.8)) throw new Error(`loss ${loss}`);
  const loaded = lm.RecurrentLM.load(model.save(), lm.softmaxOf);
  near([(await loaded.evaluate(heldOut)).loss], [loss], 0, 'loss');
  for (const each of [trainer, model, loaded]) each.dispose();
});

test('softmaxOf gives the full softmax for files that name none', () => {
  const model = new lm.RecurrentLM({ vocab, hiddenSize: 8 });
  assert.equal('softmax' in model.config, false);
  const loaded = lm.RecurrentLM.load(model.save(), lm.softmaxOf);
  assert.deepEqual(loaded.save(), model.save());
  model.dispose();
  loaded.dispose();
});

run();
