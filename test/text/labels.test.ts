import * as assert from 'uvu/assert';
import { text } from '../../src/index.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('text/labels');
const { Labels } = text;

test('labels have numbers in the order given, or in that of the alphabet', () => {
  const tags = Labels.of([['NOUN', 'VERB'], ['DET', 'NOUN']]); // biome-ignore format: two sentences
  assert.is(tags.size, 3);
  assert.equal(tags.toJSON(), ['DET', 'NOUN', 'VERB']);
  assert.equal([...tags.encode(['NOUN', 'DET', 'VERB'])], [1, 0, 2]);
  assert.equal(tags.decode([2, 2, 0]), ['VERB', 'VERB', 'DET']);
  assert.is(tags.idOf('ADJ'), -1);
  assert.equal(new Labels(tags.toJSON()).encode(['VERB']), tags.encode(['VERB']));
  assert.is(new Labels(['b', 'a']).idOf('b'), 0);
});

test('what is no label, and no number of one, is refused', () => {
  const tags = new Labels(['b', 'a']);
  assert.throws(() => tags.encode(['a', 'c']), /"c" at 1 is none of "b", "a"/);
  for (const id of [2, -1, 0.5]) assert.throws(() => tags.labelOf(id), /whole number below 2/);
  assert.throws(() => new Labels([]), /no labels/);
  assert.throws(() => new Labels(['a', 'b', 'a']), /"a" is there twice/);
});

run();
