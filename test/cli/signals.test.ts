/** Ends that nobody planned: signals, kill -9, readers that leave, displays that fail. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { COMMAND, corpus, Folder, TINY } from '../support/cli.js';
import { suite } from '../support/suite.js';

const tests = suite('cli signals');

const whole = new Folder();
const folder = new Folder();
process.on('exit', () => [whole, folder].forEach(each => each.remove()));
for (const each of [whole, folder]) each.write('text.txt', corpus(4000));

/** A test that starts without what another may have left. */
const test = (name: string, body: () => Promise<void>): void =>
  tests.test(name, async () => {
    rmSync(folder.file('model.checkpoint.safetensors'), { force: true });
    await body();
  });

const recipe = (steps: number): string[] => [
  ...['train', 'lm', '--input', 'text.txt', ...TINY, '--deterministic', '--dropout', '0.1'],
  ...['--steps', String(steps), '--report-every', '20', '--out', 'model.safetensors'],
];

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

/** Runs the command until `act`, called with all of stderr so far, has done what it wants. */
function start(
  args: string[],
  act: (stderr: string, child: ChildProcess) => void,
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: folder.path,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, _: '', NO_COLOR: '1', ...env },
  });
  let stderr = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    act(stderr, child);
  });
  return new Promise(resolve =>
    child.on('close', (code, signal) => resolve({ code, signal, stderr })),
  );
}

/** Sends a signal once, at the first report of training. */
const atFirstReport = (signal: NodeJS.Signals) => {
  let sent = false;
  return (stderr: string, child: ChildProcess): void => {
    if (sent || !/^training/m.test(stderr)) return;
    sent = true;
    child.kill(signal);
  };
};

const straight = whole.run(recipe(900));

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  test(`${signal} saves a checkpoint, leaves the model's file as it was and exits with ${code}; the resumed run ends in the same bytes`, async () => {
    folder.write('model.safetensors', 'a good model');
    const ended = await start(recipe(900), atFirstReport(signal));
    assert.is(ended.code, code, ended.stderr);
    assert.is(folder.read('model.safetensors').toString(), 'a good model');
    assert.match(ended.stderr, 'train lm --resume model.checkpoint.safetensors');
    const resumed = await folder.run(['train', 'lm', '--resume', 'model.checkpoint.safetensors']);
    assert.is(resumed.code, 0, resumed.stderr);
    assert.is((await straight).code, 0);
    assert.ok(whole.read('model.safetensors').equals(folder.read('model.safetensors')));
    assert.not(existsSync(folder.file('model.checkpoint.safetensors')), 'removed at the end');
  });
}

test('under nohup a hangup does not stop it', async () => {
  const ended = await start(recipe(200), atFirstReport('SIGHUP'), { _: '/usr/bin/nohup' });
  assert.is(ended.code, 0, ended.stderr);
  assert.match(ended.stderr, 'finished');
});

test('kill -9, again and again: the resumed run ends in the bytes of the undisturbed one', async () => {
  const every = ['--checkpoint-every', '0.05'];
  const args0 = recipe(5000);
  const undisturbed = whole.run([...args0, '--out', 'long.safetensors']);
  let args = [...args0, ...every];
  let kills = 0;
  for (let round = 0; ; round++) {
    const deadline = round < 8 ? 60 + ((round * 173) % 700) : Infinity; // then it may end
    let timer: NodeJS.Timeout | undefined;
    const ended = await start(args, (stderr, child) => {
      if (timer === undefined && deadline < Infinity && /^(training|resumed|plan)/m.test(stderr))
        timer = setTimeout(() => child.kill('SIGKILL'), deadline);
    });
    clearTimeout(timer);
    if (ended.code === 0) break;
    assert.is(ended.signal, 'SIGKILL', ended.stderr);
    kills++;
    if (existsSync(folder.file('model.checkpoint.safetensors')))
      args = ['train', 'lm', '--resume', 'model.checkpoint.safetensors', ...every];
    else if (args.includes('--resume')) break; // it was through, and killed before it had left
  }
  assert.ok(kills >= 2, `killed ${kills} times`);
  assert.is((await undisturbed).code, 0);
  assert.ok(whole.read('long.safetensors').equals(folder.read('model.safetensors')));
  assert.not(existsSync(folder.file('model.checkpoint.safetensors')));
});

test('a new run does not write over the checkpoint of one that did not end', async () => {
  const ended = await start(recipe(900), atFirstReport('SIGTERM'));
  assert.is(ended.code, 143);
  const before = folder.snapshot();
  const { code, stderr } = await folder.run(recipe(900));
  assert.is(code, 2);
  assert.match(
    stderr,
    /^error: model\.checkpoint\.safetensors: is the checkpoint of a run that did not come to its end; go on with throughtime train lm --resume model\.checkpoint\.safetensors, or delete it/,
  );
  assert.equal(folder.snapshot(), before);
  await folder.run(['train', 'lm', '--resume', 'model.checkpoint.safetensors']);
});

test('Ctrl-C in the last validation is not the end of the run', async () => {
  let sent = false;
  folder.write('valid.txt', corpus(400_000));
  const ended = await start([...recipe(30), '--valid', 'valid.txt'], (stderr, child) => {
    if (sent || !stderr.includes('step 30/30')) return;
    sent = true;
    setTimeout(() => child.kill('SIGINT'), 30);
  });
  assert.is(ended.code, 130, ended.stderr);
  assert.match(ended.stderr, /^stopped/m);
  assert.not.match(ended.stderr, /^finished/m);
  const resumed = await folder.run(['train', 'lm', '--resume', 'model.checkpoint.safetensors']);
  assert.is(resumed.code, 0, resumed.stderr);
  assert.match(resumed.stderr, /^validation/m);
});

for (const [what, redirect] of [
  ['stderr', '2>&1 >/dev/null | head -n 2'],
  ['stdout', '--json 2>/dev/null | head -n 2'],
  ['stderr on a full disk', '2>/dev/full'],
  ['stdout on a full disk', '--json >/dev/full 2>/dev/null'],
] as const) {
  test(`the training ends well though ${what} takes nothing more`, async () => {
    const name = `gone-${what.replaceAll(' ', '-')}.safetensors`;
    const args = recipe(200).map(arg => (arg === 'model.safetensors' ? name : arg));
    const script = `"$@" ${redirect}`;
    const child = spawn('sh', ['-c', script, 'sh', process.execPath, COMMAND, ...args], {
      cwd: folder.path,
      stdio: 'ignore',
    });
    await new Promise(resolve => child.on('close', resolve));
    for (let i = 0; i < 100 && !existsSync(folder.file(name)); i++)
      await new Promise(resolve => setTimeout(resolve, 100)); // `head` ends before the command
    assert.ok(existsSync(folder.file(name)), 'there is a model');
  });
}

test('what is asked for on stdout alone fails where stdout takes it not', async () => {
  const args = ['inspect', 'gone-stderr.safetensors'];
  const child = spawn('sh', ['-c', '"$@" >/dev/full', 'sh', process.execPath, COMMAND, ...args], {
    cwd: folder.path,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', text => (stderr += text));
  const code = await new Promise(resolve => child.on('close', resolve));
  assert.is(code, 1);
  assert.match(stderr, /^error: standard output: the disk is full \(ENOSPC\)/);
});

tests.run();
