/** Who takes part: the command of a process that talks as serve.mjs says, and its environment. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const file = name => fileURLToPath(new URL(name, import.meta.url));
const node = (name, script, ...args) => ({ name, command: [process.execPath, file(script), ...args], env: process.env });

/** Debian's PyTorch belongs to /usr/bin/python3, which another python3 may hide. */
function python() {
  const finds = command => spawnSync(command, ['-c', 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)']).status === 0;
  return [process.env.PYTHON, 'python3', '/usr/bin/python3'].find(command => command && finds(command)) ?? 'python3';
}

/**
 * OPENBLAS_CORETYPE chooses OpenBLAS's kernels (Haswell: AVX2); without it they are the best for the processor. Of threads PyTorch has its own and
 * OpenBLAS others: both at once get into each other's way, so OpenBLAS's alone take part too.
 */
function pytorch() {
  const command = [python(), file('pytorch.py')];
  const { OPENBLAS_CORETYPE, ...rest } = process.env;
  const avx512 = existsSync('/proc/cpuinfo') && readFileSync('/proc/cpuinfo', 'utf8').includes(' avx512f ');
  const kinds = avx512 ? { 'pytorch avx2': { ...rest, OPENBLAS_CORETYPE: 'Haswell' }, pytorch: rest } : { pytorch: process.env };
  const settings = { '': [1, 1], ...(availableParallelism() > 1 ? { ' 2 blas threads': [1, 2], ' 2 threads': [2, 2] } : {}) };
  return Object.entries(kinds).flatMap(([kind, env]) => Object.entries(settings).map(([setting, [own, blas]]) => (
    { name: kind + setting, command, env: { ...env, OMP_NUM_THREADS: `${own}`, OPENBLAS_NUM_THREADS: `${blas}` } })));
}

export const ONE_THREAD = 'throughtime';
export const TWO_THREADS = 'throughtime 2 threads';

export const contestants = () => [
  node(ONE_THREAD, 'throughtime.mjs', '1'),
  ...(availableParallelism() > 1 ? [node(TWO_THREADS, 'throughtime.mjs', '2')] : []),
  ...pytorch(),
  node('tfjs cpu', 'tfjs.mjs', 'cpu'),
  node('tfjs wasm', 'tfjs.mjs', 'wasm'),
  node('tfjs wasm one-hot', 'tfjs.mjs', 'wasm', 'one-hot'),
  node('brain.js', 'brain.mjs'),
];
