/**
 * Breaks one place after another and runs the tests that must fail, in a copy of build/ of its own.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import asc from 'assemblyscript/asc';
import { transformSync } from 'esbuild';
import { type Mutant, mutants, sources } from './mutants.js';
import { key, switched } from './switched.js';

export type Verdict = 'caught' | 'survived' | 'does not compile';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const folder: string = workerData;
const all = mutants().mutants;
mkdirSync(folder);
for (const name of ['dist', 'node_modules', 'package.json', 'test'])
  symlinkSync(root + name, `${folder}/${name}`);
for (const name of ['src', 'test'])
  cpSync(`${root}build/${name}`, `${folder}/build/${name}`, { recursive: true });

const OPTIONS = [
  'index.ts',
  '--outFile',
  'out.wasm',
  '-O0',
  '--noAssert',
  '--uncheckedBehavior',
  'always',
  '--runtime',
  'stub',
  '--importMemory',
  '--enable',
  'simd',
];

/** The bytes of the module, without optimisation (it takes longer than the tests), or nothing. */
async function compile(files: Map<string, string>): Promise<Uint8Array | undefined> {
  let bytes: Uint8Array | undefined;
  const quiet = { write: () => {} };
  const { error } = await asc.main(OPTIONS, {
    readFile: name => files.get('assembly/' + name) ?? null,
    writeFile: (_, contents) => {
      if (typeof contents !== 'string') bytes = contents;
    },
    listFiles: () => [],
    stdout: quiet,
    stderr: quiet,
  });
  return error === null ? bytes : undefined;
}

/** Do the tests pass? One that hangs fails. */
function pass(tests: string[], environment: Record<string, string>): boolean {
  return tests.every(
    test =>
      spawnSync(process.execPath, [`${folder}/build/test/${test}.test.js`], {
        stdio: 'ignore',
        env: { ...process.env, ...environment },
        timeout: 60_000,
      }).status === 0,
  );
}

/** The module with the mutants of one file, compiled once while they follow each other. */
let current: { file: string; numbers: Map<string, number> } | undefined;

async function together(file: string): Promise<Map<string, number>> {
  if (current?.file !== file) {
    const { files, numbers } = switched(all.filter(m => m.file === file));
    const bytes = await compile(files);
    if (bytes) writeFileSync(folder + '/switched.wasm', bytes);
    current = { file, numbers: bytes ? numbers : new Map() };
  }
  return current.numbers;
}

async function judgeKernel(mutant: Mutant): Promise<Verdict> {
  const number = (await together(mutant.file)).get(key(mutant));
  if (number !== undefined) {
    return pass(mutant.judges, {
      THROUGHTIME_KERNELS: folder + '/switched.wasm',
      THROUGHTIME_MUTANT: String(number),
    })
      ? 'survived'
      : 'caught';
  }
  const bytes = await compile(new Map(sources).set(mutant.file, broken(mutant)));
  if (!bytes) return 'does not compile';
  writeFileSync(folder + '/mutant.wasm', bytes);
  return pass(mutant.judges, { THROUGHTIME_KERNELS: folder + '/mutant.wasm' })
    ? 'survived'
    : 'caught';
}

function judgeOp(mutant: Mutant): Verdict {
  const script = `build/${mutant.file.replace(/ts$/, 'js')}`;
  try {
    writeFileSync(
      `${folder}/${script}`,
      transformSync(broken(mutant), { loader: 'ts', target: 'es2022', logLevel: 'silent' }).code,
    );
  } catch {
    return 'does not compile';
  }
  const survived = pass(mutant.judges, {});
  copyFileSync(root + script, `${folder}/${script}`);
  return survived ? 'survived' : 'caught';
}

/** The text of the mutant's file. */
function broken({ file, line, after }: Mutant): string {
  const lines = sources.get(file)!.split('\n');
  lines[line - 1] = after;
  return lines.join('\n');
}

parentPort!.on('message', async (mutant: Mutant) =>
  parentPort!.postMessage(
    mutant.file.startsWith('assembly/') ? await judgeKernel(mutant) : judgeOp(mutant),
  ),
);
