/** Words to search for beside those that were asked for. */
import { checkOptions } from '../../runtime/options.js';
import type { PartOfSpeech } from './format.js';
import type { WordNet } from './wordnet.js';

/** Options of `expandQuery`. */
export interface ExpandOptions {
  /** Levels of hypernyms. Default: 1. */
  hypernyms?: number;
  /** Senses of each word, the most frequent first. Default: 1. */
  senses?: number;
  /** Only senses of this part of speech. Default: all. */
  pos?: PartOfSpeech;
}

/** A word that was found. */
export interface Expansion {
  /** The word, with spaces. */
  word: string;
  /** The word of the query that it comes from. */
  of: string;
  /** 0: a synonym; 1: a word of a hypernym, and so on. */
  level: number;
}

/**
 * Synonyms and words of hypernyms for the words of a query; words of the query, and words found
 * before, are left out.
 */
export function expandQuery(
  wordnet: WordNet,
  query: string | readonly string[],
  options: ExpandOptions = {},
): Expansion[] {
  checkOptions('expandQuery', options, { hypernyms: true, senses: true, pos: true });
  const { hypernyms = 1, senses = 1, pos } = options;
  const asked = typeof query === 'string' ? query.split(/\s+/).filter(word => word !== '') : query;
  const seen = new Set(asked.map(word => word.toLowerCase()));
  const found: Expansion[] = [];
  for (const of of asked)
    for (const synset of wordnet.synsets(of, { pos }).slice(0, senses)) {
      let level = [synset];
      for (let up = 0; up <= hypernyms; up++) {
        for (const lemma of level.flatMap(each => each.lemmas)) {
          const word = lemma.replaceAll('_', ' ');
          if (seen.has(word.toLowerCase())) continue;
          seen.add(word.toLowerCase());
          found.push({ word, of, level: up });
        }
        level = level.flatMap(each => each.parents());
      }
    }
  return found;
}
