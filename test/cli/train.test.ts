import { existsSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { corpus, Folder, jsonLines, TINY } from '../support/cli.js';
import { wide } from '../support/kernels.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('cli train');

const folder = new Folder();
process.on('exit', () => folder.remove());
const text = corpus(4001);
folder.write('text.txt', text);
folder.write('valid.txt', text.slice(-400));
folder.write('odd.txt', 'the cat €€ sat on the mat');

const keys = {
  step: [
    'type',
    'step',
    'epoch',
    'tokens',
    'loss',
    'gradNorm',
    'lr',
    'tokensPerSecond',
    'etaSeconds',
    'seconds',
  ],
  valid: ['type', 'step', 'epoch', 'metrics', 'best', 'seconds'],
  end: ['type', 'reason', 'step', 'metrics', 'best', 'seconds', 'model', 'checkpoint'],
};

/** A metric of a report. */
const metric = (report: Record<string, unknown>, name = 'loss'): number =>
  (report['metrics'] as Record<string, number>)[name]!;

test('--json prints step, valid and end objects with exactly their fields, and nothing else', async () => {
  const { code, stdout, stderr } = await folder.run([
    'train',
    'lm',
    '--input',
    'text.txt',
    ...TINY,
    '--epochs',
    '2',
    '--report-every',
    '10',
    '--out',
    'json.safetensors',
    '--json',
  ]);
  assert.is(code, 0, stderr);
  const events = jsonLines(stdout);
  for (const event of events)
    assert.equal(Object.keys(event), keys[event['type'] as keyof typeof keys]);
  // ⌊0.9 · 4001⌋ = 3600 units in 4 columns of 900: 899 predictions each, 29 windows of 32 an epoch
  assert.equal(
    events.filter(e => e['type'] === 'step').map(e => e['step']),
    [10, 20, 30, 40, 50, 58],
  );
  assert.equal(
    events
      .filter(e => e['type'] === 'valid')
      .map(e => [e['step'], e['epoch'], metric(e, 'tokens')]),
    [
      [29, 1, 400],
      [58, 2, 400],
    ],
  );
  assert.is(events.filter(e => e['type'] === 'step').at(-1)!['tokens'], 2 * 4 * 899);
  const end = events.at(-1)!;
  assert.is(end['type'], 'end');
  assert.is(end['reason'], 'finished');
  assert.is(end['model'], 'json.safetensors');
  assert.is(end['checkpoint'], null);
  assert.ok(Math.abs(metric(events.at(-2)!, 'bitsPerToken') - metric(end) / Math.log(2)) < 1e-12);
});

test('a piped stderr gets one plain line per report', async () => {
  const { code, stdout, stderr } = await folder.run([
    'train',
    'lm',
    '--input',
    'text.txt',
    ...TINY,
    '--steps',
    '30',
    '--report-every',
    '10',
    '--out',
    'lines.safetensors',
  ]);
  assert.is(code, 0);
  assert.is(stdout, '');
  assert.is(
    stderr.match(/^training {3}step \d+\/30 .* loss \d+\.\d{4} .* tokens\/s {2}eta \d+s$/gm)
      ?.length,
    3,
    stderr,
  );
  assert.is(stderr.match(/^validation .* bits\/char/gm)?.length, 2, stderr);
  assert.not.match(stderr, /\x1b/);
});

test('the loss falls well below that of guessing', async () => {
  const { stdout } = await folder.run([
    'train',
    'lm',
    '--input',
    'text.txt',
    ...TINY,
    '--hidden',
    '32',
    '--epochs',
    '6',
    '--lr',
    '0.02',
    '--out',
    'learn.safetensors',
    '--json',
  ]);
  assert.ok(metric(jsonLines(stdout).at(-1)!) < 1.5, stdout);
});

test('--out holds the weights of the best validation, and eval measures them as the run did', async () => {
  const trained = await folder.run([
    'train',
    'lm',
    '--input',
    'text.txt',
    '--valid',
    'valid.txt',
    ...TINY,
    '--epochs',
    '4',
    '--lr',
    '0.5',
    '--schedule',
    'constant',
    '--out',
    'best.safetensors',
    '--json',
  ]);
  const events = jsonLines(trained.stdout);
  const end = events.at(-1)!;
  assert.is(
    end['best'],
    Math.min(...events.filter(e => e['type'] === 'valid').map(e => metric(e))),
  );
  const { code, stdout } = await folder.run([
    'eval',
    'best.safetensors',
    '--input',
    'valid.txt',
    '--json',
  ]);
  assert.is(code, 0);
  const [evaluation] = jsonLines(stdout);
  assert.equal(Object.keys(evaluation!), [
    'type',
    'kind',
    'unit',
    'tokens',
    'unknown',
    'loss',
    'bitsPerToken',
    'bitsPerCharacter',
    'perplexity',
    'known',
    'state',
    'parts',
    'dynamic',
  ]);
  assert.equal(
    [
      evaluation!['kind'],
      evaluation!['unit'],
      evaluation!['tokens'],
      evaluation!['unknown'],
      evaluation!['state'],
    ],
    ['lm.recurrent', 'char', 399, 0, 'carried'],
  );
  assert.is(evaluation!['loss'], end['best']);
});

for (const [level, cell, optimizer, schedule] of [
  ['byte', 'gru', 'sgd', 'onecycle'],
  ['word', 'rnn', 'adagrad', 'exponential'],
  ['char', 'lstm', 'rmsprop', 'plateau'],
  ['char', 'gru', 'adadelta', 'step'],
  ['word', 'lstm', 'adamw', 'constant'],
] as const) {
  test(`level ${level}, cell ${cell}, optimizer ${optimizer} and schedule ${schedule} train`, async () => {
    const { code, stdout, stderr } = await folder.run([
      'train',
      'lm',
      '--input',
      'text.txt',
      ...TINY,
      '--bptt',
      '8',
      '--level',
      level,
      '--cell',
      cell,
      '--optimizer',
      optimizer,
      '--schedule',
      schedule,
      '--layers',
      '2',
      '--dropout',
      '0.1',
      '--tie',
      '--embedding',
      '8',
      '--clip-value',
      '0.5',
      '--epochs',
      '1',
      '--out',
      `${level}-${cell}.safetensors`,
      '--json',
    ]);
    assert.is(code, 0, stderr);
    assert.ok(Number.isFinite(metric(jsonLines(stdout).at(-1)!)));
  });
}

test('--split 1 trains on all of the text and validates on none', async () => {
  const { stdout } = await folder.run([
    'train',
    'lm',
    '--input',
    'text.txt',
    '--split',
    '1',
    ...TINY,
    '--steps',
    '5',
    '--out',
    'whole.safetensors',
    '--json',
  ]);
  const end = jsonLines(stdout).at(-1)!;
  assert.is(end['metrics'], null);
  assert.is(end['best'], null);
});

test('--max-seconds and --slice end a run with reason budget and a checkpoint named after the model', async () => {
  for (const [name, ...flags] of [
    ['slow', '--max-seconds', '0.001'],
    ['slice', '--slice', '3'],
  ] as const) {
    const { code, stdout, stderr } = await folder.run([
      'train',
      'lm',
      '--input',
      'text.txt',
      ...TINY,
      ...flags,
      '--out',
      `${name}.safetensors`,
      '--json',
    ]);
    assert.is(code, 0);
    const end = jsonLines(stdout).at(-1)!;
    assert.equal(
      [end['reason'], end['model'], end['checkpoint']],
      ['budget', `${name}.safetensors`, `${name}.checkpoint.safetensors`],
    );
    assert.match(stderr, `train lm --resume ${name}.checkpoint.safetensors`);
    assert.ok(existsSync(folder.file(`${name}.checkpoint.safetensors`)));
  }
});

test('units of --valid that the vocabulary lacks are counted and left out', async () => {
  const { code, stderr } = await folder.run([
    'train',
    'lm',
    '--input',
    'text.txt',
    '--valid',
    'odd.txt',
    ...TINY,
    '--steps',
    '2',
    '--out',
    'odd.safetensors',
  ]);
  assert.is(code, 0);
  assert.match(stderr, '23 held out; 2 not in the vocabulary are left out');
  const { stdout } = await folder.run(['eval', 'odd.safetensors', '--input', 'odd.txt', '--json']);
  assert.equal([jsonLines(stdout)[0]!['tokens'], jsonLines(stdout)[0]!['unknown']], [22, 2]);
});

test('threads change no result', async () => {
  const [one, two] = await Promise.all(
    ['1', '2'].map(async threads => {
      const out = `threads${threads}.safetensors`;
      const { code, stderr } = await folder.run([
        'train',
        'lm',
        '--input',
        'text.txt',
        ...TINY,
        '--steps',
        '2',
        '--deterministic',
        '--threads',
        threads,
        '--out',
        out,
      ]);
      assert.is(code, 0);
      return { stderr, bytes: folder.read(out) };
    }),
  );
  assert.match(two!.stderr, /simd build(, wide)?, 2 threads$/m);
  assert.not.match(one!.stderr, /\d threads$/m);
  assert.equal(two!.bytes, one!.bytes);
});

test('256-bit instructions change no result', async () => {
  const [without, withIt, tried] = await Promise.all(
    [['--no-wide'], ['--wide'], []].map(async (option, i) => {
      const out = `wide${i}.safetensors`;
      const { code, stderr } = await folder.run([
        'train',
        'lm',
        '--input',
        'text.txt',
        ...TINY,
        '--steps',
        '2',
        ...option,
        '--out',
        out,
      ]);
      assert.is(code, 0);
      return { stderr, bytes: folder.read(out) };
    }),
  );
  assert.match(withIt!.stderr, wide ? /relaxed build, wide$/m : /build$/m);
  assert.not.match(without!.stderr, /wide$/m);
  assert.match(tried!.stderr, /build(, wide)?$/m);
  assert.equal(withIt!.bytes, without!.bytes);
  assert.equal(tried!.bytes, without!.bytes);
});

test('a loss that is not finite ends the run with the step and the parameter, exit code 1, and the old model as it was', async () => {
  folder.write('nan.safetensors', 'old');
  const { code, stdout, stderr } = await folder.run([
    'train',
    'lm',
    '--input',
    'text.txt',
    ...TINY,
    '--cell',
    'rnn',
    '--optimizer',
    'sgd',
    '--lr',
    '1e38',
    '--schedule',
    'constant',
    '--clip-norm',
    '0',
    '--out',
    'nan.safetensors',
    '--json',
  ]);
  assert.is(code, 1, stderr);
  assert.match(stderr.trimEnd().split('\n').at(-1)!, /^error: train: step \d+: /);
  assert.not.match(stdout, '"end"');
  assert.is(folder.read('nan.safetensors').toString(), 'old');
});

for (const [softmax, own] of [
  ['adaptive', ['--cutoffs', '3,5']],
  ['sampled', ['--samples', '4', '--tie']],
] as const) {
  test(`--softmax ${softmax}: trained, stopped, gone on with, measured, sampled and inspected`, async () => {
    const sizes = [
      '--level',
      'word',
      '--hidden',
      '16',
      '--embedding',
      '16',
      '--layers',
      '1',
      '--batch',
      '4',
      '--bptt',
      '8',
    ];
    const begun = await folder.run([
      'train',
      'lm',
      '--input',
      'text.txt',
      ...sizes,
      '--softmax',
      softmax,
      ...own,
      '--steps',
      '40',
      '--slice',
      '20',
      '--out',
      `${softmax}.safetensors`,
      '--checkpoint',
      `${softmax}.ckpt`,
    ]);
    assert.is(begun.code, 0, begun.stderr);
    assert.match(begun.stderr, new RegExp(`, ${softmax} softmax: `));
    const { code, stdout, stderr } = await folder.run([
      'train',
      'lm',
      '--resume',
      `${softmax}.ckpt`,
      '--softmax',
      softmax,
      ...own,
      '--json',
    ]);
    assert.is(code, 0, stderr);
    const end = jsonLines(stdout).at(-1)!;
    assert.is(end['step'], 40);
    const measured = await folder.run([
      'eval',
      `${softmax}.safetensors`,
      '--input',
      'valid.txt',
      '--json',
    ]);
    assert.ok((jsonLines(measured.stdout)[0]!['loss'] as number) > 0, measured.stderr);
    assert.match(
      (await folder.run(['sample', `${softmax}.safetensors`, '--length', '9'])).stdout,
      /\w/,
    );
    const config = jsonLines(
      (await folder.run(['inspect', `${softmax}.safetensors`, '--json'])).stdout,
    )[0]!['config'] as Record<string, unknown>;
    assert.is(config['softmax'], softmax);
    const quantised = await folder.run(['quantize', `${softmax}.safetensors`]);
    if (softmax === 'sampled') assert.is(quantised.code, 0, quantised.stderr);
    else
      assert.match(
        quantised.stderr,
        /the model has the adaptive softmax, expected full or sampled/,
      );
    assert.equal(
      softmax === 'adaptive' ? config['cutoffs'] : config['samples'],
      softmax === 'adaptive' ? [3, 5] : 4,
    );
  });
}

test('a feed-forward model trains, resumes exactly, and is measured as it was validated', async () => {
  const args = ['train', 'lm', '--model', 'feedforward', '--input', 'text.txt', '--context', '3', '--direct', '--hidden', '8', '--embedding', '4', '--batch', '4', '--bptt', '16', '--steps', '40']; // biome-ignore format: one line
  const whole = await folder.run([...args, '--out', 'ff.safetensors', '--json']);
  assert.is(whole.code, 0, whole.stderr);
  assert.match(whole.stderr, /model {6}3 tokens → 8, direct connections, embedding 4, vocabulary/);
  const cut = await folder.run([...args, '--out', 'cut.safetensors', '--slice', '15']);
  assert.is(cut.code, 0, cut.stderr);
  const resumed = await folder.run(['train', 'lm', '--resume', 'cut.checkpoint.safetensors']);
  assert.is(resumed.code, 0, resumed.stderr);
  assert.equal(folder.read('cut.safetensors'), folder.read('ff.safetensors'));
  const tuned = await folder.run(['train', 'lm', '--from', 'ff.safetensors', '--input', 'valid.txt', '--split', '1', '--batch', '2', '--bptt', '8', '--steps', '3', '--out', 'tuned.safetensors']); // biome-ignore format: one line
  assert.is(tuned.code, 0, tuned.stderr);
  const evaluated = await folder.run(['eval', 'ff.safetensors', '--input', 'valid.txt', '--parts', '3', '--json']); // biome-ignore format: one line
  assert.is(jsonLines(evaluated.stdout)[0]!['kind'], 'lm.feedforward');
  const strange = await folder.run([...args, '--cell', 'gru', '--out', 'no.safetensors']);
  assert.is(strange.code, 2);
  assert.match(strange.stderr, /--cell: not for --model feedforward; leave it out, or give --model recurrent/); // biome-ignore format: one line
});

for (const cell of ['mingru', 'rglru'])
  test(`blocks of ${cell} train, resume exactly, and are measured and sampled`, async () => {
    const args = ['train', 'lm', '--cell', cell, '--input', 'text.txt', '--hidden', '8', '--batch', '4', '--bptt', '16', '--steps', '30']; // biome-ignore format: one line
    const whole = await folder.run([...args, '--out', `${cell}.safetensors`]);
    assert.is(whole.code, 0, whole.stderr);
    assert.match(whole.stderr, new RegExp(`model {6}${cell.toUpperCase()} 2×8, embedding 8, `));
    const cut = await folder.run([...args, '--out', `${cell}-cut.safetensors`, '--slice', '11']);
    assert.is(cut.code, 0, cut.stderr);
    const resumed = await folder.run(['train', 'lm', '--resume', `${cell}-cut.checkpoint.safetensors`, '--threads', '2']); // biome-ignore format: one line
    assert.is(resumed.code, 0, resumed.stderr);
    assert.equal(folder.read(`${cell}-cut.safetensors`), folder.read(`${cell}.safetensors`));
    const evaluated = await folder.run(['eval', `${cell}.safetensors`, '--input', 'valid.txt', '--parts', '2', '--json']); // biome-ignore format: one line
    assert.is(evaluated.code, 0, evaluated.stderr);
    const sampled = await folder.run(['sample', `${cell}.safetensors`, '--length', '20']);
    assert.is(sampled.code, 0, sampled.stderr);
    const quantized = await folder.run(['quantize', `${cell}.safetensors`]);
    assert.match(quantized.stderr, new RegExp(`cells are ${cell}, expected rnn, lstm or gru`));
    const strange = await folder.run([...args, '--embedding', '4', '--out', 'no.safetensors']);
    assert.match(strange.stderr, /needs --embedding \(4\) to be --hidden \(8\); leave it out/);
  });

test('a recipe sets what somebody has published, tells it, and gives way to the command line', async () => {
  const args = ['train', 'lm', '--recipe', 'pytorch-wlm-tied', '--input', 'text.txt', '--valid', 'valid.txt', '--hidden', '8', '--embedding', '8', '--batch', '2', '--bptt', '10', '--steps', '12', '--report-every', '1', '--json']; // biome-ignore format: one line
  const made = await folder.run([...args, '--out', 'recipe.safetensors']);
  assert.is(made.code, 0, made.stderr);
  assert.match(
    made.stderr,
    /^recipe {5}pytorch-wlm-tied: pytorch\/examples word_language_model --tied: /,
  );
  assert.match(made.stderr, /sets {7}--level word --cell lstm --layers 2 --dropout 0\.2 /);
  assert.match(made.stderr, /--tie/);
  assert.not.match(made.stderr, /--hidden 200/);
  assert.match(made.stderr, /LSTM 2×8, embedding 8, /);
  const steps = jsonLines(made.stdout).filter(({ type }) => type === 'step');
  assert.is(steps[0]!['lr'], 20);
  const unknown = await folder.run(['train', 'lm', '--recipe', 'best', '--input', 'text.txt']);
  assert.is(unknown.code, 2);
  assert.match(
    unknown.stderr,
    /--recipe best: there are zaremba-small, zaremba-medium, pytorch-wlm/,
  );
});

test('the recipe of the AWD-LSTM trains small too, resumes exactly once weights are averaged, and is tuned', async () => {
  const args = ['train', 'lm', '--recipe', 'awd-lstm', '--input', 'text.txt', '--valid', 'valid.txt', '--hidden', '8', '--embedding', '8', '--width', '11', '--batch', '4', '--bptt', '40', '--nonmonotone', '1', '--lr', '1', '--epochs', '9', '--level', 'char']; // biome-ignore format: one line
  const whole = await folder.run([...args, '--out', 'awd.safetensors', '--json']);
  assert.is(whole.code, 0, whole.stderr);
  assert.match(whole.stderr, /sets {7}--cell lstm --layers 3 --tie --dropout 0\.4 .*--weight-drop 0\.5 .*--random-length .*--optimizer ntasgd/); // biome-ignore format: one line
  assert.match(whole.stderr, /model {6}LSTM 2×11 \+ 8, embedding 8, /);
  const rates = jsonLines(whole.stdout).flatMap(({ lr }) => (lr === undefined ? [] : [lr]));
  assert.ok(rates.length > 0 && rates.every(lr => (lr as number) > 0 && (lr as number) < 1.5));
  const cut = await folder.run([...args, '--out', 'awd-cut.safetensors', '--slice', '150']);
  assert.is(cut.code, 0, cut.stderr);
  const resumed = await folder.run(['train', 'lm', '--resume', 'awd-cut.checkpoint.safetensors', '--threads', '2']); // biome-ignore format: one line
  assert.is(resumed.code, 0, resumed.stderr);
  assert.equal(folder.read('awd-cut.safetensors'), folder.read('awd.safetensors'));
  const tuned = await folder.run(['train', 'lm', '--from', 'awd.safetensors', '--input', 'valid.txt', '--split', '1', '--batch', '2', '--bptt', '8', '--steps', '3', '--out', 'awd-tuned.safetensors']); // biome-ignore format: one line
  assert.is(tuned.code, 0, tuned.stderr);
  assert.match(tuned.stderr, /LSTM 2×11 \+ 8/);
  for (const [options, message] of [
    [['--cell', 'mingru'], /--width is for --cell rnn, lstm and gru, --cell is mingru/],
    [['--optimizer', 'sgd'], /--nonmonotone goes with --optimizer ntasgd, not sgd/],
    [['--embedding', '9'], /--width needs --embedding \(9\) to be --hidden \(8\)/],
    [['--softmax', 'sampled', '--level', 'word'], /--optimizer ntasgd averages every row/],
  ] as const) {
    const { code, stderr } = await folder.run([...args, ...options]);
    assert.is(code, 2);
    assert.match(stderr, message);
  }
});

test('the schedule by epochs stays, then falls with each', async () => {
  const made = await folder.run(['train', 'lm', '--input', 'text.txt', ...TINY, '--schedule', 'epochs', '--decay', '0.5', '--decay-after', '2', '--lr', '0.1', '--epochs', '5', '--report-every', '1', '--out', 'e.safetensors', '--json']); // biome-ignore format: one line
  assert.is(made.code, 0, made.stderr);
  const rates = new Map<number, Set<unknown>>();
  for (const { type, step, lr } of jsonLines(made.stdout))
    if (type === 'step') {
      const epoch = Math.floor(((step as number) - 1) / 29);
      rates.set(epoch, (rates.get(epoch) ?? new Set()).add(lr));
    }
  assert.equal(
    [...rates.values()].map(each => [...each]),
    [[0.1], [0.1], [0.05], [0.025], [0.0125]],
  );
});

run();
