/** Compiles one mutant after another and runs the tests that must fail. */
import asc from 'assemblyscript/asc';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { type Mutant, sources } from './mutants.js';

export type Verdict = 'caught' | 'survived' | 'does not compile';

const OPTIONS = ['index.ts', '--outFile', 'out.wasm', '-O0', '--noAssert', '--uncheckedBehavior', 'always', '--runtime', 'stub', '--importMemory', '--enable', 'simd'];

/** The bytes of the module, without optimisation (it takes longer than the tests), or nothing. */
async function compile(files: Map<string, string>): Promise<Uint8Array | undefined> {
  let bytes: Uint8Array | undefined;
  const quiet = { write: () => {} };
  const { error } = await asc.main(OPTIONS, {
    readFile: name => files.get(name) ?? null,
    writeFile: (_, contents) => { if (typeof contents !== 'string') bytes = contents; },
    listFiles: () => [],
    stdout: quiet,
    stderr: quiet,
  });
  return error === null ? bytes : undefined;
}

/** Do the kernel tests of `stem` pass with the module in `file`? A test that hangs fails. */
function passes(stem: string, file: string): boolean {
  const test = fileURLToPath(new URL(`../kernels/${stem}.test.js`, import.meta.url));
  return spawnSync(process.execPath, [test], { stdio: 'ignore', env: { ...process.env, THROUGHTIME_KERNELS: file }, timeout: 60_000 }).status === 0;
}

async function judge(mutant: Mutant | { judges: string[] }): Promise<Verdict> {
  const files = new Map(sources);
  if ('file' in mutant) {
    const lines = files.get(mutant.file)!.split('\n');
    lines[mutant.line - 1] = mutant.after;
    files.set(mutant.file, lines.join('\n'));
  }
  const bytes = await compile(files);
  if (!bytes) return 'does not compile';
  writeFileSync(workerData, bytes);
  return mutant.judges.every(stem => passes(stem, workerData)) ? 'survived' : 'caught';
}

parentPort!.on('message', async mutant => parentPort!.postMessage(await judge(mutant)));
