/**
 * Runs every compiled test file (or those whose path contains an argument), each in a process of
 * its own, with this process's options of Node. A file passes only if it exits with 0, has tests,
 * and all of them passed or are skipped by name: uvu alone is silent when a file forgets `.run()`
 * or a hook throws.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter(
    file =>
      file.endsWith('.test.js') &&
      (wanted.length === 0 || wanted.some(part => file.includes(part))),
  )
  .sort()
  .map(file => root + file);

const TIMEOUT_MS = 20 * 60_000;
const sum = { passed: 0, failed: 0, skipped: 0 };
const skipped: string[] = [];
const started = Date.now();

function runFile(file: string): Promise<void> {
  return new Promise(resolve => {
    const begin = Date.now();
    const child = spawn(process.execPath, [...process.execArgv, file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FORCE_COLOR: '0' },
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    let output = '';
    child.stdout.on('data', chunk => (output += chunk));
    child.stderr.on('data', chunk => (output += chunk));
    child.on('close', code => {
      clearTimeout(timer);
      output = stripVTControlCharacters(output);
      const count = (label: string) =>
        Number(new RegExp(`${label}:\\s+(\\d+)`).exec(output)?.[1] ?? 0);
      const total = count('Total');
      const passed = count('Passed');
      const skips = count('Skipped');
      // uvu leaves skipped tests out of its total
      const whole = code === 0 && total + skips > 0 && passed === total;
      sum.passed += passed;
      sum.skipped += skips;
      sum.failed += whole ? 0 : Math.max(1, total - passed);
      for (const line of output.split('\n')) if (line.startsWith('SKIP ')) skipped.push(line);
      const seconds = ((Date.now() - begin) / 1000).toFixed(1);
      console.log(
        `${whole ? 'ok  ' : 'FAIL'} ${relative(root, file)}  ${passed}/${total}  ${seconds} s`,
      );
      if (!whole) console.log(output.replace(/^/gm, '     '));
      resolve();
    });
  });
}

const queue = [...files];
await Promise.all(
  Array.from({ length: Math.min(availableParallelism(), 4) }, async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) await runFile(file);
  }),
);

if (files.length === 0) console.log(`no test file matches ${wanted.join(' ')}`);
if (skipped.length > 0) console.log('\n' + skipped.join('\n'));
console.log(`\n${files.length} files in ${((Date.now() - started) / 1000).toFixed(0)} s`);
console.log(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
process.exitCode = sum.failed > 0 || files.length === 0 ? 1 : 0;
