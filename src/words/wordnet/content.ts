/** Information content: how surprising it is to meet a synset, or a more special one, in a text. */
import { FILES, type PartOfSpeech } from './format.js';
import type { Synset, WordNet } from './wordnet.js';

/**
 * Information content of the nouns and verbs of one version of WordNet: IC = −ln(count / count of
 * all roots), where each occurrence of a word counts for its synsets and all above them.
 */
export class InformationContent {
  private constructor(
    private readonly counts: Readonly<Record<'n' | 'v', ReadonlyMap<number, number>>>,
    private readonly totals: Readonly<Record<'n' | 'v', number>>,
  ) {}

  /**
   * Reads a file of WordNet::Similarity such as `ic-brown.dat`: lines `offset+pos count [ROOT]`,
   * keyed by the offsets of the version that it was made with.
   *
   * @throws RangeError naming the line that is another
   */
  static parse(text: string): InformationContent {
    const counts = { n: new Map<number, number>(), v: new Map<number, number>() };
    const totals = { n: 0, v: 0 };
    text.split(/\r?\n/).forEach((line, i) => {
      if (i === 0 || line.trim() === '') return; // the version
      const match = /^(\d+)([nv]) ([\d.eE+-]+)( ROOT)?\s*$/.exec(line);
      if (!match)
        throw new RangeError(
          `InformationContent.parse: line ${i + 1} is ${JSON.stringify(line.slice(0, 60))}, ` +
            'expected "offset+pos count [ROOT]"',
        );
      const pos = match[2] as 'n' | 'v';
      counts[pos].set(Number(match[1]), Number(match[3]));
      if (match[4]) totals[pos] += Number(match[3]);
    });
    return new InformationContent(counts, totals);
  }

  /**
   * Counts it in a text: each word counts for all its synsets, a share each (Resnik 1995), and for
   * all above them; one more for every synset, so that none is without (add-one smoothing).
   *
   * @param words the words of a text, in any form
   */
  static count(wordnet: WordNet, words: Iterable<string>): InformationContent {
    const seen = new Map<string, number>();
    for (const word of words) seen.set(word, (seen.get(word) ?? 0) + 1);
    const counts = { n: new Map<number, number>(), v: new Map<number, number>() };
    const totals = { n: 0, v: 0 };
    const add = (synset: Synset, amount: number): void => {
      const pos = synset.pos as 'n' | 'v';
      for (const above of synset.ancestors().keys()) {
        counts[pos].set(above.offset, (counts[pos].get(above.offset) ?? 0) + amount);
        if (above.parents().length === 0) totals[pos] += amount;
      }
    };
    for (const pos of ['n', 'v'] as const) {
      for (const synset of wordnet.all(pos)) add(synset, 1);
      for (const [word, times] of seen) {
        const synsets = wordnet.synsets(word, { pos });
        for (const synset of synsets) add(synset, times / synsets.length);
      }
    }
    return new InformationContent(counts, totals);
  }

  /** Whether there is any for a part of speech: for nouns and verbs. */
  has(pos: PartOfSpeech): pos is 'n' | 'v' {
    return (pos === 'n' || pos === 'v') && this.totals[pos] > 0;
  }

  /**
   * Information content of a synset in nats; infinite where it never occurred.
   *
   * @throws RangeError for adjectives and adverbs, which have no taxonomy
   */
  of({ pos, offset, name }: Synset): number {
    if (!this.has(pos))
      throw new RangeError(`InformationContent.of: ${name} is in data.${FILES[pos]}, which has no taxonomy`); // biome-ignore format: one call
    const count = this.counts[pos].get(offset) ?? 0;
    return count === 0 ? Infinity : Math.log(this.totals[pos] / count);
  }
}
