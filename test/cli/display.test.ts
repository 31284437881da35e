import { stripVTControlCharacters } from 'node:util';
import * as assert from 'uvu/assert';
import { createDisplay, type Display } from '../../src/cli/display.js';
import { table, wrap } from '../../src/cli/format.js';
import { Folder } from '../support/cli.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('cli display');

const folder = new Folder();
process.on('exit', () => folder.remove());

/** What a display writes to a terminal of so many columns. */
async function onTerminal(
  columns: number,
  show: (display: Display) => void | Promise<void>,
): Promise<string> {
  const { stderr } = process;
  const names = ['isTTY', 'columns', 'write'] as const;
  const old = names.map(name => Object.getOwnPropertyDescriptor(stderr, name));
  const term = process.env['TERM'];
  let written = '';
  const write = (text: string): boolean => {
    written += text;
    return true;
  };
  const set = (name: string, value: unknown): void =>
    void Object.defineProperty(stderr, name, { value, configurable: true, writable: true });
  set('isTTY', true);
  set('columns', columns);
  set('write', write);
  process.env['TERM'] = 'xterm';
  try {
    const display = createDisplay({ json: false });
    assert.ok(display.live);
    try {
      await show(display);
    } finally {
      display.close();
    }
  } finally {
    names.forEach((name, i) => {
      if (old[i]) Object.defineProperty(stderr, name, old[i]);
      else delete stderr[name];
    });
    if (term === undefined) delete process.env['TERM'];
    else process.env['TERM'] = term;
  }
  return stripVTControlCharacters(written);
}

test('lines break between words; a word that is longer than a line stays whole', () => {
  assert.is(wrap('one two  three', 80, 4), 'one two  three');
  assert.is(wrap('one two  three', 11, 4), 'one two\n    three');
  assert.is(wrap('one two  three', Infinity, 4), 'one two  three');
  assert.is(wrap('a/path/that/is/long b', 10, 2), 'a/path/that/is/long\n  b');
  assert.is(wrap('\u001b[32mgreen\u001b[39m two', 9, 0), '\u001b[32mgreen\u001b[39m two');
  assert.is(wrap('', 10, 2), '');
});

test('a table’s values are wrapped beside their labels', () => {
  assert.is(
    table([['text', 'one two three']], { dim: text => text, columns: 14 }),
    'text  one two\n      three\n',
  );
});

test('notes are wrapped to the terminal, paths and commands are not', async () => {
  const sentence = 'finishing the step and saving; once more leaves at once';
  const command = 'npx throughtime train lm --resume a-long-name.checkpoint.safetensors';
  const written = await onTerminal(40, display => {
    display.note('Ctrl-C', sentence);
    display.copyable('go on', command);
  });
  const lines = written.split('\n');
  assert.equal(lines.slice(0, 3), [
    'Ctrl-C     finishing the step and',
    '           saving; once more leaves at',
    '           once',
  ]);
  assert.is(lines[3], `go on      ${command}`);
});

test('the live bar shows whole facts at any width: the time left longest', async () => {
  for (const [columns, loss, speed, eta] of [
    [80, true, true, true],
    [60, true, false, true],
    [45, false, false, true],
    [30, false, false, false],
  ] as const) {
    const written = await onTerminal(columns, async display => {
      display.begin(1760, { step: () => 905, rate: 'tokens' });
      display.step({
        type: 'step',
        step: 905,
        epoch: 2.5,
        tokens: 1,
        loss: 2.123,
        gradNorm: 1,
        lr: 0.01,
        tokensPerSecond: 141_000,
        etaSeconds: 3000,
      });
      await new Promise(resolve => setTimeout(resolve, 300));
    });
    const drawn = written.slice(written.lastIndexOf('training '));
    const what = `${columns} columns: ${drawn}`;
    assert.ok(drawn.length < columns, what);
    assert.is(/ {2}loss 2\.123/.test(drawn), loss, what);
    assert.is(/ {2}141k tokens\/s/.test(drawn), speed, what);
    assert.is(/ {2}eta (50m 00s|49m 5\ds)$/.test(drawn), eta, what);
  }
});

test('the help fits into 80 columns', async () => {
  const commands = [
    [],
    ['train'],
    ['train', 'lm'],
    ['eval'],
    ['sample'],
    ['quantize'],
    ['inspect'],
  ];
  for (const command of commands) {
    const { stdout } = await folder.run([...command, '--help']);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
  }
});

run();
