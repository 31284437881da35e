/** One token at a time against the whole sequence at once. */
import * as assert from 'uvu/assert';
import { infer, init, lm, type nn, text } from '../../src/index.js';
import {
  type IncrementalModel,
  initialState,
  nextLogits,
  rowHead,
  rowWeights,
} from '../../src/ops/incremental.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('ops/incremental');
const vocab = text.Vocab.fromText('abcdefghijk', { level: 'char' });
const random = new TestRandom(1);
const ids = Int32Array.from({ length: 12 }, () => random.int(vocab.size));

for (const cell of ['rnn', 'lstm', 'gru'] as const) {
  test(`${cell}: the logits and the state are those of the sequence, in one call or several`, () => {
    for (const [embeddingSize, hiddenSize, layers] of [
      [4, 1, 1],
      [5, 7, 2],
      [8, 8, 1],
      [3, 17, 3],
    ] as const) {
      using model = new lm.RecurrentLM({ vocab, cell, embeddingSize, hiddenSize, layers });
      const head = model.head as nn.FullSoftmax;
      const row: IncrementalModel = {
        cell,
        hiddenSize,
        embedding: rowWeights(model.embedding.weight),
        layers: (model.rnn as nn.Recurrent).weights.map(w => ({
          weight_ih: rowWeights(w.weight_ih),
          weight_hh: rowWeights(w.weight_hh),
          bias_ih: w.bias_ih!,
          bias_hh: w.bias_hh!,
        })),
        head: rowHead(rowWeights(head.weight), head.bias!),
      };
      const whole = infer(() => {
        const { logits, state } = model.forward(ids, ids.length, 1);
        return { logits: logits.toArray(), state: state.map(tensor => tensor.toArray()) };
      });
      for (const cut of [0, 1, 7]) {
        const state = initialState(row);
        const logits = [ids.subarray(0, cut), ids.subarray(cut)].flatMap(part =>
          infer(() => [...nextLogits(row, part, state).toArray()]),
        );
        near(logits, whole.logits, 2e-6, `logits, H ${hiddenSize}`);
        state.forEach((tensor, i) =>
          near(tensor.toArray(), whole.state[i]!, 2e-6, `state ${i}, H ${hiddenSize}`),
        );
        assert.is(state.length, whole.state.length);
        for (const tensor of state) tensor.dispose();
      }
      throws(
        () => infer(() => nextLogits(row, Int32Array.of(1, 11), [])),
        RangeError,
        /id 11 at position 1/,
      );
    }
  });
}

run();
