/** Which words of a vocabulary have a row of their own. */
import { EOS, UNK } from '../text/tokenize.js';
import type { Vocab } from '../text/vocab.js';

/** The words that have rows, by falling frequency: the vocabulary without `<unk>` and `<eos>`. */
export interface RowTable {
  /** The words. */
  words: readonly string[];
  /** How often each occurs. */
  counts: Float64Array;
  /** [vocab.size] the row of each id; −1: it ends a sentence, −2: it is passed over. */
  rowOf: Int32Array;
}

/**
 * The rows of a vocabulary of words.
 *
 * @throws RangeError where it has other units, no counts, or fewer than two words that occur
 */
export function rowTable(who: string, vocab: Vocab): RowTable {
  if (vocab.counts === null || (vocab.level !== 'word' && vocab.level !== 'custom'))
    throw new RangeError(
      `${who}: the vocabulary is of level "${vocab.level}"` +
        `${vocab.counts ? '' : ' without counts'}; expected words that were counted: ` +
        "Vocab.fromText(text, { level: 'word' })",
    );
  const rowOf = new Int32Array(vocab.size);
  const words: string[] = [];
  const counts: number[] = [];
  for (let id = 0; id < vocab.size; id++) {
    const word = vocab.tokenOf(id);
    if (word === EOS && vocab.level === 'word') rowOf[id] = -1;
    else if (id === vocab.unknown || word === UNK || !(vocab.counts[id]! > 0)) rowOf[id] = -2;
    else {
      rowOf[id] = words.length;
      words.push(word);
      counts.push(vocab.counts[id]!);
    }
  }
  if (words.length < 2)
    throw new RangeError(
      `${who}: the vocabulary has ${words.length === 1 ? 'one word' : 'no words'} that occur; ` +
        'lower minCount, or give more text',
    );
  return { words, counts: Float64Array.from(counts), rowOf };
}
