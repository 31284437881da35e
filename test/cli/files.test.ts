/** What the command reads is never destroyed, and what it has made is never lost. */
import { execFile } from 'node:child_process';
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { COMMAND, corpus, Folder, jsonLines, TINY } from '../support/cli.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('cli files');

const folder = new Folder();
process.on('exit', () => folder.remove());
folder.write('text.txt', corpus(4000));
folder.write('other.txt', corpus(3000));

const TRAIN = ['train', 'lm', '--input', 'text.txt', ...TINY, '--deterministic'];
const SHORT = [...TRAIN, '--steps', '3'];

/** Refused in one sentence, with exit code 2, and no file has changed. */
async function refused(args: string[], sentence: RegExp, options = {}): Promise<void> {
  const before = folder.snapshot();
  const { code, stderr } = await folder.run(args, options);
  assert.is(code, 2, stderr);
  assert.match(stderr, sentence);
  assert.is(stderr.trimEnd().split('\n').length, 1, stderr);
  assert.equal(folder.snapshot(), before);
}

test('an output that is an input by another name is refused: symbolic and hard links, other spellings', async () => {
  symlinkSync('text.txt', folder.file('link.safetensors'));
  linkSync(folder.file('text.txt'), folder.file('hard.safetensors'));
  symlinkSync('text.txt', folder.file('valid-link.txt'));
  for (const out of [
    'link.safetensors',
    'hard.safetensors',
    './text.txt',
    `${folder.path}/text.txt`,
  ])
    await refused(
      [...SHORT, '--out', out],
      /^error: --out .*: is --input too; name another file$/m,
    );
  await refused([...SHORT, '--checkpoint', 'link.safetensors'], /--checkpoint .*: is --input too/);
  await refused(
    [...SHORT, '--valid', 'other.txt', '--out', 'other.txt'],
    /--out other\.txt: is --valid too/,
  );
  symlinkSync('nothing-yet.safetensors', folder.file('ahead.safetensors'));
  await refused(
    [...SHORT, '--out', 'nothing-yet.safetensors', '--checkpoint', 'ahead.safetensors'],
    /--checkpoint ahead\.safetensors: is --out too/,
  );
});

test('a model is not quantised over itself, nor trained further over itself unseen', async () => {
  const made = await folder.run([...SHORT, '--out', 'model.safetensors']);
  assert.is(made.code, 0, made.stderr);
  symlinkSync('model.safetensors', folder.file('same.safetensors'));
  await refused(
    ['quantize', 'model.safetensors', '--out', 'same.safetensors'],
    /--out same\.safetensors: is the model itself too/,
  );
  await refused(
    [
      'train',
      'lm',
      '--from',
      'model.safetensors',
      '--input',
      'other.txt',
      '--steps',
      '2',
      '--batch',
      '4',
      '--out',
      'same.safetensors',
    ],
    /--out same\.safetensors: is --from too/,
  );
});

test('an output is not the file that standard output or standard error goes to', async () => {
  for (const [n, stream] of [
    [1, 'standard output'],
    [2, 'standard error'],
  ] as const) {
    const log = openSync(folder.file('log.txt'), 'w');
    const stdio = ['ignore', 'pipe', 'pipe'] as ['ignore', number | 'pipe', number | 'pipe'];
    stdio[n] = log;
    const { code, stderr } = await folder.run([...SHORT, '--out', 'log.txt'], { stdio });
    closeSync(log);
    assert.is(code, 2);
    const said = n === 2 ? folder.read('log.txt').toString() : stderr;
    assert.match(said, `--out log.txt: is ${stream} too`);
  }
});

test('outputs that cannot be written are refused before the first step', async () => {
  mkdirSync(folder.file('folder'));
  await promisify(execFile)('mkfifo', [folder.file('fifo')]);
  for (const flag of ['--out', '--checkpoint'])
    for (const [path, why] of [
      ['', /: is empty; name a file/],
      ['/dev/null', /: is a device, a pipe or a socket/],
      ['fifo', /: is a device, a pipe or a socket/],
      ['folder', /: is a folder; name a file/],
      ['folder/', /: is a folder; name a file/],
      ['missing/', /: is a folder; name a file/],
      ['missing/model.safetensors', /: there is no folder .*missing; make it first/],
      ['text.txt/model.safetensors', /: there is no folder .*text\.txt; make it first/],
      ['/proc/model.safetensors', /: nothing can be written to the folder \/proc: /],
    ] as const)
      await refused([...SHORT, flag, path], why);
});

test('a full disk does not lose the model: it goes to a place that the message names', async () => {
  const small = new Folder();
  const elsewhere = new Folder();
  small.write('text.txt', corpus(4000));
  const args = [process.execPath, COMMAND, ...SHORT, '--input', 'text.txt', '--hidden', '100'];
  const plain = args.filter((arg, i) => !['--hidden', '8'].includes(arg) || i > args.length - 3);
  const script = 'mount -t tmpfs -o size=64k none disk && cd disk && exec "$@" --input ../text.txt';
  mkdirSync(small.file('disk'));
  const { error, stderr } = await new Promise<{ error: Error | null; stderr: string }>(resolve => {
    const command = plain.filter((arg, i) => arg !== '--input' && plain[i - 1] !== '--input');
    execFile(
      'unshare',
      ['-rm', 'sh', '-c', script, 'sh', ...command],
      { cwd: small.path, env: { ...process.env, TMPDIR: elsewhere.path, NO_COLOR: '1' } },
      (error, _stdout, stderr) => resolve({ error, stderr }),
    );
  });
  if (/unshare/.test(stderr))
    console.log(`SKIP a small disk cannot be made here: ${stderr.trim()}`);
  else {
    assert.is((error as Error & { code?: number })?.code, 2, stderr);
    assert.match(
      stderr,
      /model\.safetensors is not written: the disk is full \(ENOSPC\); free some/,
    );
    assert.match(stderr, `the model is in ${elsewhere.file('model.safetensors')}`);
    const { code } = await elsewhere.run(['sample', 'model.safetensors', '--length', '3']);
    assert.is(code, 0);
  }
  small.remove();
  elsewhere.remove();
});

test('temporary files of a killed process are swept, those of a living one are not', async () => {
  const dead = await new Promise<number>(resolve => {
    const child = execFile('true', () => resolve(child.pid!));
  });
  const host = hostname()
    .replace(/[^\w-]/g, '_')
    .slice(0, 40);
  const name = (pid: number): string =>
    `.throughtime-${host}-${pid}-00000000-0000-4000-8000-000000000000.tmp`;
  for (const pid of [dead, process.pid]) writeFileSync(folder.file(name(pid)), 'x');
  const { code, stderr } = await folder.run([...SHORT, '--out', 'swept.safetensors']);
  assert.is(code, 0, stderr);
  const left = readdirSync(folder.path).filter(file => file.endsWith('.tmp'));
  assert.equal(left, [name(process.pid)]);
});

test('names with spaces, quotes and semicolons: what is printed can be pasted into a shell', async () => {
  for (const name of [
    "it's a; model.safetensors",
    '$HOME "x" `y`.safetensors',
    '-dash.safetensors',
    '~tilde.safetensors',
  ]) {
    const out = await folder.run([...TRAIN, '--steps', '9', '--slice', '3', `--out=${name}`]);
    assert.is(out.code, 0, out.stderr);
    const [, goOn] = /^go on +npx (.*)$/m.exec(out.stderr) ?? [];
    const [, sample] = /^sample +npx (.*)$/m.exec(out.stderr) ?? [];
    for (const command of [goOn!, `${sample} --length 5`]) {
      const { stderr } = await promisify(execFile)(
        'sh',
        ['-c', command.replace('throughtime', `'${process.execPath}' '${COMMAND}'`)],
        { cwd: folder.path },
      );
      if (command === goOn) assert.match(stderr, 'finished');
    }
    assert.ok(existsSync(folder.file(name)));
  }
});

test('a repeated option is refused', async () => {
  await refused(
    [...TRAIN, '--steps', '3', '--steps', '4'],
    /--steps is given twice; give it once/,
    {
      asGiven: true,
    },
  );
  await refused([...TRAIN, '--batch', '4'], /--batch is given twice/, { asGiven: true });
});

test('--from trains a model further on another text, with its vocabulary and a new plan', async () => {
  const base = await folder.run([...SHORT, '--out', 'base.safetensors']);
  assert.is(base.code, 0, base.stderr);
  folder.write('letters.txt', `${corpus(3000)}ÄÖ`);
  const from = ['train', 'lm', '--from', 'base.safetensors', '--input', 'letters.txt'];
  const rest = ['--batch', '4', '--bptt', '32', '--deterministic', '--out', 'tuned.safetensors'];
  const { code, stdout, stderr } = await folder.run([...from, ...rest, '--steps', '5', '--json']);
  assert.is(code, 0, stderr);
  assert.match(stderr, /2 not in the vocabulary are left out/);
  assert.match(stderr, /^model .*LSTM 1×8.*, from base\.safetensors$/m);
  assert.is(jsonLines(stdout).at(-1)!['step'], 5);
  await refused(
    [...from, ...rest, '--hidden', '9'],
    /base\.safetensors: the model is what it is: --hidden is 8;/,
  );
  // a run of --from goes on from its checkpoint like any other
  const [whole, part] = [
    [...from, ...rest, '--steps', '9'],
    [...from, ...rest, '--steps', '9', '--slice', '4', '--out', 'sliced.safetensors'],
  ];
  assert.is((await folder.run(whole)).code, 0);
  assert.is((await folder.run(part)).code, 0);
  const resumed = await folder.run(['train', 'lm', '--resume', 'sliced.checkpoint.safetensors']);
  assert.is(resumed.code, 0, resumed.stderr);
  assert.ok(folder.read('tuned.safetensors').equals(folder.read('sliced.safetensors')));
});

test('weights that are not finite do not replace a good model', async () => {
  const good = await folder.run([...SHORT, '--out', 'good.safetensors']);
  assert.is(good.code, 0, good.stderr);
  const before = folder.snapshot();
  const { code, stderr } = await folder.run([
    ...TRAIN,
    ...['--hidden', '16', '--embedding', '8', '--cell', 'rnn', '--optimizer', 'rmsprop'],
    ...['--lr', '1e38', '--schedule', 'constant', '--clip-norm', '0', '--steps', '1'],
    ...['--out', 'good.safetensors'],
  ]);
  assert.is(code, 1, stderr);
  assert.match(
    stderr,
    /error: train: step 1: "[\w.]+" is -?(NaN|Infinity) at element \d+; nothing is written/,
  );
  assert.equal(folder.snapshot(), before);
});

test('inspect reads the header alone: any dtype, files beyond 2 GiB; and names what is no safetensors file', async () => {
  const header = JSON.stringify({
    large: { dtype: 'F8_E4M3', shape: [3 * 1024, 1024, 1024], data_offsets: [0, 3 * 2 ** 30] },
    complex: { dtype: 'C64', shape: [2], data_offsets: [3 * 2 ** 30, 3 * 2 ** 30 + 16] },
  });
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt(header.length));
  folder.write('large.safetensors', Buffer.concat([start, Buffer.from(header)]));
  truncateSync(folder.file('large.safetensors'), 8 + header.length + 3 * 2 ** 30 + 16); // a hole
  const { code, stdout, stderr } = await folder.run(['inspect', 'large.safetensors', '--json']);
  assert.is(code, 0, stderr);
  const [said] = jsonLines(stdout) as [{ parameters: number; tensors: unknown[] }];
  assert.is(said.parameters, 3 * 2 ** 30 + 2);
  assert.equal(said.tensors, [
    { name: 'large', dtype: 'F8_E4M3', shape: [3072, 1024, 1024] },
    { name: 'complex', dtype: 'C64', shape: [2] },
  ]);
  rmSync(folder.file('large.safetensors'));
  folder.write('model.pt', Buffer.from('PK\x03\x04and more of it'));
  folder.write('pointer.safetensors', 'version https://git-lfs.github.com/spec/v1\noid sha256:1\n');
  await refused(['inspect', 'model.pt'], /model\.pt: this is a zip archive \(torch\.save writes/);
  await refused(
    ['sample', 'pointer.safetensors'],
    /pointer\.safetensors: this is a Git LFS pointer, .*git lfs pull/,
  );
});

test('rare words become <unk>, which is trained; eval tells their share and the loss without them', async () => {
  const rare = Array.from({ length: 300 }, (_, i) => `rare${i}`);
  const words = corpus(6000).split(' ');
  folder.write(
    'rare.txt',
    words.map((word, i) => (i % 5 === 0 ? rare[(i / 5) % 300]! : word)).join(' '),
  );
  const args = [
    'train',
    'lm',
    '--input',
    'rare.txt',
    '--level',
    'word',
    ...TINY,
    '--bptt',
    '8',
    '--deterministic',
    '--lr',
    '0.02',
  ];
  for (const limit of [
    ['--min-count', '4'],
    ['--max-vocab', '20'],
  ]) {
    const { code, stderr } = await folder.run([
      ...args,
      ...limit,
      '--epochs',
      '8',
      '--out',
      'rare.safetensors',
    ]);
    assert.is(code, 0, stderr);
    const [said] = jsonLines(
      (await folder.run(['eval', 'rare.safetensors', '--input', 'rare.txt', '--json'])).stdout,
    ) as [{ tokens: number; loss: number; known: { tokens: number; loss: number } }];
    assert.ok(said.known.tokens < 0.9 * said.tokens, JSON.stringify(said));
    const unknown =
      (said.loss * said.tokens - said.known.loss * said.known.tokens) /
      (said.tokens - said.known.tokens);
    assert.ok(unknown < 3, `<unk> has a loss of ${unknown}`);
    const { stdout } = await folder.run(['eval', 'rare.safetensors', '--input', 'rare.txt']);
    assert.match(
      stdout,
      /^unknown +\d+\.\d % of the words; without them \d\.\d{4} nats, perplexity/m,
    );
  }
  const sampled = await folder.run([
    'sample',
    'rare.safetensors',
    '--prompt',
    'the zebra saw ',
    '--length',
    '3',
    '--temperature',
    '0',
  ]);
  assert.is(sampled.code, 0, sampled.stderr);
  assert.match(sampled.stderr, /^prompt: the model does not know "zebra"; it reads <unk> there$/m);
  assert.match(sampled.stdout, /^the zebra saw \S/, 'one space after the prompt');
});

test('several inputs, a folder and standard input are one text', async () => {
  mkdirSync(folder.file('parts'));
  const whole = `${corpus(2000).trimEnd()}\n${corpus(3000).trimEnd()}\n`;
  folder.write('parts/1.txt', whole.slice(0, whole.indexOf('\n', 1990) + 1));
  folder.write('parts/2.txt', whole.slice(whole.indexOf('\n', 1990) + 1));
  folder.write('joined.txt', whole);
  const common = [...TINY, '--deterministic', '--steps', '3'];
  const models: Buffer[] = [];
  for (const [i, input] of [['joined.txt'], ['parts/1.txt', 'parts/2.txt'], ['parts']].entries()) {
    const { code, stderr } = await folder.run([
      'train',
      'lm',
      '--input',
      ...input,
      ...common,
      '--out',
      `same${i}.safetensors`,
    ]);
    assert.is(code, 0, stderr);
    models.push(folder.read(`same${i}.safetensors`));
  }
  const piped = await new Promise<number | null>(resolve => {
    const child = execFile(
      process.execPath,
      [COMMAND, 'train', 'lm', '--input', '-', ...common, '--out', 'same3.safetensors'],
      { cwd: folder.path },
    );
    child.stdin!.end(whole);
    child.on('close', resolve);
  });
  assert.is(piped, 0);
  models.push(folder.read('same3.safetensors'));
  for (const model of models) assert.ok(model.equals(models[0]!));
});

test('a large text trains from a file of ids, which the next run takes', async () => {
  folder.write('large.txt', corpus(100_000).repeat(700));
  const args = [
    'train',
    'lm',
    '--input',
    'large.txt',
    ...TINY,
    '--deterministic',
    '--steps',
    '3',
    '--split',
    '1',
    '--out',
    'from-file.safetensors',
  ];
  const first = await folder.run(args);
  assert.is(first.code, 0, first.stderr);
  assert.match(first.stderr, /from-file\.ids holds the text as ids from now on/);
  const made = folder.read('from-file.safetensors');
  const second = await folder.run(args);
  assert.match(second.stderr, /from-file\.ids holds the text as ids already/);
  assert.ok(made.equals(folder.read('from-file.safetensors')));
  const resumed = await folder.run([...args, '--slice', '1']);
  assert.is(resumed.code, 0, resumed.stderr);
  assert.is(
    (await folder.run(['train', 'lm', '--resume', 'from-file.checkpoint.safetensors'])).code,
    0,
  );
  assert.ok(made.equals(folder.read('from-file.safetensors')));
  folder.write('large.txt', corpus(99_999).repeat(700));
  assert.match((await folder.run(args)).stderr, /from-file\.ids holds the text as ids from now on/);
  for (const name of ['large.txt', 'from-file.ids']) rmSync(folder.file(name));
});

run();
