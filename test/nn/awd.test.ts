/** The regularisation of the AWD-LSTM, against loops in f64 and against plain layers. */
import * as assert from 'uvu/assert';
import { infer, init, lm, nn, ops, optim, Random, scope, text, train } from '../../src/index.js';
import { tensor } from '../../src/tensor/tensor.js';
import { awdLoss, type Layer, type Masks } from '../reference/awd.js';
import { corpus } from '../support/cli.js';
import { gradcheck } from '../support/gradcheck.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('nn/awd');

await init({ deterministic: true });

const written = corpus(700);
const vocab = text.Vocab.fromText(written, { level: 'char' });
const ids = vocab.encode(written);
const ALL = { embeddingDropout: 0.3, inputDropout: 0.4, hiddenDropout: 0.3, outputDropout: 0.4, weightDrop: 0.5, ar: 2, tar: 1.5 }; // biome-ignore format: one line

/** The factors that `dropout` draws. */
const factors = (shape: number[], p: number, random: Random): Float32Array =>
  ops
    .dropout(tensor(new Float32Array(shape.reduce((a, b) => a * b)).fill(1), { shape }), p, random)
    .toArray();

test('loss and gradients are those of loops in f64 with the same masks', () => {
  const [V, E, W, T, B] = [7, 3, 4, 5, 2];
  const small = text.Vocab.fromText('abcdefg', { level: 'char' });
  assert.is(small.size, V);
  using model = new lm.RecurrentLM({ vocab: small, cell: lm.awd({ ...ALL, width: W }), hiddenSize: E, layers: 3, tie: true }); // biome-ignore format: one line
  const draw = new TestRandom(5);
  const read = Int32Array.from({ length: 2 * (T + 1) }, () => draw.int(V));
  const [batch] = [...text.columns(read, { batchSize: B }).windows({ bptt: T })];
  assert.equal([batch!.T, batch!.B], [T, B]);
  const sizes = [W, W, E];
  const masks = infer((): Masks => {
    // the generator of the window's masks, in the order in which they are drawn
    const random = Random.fromState(new Random(8).fork().state);
    const words = factors([V, 1], ALL.embeddingDropout, random);
    const input = factors([B, E], ALL.inputDropout, random);
    const weights: Float32Array[] = [];
    const hidden: Float32Array[] = [];
    for (const [k, H] of sizes.entries()) {
      weights.push(factors([4 * H, H], ALL.weightDrop, random));
      if (k > 0) hidden.push(factors([B, sizes[k - 1]!], ALL.hiddenDropout, random));
    }
    return { words, input, weights, hidden, output: factors([B, E], ALL.outputDropout, random) };
  });
  const parameters = [...model.namedParameters()];
  const values = Object.fromEntries(
    parameters.map(([name, p]) => [name, Float64Array.from(p.toArray())]),
  );
  const f = (): number =>
    awdLoss(
      {
        embedding: values['embedding.weight']!,
        bias: values['head.bias']!,
        layers: sizes.map((_, k) => Object.fromEntries((['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'] as const).map(name => [name, values[`rnn.layers.${k}.${name}_l0`]!])) as unknown as Layer), // biome-ignore format: one line
      },
      batch!,
      masks,
      { alpha: ALL.ar, beta: ALL.tar },
    );
  scope(() => {
    const { loss } = model.loss(batch!, { state: undefined, random: new Random(8) });
    near([loss.item()], [f()], 1e-5, 'loss');
    loss.backward();
  });
  const gradients = Object.fromEntries(parameters.map(([name, p]) => [name, p.grad!.slice()]));
  gradcheck(f, values, gradients, { tolerance: 2e-5 });
});

const window = [...text.columns(ids, { batchSize: 3 }).windows({ bptt: 20 })][1]!;

test('without any of it the layers are plain layers, bit for bit, in training too', async () => {
  for (const cell of ['lstm', 'gru', 'rnn'] as const) {
    const trained = async (kind: lm.RecurrentLMOptions['cell']): Promise<Uint8Array[]> => {
      using model = new lm.RecurrentLM({ vocab, cell: kind!, hiddenSize: 12, layers: 2, seed: 3 });
      using trainer = new train.Trainer(model, { optimizer: new optim.SGD(model.parameters(), { lr: 1 }), bptt: 20, steps: 5 }); // biome-ignore format: one line
      for await (const _ of trainer.run(text.columns(ids, { batchSize: 3 }))) void _;
      return model.parameters().map(p => new Uint8Array(p.toArray().buffer));
    };
    assert.equal(await trained(lm.awd({ cell })), await trained(cell), cell);
  }
});

test('a mask is the same at all time steps and differs from window to window', () => {
  using layers = new nn.AWDLayers(16, { outputDropout: 0.5, random: new Random(2) });
  const [T, B] = [9, 3];
  const x = new TestRandom(2).array(T * B * 16);
  const zeros = (seed: number): boolean[] =>
    infer(() => {
      const { output } = layers.forward(tensor(x, { shape: [T, B, 16] }), { random: new Random(seed) }); // biome-ignore format: one line
      return Array.from(output.toArray(), value => value === 0);
    });
  const first = zeros(1);
  const row = first.slice(0, B * 16);
  assert.ok(row.includes(true) && row.includes(false));
  for (let t = 1; t < T; t++) assert.equal(first.slice(t * B * 16, (t + 1) * B * 16), row, `${t}`);
  assert.not.equal(zeros(2), first);
});

test('a dropped word is zero wherever it stands, the others are scaled', () => {
  using layers = new nn.AWDLayers(4, { embeddingDropout: 0.5 });
  using embedding = new nn.Embedding(30, 4, { random: new Random(1) });
  const table = embedding.weight.toArray();
  const read = Int32Array.from({ length: 120 }, (_, i) => (i * 7) % 30);
  infer(() => {
    const rows = layers.embed(embedding, read, [40, 3], new Random(4)).toArray();
    const kept = new Map<number, boolean>();
    for (const [n, id] of read.entries()) {
      const scale = rows[4 * n] === 0 ? 0 : 2;
      assert.is(kept.get(id) ?? scale > 0, scale > 0);
      kept.set(id, scale > 0);
      for (let e = 0; e < 4; e++) near([rows[4 * n + e]!], [scale * table[4 * id + e]!], 0, `${n}`);
    }
    assert.equal(new Set(kept.values()).size, 2);
  });
});

test('a window in segments has the masks of the whole window', () => {
  const cell = lm.awd({ ...ALL, tar: 0 });
  using model = new lm.RecurrentLM({ vocab, cell, hiddenSize: 12, layers: 2, tie: true });
  const gradients = (recompute: number | undefined): Float32Array[] => {
    model.zeroGrad();
    scope(() => model.loss(window, { state: undefined, random: new Random(3), recompute }).loss.backward()); // biome-ignore format: one line
    return model.parameters().map(p => p.grad!.slice());
  };
  const whole = gradients(undefined);
  gradients(6).forEach((each, i) => near(each, whole[i]!, 1e-5, `parameter ${i}`));
});

test('steps after the end of a row are not in the penalty', () => {
  using layers = new nn.AWDLayers(4, { ar: 1, tar: 1, random: new Random(2) });
  const x = new TestRandom(2).array(6 * 4);
  const row = (T: number, lengths?: Int32Array): number =>
    infer(() => {
      const options = { random: new Random(1), lengths };
      return layers.forward(tensor(x.slice(0, T * 4), { shape: [T, 1, 4] }), options).penalty!.item(); // biome-ignore format: one line
    });
  const scale = (T: number): number => T / (T - 1); // of the term of the changes
  using squares = new nn.AWDLayers(4, { ar: 1, random: new Random(2) });
  const own = infer(() => squares.forward(tensor(x.slice(0, 12), { shape: [3, 1, 4] }), { random: new Random(1) }).penalty!.item()); // biome-ignore format: one line
  near([row(6, Int32Array.of(3))], [own + ((row(3) - own) / scale(3)) * scale(6)], 1e-6, 'penalty');
});

test('reading carries the state, and has neither dropout nor penalty', () => {
  using model = new lm.RecurrentLM({ vocab, cell: lm.awd({ ...ALL, width: 9 }), hiddenSize: 12, layers: 3 }); // biome-ignore format: one line
  using again = lm.RecurrentLM.load(model.save(), undefined, lm.cellOf);
  assert.equal(again.config, model.config);
  infer(() => {
    const whole = model.forward(ids.subarray(0, 40), 40, 1).logits.toArray();
    const first = model.forward(ids.subarray(0, 13), 13, 1);
    const second = model.forward(ids.subarray(13, 40), 27, 1, { state: first.state });
    near([...first.logits.toArray(), ...second.logits.toArray()], whole, 1e-5, 'logits');
    assert.equal(again.forward(ids.subarray(0, 40), 40, 1).logits.toArray(), whole);
  });
  throws(() => lm.RecurrentLM.load(model.save()), RangeError, /pass lm.cellOf/);
});

test('probabilities, penalties and options that cannot be are refused', () => {
  throws(() => new nn.AWDLayers(4, { weightDrop: 1 }), RangeError, /weightDrop is 1, expected 0 ≤ p < 1/); // biome-ignore format: one line
  throws(() => new nn.AWDLayers(4, { tar: -1 }), RangeError, /tar is -1, expected a number ≥ 0/);
  throws(() => new nn.AWDLayers(4, { cell: 'x' as never }), RangeError, /cell "x"/);
  throws(() => new nn.AWDLayers(4, { widht: 3 } as never), TypeError, /widht/);
  throws(() => new nn.AWDLayers(4, { width: 0 }), RangeError, /width/);
  throws(() => new lm.RecurrentLM({ vocab, cell: lm.awd(), dropout: 0.1 }), RangeError, /give awd an outputDropout/); // biome-ignore format: one line
});

run();
