import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import * as assert from 'uvu/assert';
import { ROOT } from '../support/bundle.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('package/types');

/** Every entry, and a trainer whose model keeps its type. */
const APP = `
  import { init, runtimeInfo, type Tensor } from 'throughtime';
  import { readModel } from 'throughtime/io';
  import { RecurrentLM } from 'throughtime/lm';
  import { LSTM } from 'throughtime/nn';
  import { readText } from 'throughtime/node';
  import * as ops from 'throughtime/ops';
  import { Adam, cosine } from 'throughtime/optim';
  import { columns, Vocab } from 'throughtime/text';
  import { Trainer, type Report } from 'throughtime/train';

  await init({ deterministic: true });
  const corpus: string = await readText('corpus.txt', 'the text');
  const vocab = Vocab.fromText(corpus, { level: 'char' });
  const make = (model: RecurrentLM) => new Trainer(model, { optimizer: new Adam(model.namedParameters()), schedule: cosine(), steps: 10 });
  const trainer = Trainer.load(make(new RecurrentLM({ vocab })).save(), file => make(RecurrentLM.from(file)));
  for await (const report of trainer.run(columns(vocab.encode(corpus), { batchSize: 8 }))) {
    const kind: Report['type'] = report.type;
    console.log(kind, runtimeInfo().build);
  }
  for await (const piece of trainer.model.sample({ length: 9 })) piece.trim();
  const y: Tensor = new LSTM(2, 3).forward(ops.add(1, 2)).output;
  console.log(y.shape, readModel(trainer.save()).kind);
`;

/** A folder that has the packed package in node_modules. */
const folder = mkdtempSync(join(tmpdir(), 'throughtime-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
const tarball = join(
  folder,
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
    cwd: ROOT,
    encoding: 'utf8',
  }).trim(),
);
mkdirSync(join(folder, 'node_modules/throughtime'), { recursive: true });
execFileSync('tar', [
  '-xzf',
  tarball,
  '-C',
  join(folder, 'node_modules/throughtime'),
  '--strip-components=1',
]);

test('publint finds nothing to say', async () => {
  const { messages, pkg } = await publint({ pkgDir: ROOT, strict: true, pack: false });
  assert.equal(
    messages.map(message => formatMessage(message, pkg)),
    [],
  );
});

test('the types of every entry are found as its code is', () => {
  const args = [
    '--profile',
    'esm-only',
    '--exclude-entrypoints',
    'kernels/simd.wasm',
    'kernels/relaxed.wasm',
    'kernels/words-simd.wasm',
    'kernels/words-relaxed.wasm',
    'kernels/cells-simd.wasm',
    'kernels/cells-relaxed.wasm',
    'kernels/tasks-simd.wasm',
    'kernels/tasks-relaxed.wasm',
    '--format',
    'ascii',
    '--no-emoji',
    '--no-color',
  ];
  const attw = spawnSync(
    process.execPath,
    [`${ROOT}node_modules/@arethetypeswrong/cli/dist/index.js`, tarball, ...args],
    { encoding: 'utf8' },
  );
  assert.is(attw.status, 0, attw.stdout + attw.stderr);
});

for (const moduleResolution of ['nodenext', 'bundler']) {
  test(`an app in strict TypeScript compiles, the declarations with it (moduleResolution ${moduleResolution})`, () => {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'app.ts'), APP);
    const module = moduleResolution === 'bundler' ? 'esnext' : 'nodenext';
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      target: 'es2022',
      lib: ['es2022', 'dom', 'dom.iterable'],
      types: [],
      module,
      moduleResolution,
    };
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ compilerOptions, files: ['app.ts'] }),
    );
    const tsc = spawnSync(
      process.execPath,
      [`${ROOT}node_modules/typescript/bin/tsc`, '--project', folder],
      { encoding: 'utf8' },
    );
    assert.is(tsc.status, 0, tsc.stdout + tsc.stderr);
  });
}

run();
