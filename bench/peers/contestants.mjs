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

/** OPENBLAS_CORETYPE chooses OpenBLAS's kernels (Haswell: AVX2); without it they are the best for the processor. */
function pytorch() {
  const command = [python(), file('pytorch.py')];
  const { OPENBLAS_CORETYPE, ...rest } = process.env;
  const avx512 = existsSync('/proc/cpuinfo') && readFileSync('/proc/cpuinfo', 'utf8').includes(' avx512f ');
  const one = { OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  const two = { OMP_NUM_THREADS: '2', OPENBLAS_NUM_THREADS: '2' };
  const best = avx512 ? rest : process.env;
  return [
    ...(avx512 ? [{ name: 'pytorch avx2', command, env: { ...rest, ...one, OPENBLAS_CORETYPE: 'Haswell' } }] : []),
    { name: 'pytorch', command, env: { ...best, ...one } },
    ...(availableParallelism() > 1 ? [{ name: 'pytorch 2 threads', command, env: { ...best, ...two } }] : []),
  ];
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
