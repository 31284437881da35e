/** The recurrent language model apart from its numbers. */
import assert from 'node:assert/strict';
import { infer, init, lm, ops, Random, text } from '../../src/index.js';
import { corpus } from '../support/cli.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('lm/recurrent');

await init({ deterministic: true });

test('without a prompt, a model whose text has no line end still writes', async () => {
  const model = new lm.RecurrentLM({
    vocab: text.Vocab.fromText('abc abc', { level: 'char' }),
    hiddenSize: 8,
  });
  let written = '';
  for await (const piece of model.sample({ length: 20 })) written += piece;
  assert.match(written, /^[abc ]{20}$/);
  model.dispose();
});

const written = corpus(700);
const vocab = text.Vocab.fromText(written, { level: 'char' });
const ids = vocab.encode(written);

/** Σ −log p of `of` after what comes before it, from a zero state at `from` on. */
function lossOf(model: lm.RecurrentLM, from: number, of: { from: number; to: number }): number {
  return infer(() => {
    const T = of.to - 1 - from;
    const { logits } = model.forward(ids.subarray(from, from + T), T, 1);
    const own = ops.slice(logits, 0, of.from - 1 - from, T);
    return ops.crossEntropy(own, ids.subarray(of.from, of.to), { reduction: 'sum' }).item();
  });
}

test('what it samples is what its logits say', async () => {
  for (const cell of ['rnn', 'lstm', 'gru'] as const) {
    using model = new lm.RecurrentLM({ vocab, cell, hiddenSize: 12, layers: 2 });
    let text = '';
    for await (const piece of model.sample({ prompt: 'the cat', length: 30, temperature: 0 }))
      text += piece;
    const all = vocab.encode('the cat' + text);
    const logits = infer(() => model.forward(all, all.length, 1).logits.toArray());
    for (let t = 6; t < 36; t++) {
      const row = logits.subarray(t * vocab.size, (t + 1) * vocab.size);
      assert.equal(all[t + 1], row.indexOf(Math.max(...row)), `${cell}, token ${t}`);
    }
  }
});

test('evaluation carries the state from the first token to the last', async () => {
  using model = new lm.RecurrentLM({ vocab, hiddenSize: 12, layers: 2 });
  const { loss, tokens } = await model.evaluate(ids);
  assert.equal(tokens, ids.length - 1);
  assert.ok(Math.abs(loss - lossOf(model, 0, { from: 1, to: ids.length }) / tokens) < 1e-6);
});

test('parts begin with the state of the 32 tokens before them, the first one with zeros', async () => {
  for (const cell of ['rnn', 'lstm', 'gru'] as const) {
    using model = new lm.RecurrentLM({ vocab, cell, hiddenSize: 12, layers: 2 });
    for (const parts of [1, 2, 3, 5, 40, 699, 800]) {
      const { loss, tokens } = await model.evaluate(ids, { parts });
      const length = Math.ceil(tokens / parts);
      let sum = 0;
      for (let from = 0; from < tokens; from += length)
        sum += lossOf(model, parts === 1 ? 0 : Math.max(0, from - Math.min(32, length)), {
          from: from + 1,
          to: Math.min(ids.length, from + 1 + length),
        });
      assert.equal(tokens, ids.length - 1);
      assert.ok(
        Math.abs(loss - sum / tokens) < 2e-6,
        `${cell}, ${parts} parts: ${loss}, expected ${sum / tokens}`,
      );
    }
  }
});

test('a number of parts that is none is refused', async () => {
  using model = new lm.RecurrentLM({ vocab, hiddenSize: 4 });
  for (const parts of [0, -1, 1.5])
    await assert.rejects(model.evaluate(ids, { parts }), RangeError);
});

test('dropout of the embeddings happens in training alone, and is kept in the file', async () => {
  using model = new lm.RecurrentLM({ vocab, hiddenSize: 8, inputDropout: 0.5 });
  const [batch] = [...text.columns(ids, { batchSize: 2 }).windows({ bptt: 16 })];
  const loss = (random?: Random): number =>
    infer(() => model.loss(batch!, { state: undefined, random }).loss.item());
  assert.equal(loss(), loss());
  assert.notEqual(loss(new Random(1)), loss());
  using again = lm.RecurrentLM.load(model.save());
  assert.equal(again.config.inputDropout, 0.5);
  assert.throws(() => new lm.RecurrentLM({ vocab, inputDropout: 1 }), /inputDropout is 1/);
});

run();
