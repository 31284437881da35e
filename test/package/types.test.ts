import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import * as assert from 'uvu/assert';
import { ROOT } from '../support/bundle.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('package/types');

test('publint finds nothing to say', async () => {
  const { messages, pkg } = await publint({ pkgDir: ROOT, strict: true, pack: false });
  assert.equal(messages.map(message => formatMessage(message, pkg)), []);
});

test('the types of every entry are found as its code is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'throughtime-'));
  try {
    execFileSync('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: ROOT, stdio: 'ignore' });
    const args = ['--profile', 'esm-only', '--exclude-entrypoints', 'kernels/simd.wasm', 'kernels/relaxed.wasm', '--format', 'ascii', '--no-emoji', '--no-color'];
    const attw = spawnSync(process.execPath, [`${ROOT}node_modules/@arethetypeswrong/cli/dist/index.js`, join(folder, readdirSync(folder)[0]!), ...args], { encoding: 'utf8' });
    assert.is(attw.status, 0, attw.stdout + attw.stderr);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

run();
