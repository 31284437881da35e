/** Evaluation and sampling stand on `LanguageModel` alone, whatever the model. */
import * as assert from 'uvu/assert';
import { init, lm, text } from '../../src/index.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('lm/model');

await init({ deterministic: true });

const TEXT = 'the river is slow where the valley is wide; it carries the snow to the sea.\n'.repeat(
  8,
);
const vocab = text.Vocab.fromText(TEXT, { level: 'char' });
const ids = vocab.encode(TEXT);
const V = vocab.size;

const models = (): [string, lm.RecurrentLM | lm.QuantizedLM][] => [
  ...(['rnn', 'lstm', 'gru'] as const).map((cell): [string, lm.RecurrentLM] => [
    cell,
    new lm.RecurrentLM({ vocab, cell, embeddingSize: 7, hiddenSize: 9, layers: 2 }),
  ]),
  ['int8', lm.quantize(new lm.RecurrentLM({ vocab, embeddingSize: 8, hiddenSize: 12 }))],
];

/** A model of one's own: the state is the last token, pairs are counted. */
class Bigrams implements lm.LanguageModel<number> {
  readonly vocab = vocab;
  private readonly counts = new Float64Array(V * V).fill(0.1);
  constructor(seen: Int32Array) {
    for (let i = 1; i < seen.length; i++) this.counts[seen[i - 1]! * V + seen[i]!]!++;
  }
  start() {
    return 0;
  }
  advance(read: Int32Array, state: number) {
    return read.at(-1) ?? state;
  }
  logits(state: number) {
    const row = this.counts.subarray(state * V, (state + 1) * V);
    const sum = row.reduce((a, b) => a + b);
    return Float32Array.from(row, count => Math.log(count / sum));
  }
  score(read: Int32Array, state: number) {
    const before = [state, ...read];
    return {
      logp: Float32Array.from(read, (id, i) => this.logits(before[i]!)[id]!),
      state: this.advance(read, state),
    };
  }
}

const write = async <S>(model: lm.LanguageModel<S>, options: lm.SampleOptions): Promise<string> => {
  let all = '';
  for await (const piece of lm.sample(model, options)) all += piece;
  return all;
};

test('a score is the log-softmax of the logits before, token by token or at once', () => {
  for (const [name, model] of models()) {
    const read = ids.subarray(0, 300); // longer than one piece
    const { logp, state } = model.score(read, model.start());
    let one = model.start();
    read.forEach((id, i) => {
      const logits = model.logits(one);
      const most = Math.max(...logits);
      const expected =
        logits[id]! - most - Math.log(logits.reduce((sum, x) => sum + Math.exp(x - most), 0));
      assert.ok(Math.abs(logp[i]! - expected) < 2e-5, `${name} ${i}: ${logp[i]} ${expected}`);
      one = model.advance(read.subarray(i, i + 1), one);
    });
    assert.ok(Math.abs(logp[0]! + Math.log(V)) < 1e-5, 'uniform where nothing was read');
    one.tensors.forEach((tensor, k) =>
      tensor.data.forEach((value, j) =>
        assert.ok(Math.abs(value - state.tensors[k]!.data[j]!) < 1e-5, `${name} state`),
      ),
    );
    model.dispose();
  }
});

test('states are values: reading leaves the old one as it was', () => {
  for (const [, model] of models()) {
    const state = model.advance(ids.subarray(0, 9), model.start());
    const before = JSON.stringify([[...model.logits(state)], state.tensors.map(t => [...t.data])]);
    const once = model.score(ids.subarray(9, 20), state).logp;
    assert.equal(model.score(ids.subarray(9, 20), state).logp, once);
    assert.is(
      JSON.stringify([[...model.logits(state)], state.tensors.map(t => [...t.data])]),
      before,
    );
    assert.equal(model.score(new Int32Array(0), state), { logp: new Float32Array(0), state });
    model.dispose();
  }
});

test('evaluation by the interface alone gives what the model gives', async () => {
  for (const [name, model] of models()) {
    const own = await model.evaluate(ids);
    const general = await lm.evaluate(model as lm.LanguageModel, ids);
    assert.is(general.tokens, ids.length - 1);
    assert.ok(
      Math.abs(own.loss - general.loss) < 1e-6 * own.loss,
      `${name}: ${own.loss} ${general.loss}`,
    );
    assert.is(general.perplexity, Math.exp(general.loss));
    model.dispose();
  }
});

test('a model of one’s own, counts of pairs, is evaluated and sampled from', async () => {
  const model = new Bigrams(ids);
  const { loss, tokens } = await lm.evaluate(model, ids);
  let sum = 0;
  for (let i = 1; i < ids.length; i++) sum -= model.logits(ids[i - 1]!)[ids[i]!]!;
  assert.ok(Math.abs(loss - sum / (ids.length - 1)) < 1e-9 && tokens === ids.length - 1);
  assert.ok(loss < 0.6 * Math.log(V), `${loss}`);
  const text = await write(model, { prompt: 'the ', length: 60, seed: 3 });
  assert.is(text, await write(model, { prompt: 'the ', length: 60, seed: 3 }));
  assert.not.equal(text, await write(model, { prompt: 'the ', length: 60, seed: 4 }));
  assert.is(text.length, 60);
  const pairs = new Set([...TEXT].slice(1).map((c, i) => TEXT[i]! + c));
  const seen = [...text].slice(1).filter((c, i) => pairs.has(text[i]! + c)).length;
  assert.ok(seen > 45, `${seen} of 59 pairs were seen: ${text}`);
});

run();
