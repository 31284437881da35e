import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { builds, wide } from '../support/kernels.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('runtime/fallback');

const PROGRAM = `
  import '${new URL('../support/lacking.js', import.meta.url)}';
  const { init, lm, optim, runtimeInfo, text, train } = await import('${new URL('../../src/index.js', import.meta.url)}');
  try {
    await init({ threads: 2, wide: true });
    const vocab = text.Vocab.fromText('to be or not to be', { level: 'char' });
    const model = new lm.RecurrentLM({ vocab, hiddenSize: 8 });
    const trainer = new train.Trainer(model, { optimizer: new optim.Adam(model.namedParameters()), steps: 3 });
    for await (const report of trainer.run(text.columns(vocab.encode('to be or not to be'), { batchSize: 2 }))) void report;
    const { build, threads, wide } = runtimeInfo();
    console.log(JSON.stringify({ build, threads, wide, step: trainer.step }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.message }));
  }`;

/** What a process prints whose engine lacks these features. */
async function without(...features: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', PROGRAM],
    {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { ...process.env, THROUGHTIME_TEST_LACKS: features.join(' ') },
    },
  );
  return JSON.parse(stdout);
}

test('with all features two threads run where two are asked for, with 256-bit instructions where V8 makes them', async () => {
  assert.equal(await without(), { build: builds.at(-1), threads: 2, wide, step: 3 });
});

test('without relaxed SIMD the simd build runs, with 256-bit instructions where V8 makes them', async () => {
  assert.equal(await without('relaxed'), { build: 'simd', threads: 2, wide, step: 3 });
});

test('without SharedArrayBuffer one thread runs, however many are asked for', async () => {
  assert.equal(await without('SharedArrayBuffer'), {
    build: builds.at(-1),
    threads: 1,
    wide,
    step: 3,
  });
});

test("without the way to built-in modules, as in Node before 20.16, the web's streams unpack the builds and one thread runs, with 128 bits", async () => {
  assert.equal(await without('builtins'), {
    build: builds.at(-1),
    threads: 1,
    wide: false,
    step: 3,
  });
});

test('without SIMD one sentence names the oldest engines that do', async () => {
  assert.equal(await without('SIMD'), {
    error:
      'init: this engine has no WebAssembly SIMD; it needs Node 20, Chrome 100, Firefox 113, ' +
      'Safari 16.4 or newer',
  });
});

run();
