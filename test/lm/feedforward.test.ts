import * as assert from 'uvu/assert';
import { init, lm, optim, scope, text, train } from '../../src/index.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('lm/feedforward');
const { FeedforwardLM } = lm;

await init({ deterministic: true });

const TEXT = 'the river is slow where the valley is wide; it carries the snow to the sea.\n'.repeat(
  8,
);
const vocab = text.Vocab.fromText(TEXT, { level: 'char' });
const ids = vocab.encode(TEXT);
const V = vocab.size;

const weights = (model: lm.FeedforwardLM): Map<string, Float64Array> =>
  new Map([...model.stateDict()].map(([name, { data }]) => [name, Float64Array.from(data)]));

/** −ln p of the target after a context, in plain loops; equations of the class. */
function reference(
  model: lm.FeedforwardLM,
  w: ReadonlyMap<string, Float64Array>,
  context: readonly number[],
  target: number,
): number {
  const { embeddingSize: E, hiddenSize: H, direct } = model.config;
  const x = context.flatMap(id => [...w.get('embedding.weight')!.slice(id * E, (id + 1) * E)]);
  const h = Array.from({ length: H }, (_, j) => {
    let a = w.get('hidden.bias')![j]!;
    x.forEach((value, i) => (a += w.get('hidden.weight')![j * x.length + i]! * value));
    return Math.tanh(a);
  });
  const features = direct ? [...h, ...x] : h;
  const logits = Array.from({ length: V }, (_, k) => {
    let a = w.get('head.bias')![k]!;
    features.forEach((f, i) => (a += w.get('head.weight')![k * features.length + i]! * f));
    return a;
  });
  const most = Math.max(...logits);
  return most + Math.log(logits.reduce((sum, a) => sum + Math.exp(a - most), 0)) - logits[target]!;
}

/** The last tokens before place t of `read`; V before its beginning. */
const contextOf = (read: ArrayLike<number>, t: number, n: number): number[] =>
  Array.from({ length: n }, (_, k) => read[t - n + k] ?? V);

for (const direct of [false, true]) {
  const name = direct ? 'with direct connections' : 'without direct connections';

  test(`${name}: the loss and its gradients are those of the equations`, () => {
    using model = new FeedforwardLM({ vocab, context: 3, embeddingSize: 5, hiddenSize: 7, direct });
    const [batch] = [...text.columns(ids.subarray(0, 26), { batchSize: 2 }).windows({ bptt: 12 })]; // biome-ignore format: one line
    const { T, B, inputs, targets } = batch!;
    const loss = (w: ReadonlyMap<string, Float64Array>): number => {
      let sum = 0;
      for (let b = 0; b < B; b++) {
        const read = Array.from({ length: T }, (_, t) => inputs[t * B + b]!);
        for (let t = 0; t < T; t++)
          sum += reference(model, w, contextOf(read, t + 1, 3), targets[t * B + b]!);
      }
      return sum / (T * B);
    };
    const w = weights(model);
    scope(() => {
      const result = model.loss(batch!, { state: undefined, random: undefined });
      near([result.loss.item()], [loss(w)], 1e-5, 'loss');
      result.loss.backward();
    });
    const random = new TestRandom(5);
    for (const [parameter, { grad: gradient }] of model.namedParameters()) {
      const grad = gradient!;
      const values = w.get(parameter)!;
      for (let check = 0; check < 12; check++) {
        const i = random.int(values.length);
        const before = values[i]!;
        const at = (value: number): number => {
          values[i] = value;
          return loss(w);
        };
        const expected = (at(before + 1e-5) - at(before - 1e-5)) / 2e-5;
        values[i] = before;
        assert.ok(
          Math.abs(grad[i]! - expected) < 1e-5,
          `${parameter} ${i}: ${grad[i]} ${expected}`,
        );
      }
    }
  });
}

test('a score is the log-softmax of the logits before, token by token or at once', () => {
  using model = new FeedforwardLM({ vocab, embeddingSize: 6, hiddenSize: 9, direct: true });
  const read = ids.subarray(0, 300); // longer than one piece
  const { logp, state } = model.score(read, model.start());
  let one = model.start();
  const w = weights(model);
  read.forEach((id, t) => {
    const expected = -reference(model, w, contextOf(read, t, 4), id);
    assert.ok(Math.abs(logp[t]! - expected) < 2e-5, `${t}: ${logp[t]} ${expected}`);
    const logits = model.logits(one);
    const most = Math.max(...logits);
    const p = logits[id]! - most - Math.log(logits.reduce((sum, x) => sum + Math.exp(x - most), 0));
    assert.ok(Math.abs(p - expected) < 2e-5);
    one = model.advance(read.subarray(t, t + 1), one);
  });
  assert.equal(one, state);
  assert.equal(model.advance(read, model.start()), state);
});

test('windows carry the last tokens: the losses of short ones are those of a long one', async () => {
  using model = new FeedforwardLM({ vocab, embeddingSize: 6, hiddenSize: 9 });
  const { loss, tokens } = await model.evaluate(ids);
  const parts = await model.evaluate(ids, { parts: 5 });
  assert.is(tokens, ids.length - 1);
  assert.is(parts.tokens, tokens);
  assert.ok(Math.abs(parts.loss - loss) < 1e-6, `${parts.loss} ${loss}`); // 32 tokens are all it reads
  const columns = text.columns(ids, { batchSize: 1 });
  for (const bptt of [3, 64]) {
    const carried = new train.CarriedState(B => model.stateShapes(B));
    let sum = 0;
    const windows = columns.windows({ bptt });
    for (const batch of windows) {
      const state = carried.prepare(batch.B, batch.first);
      scope(() => {
        const result = model.loss(batch, { state, random: undefined });
        sum += result.loss.item() * batch.tokens;
        carried.keep(result.state);
      });
    }
    carried.dispose();
    assert.ok(Math.abs(sum / tokens - loss) < 1e-5, `bptt ${bptt}: ${sum / tokens} ${loss}`);
  }
});

test('it learns, resumes to the same bytes, and is what its file says', async () => {
  const make = () => new FeedforwardLM({ vocab, embeddingSize: 8, hiddenSize: 24, dropout: 0.1 });
  const trainer = (model: lm.FeedforwardLM) =>
    new train.Trainer(model, { optimizer: new optim.Adam(model.namedParameters(), { lr: 5e-3 }), steps: 300, bptt: 16 }); // biome-ignore format: one line
  const data = text.columns(ids, { batchSize: 4 });
  using model = make();
  using whole = trainer(model);
  for await (const _ of whole.run(data)) {
    // to the end
  }
  const { loss } = await model.evaluate(ids);
  assert.ok(loss < 0.5, `loss ${loss}`);
  using cutModel = make();
  using first = trainer(cutModel);
  for await (const _ of first.run(data, { steps: 50 })) {
    // a part
  }
  using resumed = make();
  using second = trainer(resumed);
  second.restore(first.save());
  for await (const _ of second.run(data)) {
    // the rest
  }
  assert.equal(resumed.save(), model.save());
  using again = FeedforwardLM.load(model.save());
  assert.equal(again.logits(again.start()), model.logits(model.start()));
  let written = '';
  for await (const piece of again.sample({ prompt: 'the river', length: 20, temperature: 0 }))
    written += piece;
  assert.match(written, /^ is slow/);
});

test('contexts never seen: it completes by words that are alike, where counts know nothing', async () => {
  // each animal likes some food, each person some tool; who does what where was seen in part
  const subjects = [...Array(8).keys()].flatMap(i => [`animal${i}`, `person${i}`]);
  const places = [...Array(8).keys()].map(i => `place${i}`);
  const verb = (subject: string): string => (subject.startsWith('animal') ? 'eats' : 'works');
  const seen = (i: number, j: number): boolean => (i + j) % 3 !== 0;
  const lines: string[] = [];
  for (let round = 0; round < 30; round++)
    subjects.forEach((subject, i) =>
      places.forEach((place, j) => {
        if (seen(i, j)) lines.push(`${subject} ${place} ${verb(subject)}`);
      }),
    );
  const random = new TestRandom(3);
  for (let i = lines.length - 1; i > 0; i--) {
    const j = random.int(i + 1);
    [lines[i], lines[j]] = [lines[j]!, lines[i]!];
  }
  const source = `${lines.join('\n')}\n`;
  const words = text.Vocab.fromText(source, { level: 'word' });
  const read = words.encode(source);
  using model = new FeedforwardLM({ vocab: words, context: 2, embeddingSize: 6, hiddenSize: 12 });
  using trainer = new train.Trainer(model, { optimizer: new optim.Adam(model.namedParameters(), { lr: 1e-2 }), epochs: 3, bptt: 8 }); // biome-ignore format: one line
  for await (const _ of trainer.run(text.columns(read, { batchSize: 8 }))) {
    // to the end
  }
  const counts = await lm.NgramLM.train(read, { vocab: words, order: 3 });
  const p = <State>(of: lm.LanguageModel<State>, context: string, next: string): number => {
    const state = of.advance(words.encode(context), of.start());
    return Math.exp(of.score(words.encode(next), state).logp[0]!);
  };
  let [network, ngram, n] = [0, 0, 0];
  subjects.forEach((subject, i) =>
    places.forEach((place, j) => {
      if (seen(i, j)) return;
      network += p(model, `${subject} ${place}`, verb(subject));
      ngram += p(counts, `${subject} ${place}`, verb(subject));
      n++;
    }),
  );
  assert.ok(network / n > 0.9, `network ${network / n}`);
  assert.ok(ngram / n < 0.6, `counts ${ngram / n}`);
});

test('options out of range, and what only recurrent models take, are refused', () => {
  throws(() => new FeedforwardLM({ vocab, context: 0 }), RangeError, /context/);
  throws(() => new FeedforwardLM({ vocab, dropout: 1 }), RangeError, /dropout is 1/);
  using model = new FeedforwardLM({ vocab });
  const [batch] = [...text.columns(ids, { batchSize: 2 }).windows({ bptt: 8 })]; // biome-ignore format: one line
  throws(
    () => scope(() => model.loss(batch!, { state: undefined, random: undefined, recompute: 4 })),
    RangeError,
    /recompute is for recurrent models/,
  );
  const other = new lm.RecurrentLM({ vocab, hiddenSize: 4 });
  throws(() => FeedforwardLM.load(other.save()), RangeError, /kind "lm.recurrent", expected "lm.feedforward"/); // biome-ignore format: one line
  other.dispose();
});

run();
