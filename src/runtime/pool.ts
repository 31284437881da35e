/**
 * Threads. The kernels' work is shared out by rows of the output, never by partial sums, so results are the same bits for one
 * thread and for many. This thread takes the first share itself; each worker waits on the shared memory, calls the kernel it is
 * told, and says so.
 *
 *   control, one line per worker:  i32 [turn, done, failed, kernel, arguments]   f64 [arguments]
 *
 * A worker has an instance of its own on the same memory. Instantiating writes the static tables again, with the same bytes.
 */
import { allocate, buffer } from './arena.js';
import { builtin } from './builtin.js';
import type { Kernels } from './kernels.js';
import { shares } from './shares.js';

const LINE = 256; // bytes: 5 i32, up to 28 f64
/** How often a waiting thread looks before it sleeps: some tens of µs, longer than JavaScript between two kernels of a step takes. */
const SPINS = 20_000;

interface Start {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** Address of this worker's line. */
  line: number;
  names: string[];
  spins: number;
}

/** What a worker runs; its source text is the worker's script, so it uses nothing from outside. */
function serve({ module, memory, line, names, spins }: Start, ready: () => void): void {
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as Record<string, (...values: number[]) => number>;
  const kernels = names.map(name => exports[name]!);
  const flags = new Int32Array(memory.buffer, line, 5);
  const values = new Float64Array(memory.buffer, line + 32, 28);
  let turn = 0;
  ready();
  for (;;) {
    for (let i = 0; i < spins && Atomics.load(flags, 0) === turn; i++);
    Atomics.wait(flags, 0, turn);
    turn = Atomics.load(flags, 0);
    try {
      kernels[flags[3]!]!(...values.subarray(0, flags[4]));
    } catch {
      flags[2] = 1;
    }
    Atomics.store(flags, 1, turn);
    Atomics.notify(flags, 1);
  }
}

/** What is used of Node's worker_threads, which only Node has. */
interface NodeThreads {
  Worker: new (source: string, options: { eval: true; workerData: Start }) => {
    once(event: 'message' | 'error', listener: (value: unknown) => void): void;
    unref(): void;
  };
}

/** Starts one worker; resolves when it listens. */
function startWorker(start: Start): Promise<void> {
  const node = builtin<NodeThreads>('node:worker_threads');
  if (node) {
    const source = `const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads'); (${serve})(workerData, () => parentPort.postMessage(0));`;
    const worker = new node.Worker(source, { eval: true, workerData: start });
    return new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', () => {
        worker.unref(); // it does not keep the process alive
        resolve();
      });
    });
  }
  const source = `onmessage = ({ data }) => (${serve})(data, () => postMessage(0));`;
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
  return new Promise((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = event => reject(new Error(`init: a thread did not start: ${event.message}`));
    worker.postMessage(start);
  });
}

/** Whether this runtime has threads that this thread may wait for: Node, or a Worker of a cross-origin-isolated page. */
export function hasThreads(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return false;
  if (builtin('node:worker_threads')) return true;
  const { WorkerGlobalScope, crossOriginIsolated } = globalThis as { WorkerGlobalScope?: unknown; crossOriginIsolated?: boolean };
  return WorkerGlobalScope !== undefined && crossOriginIsolated === true && typeof Worker === 'function';
}

/** How many threads this machine runs at once. */
export function availableThreads(): number {
  const os = builtin<{ availableParallelism(): number }>('node:os');
  return os?.availableParallelism() ?? (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator?.hardwareConcurrency ?? 1;
}

/** The same kernels, their work shared among `threads` threads. */
export async function startPool(kernels: Kernels, module: WebAssembly.Module, memory: WebAssembly.Memory, threads: number): Promise<Kernels> {
  const names = WebAssembly.Module.exports(module).filter(({ kind }) => kind === 'function').map(({ name }) => name);
  const control = allocate(LINE * (threads - 1));
  const lines = Array.from({ length: threads - 1 }, (_, i) => control + LINE * i);
  await Promise.all(lines.map(line => startWorker({ module, memory, line, names, spins: SPINS })));
  const flags = lines.map(line => new Int32Array(buffer(), line, 5)); // the shared memory grows without moving
  const values = lines.map(line => new Float64Array(buffer(), line + 32, 28));

  /** Waits for a worker's share; whether it failed. */
  const wait = (worker: number): boolean => {
    const line = flags[worker]!;
    const turn = line[0]!;
    for (let i = 0; i < SPINS && Atomics.load(line, 1) !== turn; i++);
    for (let done = Atomics.load(line, 1); done !== turn; done = Atomics.load(line, 1)) Atomics.wait(line, 1, done);
    const failed = line[2] !== 0;
    line[2] = 0;
    return failed;
  };

  /** Calls a kernel with each share's arguments, one in this thread. */
  const run = (name: keyof Kernels, parts: number[][]): void => {
    const kernel = names.indexOf(name);
    for (let worker = 0; worker < parts.length - 1; worker++) {
      const line = flags[worker]!;
      const list = parts[worker + 1]!;
      line[3] = kernel;
      line[4] = list.length;
      values[worker]!.set(list);
      Atomics.add(line, 0, 1);
      Atomics.notify(line, 0);
    }
    let failed = false;
    try {
      (kernels[name] as (...list: number[]) => void)(...parts[0]!);
    } finally {
      for (let worker = 0; worker < parts.length - 1; worker++) if (wait(worker)) failed = true;
    }
    if (failed) throw new Error(`throughtime: the kernel ${name} failed in a thread`);
  };
  return { ...kernels, ...shares(kernels, threads, run) };
}
