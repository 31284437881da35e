/**
 * `npm run test:runtimes`: the same small training job in every runtime, as a dependent of the
 * packed package. All must end in the same bytes and write the same text.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { checkBrowser } from './chromium.js';
import { checkNext } from './next.js';
import { check, close, HERE, output, runtime } from './support.js';
import { checkTypes } from './types.js';
import { checkWorkerd } from './workerd.js';

/** The built package, packed, in node_modules: what users get. */
function install() {
  const target = `${HERE}node_modules/throughtime`;
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  const tarball = execFileSync(
    'npm',
    ['pack', '--ignore-scripts', '--silent', '--pack-destination', target],
    { cwd: `${HERE}../..`, encoding: 'utf8' },
  ).trim();
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1'], { cwd: target });
  rmSync(`${target}/${tarball}`);
}

/** What the first runtime printed; all others must print it too. */
let expected;

/** Compares a runtime's result with the first one's. */
function same(result) {
  const { step, sha256, sample } = result;
  assert.equal(step, 200);
  assert.equal(sample.length, 200);
  expected ??= { step, sha256, sample };
  assert.deepEqual({ step, sha256, sample }, expected);
}

install();
rmSync(`${HERE}out`, { recursive: true, force: true });

/** Where each runtime's binary is, and how it runs a file. */
const RUNTIMES = {
  'Node 20, its first release': ['node-20/bin/node'],
  'Node 22': ['node-22/bin/node'],
  'Node 24': ['node-24/bin/node'],
  'the newest Node': ['node-newest/bin/node'],
  Deno: [
    '@deno/linux-x64-glibc/deno',
    'run',
    '--no-remote',
    '--node-modules-dir=manual',
    '--allow-read',
  ],
  Bun: ['@oven/bun-linux-x64/bin/bun', 'run'],
};

for (const [name, [path, ...args]] of Object.entries(RUNTIMES)) {
  await check(name, async () => {
    const { file, version } = await runtime(path);
    same(JSON.parse(await output(file, [...args, 'print.js'])));
    return version;
  });
}

for (const name of ['Node 22', 'the newest Node', 'Deno', 'Bun']) {
  await check(`${name}, with two threads`, async () => {
    const [path, ...args] = RUNTIMES[name];
    const { file } = await runtime(path);
    const result = JSON.parse(await output(file, [...args, 'print.js', '{"threads":2}']));
    same(result);
    assert.equal(result.threads, 2);
  });
}

for (const name of ['Node 24', 'the newest Node']) {
  for (const deterministic of [false, true]) {
    const build = deterministic ? 'simd' : 'relaxed';
    await check(
      `${name} makes 256-bit instructions (${build}), and with them, and two threads, the same bytes`,
      async () => {
        const { file } = await runtime(RUNTIMES[name][0]);
        const [narrow, wide, tried] = await Promise.all(
          [{}, { wide: true, threads: 2 }, { wide: 'auto', threads: 2 }].map(async options =>
            JSON.parse(
              await output(file, ['print.js', JSON.stringify({ deterministic, ...options })]),
            ),
          ),
        );
        assert.deepEqual(wide, { ...narrow, threads: 2, wide: true });
        assert.deepEqual(tried, { ...wide, wide: tried.wide }); // the trial may find no gain
        assert.deepEqual([narrow.build, narrow.wide], [build, false]);
      },
    );
  }
}

await checkWorkerd(same);
await checkBrowser(same);
await checkNext(same);
await checkTypes();

await check('Node 20 has no relaxed SIMD, and init takes the simd build', async () => {
  const { file } = await runtime('node-20/bin/node');
  assert.deepEqual(JSON.parse(await output(file, ['build.js'])), {
    build: 'simd',
    threads: 1,
    step: 3,
  });
});

await check('Node 24 has it, and init takes the relaxed build', async () => {
  const { file } = await runtime('node-24/bin/node');
  assert.deepEqual(JSON.parse(await output(file, ['build.js'])), {
    build: 'relaxed',
    threads: 1,
    step: 3,
  });
});

for (const name of ['Node 22', 'the newest Node']) {
  await check(`CommonJS can require the package in ${name}`, async () => {
    const { file } = await runtime(RUNTIMES[name][0]);
    assert.deepEqual(JSON.parse(await output(file, ['require.cjs'])), {
      build: 'simd',
      kind: 'lm.recurrent',
    });
  });
}

if (expected) console.log(`\n${expected.sha256}\n${expected.sample}`);
close();
