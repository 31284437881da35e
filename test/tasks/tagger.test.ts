import * as assert from 'uvu/assert';
import { init, optim, Random, tasks, train } from '../../src/index.js';
import { gradientsAlong } from '../support/along.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('tasks/tagger');
const { Tagger } = tasks;

await init({ deterministic: true });

/**
 * A word's tag is that of its ending, but a word behind "not" is turned: what is known of a word is
 * in its characters and in its neighbour.
 */
function sentences(n: number, seed: number): tasks.TaggedSentence[] {
  const random = new TestRandom(seed);
  const letter = (): string => 'abcdefgh'[random.int(8)]!;
  return Array.from({ length: n }, () => {
    const words: string[] = [];
    const kind: string[] = [];
    const size: string[] = [];
    for (let i = 2 + random.int(8); i > 0; i--) {
      const not = random.int(5) === 0;
      const noun = random.int(2) === 0;
      const turned = words.at(-1) === 'not';
      const stem = letter() + letter() + letter();
      words.push(not ? 'not' : stem + (noun ? 'um' : 'it'));
      kind.push(not ? 'PART' : noun !== turned ? 'NOUN' : 'VERB');
      size.push(not ? 'short' : 'long');
    }
    return { words, tags: { kind, size } };
  });
}
const TRAIN = sentences(250, 3);
const TEST = sentences(60, 4);
const parts = Tagger.vocab(TRAIN);
const SMALL = {
  ...parts,
  wordSize: 8,
  characterSize: 6,
  spellingSize: 7,
  hiddenSize: 9,
  layers: 1,
};

async function trained(model: tasks.Tagger, epochs = 8): Promise<tasks.Tagger> {
  const optimizer = new optim.Adam(model.namedParameters(), { lr: 0.02 });
  const trainer = new train.BatchTrainer(model, { optimizer, epochs });
  const data = model.data(TRAIN, { batchSize: 16, fingerprint: 'few' });
  for await (const _ of trainer.run(data));
  trainer.dispose();
  return model;
}

for (const cell of ['rnn', 'lstm', 'gru'] as const)
  test(`${cell}: gradients of the loss are its central differences`, () => {
    using model = new Tagger({ ...SMALL, cell });
    const batch = model.data(TRAIN.slice(0, 4), { batchSize: 4, fingerprint: '' }).batches(new Random(5)).next().value!; // biome-ignore format: one line
    const context = { state: undefined, random: undefined };
    gradientsAlong(model, () => model.loss(batch, context).loss);
  });

test('two kinds of tags are learnt from characters and neighbours, and a file holds it all', async () => {
  using model = await trained(new Tagger({ ...SMALL, dropout: 0.1, wordDropout: 0.25 }));
  const { accuracy, accuracies, unknownAccuracy, tokens, loss } = model.evaluate(TEST);
  assert.is(
    tokens,
    TEST.reduce((sum, { words }) => sum + words.length, 0),
  );
  assert.ok(accuracy > 0.95 && unknownAccuracy > 0.95, `${accuracy} ${unknownAccuracy}`);
  assert.is(accuracy, accuracies['kind']);
  assert.ok(accuracies['size']! > 0.99 && loss < 0.3, `${accuracies['size']} ${loss}`);
  const given = model.tag(TEST.map(({ words }) => words));
  const pairs = TEST.flatMap(({ tags }, i) => tags['kind']!.map((tag, t) => tag === given[i]!['kind']![t])); // biome-ignore format: one line
  assert.is(pairs.filter(Boolean).length / pairs.length, accuracy);
  using again = Tagger.load(model.save());
  assert.equal(again.save(), model.save());
  assert.equal(again.tag([['abcum', 'NOT', 'abcum']]), model.tag([['abcum', 'NOT', 'abcum']]));
});

test('sentences side by side have the tags that each has alone', async () => {
  using model = await trained(new Tagger({ ...SMALL, layers: 2 }), 1);
  const words = TEST.map(each => each.words);
  assert.equal(
    model.tag(words),
    words.map(each => model.tag([each])[0]),
  );
  const long = Array.from({ length: 400 }, (_, i) => 'x'.repeat(i % 90) + i);
  assert.is(model.tag([long, ['a']])[0]!['kind']!.length, 400);
});

test('a run that was cut is resumed to the same bytes', async () => {
  const begin = (): [tasks.Tagger, train.BatchTrainer<tasks.TagBatch>] => {
    const model = new Tagger({ ...SMALL, dropout: 0.3, wordDropout: 0.25 });
    const optimizer = new optim.Adam(model.namedParameters(), { lr: 0.02 });
    return [model, new train.BatchTrainer(model, { optimizer, epochs: 2 })];
  };
  const options = { batchSize: 16, fingerprint: 'few' };
  const [whole, trainer] = begin();
  for await (const _ of trainer.run(whole.data(TRAIN, options)));
  const [cut, first] = begin();
  for await (const _ of first.run(cut.data(TRAIN, options), { steps: 7 }));
  const [rest, second] = begin();
  second.restore(first.save());
  for await (const _ of second.run(rest.data(TRAIN, options)));
  assert.equal(rest.save(), whole.save());
  for (const each of [whole, trainer, cut, first, rest, second]) each.dispose();
});

test('what is no sentence, no tag and no option is refused', () => {
  const options = { batchSize: 4, fingerprint: '' };
  using model = new Tagger(SMALL);
  throws(() => model.tag([['a'], []]), RangeError, /^tag: sentence 1 has no words/);
  const bad = { words: ['a', 'b'], tags: { kind: ['NOUN'], size: ['long', 'long'] } };
  throws(() => model.data([bad], options), RangeError, /sentence 0 has 2 words and 1 tags of kind/);
  throws(() => model.evaluate([bad]), RangeError, /sentence 0 has 2 words and 1 tags of kind/);
  const strange = { words: ['a'], tags: { kind: ['ADJ'], size: ['long'] } };
  throws(() => model.data([strange], options), RangeError, /"ADJ" at 0 is none of/);
  assert.is(model.evaluate([strange, TEST[0]!]).tokens, 1 + TEST[0]!.words.length);
  throws(() => model.data([], options), RangeError, /examples/);
  throws(() => Tagger.vocab([TEST[0]!, { words: ['a'], tags: {} }]), RangeError, /sentence 1 has tags of no kind, expected kind, size/); // biome-ignore format: one line
  throws(() => new Tagger({ ...SMALL, tags: {} }), RangeError, /there are no tags/);
  throws(() => new Tagger({ ...SMALL, dropout: 1 }), RangeError, /dropout is 1/);
  throws(() => new Tagger({ ...SMALL, words: parts.characters, characters: parts.words }), RangeError, /characters of level "custom"/); // biome-ignore format: one line
  throws(() => Tagger.load(new Uint8Array(3)), RangeError, /3 bytes/);
});

run();
