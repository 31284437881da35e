/** A process of its own: modules of kernels that load after `init`. */
import { execFileSync } from 'node:child_process';
import * as assert from 'uvu/assert';
import { suite } from '../support/suite.js';

const { test, run } = suite('runtime/modules');

/** What a program prints: a product of 300 × 400 and 400 × 64, by `init` with these options. */
function print(options: string, meanwhile = ''): { threads: number; sum: number; error?: string } {
  const program = `
    import { readFileSync } from 'node:fs';
    import { init, runtimeInfo, words } from '${new URL('../../src/index.js', import.meta.url)}';
    const compiled = file => new WebAssembly.Module(readFileSync('dist/kernels/' + file));
    await init(${options});
    ${meanwhile}
    const n = 20000;
    const matrix = words.SparseMatrix.fromEntries([300, 400], {
      rows: Array.from({ length: n }, (_, i) => i % 300),
      columns: Array.from({ length: n }, (_, i) => (i * 7919) % 400),
      values: Array.from({ length: n }, (_, i) => i % 97),
    });
    try {
      const y = await matrix.multiply(new Float32Array(400 * 64).fill(1), 64);
      console.log(JSON.stringify({ threads: runtimeInfo().threads, sum: y.reduce((a, b) => a + b) }));
    } catch (error) {
      console.log(JSON.stringify({ error: error.message }));
    }`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      encoding: 'utf8',
      cwd: new URL('../../..', import.meta.url),
    }),
  );
}

/** Sum of the values, once for each of 64 columns. */
const sum = 64 * Array.from({ length: 20000 }, (_, i) => i % 97).reduce((a, b) => a + b);

test('a module loads when it is first used, in one thread and in two', () => {
  for (const threads of [1, 2]) assert.equal(print(`{ threads: ${threads} }`), { threads, sum });
});

test('compiled modules may be given, and the memory is not shared then', () => {
  const modules = "{ words: compiled('words-simd.wasm') }";
  assert.equal(print(`{ threads: 2, modules: ${modules} }`), { threads: 1, sum });
  assert.equal(print(`{ module: compiled('simd.wasm'), modules: ${modules} }`), {
    threads: 1,
    sum,
  });
});

test('where bytes are not compiled, an error says what to give', () => {
  const refusing = `
    WebAssembly.Module = function () { throw new Error('code generation is disallowed'); };`;
  assert.match(
    print('{}', refusing).error!,
    /^words: its kernels do not load: .*disallowed; .*init\(\{ modules: \{ words \} \}\)/,
  );
});

run();
