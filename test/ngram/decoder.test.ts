import * as assert from 'uvu/assert';
import { NgramDecoder, type NgramState } from '../../src/ngram/index.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, run } = suite('ngram/decoder');

/**
 * Entries whose probabilities KenLM's own tests publish (lm/model_test.cc at 4cb443e): some n-grams
 * stand here without their ends or their beginnings, one back-off is positive.
 */
const ENTRIES: readonly (readonly string[])[] = [
  [
    '-1.383514|,|-0.30103 -1.139057|.|-0.845098 -1.029493|</s> -99|<s>|-0.4149733',
    '-1.995635|<unk>|-20 -1.285941|a|-0.69897 -1.687872|also|-0.30103',
    '-1.687872|biarritz|-0.30103 -1.687872|consider|-0.30103 -1.509559|higher|-0.30103',
    '-1.687872|however|-0.30103 -1.285941|little|-0.69897 -1.383514|loin|-0.30103',
    '-1.687872|look|-0.30103 -1.285941|looking|-0.4771212 -1.206319|more|-0.544068',
    '-1.509559|on|-0.4771212 -1.687872|the|-0.30103 -1.687872|to|-0.30103',
    '-1.687872|would|-0.30103 -3.141592|foo -2.718281|bar|3.0 -6.535897|baz|-0.0',
  ],
  [
    '-0.0602359|. </s> -0.4846522|<s> looking|-0.4771214 -0.09132547|a little|-0.69897',
    '-0.09021038|little more|-0.1998621 -0.4638903|looking on|-0.4771212',
    '-0.5136299|more .|-0.4771212 -0.3561665|more loin -0.1649931|on a|-0.4771213',
    '-0.2922095|to look -2|also would|-6 -15|<unk> <unk>|-2 -4|<unk> however|-1 -6|foo bar',
    '-0.6708385|loin </s>',
  ],
  [
    '-0.01916512|more . </s> -0.0283603|on a little|-0.4771212',
    '-0.01660496|a little more|-0.09409451 -0.3488368|<s> looking on|-0.4771212',
    '-0.1892331|little more loin -0.04835128|looking on a|-0.4771212',
    '-3|also would consider|-7 -6|<unk> however <unk>|-12 -7|to look a',
  ],
  [
    '-0.009249173|looking on a little|-0.4771212 -0.005464747|on a little more|-0.4771212',
    '-0.1453306|a little more loin -0.01552657|<s> looking on a|-0.4771212',
    '-4|also would consider higher|-8',
  ],
  [
    '-0.003061223|<s> looking on a little -0.001813953|looking on a little more',
    '-0.0432557|on a little more loin -5|also would consider higher looking',
  ],
];

function arpa(entries: readonly (readonly string[])[], omit: RegExp = /^$/): Uint8Array {
  const orders = entries.map(lines =>
    lines
      .flatMap(line => line.split(/ (?=-\d)/))
      .map(entry => entry.replaceAll('|', '\t'))
      .filter(entry => !omit.test(entry)),
  );
  const counts = orders.map((lines, i) => `ngram ${i + 1}=${lines.length}\n`).join('');
  const sections = orders.map((lines, i) => `\n\\${i + 1}-grams:\n${lines.join('\n')}\n`).join('');
  return new TextEncoder().encode(`\\data\\\n${counts}${sections}\n\\end\\\n`);
}

/** [word, order of the n-gram found, log₁₀ p, words of the state after it] */
type Step = readonly [word: string, order: number, log10: number, state?: number];

function follow(lm: NgramDecoder, from: NgramState, steps: readonly Step[]): NgramState {
  let state = from;
  for (const [word, order, log10, length] of steps) {
    const score = lm.score(state, word);
    const got = score.logp / Math.LN10;
    assert.ok(
      Math.abs(got - log10) < 1e-5 * Math.max(1, Math.abs(log10)),
      `${word}: ${got}, expected ${log10}`,
    );
    assert.is(score.order, order, `${word}: order`);
    if (length !== undefined) assert.is(score.state.words.length, length, `${word}: state`);
    state = score.state;
  }
  return state;
}

for (const compact of [false, true]) {
  const lm = NgramDecoder.read(arpa(ENTRIES), { compact });
  const name = compact ? 'compact' : 'plain';

  test(`${name}: a sentence from its beginning has KenLM's probabilities`, () => {
    follow(lm, lm.start(), [[',', 1, -1.383514 - 0.4149733]]);
    follow(lm, lm.start(), [['never seen', 1, -1.995635 - 0.4149733]]);
    const little = follow(lm, lm.start(), [
      ['looking', 2, -0.484652],
      ['on', 3, -0.348837],
      ['a', 4, -0.0155266],
      ['little', 5, -0.00306122],
    ]);
    follow(lm, little, [
      ['the', 1, -4.04005],
      ['biarritz', 1, -1.9889],
      ['not_found', 1, -2.29666],
      ['more', 1, -1.20632 - 20],
      ['.', 2, -0.51363],
      ['</s>', 3, -0.0191651, 0],
    ]);
    follow(lm, little, [
      ['more', 5, -0.00181395, 4],
      ['loin', 5, -0.0432557, 1],
    ]);
  });

  test(`${name}: n-grams whose ends or beginnings are not listed are found`, () => {
    const consider = follow(lm, lm.empty(), [
      ['also', 1, -1.687872],
      ['would', 2, -2],
      ['consider', 3, -3],
    ]);
    follow(lm, consider, [
      ['higher', 4, -4],
      ['looking', 5, -5, 1],
    ]);
    follow(lm, consider, [['not_found', 1, -1.995635 - 7 - 0.30103]]);
    const looking = follow(lm, lm.empty(), [
      ['higher', 1, -1.509559],
      ['looking', 2, -1.285941 - 0.30103, 1],
    ]);
    follow(lm, looking, [['not_found', 1, -1.995635 - 0.4771212]]);
    follow(lm, lm.empty(), [
      ['would', 1, -1.687872, 1],
      ['consider', 2, -1.687872 - 0.30103, 2],
      ['higher', 3, -1.509559 - 0.30103, 3],
      ['looking', 4, -1.285941 - 0.30103],
    ]);
  });

  test(`${name}: unknown words have a context like others`, () => {
    const unknown = follow(lm, lm.empty(), [['not_found', 1, -1.995635]]);
    follow(lm, unknown, [
      ['not_found2', 2, -15],
      ['not_found3', 2, -15 - 2],
    ]);
    follow(lm, unknown, [
      ['however', 2, -4],
      ['not_found3', 3, -6],
    ]);
  });

  test(`${name}: a state has the words that what follows depends on, and no more`, () => {
    follow(lm, lm.empty(), [['baz', 1, -6.535897, 0]]);
    follow(lm, lm.empty(), [
      // biome-ignore lint/suspicious/noApproximativeNumericConstant: as KenLM's test has it
      ['foo', 1, -3.141592, 1],
      ['bar', 2, -6, 1],
      ['bar', 1, 0.281719, 1],
    ]);
    follow(lm, lm.empty(), [
      ['to', 1, -1.687872],
      ['look', 2, -0.2922095, 2],
      ['a', 3, -7],
    ]);
    // different words before, the same future
    const a = lm.score(lm.score(lm.start(), 'the').state, '.').state;
    const b = lm.score(lm.score(lm.empty(), 'foo').state, '.').state;
    assert.is(lm.key(a), lm.key(b));
    assert.is.not(lm.key(a), lm.key(lm.score(lm.empty(), 'loin').state));
  });
}

test('a model without <unk> gives −100, as KenLM does', () => {
  const lm = NgramDecoder.read(arpa(ENTRIES, /<unk>/));
  follow(lm, lm.empty(), [['not_found', 1, -100]]);
});

test('a number beyond the words is refused', () => {
  const lm = NgramDecoder.read(arpa(ENTRIES));
  throws(() => lm.score(lm.empty(), 1000), RangeError, /^score: the word is 1000, expected/);
  assert.is(lm.idOf('</s>'), lm.idOf('<eos>'));
});

run();
