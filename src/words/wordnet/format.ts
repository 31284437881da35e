/** Lines of a WordNet database as plain data: wndb(5WN) of Princeton's WordNet. */

/** Noun, verb, adjective, adverb. Satellites are adjectives with a `type` of their own. */
export type PartOfSpeech = 'n' | 'v' | 'a' | 'r';

/** The name of a part of speech in the names of files. */
export const FILES: Readonly<Record<PartOfSpeech, string>> = {
  n: 'noun',
  v: 'verb',
  a: 'adj',
  r: 'adv',
};

/** All parts of speech, in the order of WordNet. */
export const PARTS: readonly PartOfSpeech[] = ['n', 'v', 'a', 'r'];

/** One word of a synset. */
export interface WordEntry {
  /** As it is written, with underscores for spaces. */
  lemma: string;
  /** Tells senses of one lemma within a lexicographer's file apart. */
  lexId: number;
}

/** A pointer to another synset, or from one word to another. */
export interface Pointer {
  /** `@` hypernym, `!` antonym, …: wninput(5WN). */
  symbol: string;
  offset: number;
  pos: PartOfSpeech;
  /** Number of the word it starts from, from 1; 0: the whole synset. */
  from: number;
  /** Number of the word it leads to, from 1; 0: the whole synset. */
  to: number;
}

/** A line of a data file. */
export interface SynsetData {
  offset: number;
  /** Number of the lexicographer's file. */
  lexFile: number;
  /** n, v, a, r, or s: a satellite adjective. */
  type: PartOfSpeech | 's';
  words: WordEntry[];
  pointers: Pointer[];
  /** Sentence frames of verbs, and the word they are for; 0: all. */
  frames: { frame: number; word: number }[];
  gloss: string;
}

const pos = (type: string): PartOfSpeech => (type === 's' ? 'a' : (type as PartOfSpeech));

/**
 * A line of `data.<pos>`.
 *
 * @throws RangeError naming file and offset, for any other line
 */
export function parseSynset(line: string, file: string, offset: number): SynsetData {
  const fail = (what: string): never => {
    throw new RangeError(`wordnet: ${file}: offset ${offset}: ${what}; the file is damaged`);
  };
  const bar = line.indexOf('| ');
  const fields = (bar < 0 ? line : line.slice(0, bar)).trim().split(' ');
  let at = 0;
  const next = (what: string, pattern: RegExp): string => {
    const field = fields[at++];
    if (field === undefined || !pattern.test(field))
      fail(`${what} is ${field === undefined ? 'missing' : JSON.stringify(field)}`);
    return field!;
  };
  if (Number(next('the offset', /^\d{8}$/)) !== offset) fail(`a line of ${fields[0]} stands there`);
  const lexFile = Number(next('the number of the lexicographer’s file', /^\d\d$/));
  const type = next('the type', /^[nvasr]$/) as SynsetData['type'];
  const words: WordEntry[] = [];
  const count = Number.parseInt(next('the number of words', /^[\da-f]{2}$/i), 16);
  for (let i = 0; i < count; i++) {
    const lemma = next('a word', /./).replace(/\((p|a|ip)\)$/, '');
    words.push({ lemma, lexId: Number.parseInt(next('a lex_id', /^[\da-f]$/i), 16) });
  }
  const pointers: Pointer[] = [];
  const links = Number(next('the number of pointers', /^\d{3}$/));
  for (let i = 0; i < links; i++) {
    const symbol = next('a pointer', /^[!@~#%=\-+;<>*^$&\\][a-z]?$/);
    const target = Number(next('the offset of a pointer', /^\d{8}$/));
    const part = pos(next('the part of speech of a pointer', /^[nvasr]$/));
    const ends = next('the ends of a pointer', /^[\da-f]{4}$/i);
    pointers.push({
      symbol,
      offset: target,
      pos: part,
      from: Number.parseInt(ends.slice(0, 2), 16),
      to: Number.parseInt(ends.slice(2), 16),
    });
  }
  const frames: SynsetData['frames'] = [];
  if (type === 'v' && at < fields.length) {
    const n = Number(next('the number of frames', /^\d\d$/));
    for (let i = 0; i < n; i++) {
      next('a frame', /^\+$/);
      const frame = Number(next('the number of a frame', /^\d\d$/));
      frames.push({
        frame,
        word: Number.parseInt(next('the word of a frame', /^[\da-f]{2}$/i), 16),
      });
    }
  }
  if (words.length === 0) fail('a synset has no words');
  if (at !== fields.length) fail(`${JSON.stringify(fields[at])} was not expected`);
  return { offset, lexFile, type, words, pointers, frames, gloss: bar < 0 ? '' : line.slice(bar + 2).trim() }; // biome-ignore format: one object
}

/**
 * The offsets of a lemma's synsets in a line of `index.<pos>`, most frequent sense first.
 *
 * @throws RangeError naming the file, for any other line
 */
export function parseIndex(line: string, file: string): number[] {
  const fields = line.trim().split(' ');
  const synsets = Number(fields[2]);
  const pointers = Number(fields[3]);
  const offsets = fields.slice(6 + pointers);
  if (
    !(Number.isInteger(synsets) && Number.isInteger(pointers)) ||
    offsets.length !== synsets ||
    !offsets.every(offset => /^\d{8}$/.test(offset))
  )
    throw new RangeError(
      `wordnet: ${file}: the line of "${fields[0]}" has ${offsets.length} offsets, expected ` +
        `${fields[2]}; the file is damaged`,
    );
  return offsets.map(Number);
}
