import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { Bench, builds, type Kernels } from '../support/kernels.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('kernels/scalar');
const random = new TestRandom(6);

/** Each function on arguments spread over its useful range, small and large. */
function* calls({
  log64,
  pow64,
  cos64,
  sin64,
}: Kernels): Generator<{ what: string; actual: number; expected: number }> {
  for (const v of random.array(200)) {
    const positive = 10 ** (30 * v);
    const angle = 1e4 * v;
    yield { what: `log ${positive}`, actual: log64(positive), expected: Math.log(positive) };
    yield { what: `pow ${1 + v} 7.3`, actual: pow64(1 + v, 7.3), expected: (1 + v) ** 7.3 };
    yield { what: `cos ${angle}`, actual: cos64(angle), expected: Math.cos(angle) };
    yield { what: `sin ${angle}`, actual: sin64(angle), expected: Math.sin(angle) };
  }
}

for (const build of builds) {
  test(`the module imports nothing but its memory (${build})`, () => {
    const module = new WebAssembly.Module(
      readFileSync(new URL(`../../../dist/kernels/${build}.wasm`, import.meta.url)),
    );
    assert.equal(WebAssembly.Module.imports(module), [
      { module: 'env', name: 'memory', kind: 'memory' },
    ]);
  });

  test(`log64, pow64, cos64 and sin64 agree with Math to 1e-15 (${build})`, () => {
    for (const { what, actual, expected } of calls(new Bench(build).kernels)) {
      assert.ok(
        Math.abs(actual - expected) <= 1e-15 * Math.abs(expected),
        `${what}: ${actual}, expected ${expected}`,
      );
    }
  });

  test(`log64, pow64 and cos64 take the special values of Math (${build})`, () => {
    const { log64, pow64, cos64 } = new Bench(build).kernels;
    assert.equal([log64(0), log64(1), pow64(0, 0), cos64(0)], [-Infinity, 0, 1, 1]);
    assert.ok([log64(-1), pow64(-1, 0.5), cos64(Infinity)].every(Number.isNaN));
  });

  test(`the static tables lie below heap_base, and no kernel touches them (${build})`, () => {
    const bench = new Bench(build);
    const { kernels } = bench;
    const base = kernels.heap_base();
    const bytes = (from: number, to?: number): Uint8Array =>
      new Uint8Array(kernels.memory.buffer).slice(from, to);
    assert.ok(
      bytes(0, base).some(byte => byte !== 0),
      'there are tables',
    );
    assert.ok(
      bytes(base).every(byte => byte === 0),
      'nothing lies at heap_base or above',
    );

    const results = (): number[] =>
      [0.3, -7.7, 123.4].flatMap(v => [
        kernels.pow64(2.5, v),
        kernels.cos64(v),
        kernels.log64(v * v),
      ]);
    const tables = bytes(0, base);
    const before = results();
    const n = 20_003;
    const [x, y, index] = [
      bench.f32(n, random.array(n)),
      bench.f32(n),
      bench.i32(new Int32Array(n)),
    ];
    const transpose = bench.i32([2, 83, 241, 1, 83]);
    for (const name of ['exp', 'log', 'sqrt', 'tanh', 'sigmoid', 'relu'] as const) {
      kernels[`${name}_forward`](y, x, n);
      kernels[`${name}_backward`](y, x, x, n);
    }
    kernels.strided_gather(y, x, transpose);
    kernels.strided_scatter_add(y, x, transpose);
    kernels.max_forward(y, index, x, 1, n, 1);
    kernels.sum_forward(y, x, 1, 1, n);
    kernels.fill(y, n, -1);
    bench.checkCanaries();
    assert.equal(results(), before);
    assert.equal(bytes(0, base), tables);
  });
}

run();
