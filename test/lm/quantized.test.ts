/** The quantised model against the float model that has its weights. */
import * as assert from 'uvu/assert';
import { init, io, lm, optim, runtimeInfo, text, train } from '../../src/index.js';
import { quantizeRows } from '../../src/ops/quantization.js';
import { corpus } from '../support/cli.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('lm/quantized');

await init({ deterministic: true });
const written = corpus(6000);
const vocab = text.Vocab.fromText(written, { level: 'char' });
const ids = vocab.encode(written);
const held = ids.subarray(5000);

const MODELS = (['rnn', 'lstm', 'gru'] as const).flatMap(cell => [
  { vocab, cell, embeddingSize: 9, hiddenSize: 23, layers: 2 },
  { vocab, cell, embeddingSize: 16, hiddenSize: 16, layers: 1, tie: true },
]);
const nameOf = ({ cell, tie }: lm.RecurrentLMOptions): string => `${cell}${tie ? ', tied' : ''}`;

/** Each weight becomes what it is after quantisation. */
function roundWeights(model: lm.RecurrentLM): void {
  for (const p of model.parameters()) {
    if (p.shape.length < 2) continue;
    const { q, scales } = quantizeRows(p.toArray(), p.shape[0]!);
    p.set(Float32Array.from(q, (value, i) => value * scales[Math.floor(i / p.shape[1]!)]!));
  }
}

async function write(
  model: { sample(options: lm.SampleOptions): AsyncIterable<string> },
  options: lm.SampleOptions,
): Promise<string> {
  let all = '';
  for await (const piece of model.sample(options)) all += piece;
  return all;
}

for (const options of MODELS) {
  test(`${nameOf(options)}: the loss is that of the float model with the rounded weights`, async () => {
    using model = new lm.RecurrentLM(options);
    using quantised = lm.quantize(model);
    roundWeights(model);
    const [expected, actual] = [await model.evaluate(held), await quantised.evaluate(held)];
    assert.is(actual.tokens, expected.tokens);
    assert.ok(
      Math.abs(actual.loss - expected.loss) < 2e-5,
      `${actual.loss}, expected ${expected.loss}`,
    );
  });

  test(`${nameOf(options)}: saved and loaded it writes the same text and the same bytes`, async () => {
    using model = new lm.RecurrentLM(options);
    using quantised = lm.quantize(model);
    const bytes = quantised.save();
    using loaded = lm.QuantizedLM.load(bytes);
    assert.equal(loaded.save(), bytes);
    assert.equal(loaded.config, model.config);
    const how = { prompt: 'the cat', length: 40, seed: 3 };
    assert.is(await write(loaded, how), await write(quantised, how));
    assert.is((await write(loaded, how)).length, 40);
  });

  test(`${nameOf(options)}: it is not worse by half a percent of perplexity, and learnt something`, async () => {
    using model = new lm.RecurrentLM(options);
    using trainer = new train.Trainer(model, {
      optimizer: new optim.Adam(model.namedParameters(), { lr: 0.01 }),
      clipNorm: 1,
      bptt: 25,
      steps: 120,
    });
    for await (const _ of trainer.run(text.columns(ids.subarray(0, 5000), { batchSize: 8 })));
    using quantised = lm.quantize(model);
    const [float, int8] = [await model.evaluate(held), await quantised.evaluate(held)];
    assert.ok(float.perplexity < 0.6 * vocab.size, `perplexity ${float.perplexity}`);
    assert.ok(
      Math.abs(int8.perplexity / float.perplexity - 1) < 0.005,
      `${int8.perplexity}, float ${float.perplexity}`,
    );
  });
}

test('it takes a quarter of the bytes, in the file and in memory', () => {
  using model = new lm.RecurrentLM({ vocab, embeddingSize: 128, hiddenSize: 128, layers: 2 });
  const before = runtimeInfo().memory.persistent;
  const float = model.parameters().reduce((bytes, p) => bytes + 4 * p.size, 0);
  const quantised = lm.quantize(model);
  assert.ok(runtimeInfo().memory.persistent - before < 0.27 * float);
  assert.ok(quantised.save().length < 0.27 * model.save().length);
  quantised.dispose();
  assert.is(runtimeInfo().memory.persistent, before);
});

test('a disposed model is refused', async () => {
  using model = new lm.RecurrentLM({ vocab, hiddenSize: 4 });
  const quantised = lm.quantize(model);
  quantised.dispose();
  assert.match(String(await quantised.evaluate(held).catch((error: unknown) => error)), /disposed/);
});

test('files of another kind, and tensors that do not fit, are refused, and leave nothing behind', () => {
  using model = new lm.RecurrentLM({ vocab, hiddenSize: 8 });
  using quantised = lm.quantize(model);
  throws(
    () => lm.QuantizedLM.load(model.save()),
    RangeError,
    /of kind "lm.recurrent", expected "lm.quantized"/,
  );
  throws(
    () => lm.RecurrentLM.load(quantised.save()),
    RangeError,
    /of kind "lm.quantized", expected "lm.recurrent"/,
  );
  const before = runtimeInfo().memory.persistent;
  const spoilt =
    (change: (file: io.ModelFile) => void): (() => unknown) =>
    () => {
      const file = io.readModel(quantised.save());
      change(file);
      return lm.QuantizedLM.from(file);
    };
  throws(
    spoilt(({ int8 }) => int8!.delete('rnn.weight_hh_l0')),
    RangeError,
    /missing "rnn.weight_hh_l0"/,
  );
  throws(
    spoilt(({ state }) => state.delete('head.weight.scale')),
    RangeError,
    /missing "head.weight.scale"/,
  );
  throws(
    spoilt(({ int8 }) => int8!.set('head.weight', { shape: [2, 3], data: new Int8Array(6) })),
    RangeError,
    /"head.weight" is \[2,3\], expected \[\d+,8\]/,
  );
  throws(
    spoilt(file => void ((file.config as { layers: number }).layers = 2)),
    RangeError,
    /missing "rnn.weight_ih_l1", "rnn.weight_hh_l1"/,
  );
  throws(
    spoilt(file => void (file.config = null)),
    RangeError,
    /the config is not an object/,
  );
  assert.is(runtimeInfo().memory.persistent, before);
});

run();
