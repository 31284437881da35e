/**
 * What a training step takes beside what lasts; in a process of its own, since the memory never
 * shrinks.
 */
import * as assert from 'uvu/assert';
import { init, lm, optim, runtimeInfo, text, train } from '../../src/index.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('train/memory');

await init({ deterministic: true });

test('a step at 2×512, B 16, T 64 takes at most 1.3 times what must be kept, and all together stays below 96 MiB', async () => {
  const [H, B, T, layers] = [512, 16, 64, 2];
  const random = new TestRandom(1);
  const letters = Array.from({ length: 65 }, (_, i) => String.fromCharCode(48 + i));
  const vocab = text.Vocab.fromText(letters.join(''), { level: 'char' });
  using model = new lm.RecurrentLM({ vocab, hiddenSize: H, embeddingSize: H, layers });
  using trainer = new train.Trainer(model, {
    optimizer: new optim.Adam(model.namedParameters()),
    clipNorm: 1,
    bptt: T,
    steps: 2,
  });
  const ids = Int32Array.from({ length: B * (2 * T + 1) }, () => random.int(vocab.size));
  for await (const _ of trainer.run(text.columns(ids, { batchSize: B }))) void _;
  const { total, persistent } = runtimeInfo().memory;
  const kept = 4 * layers * T * B * H * 6; // i, f, g, o, c and h of each step
  assert.ok(
    total - persistent <= 1.3 * kept,
    `${total - persistent} bytes for a step, ${kept} to keep`,
  );
  assert.ok(total < 96 * 2 ** 20, `${total} bytes in all`);
});

run();
