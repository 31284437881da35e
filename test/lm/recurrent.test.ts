/** The recurrent language model apart from its numbers. */
import assert from 'node:assert/strict';
import { init, lm, text } from '../../src/index.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('lm/recurrent');

await init({ deterministic: true });

test('without a prompt, a model whose text has no line end still writes', async () => {
  const model = new lm.RecurrentLM({ vocab: text.Vocab.fromText('abc abc', { level: 'char' }), hiddenSize: 8 });
  let written = '';
  for await (const piece of model.sample({ length: 20 })) written += piece;
  assert.match(written, /^[abc ]{20}$/);
  model.dispose();
});

run();
