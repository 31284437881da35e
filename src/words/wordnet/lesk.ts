/** Which sense of a word a sentence means: by the words that it shares with glosses. */
import { checkOptions } from '../../runtime/options.js';
import { PARTS, type PartOfSpeech } from './format.js';
import type { Synset, WordNet } from './wordnet.js';

/** Options of `Lesk`. */
export interface LeskOptions {
  /**
   * Glosses and words of related synsets count too (Banerjee & Pedersen 2002): hypernyms, hyponyms,
   * similar and grouped ones, domains. Default: true.
   */
  extended?: boolean;
  /** Rare words count more: ln(N / glosses with the word). Default: true. */
  weighted?: boolean;
  /** Words that do not count. Default: English function words. */
  stopWords?: Iterable<string>;
}

/** A sense and how well it fits. */
export interface RankedSense {
  /** The sense. */
  synset: Synset;
  /** Words that sentence and glosses share, or the sum of their weights. */
  score: number;
}

const STOP_WORDS =
  'a an the of to in on at by for with from as is are was were be been being am do does did have ' +
  'has had and or but not no nor so if then than that this these those it its he she they them ' +
  'his her their we us our you your i me my who whom which what when where how why all any some ' +
  'such one up out into over about off down';

const tokens = (text: string): string[] => text.toLowerCase().match(/\p{L}[\p{L}'-]*/gu) ?? [];

/**
 * Word-sense disambiguation after Lesk (1986): of a word's senses, the one whose gloss, examples
 * and related glosses share most with the sentence; of equals, the most frequent. Words are
 * compared by their base forms.
 *
 *     const lesk = new words.Lesk(wordnet);
 *     lesk.disambiguate('bank', 'he sat on the bank of the river')[0].synset.name;
 */
export class Lesk {
  private readonly extended: boolean;
  private readonly weighted: boolean;
  private readonly stop: ReadonlySet<string>;
  private readonly bases = new Map<string, string>();
  /** Of each word, in how many definitions it is; null: not counted yet. */
  private glosses: { total: number; counts: Map<string, number> } | null = null;

  constructor(
    private readonly wordnet: WordNet,
    options: LeskOptions = {},
  ) {
    checkOptions('Lesk', options, { extended: true, weighted: true, stopWords: true });
    const { extended = true, weighted = true, stopWords = STOP_WORDS.split(' ') } = options;
    this.extended = extended;
    this.weighted = weighted;
    this.stop = new Set(stopWords);
  }

  /**
   * The senses of a word, the best first. With weights the first call reads all glosses, in about
   * two seconds.
   *
   * @param options pos: senses of this part of speech alone; without: an example that does not
   *   count, to measure on WordNet's own
   * @returns nothing where WordNet does not have the word
   */
  disambiguate(
    word: string,
    sentence: string,
    { pos, without }: { pos?: PartOfSpeech; without?: string } = {},
  ): RankedSense[] {
    const senses = this.wordnet.synsets(word, { pos });
    const own = new Set(
      (pos ? [pos] : PARTS).flatMap(part => this.wordnet.lemmas(word, part)).map(each => this.base(each)), // biome-ignore format: one call
    );
    const context = this.content(sentence);
    for (const base of own) context.delete(base);
    const ranked = senses.map(synset => {
      const signature = this.signature(synset, without);
      let score = 0;
      for (const base of context) if (signature.has(base)) score += this.weight(base);
      return { synset, score };
    });
    return ranked.sort((a, b) => b.score - a.score); // stable: the frequent one first
  }

  /** Base forms of the words that count. */
  private content(text: string): Set<string> {
    return new Set(
      tokens(text)
        .filter(token => !this.stop.has(token))
        .map(token => this.base(token)),
    );
  }

  /** The shortest base form of a word, in the first part of speech that has one. */
  private base(token: string): string {
    let base = this.bases.get(token);
    if (base === undefined) {
      base = token;
      for (const pos of PARTS) {
        const lemmas = this.wordnet.lemmas(token, pos);
        if (lemmas.length === 0) continue;
        base = lemmas.reduce((best, each) => (each.length < best.length ? each : best));
        break;
      }
      this.bases.set(token, base);
    }
    return base;
  }

  private signature(synset: Synset, without: string | undefined): Set<string> {
    const found = new Set<string>();
    const add = (each: Synset): void => {
      const texts = [each.definition, ...each.examples.filter(example => example !== without)];
      if (this.extended) texts.push(...each.lemmas.map(lemma => lemma.replaceAll('_', ' ')));
      for (const text of texts) for (const base of this.content(text)) found.add(base);
    };
    add(synset);
    if (this.extended)
      for (const relation of [
        'hypernyms',
        'instanceHypernyms',
        'hyponyms',
        'instanceHyponyms',
        'similarTos',
        'alsoSees',
        'verbGroups',
        'attributes',
        'topicDomains',
      ] as const)
        for (const each of synset.related(relation)) add(each);
    return found;
  }

  private weight(base: string): number {
    if (!this.weighted) return 1;
    if (this.glosses === null) {
      const counts = new Map<string, number>();
      let total = 0;
      for (const pos of PARTS)
        for (const synset of this.wordnet.all(pos)) {
          total++;
          for (const each of this.content(synset.definition))
            counts.set(each, (counts.get(each) ?? 0) + 1);
        }
      this.glosses = { total, counts };
    }
    const { total, counts } = this.glosses;
    return Math.log(total / (counts.get(base) ?? 1));
  }
}
