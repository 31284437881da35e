/** Blocks of minGRU and RG-LRU, and language models of them. */
import * as assert from 'uvu/assert';
import { infer, init, lm, nn, optim, Random, scope, text, train } from '../../src/index.js';
import { tensor } from '../../src/tensor/tensor.js';
import { corpus } from '../support/cli.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('nn/blocks');

await init({ deterministic: true });
await nn.loadCells();

const random = new TestRandom(4);
const KINDS = { minGRU: nn.MinGRUBlocks, hawk: nn.HawkBlocks } as const;

for (const [name, Blocks] of Object.entries(KINDS))
  for (const kernel of [1, 4]) {
    const what = `${name}, convolution over ${kernel}`;
    const make = () => new Blocks(8, { layers: 2, kernel, random: new Random(3) });
    const [T, B] = [9, 3];
    const data = random.array(T * B * 8);
    const rows = (from: number, to: number, B: number, pick = (i: number) => i) =>
      tensor(Float64Array.from({ length: (to - from) * B * 8 }, (_, i) => data[pick(i + from * B * 8)]!), { shape: [to - from, B, 8] }); // biome-ignore format: one line

    test(`${what}: batched as one by one, in parts as at once, absent state as zeros`, () => {
      using blocks = make();
      infer(() => {
        const whole = blocks.forward(rows(0, T, B));
        // row 1 by itself
        const one = blocks.forward(rows(0, T, 1, i => Math.floor(i / 8) * B * 8 + 8 + (i % 8)));
        near(one.output.toArray(), Array.from({ length: T * 8 }, (_, i) => whole.output.toArray()[Math.floor(i / 8) * B * 8 + 8 + (i % 8)]!), 1e-5, 'a row'); // biome-ignore format: one line
        for (const cut of [1, 2, 5]) {
          const first = blocks.forward(rows(0, cut, B));
          const second = blocks.forward(rows(cut, T, B), { state: first.state });
          near([...first.output.toArray(), ...second.output.toArray()], whole.output.toArray(), 1e-5, `cut at ${cut}`); // biome-ignore format: one line
          second.state.forEach((state, i) =>
            near(state.toArray(), whole.state[i]!.toArray(), 1e-5, `state ${i}`),
          );
        }
        const zeros = blocks.stateShapes(B).map(shape => tensor(new Float64Array(shape.reduce((a, b) => a * b)), { shape })); // biome-ignore format: one line
        assert.equal(blocks.forward(rows(0, T, B), { state: zeros }).output.toArray(), whole.output.toArray()); // biome-ignore format: one line
      });
    });

    test(`${what}: after a reset nothing before it counts, across windows too`, () => {
      using blocks = make();
      infer(() => {
        const resets = new Uint8Array(T * B);
        for (let b = 0; b < B; b++) resets[4 * B + b] = 1;
        const alone = blocks.forward(rows(4, T, B)).output.toArray();
        const behind = blocks
          .forward(rows(0, T, B), { resets })
          .output.toArray()
          .slice(4 * B * 8);
        near(behind, alone, 1e-5, 'in a window');
        // the text begins in the last step of a window
        const first = blocks.forward(rows(0, 5, B), { resets: resets.subarray(0, 5 * B) });
        const second = blocks.forward(rows(5, T, B), { state: first.state });
        near(second.output.toArray(), alone.slice(B * 8), 1e-5, 'in the next window');
      });
    });

    test(`${what}: every parameter has a gradient, and dropout only in training`, () => {
      using blocks = new Blocks(8, { layers: 2, kernel, dropout: 0.3, random: new Random(3) });
      const loss = (random?: Random) => {
        const { output } = blocks.forward(rows(0, T, B), { random });
        return lossOf(output);
      };
      scope(() => loss().backward());
      for (const [parameter, { grad }] of blocks.namedParameters())
        assert.ok(
          grad!.some(value => value !== 0),
          parameter,
        );
      infer(() => {
        assert.is(loss().item(), loss().item());
        assert.is.not(loss(new Random(1)).item(), loss().item());
      });
    });
  }

/** Σ (y + 1)²·weights: each output counts by its own. */
function lossOf(y: ReturnType<typeof tensor>): ReturnType<typeof tensor> {
  const { ops } = library;
  const weights = tensor(Float64Array.from({ length: y.size }, (_, i) => Math.sin(i + 1)), { shape: y.shape }); // biome-ignore format: one line
  return ops.sum(ops.mul(ops.mul(y, y), weights));
}
const library = await import('../../src/index.js');

const written = corpus(3000);
const vocab = text.Vocab.fromText(written, { level: 'char' });
const ids = vocab.encode(written);

for (const cell of [lm.minGRU({ kernel: 3 }), lm.hawk({ feedforward: 2 })]) {
  const make = () =>
    new lm.RecurrentLM({ vocab, cell, hiddenSize: 16, embeddingSize: 16, layers: 2, tie: true });

  test(`a language model of ${cell.name} learns, resumes to the same bytes, and loads`, async () => {
    const trainer = (model: lm.RecurrentLM) =>
      new train.Trainer(model, { optimizer: new optim.Adam(model.namedParameters(), { lr: 4e-3 }), steps: 60, bptt: 24, clipNorm: 1 }); // biome-ignore format: one line
    const data = text.columns(ids, { batchSize: 4 });
    using model = make();
    const before = (await model.evaluate(ids.subarray(0, 400))).loss;
    using whole = trainer(model);
    for await (const _ of whole.run(data)) {
      // to the end
    }
    const { loss } = await model.evaluate(ids.subarray(0, 400));
    assert.ok(loss < 0.7 * before, `${loss} after ${before}`);
    using cutModel = make();
    using first = trainer(cutModel);
    for await (const _ of first.run(data, { steps: 25 })) {
      // a part
    }
    using resumed = make();
    using second = trainer(resumed);
    second.restore(first.save());
    for await (const _ of second.run(data)) {
      // the rest
    }
    assert.equal(resumed.save(), model.save());
    using again = lm.RecurrentLM.load(model.save(), lm.softmaxOf, lm.cellOf);
    assert.equal(again.config, model.config);
    const state = again.advance(ids.subarray(0, 5), again.start());
    assert.equal(state.logits, model.advance(ids.subarray(0, 5), model.start()).logits);
    throws(() => lm.RecurrentLM.load(model.save()), RangeError, /cells of the kind \w+; pass lm\.cellOf/); // biome-ignore format: one line
    throws(() => lm.quantize(model), RangeError, /cells are \w+, expected rnn, lstm or gru/);
  });

  test(`a score of ${cell.name}, token by token or at once`, () => {
    using model = make();
    const read = ids.subarray(0, 300);
    const { logp, state } = model.score(read, model.start());
    let one = model.start();
    const single = Float32Array.from(read, id => {
      const score = model.score(Int32Array.of(id), one);
      one = score.state;
      return score.logp[0]!;
    });
    near(single, logp, 1e-5, 'log p');
    near(one.logits, state.logits, 1e-4, 'logits');
  });
}

test('sizes that do not fit are refused', () => {
  throws(() => new nn.MinGRUBlocks(8, { expansion: 0 }), RangeError, /expansion is 0/);
  throws(() => new nn.HawkBlocks(8, { heads: 3 }), RangeError, /heads is 3, which does not divide/);
  throws(() => new nn.HawkBlocks(8, { dropout: 1 }), RangeError, /dropout is 1/);
  throws(() => new lm.RecurrentLM({ vocab, cell: lm.minGRU(), hiddenSize: 8, embeddingSize: 4 }), RangeError, /embeddingSize \(4\) must be hiddenSize \(8\)/); // biome-ignore format: one line
});

run();
