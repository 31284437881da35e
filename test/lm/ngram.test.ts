import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { init, lm, text } from '../../src/index.js';
import { NgramDecoder } from '../../src/ngram/index.js';
import { near } from '../support/near.js';
import { sentences } from '../support/sentences.js';
import { suite } from '../support/suite.js';
import { rejects, throws } from '../support/throws.js';

const { test, testIf, run } = suite('lm/ngram');
const { NgramLM, NgramCounter } = lm;
const data = process.env['THROUGHTIME_DATA'];

await init({ deterministic: true });

const lines = sentences(4000).trimEnd().split('\n');
const training = `${lines.slice(0, 3980).join('\n')}\n`;
const held = `${lines.slice(3980).join('\n')}\n`;
const vocab = text.Vocab.fromText(training, { level: 'word' });
const ids = vocab.encode(training);
const heldIds = vocab.encode(held);
const trigrams = await NgramLM.train(ids, { vocab, order: 3 });

/** Σ p over the vocabulary after a context. */
const total = (model: lm.NgramLM, context: string): number =>
  model
    .logits(model.advance(vocab.encode(context), model.start()))
    .reduce((sum, logp) => sum + Math.exp(logp), 0);

/** log₁₀ p of the words of a sentence and of its end. */
const scores = (model: lm.NgramLM, sentence: string): number[] =>
  [...model.score(vocab.encode(`${sentence}\n`), model.start()).logp].map(p => p / Math.LN10);

test('modified Kneser–Ney is KenLM’s', async () => {
  // kpu/kenlm 4cb443e, lmplz -o 3 and query, the first held-out sentence
  const kenlm = [-3.878159, -4.2465596, -2.542212, -1.3475481, -2.902439, -1.5469531, -1.03744];
  const got = scores(trigrams, lines[3980]!);
  kenlm.forEach((logp, i) =>
    assert.ok(Math.abs(got[i]! - logp) < 1e-4, `word ${i}: ${got[i]}, expected ${logp}`),
  );
  assert.equal(trigrams.config.counts, [7960, 21213, 24398]);
  const { tokens, perplexity } = await trigrams.evaluate(heldIds);
  assert.is(tokens, 138);
  assert.ok(Math.abs(perplexity / 542.901487697121 - 1) < 1e-4, `perplexity ${perplexity}`);
});

test('n-grams that are pruned by count are KenLM’s', async () => {
  // lmplz -o 3 --prune 0 0 1
  const pruned = await NgramLM.train(ids, { vocab, order: 3, prune: [0, 0, 1] });
  assert.equal(pruned.config.counts, [7960, 21213, 697]);
  const kenlm = [-3.878159, -4.230444, -2.542212, -1.3475481, -2.8863237, -1.5469531, -1.0213245];
  const got = scores(pruned, lines[3980]!);
  kenlm.forEach((logp, i) =>
    assert.ok(Math.abs(got[i]! - logp) < 1e-4, `word ${i}: ${got[i]}, expected ${logp}`),
  );
  assert.ok(Math.abs(total(pruned, 'w1 w2') - 1) < 1e-4);
});

test('a word’s probability by hand: interpolated Kneser–Ney of a text of three words', () => {
  const small = text.Vocab.fromText('a b a b a c', { level: 'word' });
  const counter = new NgramCounter({ vocab: small, order: 2 });
  counter.add(small.encode('a b a b a c\n'));
  const model = NgramLM.of(counter, { smoothing: 'absolute' });
  // bigrams: <s>a 1, ab 2, ba 2, ac 1, c</s> 1: n₁ = 3, n₂ = 2, D = 3/7
  // unigrams: a 3, b 2, c 1, </s> 1: n₁ = 2, n₂ = 1, D = 2/4
  const V = small.size; // a b c <eos> <unk>
  const unigram = (count: number): number => (count - 0.5) / 7 + ((4 * 0.5) / 7) * (1 / V);
  const expected = (2 - 3 / 7) / 3 + ((2 * 3) / 7 / 3) * unigram(2);
  const state = model.advance(small.encode('a'), model.start());
  const p = Math.exp(model.logits(state)[small.idOf('b')]!);
  assert.ok(Math.abs(p - expected) < 1e-6, `p(b|a) ${p}, expected ${expected}`);
});

for (const smoothing of [
  'modified-kneser-ney',
  'kneser-ney',
  'absolute',
  'witten-bell',
  'add-k',
] as const) {
  test(`${smoothing}: probabilities sum to 1 after contexts seen and unseen`, async () => {
    const model = await NgramLM.train(ids, { vocab, order: 3, smoothing, k: 0.01 });
    for (const context of ['', 'w1', 'w1 w2', 'w7 w7 w7 w7', 'w14356 w1', 'never'])
      assert.ok(Math.abs(total(model, context) - 1) < 1e-4, `${context}: ${total(model, context)}`);
    const { loss } = await model.evaluate(heldIds);
    assert.ok(loss > 3 && loss < Math.log(vocab.size), `loss ${loss}`);
  });
}

test('add-k is (c + k) / (C + kV), and 1 / V after a context never seen', async () => {
  const k = 0.5;
  const model = await NgramLM.train(ids, { vocab, order: 2, smoothing: 'add-k', k });
  const [a, b] = ['w1', 'w8'].map(word => vocab.idOf(word)) as [number, number];
  let pairs = 0;
  let times = 0;
  ids.forEach((id, i) => {
    if (id !== a) return;
    times++;
    if (ids[i + 1] === b) pairs++;
  });
  assert.ok(pairs > 0);
  const p = (from: string, to: number): number =>
    Math.exp(model.logits(model.advance(vocab.encode(from), model.start()))[to]!);
  const V = vocab.size;
  near([p('w1', b)], [(pairs + k) / (times + k * V)], 1e-5, 'p(w8|w1)');
  near([p('never', b)], [1 / V], 1e-5, 'after a context never seen');
});

test('maximum likelihood gives zero to what it has not seen: no perplexity', async () => {
  const model = await NgramLM.train(ids, { vocab, order: 3, smoothing: 'maximum-likelihood' });
  const seen = model.score(ids.subarray(0, 50), model.start()).logp;
  assert.ok(seen.every(logp => logp > -Infinity && logp <= 0));
  assert.is((await model.evaluate(heldIds)).perplexity, Infinity);
  const unseen = model.sparsity(heldIds);
  assert.ok(unseen[2]!.unseen > 0.5 * unseen[2]!.total);
  assert.ok(unseen[0]!.unseen / unseen[0]!.total < unseen[1]!.unseen / unseen[1]!.total);
});

test('sparsity counts by hand', async () => {
  const small = text.Vocab.fromText('a b c\na b', { level: 'word' });
  const model = await NgramLM.train(small.encode('a b c\na b\n'), { vocab: small, order: 3 });
  // a c b: <s>a seen; ac, cb, b</s> (seen); <s>ac, acb, cb</s>
  assert.equal(model.sparsity(small.encode('a c b\n')), [
    { order: 1, total: 4, unseen: 0 },
    { order: 2, total: 4, unseen: 2 },
    { order: 3, total: 3, unseen: 3 },
  ]);
});

test('counts in small blocks, in shards, and at once are the same', () => {
  const whole = new NgramCounter({ vocab, order: 4 });
  whole.add(ids);
  const blocks = new NgramCounter({ vocab, order: 4, block: 1000 });
  for (let from = 0; from < ids.length; from += 777) blocks.add(ids.subarray(from, from + 777));
  const cut = ids.indexOf(vocab.idOf('<eos>'), 9000) + 1;
  const first = new NgramCounter({ vocab, order: 4 });
  const second = new NgramCounter({ vocab, order: 4 });
  first.add(ids.subarray(0, cut));
  second.add(ids.subarray(cut));
  second.merge(first);
  const expected = NgramLM.of(whole).save();
  assert.equal(NgramLM.of(blocks).save(), expected);
  assert.equal(NgramLM.of(second).save(), expected);
  throws(
    () => whole.merge(new NgramCounter({ vocab, order: 3 })),
    RangeError,
    /counts n-grams up to order 3, expected 4/,
  );
  const other = text.Vocab.fromText('another', { level: 'word' });
  throws(
    () => whole.merge(new NgramCounter({ vocab: other, order: 4 })),
    RangeError,
    /another vocabulary/,
  );
});

test('a model file, an ARPA file and the compact form score the same', async () => {
  const { logp } = trigrams.score(heldIds, trigrams.start());
  const bytes = trigrams.save();
  assert.equal(NgramLM.load(bytes).score(heldIds, trigrams.start()).logp, logp);
  const compact = NgramLM.load(bytes, { compact: true });
  assert.equal(compact.score(heldIds, compact.start()).logp, logp);
  assert.equal(compact.save(), bytes);
  assert.ok(compact.bytes < 0.8 * trigrams.bytes, `${compact.bytes} of ${trigrams.bytes} bytes`);
  const arpa = Buffer.concat([...trigrams.arpa()]);
  assert.match(
    arpa.toString().slice(0, 60),
    /^\\data\\\nngram 1=7960\nngram 2=21213\nngram 3=24398\n/,
  );
  // the vocabulary is the file's own, in its order
  const read = NgramLM.load(arpa);
  const again = read.score(read.vocab.encode(held), read.start()).logp;
  assert.equal(again, logp);
  // decoders read both, word by word
  for (const decoder of [NgramDecoder.read(bytes), NgramDecoder.read(arpa)]) {
    let state = decoder.start();
    const words = [...lines[3980]!.split(' '), '</s>'];
    words.forEach((word, i) => {
      const score = decoder.score(state, word);
      assert.is(Math.fround(score.logp), logp[i]);
      state = score.state;
    });
  }
});

test('quantised it is smaller still and predicts nearly as well', async () => {
  const small = trigrams.compact(8);
  const { perplexity } = await trigrams.evaluate(heldIds);
  const quantized = await small.evaluate(heldIds);
  assert.ok(Math.abs(quantized.perplexity / perplexity - 1) < 0.05, `${quantized.perplexity}`);
  assert.ok(small.bytes < trigrams.compact().bytes);
  assert.equal(NgramLM.load(small.save()).score(heldIds, small.start()).logp, small.score(heldIds, small.start()).logp); // biome-ignore format: one line
  throws(() => small.compact(4), RangeError, /has 8 bits already/);
});

test('a damaged model file is refused', () => {
  const bytes = trigrams.save();
  for (const name of ['2.words', '2.logp.codes', '1.children', '3.logp']) {
    const at = Buffer.from(bytes).indexOf(`"${name}"`);
    const renamed = bytes.slice();
    renamed[at + 1] = 0x78;
    throws(() => NgramLM.load(renamed), RangeError, new RegExp(`^ngram: the array "${name}" is missing`)); // biome-ignore format: one line
  }
  const { start } = { start: 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true)) };
  let refused = 0;
  for (let at = start; at < bytes.length; at += 4099) {
    const flipped = bytes.slice();
    flipped[at]! ^= 0xff;
    try {
      NgramLM.load(flipped);
    } catch (error) {
      assert.match((error as Error).message, /^ngram: /);
      refused++;
    }
  }
  assert.ok(refused > 0);
});

test('entropy pruning leaves out what changes least', async () => {
  const pruned = await NgramLM.train(ids, { vocab, order: 3, entropy: 1e-5 });
  const rare = await NgramLM.train(ids, { vocab, order: 3, entropy: 1e-3 });
  const sizes = [trigrams, pruned, rare].map(({ config }) =>
    config.counts.reduce((sum, n) => sum + n, 0),
  );
  assert.ok(sizes[0]! > sizes[1]! && sizes[1]! > sizes[2]!, `${sizes}`);
  for (const context of ['w1 w2', 'w8 w1', 'w3'])
    assert.ok(Math.abs(total(pruned, context) - 1) < 1e-3, `${context}: ${total(pruned, context)}`);
  const [all, few] = await Promise.all([trigrams, pruned].map(model => model.evaluate(heldIds)));
  assert.ok(few!.perplexity / all!.perplexity < 1.1, `${few!.perplexity} ${all!.perplexity}`);
});

test('degenerate counts fall back to fixed discounts, and it says so', async () => {
  const small = text.Vocab.fromText('a b c\na b c\n', { level: 'word' });
  const model = await NgramLM.train(small.encode('a b c\na b c\n'), { vocab: small, order: 2 });
  assert.is(model.notes.length, 2);
  assert.match(model.notes[1]!, /^order 2: 0, 4, 0 and 0 n-grams have the counts 1 to 4, no basis/);
  assert.ok(
    Math.abs(model.logits(model.start()).reduce((sum, p) => sum + Math.exp(p), 0) - 1) < 1e-5,
  );
});

test('characters: the text is one, and ARPA names its spaces', async () => {
  const source = 'the cat sat on the mat\nthe cat ate\n'.repeat(20);
  const characters = text.Vocab.fromText(source, { level: 'char' });
  const model = await NgramLM.train(characters.encode(source), { vocab: characters, order: 4 });
  assert.is(model.sentences, false);
  const { tokens, loss } = await model.evaluate(characters.encode(source));
  assert.is(tokens, source.length - 1);
  assert.ok(loss < 0.8, `loss ${loss}`);
  const arpa = Buffer.concat([...model.arpa()]).toString();
  assert.match(arpa, /\tt h e <space>\n|\th e <space>\t/);
  let sampled = '';
  for await (const piece of model.sample({ length: 60, prompt: 'the', seed: 3 })) sampled += piece;
  assert.is([...sampled].length, 60);
});

test('options out of range and texts too small are refused', async () => {
  const train = (options: object): Promise<unknown> => NgramLM.train(ids, { vocab, ...options });
  await rejects(() => train({ order: 9 }), /^NgramCounter: order is 9, expected 1 to 8$/);
  await rejects(
    () => train({ smoothing: 'none' }),
    /^NgramLM: smoothing "none", expected modified/,
  );
  await rejects(() => train({ prune: [1, 0] }), /^NgramLM: prune is \[1, 0\], expected whole/);
  await rejects(() => train({ smoothing: 'add-k', k: 0 }), /^NgramLM: k is 0, expected/);
  await rejects(() => train({ entropy: 1 }), /^NgramLM: entropy is 1/);
  await rejects(() => train({ window: 1 }), /unknown option "window"/);
  await rejects(
    () => NgramLM.train(new Int32Array(), { vocab }),
    /^NgramLM: the text has no words/,
  );
  await rejects(
    () => NgramLM.train(vocab.encode('w1 w2\n'), { vocab, order: 6 }),
    /^NgramLM: the text has no n-grams of order 5; choose a lower order/,
  );
  throws(() => trigrams.score(Int32Array.of(99_999), trigrams.start()), RangeError, /the id is 99999/); // biome-ignore format: one line
});

testIf(
  data,
  'THROUGHTIME_DATA is not set',
  'a 5-gram model of WikiText-2 has perplexity 220.14',
  async () => {
    const read = (name: string): string =>
      readFileSync(`${data}/word-lm/wikitext-2/${name}.txt`, 'utf8');
    const source = read('train');
    const words = text.Vocab.fromText(source, { level: 'word' });
    const model = await NgramLM.train(words.encode(source), { vocab: words, order: 5 });
    const { tokens, perplexity } = await model.evaluate(words.encode(read('test')));
    assert.is(tokens, 245_569);
    assert.ok(Math.abs(perplexity - 220.14) < 0.05, `perplexity ${perplexity}`);
    // KenLM counts its own <unk>, which never occurs, as one word more
    assert.equal(model.config.counts, [33_279, 619_592, 1_398_959, 1_794_725, 1_914_265]);
    const n = model.config.counts.reduce((sum, each) => sum + each, 0);
    assert.ok(model.compact().bytes / n <= 9);
    assert.ok(model.compact(8).bytes / n <= 4.5);
  },
);

run();
