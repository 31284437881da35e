/** The built package in hosts that lack something, lie about what they have, or load it twice. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as assert from 'uvu/assert';
import { ROOT } from '../support/bundle.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('package/hosts');

const INDEX = `${ROOT}dist/index.js`;

/** Runs a module in a process of its own; what it prints. */
async function print(source: string, ...options: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...options,
    '--no-warnings',
    '--input-type=module',
    '--eval',
    source,
  ]);
  return stdout.trim();
}

/** A step of training, and what ran it. */
const STEP = `
  const p = new m.Parameter([2, 64]);
  p.set(Float32Array.from({ length: 128 }, (_, i) => i / 128));
  m.scope(() => m.ops.sum(m.ops.mul(p, p)).backward());
  console.log(p.grad[127], m.runtimeInfo().threads);`;
const SUM = '1.984375 1';

test('importing does nothing: not with frozen intrinsics, not where TextDecoder or WebAssembly are missing', async () => {
  const all = ['nn', 'lm', 'ops', 'optim', 'text', 'train', 'io'].map(
    room => `${ROOT}dist/${room}/index.js`,
  );
  const imports = [INDEX, ...all].map(file => `await import('${file}');`).join('\n');
  assert.is(
    await print(
      `const m = await import('${INDEX}'); await m.init(); ${STEP}`,
      '--frozen-intrinsics',
    ),
    SUM,
  );
  assert.match(
    await print(`
      for (const name of ['TextDecoder', 'TextEncoder', 'WebAssembly', 'Worker', 'performance'])
        delete globalThis[name];
      ${imports}
      const m = await import('${INDEX}');
      await m.init().catch(error => console.log(error.message));`),
    /^init: this engine has no WebAssembly SIMD; it needs Node 20/,
  );
});

test('a host is asked by trying: a stub of getBuiltinModule that throws is none', async () => {
  for (const stub of ['() => { throw new Error("not in this runtime"); }', '() => undefined'])
    assert.is(
      await print(`
        process.getBuiltinModule = ${stub};
        const m = await import('${INDEX}');
        await m.init({ threads: 2 });
        ${STEP}`),
      SUM,
    );
});

test('a module that another realm compiled is one', async () => {
  assert.is(
    await print(`
      import { readFileSync } from 'node:fs';
      import { runInNewContext } from 'node:vm';
      const bytes = readFileSync('${ROOT}dist/kernels/simd.wasm');
      const module = runInNewContext('new WebAssembly.Module(bytes)', { bytes });
      if (module instanceof WebAssembly.Module) throw new Error('it is of this realm');
      const m = await import('${INDEX}');
      await m.init({ module });
      ${STEP}`),
    SUM,
  );
});

/** Replaces Node's worker threads by ones whose script \`edit\` has changed. */
const workers = (edit: string): string => `
  import threads from 'node:worker_threads';
  const { Worker } = threads;
  threads.Worker = class extends Worker {
    constructor(source, options) { super((${edit})(source), options); }
  };
  process.getBuiltinModule ??= name => ({ 'node:worker_threads': threads })[name];
  const { getBuiltinModule } = process;
  process.getBuiltinModule = name => name === 'node:worker_threads' ? threads : getBuiltinModule(name);`;

test('a runtime that refuses to start workers computes in one thread', async () => {
  for (const edit of ['() => { throw new Error("no workers here"); }', '() => "process.exit()"'])
    assert.is(
      await print(`
        ${workers(edit)}
        const m = await import('${INDEX}');
        await m.init({ threads: 2 });
        ${STEP}`),
      SUM,
    );
});

/** A worker that has taken a share leaves instead of calling the kernel. */
const DIE = String.raw`source => source.replace(/\w+\[flags\[KERNEL\]\]/, 'process.exit(), $&')`;

test('a worker that dies while it holds a share ends the step with an error, and nothing hangs', async () => {
  const said = await print(`
    ${workers(DIE)}
    const m = await import('${INDEX}');
    await m.init({ threads: 2 });
    const x = m.zeros([512, 512]), w = new m.Parameter([512, 512]);
    w.set(new Float32Array(512 * 512).fill(1));
    x.set(new Float32Array(512 * 512).fill(1));
    const step = () => m.infer(() => m.ops.linear(x, w).toArray().every(y => y === 512));
    console.log(m.runtimeInfo().threads);
    for (let i = 0; i < 200; i++)
      try {
        if (!step()) console.log('wrong');
      } catch (error) {
        console.log(error.message);
      }
    console.log(step());
    process.exit();`);
  const lines = said.split('\n');
  assert.is(lines[0], '2');
  assert.is(lines.at(-1), 'true', 'later steps are right');
  assert.is(lines.length, 3, said);
  assert.match(lines[1]!, /^throughtime: a thread died while it computed \w+; the step is lost/);
});

test('two copies of the package refuse each other’s tensors and modules', async () => {
  const other = mkdtempSync(join(tmpdir(), 'throughtime-copy-'));
  mkdirSync(join(other, 'dist'));
  cpSync(`${ROOT}dist`, join(other, 'dist'), { recursive: true });
  cpSync(`${ROOT}package.json`, join(other, 'package.json'));
  const said = await print(`
    const a = await import('${INDEX}');
    const b = await import('${other}/dist/index.js');
    await a.init();
    await b.init();
    const p = new a.Parameter([3]), q = new b.Parameter([3]);
    class Model extends a.nn.Module { layer = new b.nn.Linear(1, 1); }
    class Bare extends a.nn.Module { scale = q; }
    const attempts = [
      () => a.scope(() => a.ops.mul(p, q)),
      () => a.infer(() => a.ops.relu(q)),
      () => a.infer(() => a.ops.reshape(q, [3])),
      () => p.copyFrom(q),
      () => new Model().parameters(),
      () => new Bare().stateDict(),
    ];
    for (const attempt of attempts)
      try { attempt(); console.log('taken'); } catch (error) { console.log(error.name, error.message); }
    a.scope(() => a.ops.sum(a.ops.mul(p, p)).backward());
    b.scope(() => b.ops.sum(b.ops.mul(q, q)).backward());`);
  rmSync(other, { recursive: true });
  for (const line of said.split('\n'))
    assert.match(
      line,
      /^TypeError throughtime: (a tensor|the field "\w+") of another copy of the package is used/,
    );
  assert.is(said.split('\n').length, 6);
});

run();
