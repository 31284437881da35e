import * as assert from 'uvu/assert';
import { words } from '../../src/index.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('words/phrases');
const { ENGLISH_CONNECTORS, oneHot, Phrases } = words;

/** gensim's common_texts and one sentence more, as in its tests. */
const SENTENCES = [
  'human interface computer',
  'survey user computer system response time',
  'eps user interface system',
  'system human system eps',
  'user response time',
  'trees',
  'graph trees',
  'graph minors trees',
  'graph minors survey',
  'graph minors survey human interface',
].map(sentence => sentence.split(' '));

function counted(options: words.PhrasesOptions): words.Phrases {
  const phrases = new Phrases({ minCount: 1, ...options });
  for (const sentence of SENTENCES) phrases.add(sentence);
  return phrases;
}

const scores = (phrases: words.Phrases): Map<string, number> =>
  new Map(phrases.list().map(({ phrase, score }) => [phrase, score]));

test("gensim's scores: by counts, and normalised mutual information", () => {
  const byCount = scores(counted({ threshold: 1 }));
  const near = (got: number | undefined, expected: number): void =>
    assert.ok(Math.abs(got! - expected) < 5e-4, `${got}, expected ${expected}`);
  near(byCount.get('graph_minors'), 5.167);
  near(byCount.get('human_interface'), 3.444);
  const npmi = scores(counted({ scoring: 'npmi' }));
  near(npmi.get('graph_minors'), 0.882);
  near(npmi.get('human_interface'), 0.714);
});

test('phrases are joined from left to right, each word once', () => {
  const phrases = counted({ threshold: 1 });
  assert.equal(phrases.join(SENTENCES.at(-1)!), ['graph_minors', 'survey', 'human_interface']);
  assert.equal(phrases.join(['nothing', 'known']), ['nothing', 'known']);
  assert.equal(phrases.join([]), []);
  assert.equal(counted({ threshold: 1, delimiter: ' ' }).join(['graph', 'minors']), [
    'graph minors',
  ]);
});

test('connectors stand inside phrases', () => {
  const phrases = new Phrases({ minCount: 1, threshold: 0.1, connectors: ENGLISH_CONNECTORS });
  for (let i = 0; i < 3; i++) phrases.add('the bank of america is in the city'.split(' '));
  assert.equal(phrases.join('the bank of america'.split(' ')), ['the', 'bank_of_america']);
});

test('one-hot vectors: every two words are orthogonal, and equally far apart', () => {
  const list = ['king', 'queen', 'man', 'woman', 'apple'];
  const vectors = oneHot(list);
  for (const a of list)
    for (const b of list) {
      assert.is(vectors.similarity(a, b), a === b ? 1 : 0);
      const [x, y] = [vectors.get(a)!, vectors.get(b)!];
      const distance = Math.hypot(...x.map((value, k) => value - y[k]!));
      assert.ok(Math.abs(distance - (a === b ? 0 : Math.SQRT2)) < 1e-6);
    }
});

test('what cannot be is refused in a sentence', () => {
  throws(() => new Phrases({ minCount: 0 }), RangeError, /minCount is 0/);
  throws(() => new Phrases({ scoring: 'x' as 'npmi' }), RangeError, /scoring "x"/);
  throws(() => new Phrases({ scoring: 'npmi', threshold: 9 }), RangeError, /threshold is 9/);
  throws(() => new Phrases().add('words' as unknown as string[]), TypeError, /is a string/);
  throws(() => oneHot(['a', 'a']), RangeError, /"a" stands at 0 and at 1/);
});

run();
