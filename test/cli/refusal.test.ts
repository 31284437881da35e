import { mkdirSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { readSafetensors, writeSafetensors } from '../../src/io/safetensors.js';
import { corpus, Folder, TINY } from '../support/cli.js';
import { suite } from '../support/suite.js';

const { test, testIf, run } = suite('cli refusals');

const folder = new Folder();
process.on('exit', () => folder.remove());
folder.write('text.txt', corpus(4000));
folder.write('other.txt', corpus(4000).toUpperCase().toLowerCase().replaceAll('cat', 'act'));
folder.write('empty.txt', '');
folder.write('short.txt', 'too short');
folder.write('latin1.txt', Buffer.from(`${corpus(4000)}caf\xe9`, 'latin1'));
mkdirSync(folder.file('folder'));
const NEW = ['train', 'lm', '--input', 'text.txt', ...TINY];
const made = await folder.run([
  ...NEW,
  '--slice',
  '3',
  '--out',
  'model.safetensors',
  '--checkpoint',
  'run.ckpt',
]);
if (made.code !== 0) throw new Error(made.stderr);

const small = await folder.run(['quantize', 'model.safetensors', '--out', 'small.safetensors']);
if (small.code !== 0) throw new Error(small.stderr);

/** A file with one tensor, or something in the metadata, changed. */
function spoil(
  from: string,
  to: string,
  change: (file: ReturnType<typeof readSafetensors>) => void,
): void {
  const file = readSafetensors(folder.read(from));
  change(file);
  folder.write(to, writeSafetensors(file));
}
const misshape =
  (name: string) =>
  ({ tensors }: ReturnType<typeof readSafetensors>): void => {
    tensors.set(name, { dtype: 'F32', shape: [3], data: new Float32Array(3) });
  };
spoil('model.safetensors', 'misshapen.safetensors', misshape('rnn.weight_hh_l0'));
spoil('run.ckpt', 'misshapen.ckpt', misshape('head.weight'));
spoil('run.ckpt', 'moments.ckpt', misshape('@optimizer.exp_avg.head.bias'));
spoil('run.ckpt', 'carry.ckpt', misshape('@carry.1'));
spoil('run.ckpt', 'missing.ckpt', ({ tensors }) => tensors.delete('@carry.0'));
spoil(
  'run.ckpt',
  'architecture.ckpt',
  ({ metadata }) => (metadata['config'] = metadata['config']!.replace('lstm', 'gru')),
);
spoil('model.safetensors', 'kind.safetensors', ({ metadata }) => (metadata['kind'] = 'tagger'));
spoil(
  'model.safetensors',
  'config.safetensors',
  ({ metadata }) => (metadata['config'] = '{"layers":"two"}'),
);
spoil('model.safetensors', 'foreign.safetensors', ({ metadata }) => delete metadata['format']);
for (const name of ['model.safetensors', 'run.ckpt']) {
  const bytes = folder.read(name);
  for (const share of [0.001, 0.3, 0.9])
    folder.write(`${share}-${name}`, bytes.subarray(0, Math.floor(share * bytes.length)));
}

/** Arguments → what the sentence on stderr must say. */
const REFUSED: Record<string, [args: string[], sentence: RegExp][]> = {
  'a text that is missing, empty, a folder, too short or not UTF-8': [
    [
      ['train', 'lm', '--input', 'nowhere.txt'],
      /nowhere\.txt cannot be read: there is no such file/,
    ],
    [['train', 'lm', '--input', 'empty.txt'], /empty\.txt is empty/],
    [['train', 'lm', '--input', 'folder'], /the folder folder has no files/],
    [
      ['train', 'lm', '--input', 'short.txt'],
      /short\.txt: 8 of its 9 characters are for training, one window of 64 \+ 1 steps in 32 rows takes 2,080/,
    ],
    [
      ['train', 'lm', '--input', 'latin1.txt'],
      /latin1\.txt is not UTF-8: byte 0xe9 at offset 4003/,
    ],
    [['train', 'lm'], /--input is missing/],
    [
      [...NEW, '--valid', 'short.txt', '--level', 'word', '--split', '0.5'],
      /'--valid <file>' cannot be used with option '--split <share>'/,
    ],
    [['eval', 'model.safetensors', '--input', 'nowhere.txt'], /nowhere\.txt cannot be read/],
    [['eval', 'model.safetensors'], /--input is missing: name the text to predict/],
  ],
  'options that are unknown, no numbers, or out of range': [
    [[...NEW, '--hiden', '3'], /unknown option '--hiden'.*--hidden/],
    [
      [...NEW, '--hidden', '0'],
      /'--hidden <n>' argument '0' is invalid. Expected a whole number ≥ 1/,
    ],
    [[...NEW, '--hidden', '-4'], /argument '-4' is invalid/],
    [[...NEW, '--layers', '1.5'], /argument '1.5' is invalid/],
    [[...NEW, '--batch', 'many'], /argument 'many' is invalid/],
    [[...NEW, '--dropout', '1'], /Expected a number ≥ 0 and < 1/],
    [[...NEW, '--split', '0'], /Expected a number > 0 and ≤ 1/],
    [[...NEW, '--lr', 'NaN'], /Expected a number > 0/],
    [[...NEW, '--lr', '0.1', '--lr-min', '0.2'], /--lr-min is 0.2, above --lr 0.1/],
    [[...NEW, '--cell', 'qrnn'], /Expected rnn, lstm, gru, mingru or rglru/],
    [[...NEW, '--tie', '--embedding', '4'], /--tie needs --embedding \(4\) to be --hidden \(8\)/],
    [[...NEW, '--softmax', 'hard'], /Expected full, adaptive or sampled/],
    [
      [...NEW, '--softmax', 'adaptive'],
      /--softmax adaptive is for words, --level is char; leave it out, or give --level word/,
    ],
    [
      [...NEW, '--level', 'word', '--softmax', 'adaptive', '--tie', '--embedding', '8'],
      /--tie needs one matrix, --softmax adaptive has several sizes/,
    ],
    [
      [...NEW, '--level', 'word', '--softmax', 'sampled', '--optimizer', 'adamw'],
      /--optimizer adamw decays every row of a matrix, --softmax sampled updates a few; give --optimizer adam/,
    ],
    [
      [...NEW, '--level', 'word', '--cutoffs', '2,4'],
      /--cutoffs goes with --softmax adaptive, not full/,
    ],
    [
      [...NEW, '--level', 'word', '--softmax', 'adaptive', '--samples', '4'],
      /--samples goes with --softmax sampled, not adaptive/,
    ],
    [
      [...NEW, '--level', 'word', '--softmax', 'adaptive', '--cutoffs', '2,x'],
      /'--cutoffs <ids>' argument '2,x' is invalid. Expected a whole number ≥ 1/,
    ],
    [
      [...NEW, '--level', 'word', '--softmax', 'adaptive', '--cutoffs', '4,2'],
      /cutoffs are \[4,2\], expected rising whole numbers/,
    ],
    [[...NEW, '--schedule', 'plateau', '--split', '1'], /plateau needs validation/],
    [['bogus'], /unknown command 'bogus'/],
    [['sample', 'model.safetensors', '--temperature', '-1'], /Expected a number ≥ 0/],
    [
      ['sample', 'model.safetensors', '--prompt', 'é'],
      /--prompt: the character "é" .* is not among the \d+ of the vocabulary$/,
    ],
    [['sample', 'model.safetensors', 'more'], /too many arguments/],
  ],
  'a model that does not fit in memory': [
    [
      ['train', 'lm', '--input', 'text.txt', '--hidden', '100000', '--batch', '4'],
      /MiB more do not fit/,
    ],
  ],
  'an --out or --checkpoint that cannot be written, or would write over what is read': [
    [[...NEW, '--out', 'no/where.safetensors'], /--out no\/where\.safetensors: there is no folder/],
    [[...NEW, '--out', 'folder'], /--out folder: is a folder/],
    [[...NEW, '--out', './text.txt'], /--out \.\/text\.txt: is --input too/],
    [
      [...NEW, '--out', 'a.safetensors', '--checkpoint', 'a.safetensors'],
      /--checkpoint a\.safetensors: is --out too/,
    ],
  ],
  'a model to quantise that is quantised already, or would be written over; columns of a quantised model':
    [
      [
        ['quantize', 'small.safetensors'],
        /small\.safetensors: .*of kind "lm\.quantized", expected "lm\.recurrent"/,
      ],
      [
        ['quantize', 'model.safetensors', '--out', './model.safetensors'],
        /--out \.\/model\.safetensors: is the model itself/,
      ],
      [['quantize', 'model.safetensors', '--out', 'no/where.safetensors'], /there is no folder/],
      [
        ['eval', 'small.safetensors', '--input', 'text.txt', '--parts', '4'],
        /--parts 4: a model of kind lm\.quantized reads one stream/,
      ],
    ],
  'models that are truncated, foreign, misshapen or of another kind': [
    ...[0.001, 0.3, 0.9].map((share): [string[], RegExp] => [
      ['sample', `${share}-model.safetensors`],
      /-model\.safetensors: truncated/,
    ]),
    [['sample', 'text.txt'], /text\.txt: /],
    [['sample', 'nowhere.safetensors'], /nowhere\.safetensors cannot be read/],
    [
      ['eval', 'foreign.safetensors', '--input', 'text.txt'],
      /the file's format is null, expected "throughtime\/1"/,
    ],
    [
      ['sample', 'kind.safetensors'],
      /holds a model of kind "tagger", expected lm\.recurrent, lm\.quantized, lm\.feedforward, lm\.ngram, lm\.cache or lm\.mix/,
    ],
    [['sample', 'config.safetensors'], /config\.safetensors: .*two/],
    [['sample', 'misshapen.safetensors'], /"rnn\.weight_hh_l0" is \[3\], expected \[32,8\]/],
    [['inspect', '0.3-model.safetensors'], /truncated/],
  ],
  'checkpoints that are truncated, foreign, misshapen or of another architecture': [
    ...[0.001, 0.3, 0.9].map((share): [string[], RegExp] => [
      ['train', 'lm', '--resume', `${share}-run.ckpt`],
      /-run\.ckpt: truncated/,
    ]),
    [['train', 'lm', '--resume', 'model.safetensors'], /is a model, not a checkpoint/],
    [['train', 'lm', '--resume', 'misshapen.ckpt'], /misshapen\.ckpt: .*"head\.weight" is \[3\]/],
    [
      ['train', 'lm', '--resume', 'moments.ckpt'],
      /moments\.ckpt: .*optimizer\.exp_avg\.head\.bias/,
    ],
    [
      ['train', 'lm', '--resume', 'carry.ckpt'],
      /carry\.ckpt: the carried state is \[1,4,8\] \[3\], expected \[1,4,8\] \[1,4,8\]/,
    ],
    [
      ['train', 'lm', '--resume', 'missing.ckpt'],
      /missing\.ckpt: the carried state is \[missing\]/,
    ],
    [
      ['train', 'lm', '--resume', 'architecture.ckpt'],
      /architecture\.ckpt: "rnn\.weight_ih_l0" is/,
    ],
  ],
  'a resumed run with another text or recipe': [
    [
      ['train', 'lm', '--resume', 'run.ckpt', '--input', 'other.txt'],
      /other\.txt: is not the text that the run of run\.ckpt began with/,
    ],
    [
      ['train', 'lm', '--resume', 'run.ckpt', '--hidden', '9', '--lr', '1'],
      /goes on with what it began with: --hidden was 8, --lr was 0.002/,
    ],
    [
      ['train', 'lm', '--resume', 'run.ckpt', '--valid', 'text.txt'],
      /the run began without --valid/,
    ],
  ],
};

for (const [what, cases] of Object.entries(REFUSED)) {
  test(`${what}: one sentence, exit code 2, and nothing changed on disk`, async () => {
    for (let i = 0; i < cases.length; i += 2) {
      const before = folder.snapshot();
      await Promise.all(
        cases.slice(i, i + 2).map(async ([args, sentence]) => {
          const { code, stdout, stderr } = await folder.run(args);
          const about = `${args.join(' ')}\n${stderr}`;
          assert.is(code, 2, about);
          assert.is(stdout, '', about);
          assert.match(stderr, /^error: [^\n]+\n$/, about);
          assert.match(stderr.trimEnd(), sentence, about);
        }),
      );
      assert.equal(folder.snapshot(), before);
    }
  });
}

testIf(
  process.platform !== 'win32',
  'needs ulimit',
  'a full disk leaves the old files as they were, with one sentence and exit code 2',
  async () => {
    const before = folder.snapshot();
    const { code, stderr } = await folder.run(
      [...NEW, '--hidden', '64', '--steps', '2', '--out', 'model.safetensors'],
      { before: 'ulimit -f 8' },
    );
    assert.is(code, 2, stderr);
    assert.match(
      stderr.trimEnd().split('\n').at(-1)!,
      /^error: .*model\.safetensors is not written/,
    );
    assert.not.match(stderr, /^ {4}at /m);
    assert.equal(folder.snapshot(), before);
  },
);

testIf(
  process.getuid?.() !== 0,
  'root may write anywhere',
  'a folder without permission is refused before training starts',
  async () => {
    mkdirSync(folder.file('closed'), { mode: 0o500 });
    const { code, stderr } = await folder.run([...NEW, '--out', 'closed/model.safetensors']);
    assert.is(code, 2);
    assert.match(
      stderr,
      /^error: --out closed\/model\.safetensors: the folder .* may not be written to/,
    );
  },
);

run();
