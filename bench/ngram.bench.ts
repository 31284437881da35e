/** n-gram models: counting and smoothing, and queries in the three forms. */
import { lm, type text } from '../src/index.js';
import type { Case } from './case.js';
import { vocabulary, wordIds } from './data.js';

const [V, N, order] = [10_000, 400_000, 4];

/** Lines of 24 tokens, the last one `<eos>`. */
function sentences(vocab: text.Vocab): Int32Array {
  const end = vocab.idOf('<eos>');
  return wordIds(N, V).map((id, i) => (i % 24 === 23 ? end : id));
}

export default function* (): Iterable<Case> {
  const vocab = vocabulary(V);
  const ids = sentences(vocab);
  const count = (): lm.NgramCounter => {
    const counter = new lm.NgramCounter({ vocab, order });
    counter.add(ids);
    return counter;
  };
  const model = lm.NgramLM.of(count());
  const n = model.config.counts.reduce((sum, each) => sum + each, 0);
  yield {
    name: `ngram ${order}, ${N} words: count and smooth`,
    tokens: N,
    run: () => void lm.NgramLM.of(count()),
  };
  for (const [name, form] of [
    ['plain', model],
    ['compact', model.compact()],
    ['8 bits', model.compact(8)],
  ] as const)
    yield {
      name: `ngram ${order}, queries, ${name}: ${(form.bytes / n).toFixed(1)} bytes an n-gram`,
      tokens: N,
      run: () => void form.score(ids, form.start()),
    };
}
