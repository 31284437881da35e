/** Each number of threads in a process of its own: a process has one runtime. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { init, lm, optim, runtimeInfo, text, train } from '../../src/index.js';
import { allocate } from '../../src/runtime/arena.js';
import { kernels } from '../../src/runtime/kernels.js';
import { scratch } from '../../src/runtime/scratch.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('runtime/threads');

const script = fileURLToPath(new URL('../support/threads.js', import.meta.url));
const runJob = (threads: string): { threads: number; hash: string } =>
  JSON.parse(
    execFileSync(process.execPath, [script, threads], { encoding: 'utf8', timeout: 120_000 }),
  );

test('any number of threads gives the same bytes, and none keeps the process alive', () => {
  const one = runJob('1');
  assert.is(one.threads, 1);
  for (const threads of [2, 3]) assert.equal(runJob(String(threads)), { threads, hash: one.hash });
});

test('a number of threads that is none is refused', async () => {
  for (const threads of [0, -1, 1.5, NaN, 1000]) {
    try {
      await init({ threads });
      assert.unreachable();
    } catch (error) {
      assert.match(
        (error as Error).message,
        /init: threads is .*expected a whole number from 1 to 256, or 'auto'/,
      );
    }
  }
});

test('a kernel that fails in a thread fails the call, and the next one works', async () => {
  await init({ threads: 2, deterministic: true });
  assert.is(runtimeInfo().threads, 2);
  const [N, I, O] = [128, 128, 512];
  const y = allocate(4 * N * O);
  const w = allocate(4 * O * I);
  const end = runtimeInfo().memory.total;
  const x = end - 4 * (N / 2) * I; // the first share's rows are the memory's last, the second's lie beyond it
  const messages = new Set<string>();
  const fail = (address: number): void => {
    try {
      kernels.linear_forward(y, address, w, 0, scratch(), N, I, O);
      assert.unreachable();
    } catch (error) {
      messages.add((error as Error).message);
    }
  };
  const inThread = 'throughtime: the kernel linear_forward failed in a thread';
  // it fails here where this thread took the share back
  for (let tries = 0; tries < 10_000 && !messages.has(inThread); tries++) fail(x);
  assert.ok(messages.has(inThread));
  fail(end);
  for (const message of messages) if (message !== inThread) assert.match(message, /out of bounds/);
  const model = new lm.RecurrentLM({
    vocab: text.Vocab.fromText('ab', { level: 'char' }),
    hiddenSize: 64,
  });
  const trainer = new train.Trainer(model, {
    optimizer: new optim.Adam(model.parameters()),
    steps: 3,
    bptt: 16,
  });
  const reports: train.Report[] = [];
  for await (const report of trainer.run(
    text.columns(
      Int32Array.from({ length: 1000 }, (_, i) => i % 2),
      { batchSize: 16 },
    ),
  ))
    reports.push(report);
  assert.is(reports.at(-1)!.step, 3);
});

run();
