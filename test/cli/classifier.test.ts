import { mkdirSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { Folder, jsonLines } from '../support/cli.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('cli classifier');

const folder = new Folder();
process.on('exit', () => folder.remove());

const random = new TestRandom(6);
/** Lines of label, separator, text: the class is that of one word. */
const lines = (n: number, separator: string): string =>
  Array.from({ length: n }, () => {
    const label = ['LOC:sea', 'LOC:town', 'HUM:king'][random.int(3)]!;
    const words = Array.from({ length: 1 + random.int(6) }, () => `w${random.int(9)}`);
    words[random.int(words.length)] = label.slice(4);
    return `${label}${separator}${words.join(' ')}\n`;
  }).join('');
folder.write('train.tsv', lines(300, '\t'));
folder.write('train.txt', lines(120, ' '));
folder.write('test.tsv', lines(40, '\t'));
const SIZE = ['--embedding', '8', '--hidden', '8', '--lr', '0.02', '--dropout', '0.1'];
const TRAIN = ['train', 'classifier', '--input', 'train.tsv', ...SIZE];
const made = await folder.run([...TRAIN, '--epochs', '6', '--out', 'c.safetensors', '--json']);
if (made.code !== 0) throw new Error(made.stderr);

/** The command with lines on its standard input. */
const predicted = async (input: string, ...args: string[]): Promise<string> => {
  folder.write('lines.txt', input);
  const before = 'exec < lines.txt';
  const { code, stdout, stderr } = await folder.run(['predict', 'c.safetensors', ...args], {
    before,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  assert.is(code, 0, stderr);
  return stdout;
};
const refused = async (message: RegExp, ...args: string[]): Promise<void> => {
  const { code, stderr } = await folder.run(args);
  assert.is(code, 2, stderr);
  assert.match(stderr, message);
};

test('training validates on a tenth by accuracy, and eval measures what predict answers', async () => {
  const reports = jsonLines(made.stdout);
  const valid = reports.filter(({ type }) => type === 'valid');
  assert.ok(valid.length > 0);
  const { accuracy } = (valid.at(-1) as { metrics: Record<string, number> }).metrics;
  assert.ok(accuracy! > 0.9, String(accuracy));
  const measured = await folder.run(['eval', 'c.safetensors', '--input', 'test.tsv', '--json']);
  const [result] = jsonLines(measured.stdout) as [Record<string, number>];
  assert.is(result['examples'], 40);
  const test = folder.read('test.tsv').toString().trimEnd().split('\n').map(line => line.split('\t')); // biome-ignore format: one line
  const answers = await predicted(test.map(([, text]) => `${text}\n`).join(''));
  const right = answers.trimEnd().split('\n').filter((line, i) => line.split('\t')[0] === test[i]![0]).length; // biome-ignore format: one line
  assert.is(result['accuracy'], right / 40);
  const shown = await folder.run(['eval', 'c.safetensors', '--input', 'test.tsv']);
  assert.match(shown.stdout, /accuracy +\d+\.\d\d %\n/);
  assert.match(shown.stdout, /\nHUM:king +\d/);
});

test('predict answers every line, empty ones too, and explains by words', async () => {
  const out = await predicted('w1 king w2\n\nnever seen\n', '--explain');
  const rows = out
    .trimEnd()
    .split('\n')
    .map(line => line.split('\t'));
  assert.is(rows.length, 3);
  assert.is(rows[0]![0], 'HUM:king');
  assert.match(rows[0]![2]!, /^w1\([+-]\d\.\d\d\) king\(\+\d+\.\d\d\) w2\([+-]\d\.\d\d\)$/);
  const [json] = jsonLines(await predicted('the king\n', '--json', '--explain'));
  assert.equal(json!['labels'], ['HUM:king']);
  assert.is((json!['classes'] as unknown[]).length, 3);
});

test('a run that was cut is resumed to the same bytes', async () => {
  const whole = [...TRAIN, '--epochs', '2', '--seed', '3'];
  await folder.run([...whole, '--out', 'a.safetensors']);
  const cut = await folder.run([...whole, '--out', 'b.safetensors', '--slice', '7']);
  assert.is(cut.code, 0, cut.stderr);
  const rest = await folder.run(['train', 'classifier', '--resume', 'b.checkpoint.safetensors']);
  assert.is(rest.code, 0, rest.stderr);
  assert.equal(folder.read('b.safetensors'), folder.read('a.safetensors'));
});

test('a folder has a file for each class, labels may be coarse, and texts Latin-1', async () => {
  mkdirSync(folder.file('names'));
  for (const [name, ends] of [['Polish', 'ski'], ['Greek', 'poulos']] as const) // biome-ignore format: one line
    folder.write(`names/${name}.txt`, Array.from({ length: 150 }, () => `${'abcdefg'[random.int(7)]}o${'klmnr'[random.int(5)]}${ends}\n`).join('')); // biome-ignore format: one line
  const names = await folder.run(['train', 'classifier', '--input', 'names', '--level', 'char', ...SIZE, '--epochs', '12', '--out', 'n.safetensors', '--json']); // biome-ignore format: one line
  assert.is(names.code, 0, names.stderr);
  const end = jsonLines(names.stdout).at(-1) as { best: number };
  assert.ok(end.best > 0.9, String(end.best));
  const latin = Buffer.concat([
    folder.read('train.txt'),
    Buffer.from('LOC:town caf\xe9\n', 'latin1'),
  ]);
  folder.write('latin.txt', latin);
  const coarse = await folder.run(['train', 'classifier', '--input', 'latin.txt', '--coarse', ...SIZE, '--epochs', '1', '--out', 'l.safetensors']); // biome-ignore format: one line
  assert.is(coarse.code, 0, coarse.stderr);
  assert.match(coarse.stderr, /latin\.txt: is not UTF-8; it is read as Latin-1/);
  assert.match(coarse.stderr, /2 classes/);
});

test('what cannot be done is refused in one sentence', async () => {
  await refused(/--input is missing/, 'train', 'classifier');
  await refused(/--frozen goes with --vectors/, ...TRAIN, '--frozen');
  folder.write('broken.tsv', 'a\tone\nno tab here\n');
  await refused(/broken\.tsv: line 2: /, 'train', 'classifier', '--input', 'broken.tsv');
  folder.write('other.tsv', 'SHIP\tw1 w2\n');
  await refused(/"SHIP" at 0 is none of/, 'eval', 'c.safetensors', '--input', 'other.tsv');
  folder.write('one.tsv', 'a\tone\na\ttwo\n');
  await refused(/of 2 texts no tenth can be held out/, 'train', 'classifier', '--input', 'one.tsv');
});

run();
