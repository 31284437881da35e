import * as assert from 'uvu/assert';
import { corpus, Folder, jsonLines, TINY } from '../support/cli.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('cli resume');

const whole = new Folder();
const parts = new Folder();
process.on('exit', () => [whole, parts].forEach(folder => folder.remove()));
for (const folder of [whole, parts]) folder.write('text.txt', corpus(4000));

/** 29 steps an epoch. */
const RECIPE = [
  'train',
  'lm',
  '--input',
  'text.txt',
  ...TINY,
  '--layers',
  '2',
  '--dropout',
  '0.2',
  '--epochs',
  '2',
  '--deterministic',
  '--report-every',
  '7',
];
const FILES = ['--out', 'model.safetensors', '--checkpoint', 'run.ckpt'];

test('a run in slices, around the ends of epochs too, ends in the same bytes as one without a break', async () => {
  const straight = await whole.run([...RECIPE, ...FILES, '--json']);
  assert.is(straight.code, 0, straight.stderr);
  await parts.run([...RECIPE, ...FILES, '--slice', '1']);
  const ends: unknown[] = [];
  for (const slice of ['27', '1', '1', '20', '100']) {
    const { code, stdout, stderr } = await parts.run([
      'train',
      'lm',
      '--resume',
      'run.ckpt',
      '--slice',
      slice,
      '--json',
    ]);
    assert.is(code, 0, stderr);
    const end = jsonLines(stdout).at(-1)!;
    ends.push([end['step'], end['reason']]);
  }
  assert.equal(ends, [
    [28, 'budget'],
    [29, 'budget'],
    [30, 'budget'],
    [50, 'budget'],
    [58, 'finished'],
  ]);
  assert.ok(
    whole.read('model.safetensors').equals(parts.read('model.safetensors')),
    'the models differ',
  );
  assert.ok(whole.read('run.ckpt').equals(parts.read('run.ckpt')), 'the checkpoints differ');
});

test('two Ctrl-C at once, as npm sends them, save after the step, exit with 130 and say how to go on to the same bytes', async () => {
  let sent = false;
  const recipe = [...RECIPE, '--epochs', '60', '--out', 'interrupted.safetensors'];
  const { code, stdout, stderr } = await parts.run([...recipe, '--json'], {
    onStdout(_text, child) {
      if (sent) return;
      sent = true;
      child.kill('SIGINT');
      child.kill('SIGINT');
    },
  });
  assert.is(code, 130, stderr);
  const end = jsonLines(stdout).at(-1)!;
  assert.equal(
    [end['reason'], end['checkpoint']],
    ['aborted', 'interrupted.checkpoint.safetensors'],
  );
  assert.match(stderr, 'npx throughtime train lm --resume interrupted.checkpoint.safetensors');
  const resumed = await parts.run([
    'train',
    'lm',
    '--resume',
    'interrupted.checkpoint.safetensors',
    '--json',
  ]);
  assert.is(resumed.code, 0, resumed.stderr);
  assert.equal(
    [jsonLines(resumed.stdout).at(-1)!['reason'], jsonLines(resumed.stdout).at(-1)!['step']],
    ['finished', 60 * 29],
  );
  const straight = await whole.run(recipe);
  assert.is(straight.code, 0);
  assert.ok(
    whole.read('interrupted.safetensors').equals(parts.read('interrupted.safetensors')),
    'the models differ',
  );
});

test('a finished run goes on when more is planned', async () => {
  const { code, stdout } = await whole.run([
    'train',
    'lm',
    '--resume',
    'run.ckpt',
    '--epochs',
    '3',
    '--out',
    'longer.safetensors',
    '--checkpoint',
    'longer.ckpt',
    '--json',
  ]);
  assert.is(code, 0);
  assert.equal(
    [jsonLines(stdout).at(-1)!['step'], jsonLines(stdout).at(-1)!['model']],
    [87, 'longer.safetensors'],
  );
});

test('a checkpoint works as a model too', async () => {
  const { code, stdout } = await whole.run(['eval', 'run.ckpt', '--input', 'text.txt', '--json']);
  assert.is(code, 0);
  assert.ok(Number.isFinite(jsonLines(stdout)[0]!['loss']));
});

run();
