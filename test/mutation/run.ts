/**
 * The mutation check: what computes or applies gradients is broken in one place after the other;
 * its tests must fail each time.
 *
 *   npm run test:mutation                  all
 *   npm run test:mutation -- lstm          the files of one stem
 *   npm run test:mutation -- src/ops       the files whose path begins so
 *   npm run test:mutation -- --list        the mutants, nothing run
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Mutant, mutants } from './mutants.js';
import type { Verdict } from './worker.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { list: { type: 'boolean' } },
});
const { mutants: all, equivalent, stale } = mutants();
const chosen =
  positionals.length > 0
    ? all.filter(m =>
        positionals.some(part => part === basename(m.file, '.ts') || m.file.startsWith(part)),
      )
    : all;
const describe = (m: Mutant) => `${m.file}:${m.line}  ${m.within}\n    ${m.before}\n  → ${m.after}`;

if (values.list) {
  for (const mutant of chosen) console.log(describe(mutant));
  console.log(`${chosen.length} mutants`);
} else {
  const folder = mkdtempSync(join(tmpdir(), 'throughtime-'));
  const workers = Array.from(
    { length: Math.min(availableParallelism(), 4) },
    (_, n) =>
      new Worker(new URL('worker.js', import.meta.url), { workerData: join(folder, `${n}`) }),
  );
  const ask = (worker: Worker, mutant: Mutant) =>
    new Promise<Verdict>((resolve, reject) => {
      worker.removeAllListeners();
      worker.once('message', resolve).once('error', reject).postMessage(mutant);
    });
  try {
    process.exitCode = await check(workers, ask);
  } finally {
    for (const worker of workers) await worker.terminate();
    rmSync(folder, { recursive: true });
  }
}

async function check(
  workers: Worker[],
  ask: (worker: Worker, mutant: Mutant) => Promise<Verdict>,
): Promise<number> {
  for (const folder of ['assembly/', 'src/']) {
    const [first, ...rest] = chosen.filter(m => m.file.startsWith(folder));
    if (!first) continue;
    const unbroken = {
      ...first,
      after: first.before,
      judges: [...new Set([first, ...rest].flatMap(m => m.judges))],
    };
    if ((await ask(workers[0]!, unbroken)) !== 'survived')
      throw new Error(`the tests ${unbroken.judges.join(', ')} must pass with ${folder} as it is`);
  }
  const count = { caught: 0, survived: 0, 'does not compile': 0 };
  const files = new Map<string, typeof count>();
  const queue = [...chosen];
  let done = 0;
  await Promise.all(
    workers.map(async worker => {
      for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
        const verdict = await ask(worker, mutant);
        count[verdict]++;
        const ofFile = files.get(mutant.file) ?? { caught: 0, survived: 0, 'does not compile': 0 };
        files.set(mutant.file, ofFile);
        ofFile[verdict]++;
        if (verdict === 'survived') console.log(`survived  ${describe(mutant)}`);
        if (++done % 50 === 0) console.log(`${done} of ${chosen.length}`);
      }
    }),
  );
  console.log();
  for (const [file, { caught, survived }] of files)
    console.log(`${file.padEnd(26)} ${caught} of ${caught + survived} caught`);
  for (const { file, within, after } of stale)
    console.log(`equivalent.ts names a mutant that is none: ${file}, ${within}: ${after}`);
  console.log(
    `\n${count['does not compile']} do not compile, ${equivalent} are equivalent ` +
      '(test/mutation/equivalent.ts)',
  );
  console.log(
    `${count.caught + count.survived} mutants, ${count.caught} caught, ${count.survived} survived`,
  );
  return count.survived > 0 || stale.length > 0 || chosen.length === 0 ? 1 : 0;
}
