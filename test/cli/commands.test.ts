import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { writeSafetensors } from '../../src/io/safetensors.js';
import { COMMAND, corpus, Folder, jsonLines, TINY } from '../support/cli.js';
import { suite } from '../support/suite.js';

const { test, testIf, run } = suite('cli commands');

const folder = new Folder();
process.on('exit', () => folder.remove());
folder.write('text.txt', corpus(4000));
const made = await folder.run([
  'train',
  'lm',
  '--input',
  'text.txt',
  ...TINY,
  '--hidden',
  '32',
  '--epochs',
  '4',
  '--lr',
  '0.02',
  '--slice',
  '100',
  '--out',
  'model.safetensors',
  '--checkpoint',
  'run.ckpt',
]);
if (made.code !== 0) throw new Error(made.stderr);

const sample = async (...flags: string[]): Promise<string> => {
  const { code, stdout, stderr } = await folder.run(['sample', 'model.safetensors', ...flags]);
  assert.is(code, 0, stderr);
  assert.is(stderr, '');
  return stdout;
};

test('sample writes the prompt and so many characters; the same seed the same ones, another seed others', async () => {
  const [first, again, other] = await Promise.all([
    sample('--prompt', 'the cat', '--length', '50', '--seed', '3'),
    sample('--prompt', 'the cat', '--length', '50', '--seed', '3'),
    sample('--prompt', 'the cat', '--length', '50', '--seed', '4'),
  ]);
  assert.match(first!, /^the cat/);
  assert.is(first!.length, 57);
  assert.is(first, again);
  assert.is.not(first, other);
});

test('sample stops before the stop text, and --temperature 0 needs no seed', async () => {
  assert.not.match(await sample('--length', '500', '--stop', '.'), /\./);
  assert.is(
    await sample('--temperature', '0', '--length', '60', '--seed', '1'),
    await sample('--temperature', '0', '--length', '60', '--seed', '2'),
  );
  assert.is(
    await sample('--top-k', '1', '--length', '60'),
    await sample('--temperature', '0', '--length', '60'),
  );
  assert.is((await sample('--top-p', '0.5', '--length', '60')).length, 60);
});

test('a word model puts a space after the prompt', async () => {
  const { code } = await folder.run([
    'train',
    'lm',
    '--input',
    'text.txt',
    ...TINY,
    '--bptt',
    '8',
    '--level',
    'word',
    '--steps',
    '2',
    '--out',
    'words.safetensors',
  ]);
  assert.is(code, 0);
  const { stdout } = await folder.run([
    'sample',
    'words.safetensors',
    '--prompt',
    'the cat',
    '--length',
    '20',
  ]);
  assert.match(stdout, /^the cat[ \n]\S/);
});

testIf(
  process.platform !== 'win32',
  'needs a shell',
  'a reader that leaves early is no error',
  async () => {
    const pipe = '"$1" "$2" sample "$3" --length 1000000 | head -c 10';
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', pipe, 'sh', process.execPath, COMMAND, folder.file('model.safetensors')],
      { encoding: 'utf8' },
    );
    assert.is(stdout.length, 10);
    assert.is(stderr, '');
  },
);

test('inspect says what a model holds', async () => {
  const { code, stdout } = await folder.run(['inspect', 'model.safetensors', '--json']);
  assert.is(code, 0);
  const [found] = jsonLines(stdout) as [Record<string, ReturnType<typeof JSON.parse>>];
  assert.is(found['kind'], 'lm.recurrent');
  assert.is(found['format'], 'throughtime/1');
  assert.equal(found['config'], {
    cell: 'lstm',
    embeddingSize: 4,
    hiddenSize: 32,
    layers: 1,
    dropout: 0,
    tie: false,
  });
  assert.is(found['bytes'], statSync(folder.file('model.safetensors')).size);
  const V = found['vocab'].size as number;
  assert.equal(found['vocab'].first.slice(0, 3), ['\n', ' ', '.']);
  assert.is(found['parameters'], 4 * V + 4 * 32 * (4 + 32 + 2) + 33 * V);
  assert.is(found['trainer'], null);
  assert.equal(
    found['tensors'].map((t: { name: string; shape: number[] }) => [t.name, t.shape]),
    [
      ['embedding.weight', [V, 4]],
      ['rnn.weight_ih_l0', [128, 4]],
      ['rnn.weight_hh_l0', [128, 32]],
      ['rnn.bias_ih_l0', [128]],
      ['rnn.bias_hh_l0', [128]],
      ['head.weight', [V, 32]],
      ['head.bias', [V]],
    ],
  );
  const table = await folder.run(['inspect', 'model.safetensors']);
  assert.match(table.stdout, /^parameters +[\d,]+$/m);
  assert.match(table.stdout, /rnn\.weight_hh_l0 +F32 +\[128, 32\]/);
});

test('quantize writes a model of a quarter of the weights, which the other commands take', async () => {
  const { code, stdout, stderr } = await folder.run([
    'quantize',
    'run.ckpt',
    '--out',
    'small.safetensors',
    '--json',
  ]);
  assert.is(code, 0, stderr);
  const [{ bytes, ...said }] = jsonLines(stdout) as [Record<string, unknown>];
  assert.equal(said, {
    type: 'quantize',
    model: 'small.safetensors',
    before: statSync(folder.file('run.ckpt')).size,
  });
  assert.is(bytes, statSync(folder.file('small.safetensors')).size);
  const [model, small] = await Promise.all(
    ['model.safetensors', 'small.safetensors'].map(
      async name =>
        jsonLines((await folder.run(['inspect', name, '--json'])).stdout)[0] as Record<
          string,
          ReturnType<typeof JSON.parse>
        >,
    ),
  );
  assert.is(small!['kind'], 'lm.quantized');
  assert.is(small!['parameters'], model!['parameters']);
  assert.equal([...new Set(small!['tensors'].map((t: { dtype: string }) => t.dtype))].sort(), [
    'F32',
    'I8',
  ]);
  assert.is(
    (await folder.run(['sample', 'small.safetensors', '--length', '20'])).stdout.length,
    20,
  );
  const [float, int8] = await Promise.all(
    ['run.ckpt', 'small.safetensors'].map(
      async name =>
        jsonLines((await folder.run(['eval', name, '--input', 'text.txt', '--json'])).stdout)[0]![
          'perplexity'
        ] as number,
    ),
  );
  assert.ok(Math.abs(int8! / float! - 1) < 0.01, `${int8}, float ${float}`);
  assert.match(
    (await folder.run(['quantize', 'model.safetensors'])).stdout,
    /^quantised +model\.int8\.safetensors, [\d.]+ kB$/m,
  );
});

test('eval in parts measures nearly the same', async () => {
  const [stream, parts] = await Promise.all(
    [['1'], ['8']].map(
      async n =>
        jsonLines(
          (
            await folder.run([
              'eval',
              'model.safetensors',
              '--input',
              'text.txt',
              '--parts',
              ...n,
              '--json',
            ])
          ).stdout,
        )[0]!,
    ),
  );
  assert.equal([parts!['parts'], parts!['tokens']], [8, stream!['tokens']]);
  assert.ok(Math.abs((parts!['loss'] as number) / (stream!['loss'] as number) - 1) < 0.01);
});

test('inspect says where a checkpoint stands', async () => {
  const { stdout } = await folder.run(['inspect', 'run.ckpt', '--json']);
  const { trainer } = jsonLines(stdout)[0] as { trainer: Record<string, number> };
  assert.is(trainer['step'], 100);
  assert.ok(Math.abs(trainer['epoch']! - 100 / 29) < 1e-12);
  assert.ok(trainer['best']! > 0);
  const table = await folder.run(['inspect', 'run.ckpt']);
  assert.match(table.stdout, /^training +100 steps, epoch 3\.45/m);
});

test('inspect lists any safetensors file', async () => {
  folder.write(
    'any.safetensors',
    writeSafetensors({
      tensors: [['x', { dtype: 'I64', shape: [2, 1], data: new BigInt64Array(2) }]],
    }),
  );
  const { code, stdout } = await folder.run(['inspect', 'any.safetensors', '--json']);
  assert.is(code, 0);
  const [found] = jsonLines(stdout);
  assert.equal(
    [found!['kind'], found!['tensors']],
    [null, [{ name: 'x', dtype: 'I64', shape: [2, 1] }]],
  );
});

test('each command helps with worked examples and exit code 0', async () => {
  for (const command of [[], ['train', 'lm'], ['eval'], ['sample'], ['quantize'], ['inspect']]) {
    const { code, stdout, stderr } = await folder.run([...command, '--help']);
    assert.is(code, 0);
    assert.is(stderr, '');
    assert.match(stdout, /Examples:\n.*\n +\$ throughtime/);
  }
});

test('the version is the package’s', async () => {
  const { version } = JSON.parse(
    readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  assert.is((await folder.run(['--version'])).stdout, `${version}\n`);
});

test('the command is executable as it is, and the library imports nothing of Node', () => {
  assert.is(statSync(COMMAND).mode & 0o111, 0o111);
  assert.match(readFileSync(COMMAND, 'utf8'), /^#!\/usr\/bin\/env node\n/);
  const seen = new Set<string>();
  const visit = (file: URL): void => {
    if (seen.has(file.href)) return;
    seen.add(file.href);
    const code = readFileSync(file, 'utf8');
    assert.not.match(code, /(from|import)\s*\(?["']node:/, file.href);
    for (const [, path] of code.matchAll(/(?:from|import)\s*"(\.[^"]+)"/g))
      visit(new URL(path!, file));
  };
  visit(new URL('index.js', `file://${COMMAND}`));
  assert.ok(seen.size > 1);
});

run();
