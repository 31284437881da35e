/**
 * Threads. The kernels' work is shared out by rows of the output, never by partial sums, so results
 * are the same bits for one thread and for many. This thread does the first share itself and offers
 * each worker one; a worker takes it, calls the kernel named there, and marks it done. What no
 * worker has taken when this thread is through, because they slept or their cores were busy, it
 * takes back and does too: nobody waits for a thread that has not begun.
 *
 *   control, one line per worker:
 *     i32 [offered, taken, done, failed, kernel, arguments]   f64 [arguments]
 *
 * Offers are numbered: whoever raises `taken` to the number of the last one has the share. A worker
 * has an instance of its own on the same memory. Instantiating writes the static tables again, with
 * the same bytes.
 */
import { allocate, buffer, free, u8 } from './arena.js';
import { builtin } from './builtin.js';
import type { Tile } from './engine.js';
import type { Kernels } from './kernels.js';
import { type Cut, type Exports, type Kernel, shares, sharesOf } from './shares.js';

const LINE = 256; // bytes: 6 i32, up to 28 f64
const AT = { OFFERED: 0, TAKEN: 1, DONE: 2, FAILED: 3, KERNEL: 4, COUNT: 5 } as const;
/**
 * How often a waiting thread looks before it sleeps: some 100 µs, longer than JavaScript between
 * two kernels of a step takes.
 */
const SPINS = 20_000;

interface Start {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  tile: Tile;
  /** Address of this worker's line. */
  line: number;
  spins: number;
  at: typeof AT;
}

/** What a worker runs; its source text is the worker's script, so it uses nothing from outside. */
function serve({ module, memory, tile, line, spins, at }: Start, ready: () => void): void {
  type Kernels = Record<string, (...values: number[]) => number>;
  const load = (module: WebAssembly.Module): Kernels =>
    new WebAssembly.Instance(module, { env: { memory } }).exports as Kernels;
  const functions = (exports: Kernels) =>
    Object.values(exports).filter(each => typeof each === 'function');
  const engine = load(module);
  engine['gemm_tile']!(...tile);
  const kernels = functions(engine);
  const { OFFERED, TAKEN, DONE, FAILED, KERNEL, COUNT } = at;
  const flags = new Int32Array(memory.buffer, line, 6);
  const values = new Float64Array(memory.buffer, line + 32, 28);
  let turn = 0;
  ready();
  for (;;) {
    for (let i = 0; i < spins && Atomics.load(flags, OFFERED) === turn; i++);
    Atomics.wait(flags, OFFERED, turn);
    turn = Atomics.load(flags, OFFERED);
    if (Atomics.compareExchange(flags, TAKEN, (turn - 1) | 0, turn) !== ((turn - 1) | 0)) continue;
    try {
      if (flags[KERNEL]! < 0) {
        // another module: its bytes begin at values[0], and are values[1]
        const bytes = new Uint8Array(memory.buffer, values[0], values[1]).slice();
        kernels.push(...functions(load(new WebAssembly.Module(bytes as BufferSource))));
      } else kernels[flags[KERNEL]!]!(...values.subarray(0, flags[COUNT]));
    } catch {
      flags[FAILED] = 1;
    }
    Atomics.store(flags, DONE, turn);
    Atomics.notify(flags, DONE);
  }
}

/** The part of Node's worker_threads that the pool uses; other hosts have no such module. */
interface NodeThreads {
  Worker: new (
    source: string,
    options: { eval: true; workerData: Start },
  ) => {
    once(event: 'message' | 'error' | 'exit', listener: (value: unknown) => void): void;
    unref(): void;
  };
}

/** A worker that has not answered by then does not start. */
const START_MS = 10_000;
/**
 * A share that was taken is waited for as long as this, and as 20 times what the caller's own share
 * took: then its worker is dead.
 */
const DEAD_MS = 10_000;

/** Starts one worker; resolves when it listens, rejects when it does not. */
async function startWorker(start: Start): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('a thread did not answer')), START_MS);
  });
  try {
    await Promise.race([launch(start), silence]);
  } finally {
    clearTimeout(timer);
  }
}

async function launch(start: Start): Promise<void> {
  const node = builtin<NodeThreads>('node:worker_threads');
  if (node) {
    const source = `const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads'); (${serve})(workerData, () => parentPort.postMessage(0));`;
    const worker = new node.Worker(source, { eval: true, workerData: start });
    return new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', reject);
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

/**
 * Whether this runtime has threads that this thread may wait for: Node, or a Worker of a
 * cross-origin-isolated page.
 */
export function hasThreads(): boolean {
  if (typeof SharedArrayBuffer === 'undefined') return false;
  if (builtin('node:worker_threads')) return true;
  const { WorkerGlobalScope, crossOriginIsolated } = globalThis as {
    WorkerGlobalScope?: unknown;
    crossOriginIsolated?: boolean;
  };
  return (
    WorkerGlobalScope !== undefined && crossOriginIsolated === true && typeof Worker === 'function'
  );
}

/** How many threads this machine runs at once. */
export function availableThreads(): number {
  const os = builtin<{ availableParallelism(): number }>('node:os');
  return (
    os?.availableParallelism() ??
    (globalThis as { navigator?: { hardwareConcurrency?: number } }).navigator
      ?.hardwareConcurrency ??
    1
  );
}

/** Threads that share the work of kernels. */
export interface Pool {
  /** The engine's kernels, whose work is shared. */
  readonly kernels: Kernels;
  /**
   * Another module on the same memory, which the workers compile too.
   *
   * @param bytes the module, importing a shared memory
   * @param exports its instance in this thread
   * @returns its kernels, whose work is shared
   */
  add(bytes: Uint8Array, exports: Exports, cuts: Readonly<Record<string, Cut>>): Exports;
}

/** Kernel number that tells a worker to load another module. */
const LOAD = -1;

/** Starts workers, so that `threads` threads share the kernels' work. */
export async function startPool(
  kernels: Kernels,
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  tile: Tile,
  threads: number,
): Promise<Pool> {
  const own = kernels as unknown as Exports;
  const names = functionsOf(own);
  const control = allocate(LINE * (threads - 1));
  const lines = Array.from({ length: threads - 1 }, (_, i) => control + LINE * i);
  await Promise.all(
    lines.map(line => startWorker({ module, memory, tile, line, spins: SPINS, at: AT })),
  );
  const { OFFERED, TAKEN, DONE, FAILED, KERNEL, COUNT } = AT;
  // the shared memory grows without moving
  const flags = lines.map(line => new Int32Array(buffer(), line, 6));
  const values = lines.map(line => new Float64Array(buffer(), line + 32, 28));

  const offer = (worker: number, kernel: number, list: number[]): void => {
    const line = flags[worker]!;
    line[KERNEL] = kernel;
    line[COUNT] = list.length;
    values[worker]!.set(list);
    Atomics.add(line, OFFERED, 1);
    Atomics.notify(line, OFFERED);
  };

  /** Takes a share back that its worker has not taken; whether so. */
  const takeBack = (worker: number): boolean => {
    const line = flags[worker]!;
    const turn = line[OFFERED]!;
    if (Atomics.compareExchange(line, TAKEN, (turn - 1) | 0, turn) === turn) return false;
    line[DONE] = turn;
    return true;
  };

  /** Waits for a share that was taken; what became of it, where it is not done. */
  const wait = (worker: number, own: number): 'failed' | 'died' | null => {
    const line = flags[worker]!;
    const turn = line[OFFERED]!;
    for (let i = 0; i < SPINS && Atomics.load(line, DONE) !== turn; i++);
    const began = performance.now();
    for (let done = Atomics.load(line, DONE); done !== turn; done = Atomics.load(line, DONE)) {
      Atomics.wait(line, DONE, done, 1000);
      if (performance.now() - began > DEAD_MS + 20 * own && Atomics.load(line, DONE) !== turn) {
        line[DONE] = turn; // it takes nothing any more: this thread takes its shares back
        return 'died';
      }
    }
    const failed = line[FAILED] !== 0;
    line[FAILED] = 0;
    return failed ? 'failed' : null;
  };

  /** Calls a kernel with each share's arguments, the first in this thread. */
  const run = (name: string, index: number, kernel: Kernel, parts: number[][]): void => {
    const [first, ...rest] = parts as [number[], ...number[][]];
    rest.forEach((list, worker) => offer(worker, index, list));
    let fate: ReturnType<typeof wait> = null;
    const began = performance.now();
    let own = 0;
    try {
      kernel(...first);
      own = performance.now() - began;
      rest.forEach((list, worker) => takeBack(worker) && kernel(...list));
    } finally {
      for (const worker of rest.keys()) {
        takeBack(worker); // where this thread failed
        fate = wait(worker, own) ?? fate;
      }
    }
    if (fate === 'failed') throw new Error(`throughtime: the kernel ${name} failed in a thread`);
    if (fate === 'died')
      throw new Error(
        `throughtime: a thread died while it computed ${name}; the step is lost, go on from the ` +
          'last checkpoint',
      );
  };

  let alone = false; // a worker could not load a module: this thread does the work of all modules
  return {
    kernels: {
      ...kernels,
      ...shares(kernels, threads, (name, parts) =>
        run(name, names.indexOf(name), own[name]!, parts),
      ),
    },
    add(bytes, exports, cuts) {
      if (alone) return exports;
      const address = allocate(bytes.length);
      u8(address, bytes.length).set(bytes);
      lines.forEach((_, worker) => offer(worker, LOAD, [address, bytes.length]));
      for (const worker of lines.keys()) if (wait(worker, 0) === 'failed') alone = true;
      free(address);
      if (alone) return exports;
      const first = names.length;
      const more = functionsOf(exports);
      names.push(...more);
      return {
        ...exports,
        ...sharesOf(exports, cuts, threads, (name, parts) =>
          run(name, first + more.indexOf(name), exports[name]!, parts),
        ),
      };
    },
  };
}

/** Names of a module's functions, in the order in which workers number them. */
function functionsOf(exports: Exports): string[] {
  return Object.keys(exports).filter(name => typeof exports[name] === 'function');
}
