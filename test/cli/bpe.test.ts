import * as assert from 'uvu/assert';
import { Folder } from '../support/cli.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('cli bpe');

const folder = new Folder();
process.on('exit', () => folder.remove());
const TOY = [['low', 5], ['lower', 2], ['newest', 6], ['widest', 3]] as const; // biome-ignore format: one list
const toy = TOY.map(([word, n]) => `${word} `.repeat(n).trim()).join('\n');
folder.write('a.txt', toy.slice(0, 40));
folder.write('b.txt', toy.slice(40));
folder.write('toy.txt', toy);
folder.write('new.txt', 'lowest  newer\r\n\nwider slow\n');
const CUT = 'lo@@ west ne@@ wer\r\n\nwid@@ e@@ r s@@ low\n';

const ok = async (args: string[], options = {}): Promise<string> => {
  const { code, stdout, stderr } = await folder.run(['bpe', ...args], options);
  assert.is(code, 0, stderr);
  return stdout;
};
const refused = async (message: RegExp, ...args: string[]): Promise<void> => {
  const { code, stderr } = await folder.run(['bpe', ...args]);
  assert.is(code, 2, stderr);
  assert.match(stderr, message);
  assert.is(stderr.trim().split('\n').length, 1);
};

test('codes are learnt from a file, and applied to files and to standard input', async () => {
  const told = await ok(['learn', '--input', 'toy.txt', '--out', 'codes', '--merges', '50', '--vocabulary', 'units']); // biome-ignore format: one call
  assert.match(told, /merges +13\n/);
  const codes = folder.read('codes').toString();
  assert.ok(codes.startsWith('#version: 0.2\ns t</w>\ne st</w>\n'), codes);
  assert.is(folder.read('units').toString(), 'newest 6\nlow 5\nwidest 3\nlower 2\n');
  assert.is(await ok(['apply', 'codes', '--input', 'new.txt']), CUT);
  assert.is(await ok(['apply', 'codes'], { before: 'exec < new.txt' }), CUT);
  await ok(['apply', 'codes', '--input', 'new.txt', '--out', 'cut.txt', '--separator', '￭']);
  assert.is(folder.read('cut.txt').toString(), CUT.replaceAll('@@', '￭'));
  folder.write('long.txt', `${'newer '.repeat(200)}\n`.repeat(500)); // more than one piece
  const long = await ok(['apply', 'codes'], { before: 'exec < long.txt' });
  assert.is(long, `${'ne@@ wer '.repeat(200)}\n`.repeat(500));
});

test('several texts are learnt together; dropout is seeded; a vocabulary is kept', async () => {
  await ok(['learn', '--input', 'a.txt', 'b.txt', '--out', 'two', '--merges', '3']);
  assert.is(folder.read('two').toString().split('\n').length, 5);
  const drop = (seed: string) => ok(['apply', 'codes', '--input', 'toy.txt', '--dropout', '0.5', '--seed', seed]); // biome-ignore format: one call
  const [one, again, two] = await Promise.all([drop('1'), drop('1'), drop('2')]);
  assert.is(one, again);
  assert.is.not(one, two);
  const few = await ok(['apply', 'codes', '--input', 'toy.txt', '--vocabulary', 'units', '--vocabulary-threshold', '3']); // biome-ignore format: one call
  assert.ok(few.includes('newest') && !few.includes('lower'), few);
});

test('what cannot be done is refused in one sentence', async () => {
  folder.write('bad', '#version: 0.2\na b c\n');
  await refused(/bad: line 2: "a b c" is not two units/, 'apply', 'bad', '--input', 'toy.txt');
  await refused(/--vocabulary-threshold needs a --vocabulary/, 'apply', 'codes', '--vocabulary-threshold', '2'); // biome-ignore format: one call
  await refused(/--out toy\.txt: is --input too/, 'apply', 'codes', '--input', 'toy.txt', '--out', 'toy.txt'); // biome-ignore format: one call
  await refused(/there is no such file/, 'apply', 'missing', '--input', 'toy.txt');
});

test('plot confusion and plot attention draw JSON', async () => {
  const plot = async (...args: string[]) => folder.run(['plot', ...args]);
  folder.write('c.jsonl', '{"type":"x"}\n{"labels":["a","b"],"counts":[[9,1],[2,8]]}\n');
  assert.is((await plot('confusion', 'c.jsonl', '--title', 'Classes')).code, 0);
  const svg = folder.read('confusion.svg').toString();
  for (const part of ['Classes', 'a, b: 10', 'b, b: 80', '17 of 20 are right'])
    assert.ok(svg.includes(part), part);
  folder.write('a.json', JSON.stringify({ source: ['ein', 'Hund'], target: ['a', 'dog', '.'], weights: [[1, 0], [0.25, 0.75], [0.5, 0.5]] }, null, 2)); // biome-ignore format: one object
  assert.is((await plot('attention', 'a.json', '--out', 'at.svg')).code, 0);
  assert.ok(folder.read('at.svg').toString().includes('dog, Hund: 0.75'));
  folder.write('e.json', '{"labels":["a"],"counts":[[1,2]]}');
  for (const [message, ...args] of [
    ['c.jsonl: has no JSON object with source, target, weights', 'attention', 'c.jsonl'],
    ['e.json: 2 values for 1 rows', 'confusion', 'e.json'],
  ] as const) {
    const { code, stderr } = await plot(...args);
    assert.is(code, 2);
    assert.ok(stderr.includes(message), stderr);
  }
});

run();
