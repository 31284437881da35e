/** The cache, and evaluation that goes on learning. */
import * as assert from 'uvu/assert';
import { init, lm, optim, text, train } from '../../src/index.js';
import { near } from '../support/near.js';
import { sentences } from '../support/sentences.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('lm/cache');
const { CacheLM, RecurrentLM } = lm;

await init({ deterministic: true });

const source = sentences(260, 80);
const vocab = text.Vocab.fromText(source, { level: 'word' });
const ids = vocab.encode(source);
const model = new RecurrentLM({ vocab, hiddenSize: 12, embeddingSize: 12, seed: 2 });

/** p of each token by the definition, one after the other. */
function byHand(read: Int32Array, { size, theta, lambda }: Required<lm.CacheOptions>): number[] {
  const keys: Float32Array[] = [];
  const words: number[] = [];
  let state = model.start();
  let hidden: Float32Array | null = null;
  return [...read].map(id => {
    const logits = model.logits(state);
    const most = Math.max(...logits);
    const sum = logits.reduce((all, x) => all + Math.exp(x - most), 0);
    let p = Math.exp(logits[id]! - most) / sum;
    if (hidden && words.length > 0) {
      const seen = keys.slice(-size);
      const shares = seen.map(key => Math.exp(theta * key.reduce((dot, x, j) => dot + x * hidden![j]!, 0))); // biome-ignore format: one line
      const total = shares.reduce((a, b) => a + b, 0);
      const own = words
        .slice(-size)
        .reduce((all, word, i) => all + (word === id ? shares[i]! : 0), 0);
      p = (1 - lambda) * p + (lambda * own) / total;
    }
    if (hidden) {
      keys.push(hidden);
      words.push(id);
    }
    state = model.advance(Int32Array.of(id), state);
    hidden = state.tensors[0]!.data;
    return Math.log(p);
  });
}

for (const size of [5, 2000])
  test(`its probabilities are those of the definition, ${size} states`, () => {
    const config = { size, theta: 0.7, lambda: 0.3 };
    const cache = new CacheLM(model, config);
    const read = ids.subarray(0, 330); // longer than one window
    const expected = byHand(read, config);
    near(cache.score(read, cache.start()).logp, expected, 2e-5, 'at once');
    let state = cache.start();
    const pieces = [0, 1, 2, 40, 330].slice(1).flatMap((to, k) => {
      const score = cache.score(read.subarray([0, 1, 2, 40][k], to), state);
      state = score.state;
      return [...score.logp];
    });
    near(pieces, expected, 2e-5, 'in pieces');
    assert.ok(state.words.length <= size);
    const next = cache.logits(state);
    assert.ok(Math.abs(next.reduce((sum, each) => sum + Math.exp(each), 0) - 1) < 1e-4);
    const id = ids[330]!;
    near([next[id]!], [cache.score(Int32Array.of(id), state).logp[0]!], 1e-4, 'the next token');
  });

test('fitted to a text that repeats itself it is better than the model, and is saved', async () => {
  const again = vocab.encode(`${source.split('\n').slice(0, 12).join('\n')}\n`.repeat(4));
  const cache = await CacheLM.fit(model, again, { size: 300 });
  assert.ok(cache.config.lambda > 0 && cache.config.lambda < 1, `${cache.config.lambda}`);
  const { loss, tokens } = await cache.evaluate(again);
  const alone = await model.evaluate(again);
  assert.is(tokens, alone.tokens);
  assert.ok(loss < alone.loss - 0.1, `${loss} ${alone.loss}`);
  const loaded = CacheLM.from(cache.describe(), file => RecurrentLM.from(file));
  assert.equal(loaded.config, cache.config);
  assert.equal(loaded.save(), cache.save());
  near([(await loaded.evaluate(again)).loss], [loss], 1e-7, 'loss of the loaded one');
  loaded.dispose();
  throws(() => CacheLM.from(model.describe(), file => RecurrentLM.from(file)), RangeError, /kind "lm.recurrent"/); // biome-ignore format: one line
});

test('options out of range are refused', () => {
  throws(() => new CacheLM(model, { size: 0 }), RangeError, /size is 0/);
  throws(() => new CacheLM(model, { theta: -1 }), RangeError, /theta is -1/);
  throws(() => new CacheLM(model, { lambda: 1 }), RangeError, /lambda is 1/);
  throws(() => new CacheLM(model, { tetha: 1 } as never), TypeError, /unknown option "tetha"/);
});

test('dynamic evaluation learns from the text, predicts before it learns, and leaves the weights', async () => {
  using own = new RecurrentLM({ vocab, hiddenSize: 12, embeddingSize: 12, seed: 2 });
  using trainer = new train.Trainer(own, { optimizer: new optim.Adam(own.namedParameters(), { lr: 1e-2 }), steps: 40, bptt: 16 }); // biome-ignore format: one line
  for await (const _ of trainer.run(text.columns(ids, { batchSize: 4 }))) {
    // to the end
  }
  const weights = own.save();
  const held = vocab.encode(sentences(300, 40).split('\n').slice(260).join('\n'));
  const fixed = await own.evaluate(held);
  const still = await lm.evaluateDynamic(own, held, { lr: 0 });
  assert.is(still.tokens, fixed.tokens);
  near([still.loss], [fixed.loss], 1e-6, 'without learning');
  const moving = await lm.evaluateDynamic(own, held, { lr: 0.2, bptt: 10 });
  assert.ok(moving.loss < fixed.loss, `${moving.loss} ${fixed.loss}`);
  // the first window is predicted by the weights as they were
  const first = await lm.evaluateDynamic(own, held.subarray(0, 11), { lr: 0.2, bptt: 10 });
  near([first.loss], [(await own.evaluate(held.subarray(0, 11))).loss], 1e-6, 'the first window');
  const back = await lm.evaluateDynamic(own, held, { lr: 0.2, bptt: 10, decay: 1 });
  near([back.loss], [fixed.loss], 1e-6, 'drawn back at once');
  assert.equal(own.save(), weights);
  throws(() => new RecurrentLM({ vocab, inputDropout: 2 }), RangeError, /inputDropout/);
});

run();
