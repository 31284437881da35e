/** A process of its own: `init` with a compiled module. */
import { readFileSync } from 'node:fs';
import { init, ops, runtimeInfo, scope, tensor } from '../../src/index.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('init with a module');

test('what is no kernel module fails, and a later init works', async () => {
  const empty = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
  let failed = false;
  await init({ module: empty }).catch(() => (failed = true));
  if (!failed) throw new Error('an empty module was taken');
});

test('init takes a compiled module of dist/kernels', async () => {
  await init({
    module: await WebAssembly.compile(
      readFileSync(new URL('../../../dist/kernels/simd.wasm', import.meta.url)),
    ),
  });
  if (runtimeInfo().build !== 'given') throw new Error(runtimeInfo().build);
  const y = scope(() => ops.sum(ops.exp(tensor([0, 0]))).item());
  if (y !== 2) throw new Error(`exp(0) + exp(0) = ${y}`);
});

run();
