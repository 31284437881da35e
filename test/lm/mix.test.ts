import * as assert from 'uvu/assert';
import { init, lm, text } from '../../src/index.js';
import { near } from '../support/near.js';
import { sentences } from '../support/sentences.js';
import { suite } from '../support/suite.js';
import { rejects, throws } from '../support/throws.js';

const { test, run } = suite('lm/mix');
const { MixLM, NgramLM, RecurrentLM } = lm;

await init({ deterministic: true });

const lines = sentences(1200, 60).trimEnd().split('\n');
const part = (from: number, to: number): string => `${lines.slice(from, to).join('\n')}\n`;
const vocab = text.Vocab.fromText(part(0, 1200), { level: 'word' });
const [train, valid, held] = [part(0, 1000), part(1000, 1100), part(1100, 1200)].map(each =>
  vocab.encode(each),
) as [Int32Array, Int32Array, Int32Array];
const one = await NgramLM.train(train, { vocab, order: 1 });
const three = await NgramLM.train(train, { vocab, order: 3 });
const network = new RecurrentLM({ vocab, hiddenSize: 8, embeddingSize: 8, seed: 3 });

test('probabilities are the weighted sums of the models’', () => {
  const mix = new MixLM([one, three, network], [1, 2, 1]);
  assert.equal(mix.weights, [0.25, 0.5, 0.25]);
  const ids = held.subarray(0, 40);
  const scores = [one, three, network].map(model => model.score(ids, model.start() as never).logp);
  const { logp, state } = mix.score(ids, mix.start());
  near(
    logp,
    logp.map((_, t) => Math.log(mix.weights.reduce((sum, w, i) => sum + w * Math.exp(scores[i]![t]!), 0))), // biome-ignore format: one line
    1e-6,
    'log p',
  );
  const next = mix.logits(state);
  assert.ok(Math.abs(next.reduce((sum, each) => sum + Math.exp(each), 0) - 1) < 1e-5);
  const id = held[40]!;
  near([mix.score(Int32Array.of(id), state).logp[0]!], [next[id]!], 1e-5, 'the next token');
});

test('fitted weights are better than equal ones, and than each model alone', async () => {
  const mix = await MixLM.fit([one, three], valid);
  assert.is(mix.sentences, true);
  const loss = async (model: { evaluate(ids: Int32Array): Promise<lm.Evaluation> }, ids: Int32Array) => (await model.evaluate(ids)).loss; // biome-ignore format: one line
  const fitted = await loss(mix, valid);
  for (const weight of [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98])
    assert.ok((await loss(new MixLM([one, three], [weight, 1 - weight]), valid)) >= fitted - 1e-6);
  assert.ok((await loss(mix, held)) < Math.min(await loss(one, held), await loss(three, held)));
  assert.is((await mix.evaluate(held)).tokens, held.length);
});

test('a network beside sentences: the first token is only read', async () => {
  const mix = await MixLM.fit([three, network], valid);
  assert.is(mix.sentences, false);
  assert.is((await mix.evaluate(held)).tokens, held.length - 1);
  let sampled = '';
  for await (const piece of mix.sample({ length: 12, seed: 5 })) sampled += piece;
  assert.ok(sampled.trim().length > 0);
});

test('models number the same words differently: an ARPA file has an order of its own', async () => {
  const arpa = Buffer.concat([...three.arpa()]).toString();
  const [head, first, ...rest] = arpa.split('\n\n');
  const [title, ...words] = first!.split('\n');
  const turned = NgramLM.load(
    new TextEncoder().encode([head, [title, ...words.reverse()].join('\n'), ...rest].join('\n\n')),
  );
  assert.is.not(turned.vocab.idOf('w1'), vocab.idOf('w1'));
  const mix = new MixLM([one, turned]);
  const { logp } = mix.score(held, mix.start());
  assert.equal(logp, new MixLM([one, three]).score(held, mix.start()).logp);
  const again = MixLM.from(mix.describe(), file => NgramLM.from(file));
  assert.equal(again.score(held, again.start()).logp, logp);
});

test('a mix is saved whole and loaded', () => {
  const mix = new MixLM([three, network], [3, 1]);
  const file = mix.describe();
  assert.is(file.kind, 'lm.mix');
  const again = MixLM.from(file, each =>
    each.kind === NgramLM.kind ? NgramLM.from(each) : RecurrentLM.from(each),
  );
  const ids = held.subarray(0, 30);
  near(again.score(ids, again.start()).logp, mix.score(ids, mix.start()).logp, 1e-6, 'log p');
  assert.equal(again.save(), mix.save());
  again.dispose();
  throws(() => MixLM.from(three.describe(), NgramLM.from), RangeError, /kind "lm.ngram", expected "lm.mix"/); // biome-ignore format: one line
  throws(
    () => MixLM.from({ ...file, config: {} }, NgramLM.from),
    RangeError,
    /the mix has no parts/,
  );
});

test('models of different vocabularies, and weights that do not fit, are refused', async () => {
  const other = text.Vocab.fromText('w1 w2 strange', { level: 'word' });
  const strange = await NgramLM.train(other.encode('w1 w2 strange\n'), { vocab: other, order: 1 });
  const characters = text.Vocab.fromText('abc', { level: 'char' });
  const letters = await NgramLM.train(characters.encode('abcabc'), { vocab: characters, order: 1 });
  throws(() => new MixLM([one, strange]), RangeError, /^MixLM: model 2 has another vocabulary: it lacks \d+ of the first one's/); // biome-ignore format: one line
  throws(() => new MixLM([one, letters]), RangeError, /units are of level "char", the first one's of "word"/); // biome-ignore format: one line
  throws(() => new MixLM([one]), RangeError, /^MixLM: there are 1 models, expected at least 2$/);
  throws(() => new MixLM([one, three], [1]), RangeError, /the weights are \[1\], expected 2/);
  throws(() => new MixLM([one, three], [0, 0]), RangeError, /not all of them 0/);
  await rejects(() => MixLM.fit([one, three], new Int32Array()), /^MixLM.fit: 0 tokens/);
});

test('a network reads many tokens at once as it reads them one by one', () => {
  const ids = held.subarray(0, 600);
  const together = network.score(ids, network.start());
  let state = network.start();
  const single = Float32Array.from(ids, id => {
    const score = network.score(Int32Array.of(id), state);
    state = score.state;
    return score.logp[0]!;
  });
  near(together.logp, single, 1e-5, 'log p');
  near(together.state.logits, state.logits, 1e-4, 'logits after all');
});

run();
