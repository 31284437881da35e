/** Who takes part: the command of a process that talks as serve.mjs says, and its environment. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const file = name => fileURLToPath(new URL(name, import.meta.url));
const node = (name, script, ...args) => ({
  name,
  command: [process.execPath, file(script), ...args],
  env: process.env,
});

/** Debian's PyTorch belongs to /usr/bin/python3, which another python3 may hide. */
function python() {
  const finds = command =>
    spawnSync(command, [
      '-c',
      'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)',
    ]).status === 0;
  return (
    [process.env.PYTHON, 'python3', '/usr/bin/python3'].find(
      command => command && finds(command),
    ) ?? 'python3'
  );
}

/**
 * OPENBLAS_CORETYPE chooses OpenBLAS's kernels (Haswell: AVX2); without it they are the best for
 * the processor. Of threads PyTorch has its own and OpenBLAS others: both at once get into each
 * other's way, so OpenBLAS's alone take part too.
 */
function pytorch() {
  const command = [python(), file('pytorch.py')];
  const { OPENBLAS_CORETYPE, ...rest } = process.env;
  const avx512 =
    existsSync('/proc/cpuinfo') && readFileSync('/proc/cpuinfo', 'utf8').includes(' avx512f ');
  const kinds = avx512
    ? { 'pytorch avx2': { ...rest, OPENBLAS_CORETYPE: 'Haswell' }, pytorch: rest }
    : { pytorch: process.env };
  const settings = {
    '': [1, 1],
    ...(availableParallelism() > 1 ? { ' 2 blas threads': [1, 2], ' 2 threads': [2, 2] } : {}),
  };
  return Object.entries(kinds).flatMap(([kind, env]) =>
    Object.entries(settings).map(([setting, [own, blas]]) => ({
      name: kind + setting,
      command,
      env: { ...env, OMP_NUM_THREADS: `${own}`, OPENBLAS_NUM_THREADS: `${blas}` },
    })),
  );
}

/** With one thread: it always takes part. */
export const ONE_THREAD = 'throughtime';

/**
 * throughtime by the options of its `init`: with two threads where there are cores, and with
 * 256-bit instructions where Node makes them.
 */
function ours() {
  const wide =
    Number.parseInt(process.versions.v8, 10) >= 13 && process.arch === 'x64'
      ? [false, true]
      : [false];
  const threads = availableParallelism() > 1 ? [1, 2] : [1];
  return wide.flatMap(wide =>
    threads.map(threads => ({
      ...node(
        `${ONE_THREAD}${wide ? ' wide' : ''}${threads > 1 ? ` ${threads} threads` : ''}`,
        'throughtime.mjs',
        JSON.stringify({ threads, wide }),
      ),
      ours: true,
    })),
  );
}

export const contestants = () => [
  ...ours(),
  ...pytorch(),
  node('tfjs cpu', 'tfjs.mjs', 'cpu'),
  node('tfjs wasm', 'tfjs.mjs', 'wasm'),
  node('tfjs wasm one-hot', 'tfjs.mjs', 'wasm', 'one-hot'),
  node('brain.js', 'brain.mjs'),
];
