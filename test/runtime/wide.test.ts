/** 256-bit instructions are taken where a trial shows the same bits in less time, else not. */
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { init, runtimeInfo } from '../../src/index.js';
import { measure, type Trial, tryWide } from '../../src/runtime/wide.js';
import { wide } from '../support/kernels.js';
import { suite } from '../support/suite.js';

const { test, testIf, run } = suite('runtime/wide');

const WHY = 'this engine makes no 256-bit instructions';
const bytes = new Uint8Array(
  readFileSync(new URL('../../../dist/kernels/simd.wasm', import.meta.url)),
);
/** A trial that found these times and results, without and with. */
const found =
  (...[without, withIt]: [Trial, Trial]) =>
  (_: unknown, asked: boolean): Trial =>
    asked ? withIt : without;
const trial = (time: number, ...bits: number[]): Trial => ({ time, bits: new Uint32Array(bits) });

testIf(wide, WHY, 'less time for the same bits: other bytes of the same module', () => {
  const other = tryWide(bytes, found(trial(1, 1, 2), trial(0.6, 1, 2)))!;
  assert.not.equal(other, bytes);
  const exports = (of: BufferSource) => WebAssembly.Module.exports(new WebAssembly.Module(of));
  assert.equal(exports(other), exports(bytes));
});

testIf(wide, WHY, 'as much time, or other bits: without', () => {
  assert.is(tryWide(bytes, found(trial(1, 1, 2), trial(0.9, 1, 2))), null);
  assert.is(tryWide(bytes, found(trial(1, 1, 2), trial(0.5, 1, 3))), null);
});

testIf(wide, WHY, 'the trial itself computes the same, and not zeros', () => {
  const trials: Trial[] = [];
  tryWide(bytes, (...args) => {
    trials.push(measure(...args));
    return trials.at(-1)!;
  });
  assert.equal(trials[1]!.bits, trials[0]!.bits);
  assert.ok(new Set(trials[0]!.bits).size > 1000);
});

test('init takes the outcome, and says it', async () => {
  await init({ wide: 'auto' });
  const { wide: taken } = runtimeInfo();
  assert.type(taken, 'boolean');
  if (!wide) assert.is(taken, false);
});

run();
