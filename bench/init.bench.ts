/** `init()`, each time in a fresh process; with two threads, the start of the second included. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Case } from './case.js';

const script = fileURLToPath(new URL('start.js', import.meta.url));

export default function* (): Generator<Case> {
  for (const threads of [1, 2]) {
    const args = [
      script,
      String(threads),
      ...process.argv.filter(argument => argument === '--cpu'),
    ];
    yield {
      name: `init threads ${threads}`,
      run: () => ({
        overriddenDuration: Number(execFileSync(process.execPath, args, { encoding: 'utf8' })),
      }),
    };
  }
}
