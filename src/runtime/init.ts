/** Picks the build that the engine validates and instantiates it, once. */
import { instantiate, instantiateSync } from '@assemblyscript/loader';
import { builds } from '#binary';
import { attach, memoryUsage } from './arena.js';
import { builtin } from './builtin.js';
import { canWiden, fuses, setWide, tile } from './engine.js';
import { type Kernels, kernels, setKernels } from './kernels.js';
import { checkOptions } from './options.js';
import { availableThreads, hasThreads, type Pool, startPool } from './pool.js';
import { createScratch } from './scratch.js';
import { type Build, unpack } from './unpack.js';
import { tryWide } from './wide.js';

/** What `init` loads. */
export interface InitOptions {
  /**
   * Take the `simd` build, whose results are the same bits in every engine, also where the engine
   * has relaxed SIMD (fused multiply-add). Default: false.
   */
  deterministic?: boolean;
  /**
   * A compiled module (one of this version's `throughtime/kernels/*.wasm`), for runtimes that
   * refuse to compile bytes.
   */
  module?: WebAssembly.Module;
  /**
   * Compiled modules of the kernels that only some models need (`throughtime/kernels/words-*.wasm`,
   * `cells-*.wasm`, `tasks-*.wasm`), for the same runtimes; elsewhere they load when they are first
   * used.
   */
  modules?: {
    /** What `throughtime/words` needs. */
    words?: WebAssembly.Module;
    /** What `nn.loadCells` loads. */
    cells?: WebAssembly.Module;
    /** What `tasks.load` loads. */
    tasks?: WebAssembly.Module;
  };
  /**
   * Threads that share the work of large steps; 'auto': one for each core. The results are the same
   * bits for any number. Only in Node (20.16 and later), Deno, Bun, and Workers of
   * cross-origin-isolated pages whose policy, if any, allows scripts from `blob:`; elsewhere there
   * is one, as `runtimeInfo` says. Default: 1.
   */
  threads?: number | 'auto';
  /**
   * 256-bit instructions (AVX2): large steps take 0.55 to 0.6 of the time, small ones 0.8, with the
   * same results as those of the same build without. V8 makes them of pairs of 128-bit ones
   * where its experiment `--experimental-wasm-revectorize` is on; this switches it on, for all
   * WebAssembly that the process compiles from then on. Only in Node 24 and later, on x64
   * processors that have AVX2; elsewhere nothing changes, as `runtimeInfo` says. 'auto': where a
   * trial of some 40 ms gives the same bits in less time. Default: false.
   */
  wide?: boolean | 'auto';
}

/** What `init` chose, and the memory in use (bytes). */
export interface RuntimeInfo {
  /** The build that runs: `simd`, `relaxed`, or a module that was given to `init`. */
  build: Build | 'given';
  /** Threads that share the work. */
  threads: number;
  /** Whether V8 was asked for 256-bit instructions; after a trial, whether they serve. */
  wide: boolean;
  /** Bytes of the kernels' memory. */
  memory: {
    /** All of it; it grows where it must, and never shrinks. */
    total: number;
    /** Parameters, their gradients, optimizers' state, tensors made outside scopes. */
    persistent: number;
    /** Tensors of the open scopes. */
    borrowed: number;
    /** Neither. */
    free: number;
  };
}

/** 37 bytes: (v128, v128, v128) → v128 with the body f32x4.relaxed_madd. */
const RELAXED_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0,
  32, 0, 32, 1, 32, 2, 253, 133, 2, 11,
]);

/** 33 bytes: () → v128 with the body i32x4.splat(0). */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 17,
  11,
]);

/** @internal The loaded engine, for the modules that join it. */
interface Engine {
  memory: WebAssembly.Memory;
  build: Build;
  /** As `runtimeInfo` says it. */
  info: Omit<RuntimeInfo, 'memory'>;
  /** Whether the memory is shared, and modules must import it as such. */
  shared: boolean;
  /** Null: this thread does all the work. */
  pool: Pool | null;
  /** Compiled modules that were given to `init`. */
  given: Readonly<Record<string, WebAssembly.Module>>;
}

let loading: Promise<void> | null = null;
let running: Engine | null = null;

/** @internal The loaded engine, for the modules that join it. */
export function engine(): Engine {
  if (running === null)
    throw new Error('throughtime: the kernels are not loaded; call `await init()` first');
  return running;
}

/**
 * Loads the kernels. Call it once before anything else; later calls return at once.
 *
 * @throws Error where the engine lacks WebAssembly SIMD, or when a later call asks for another
 *   build than the one that runs
 */
export async function init(options: InitOptions = {}): Promise<void> {
  checkOptions('init', options, {
    deterministic: true,
    module: true,
    modules: true,
    threads: true,
    wide: true,
  });
  checkOptions('init.modules', options.modules ?? {}, { words: true, cells: true, tasks: true });
  loading ??= load(options).catch((error: unknown) => {
    loading = null;
    throw error;
  });
  await loading;
  if (options.deterministic && running?.info.build === 'relaxed') {
    throw new Error(
      'init: the relaxed build is already running; ask for { deterministic: true } in the ' +
        'first call',
    );
  }
}

async function load(options: InitOptions): Promise<void> {
  const {
    deterministic = false,
    module,
    modules: given = {},
    threads: wanted = 1,
    wide: asked = false,
  } = options;
  if (wanted !== 'auto' && !(Number.isInteger(wanted) && wanted >= 1 && wanted <= MOST_THREADS))
    throw new RangeError(
      `init: threads is ${wanted}, expected a whole number from 1 to ${MOST_THREADS}, or 'auto': ` +
        'one for each core, more are no faster',
    );
  if (!validates(SIMD_PROBE)) {
    throw new Error(
      'init: this engine has no WebAssembly SIMD; it needs Node 20, Chrome 100, Firefox 113, ' +
        'Safari 16.4 or newer',
    );
  }
  const [packed, files] = 'base64' in builds ? [builds, null] : [null, builds];
  const chosen: Build =
    !deterministic && (packed || files.relaxed) && fuses() && validates(RELAXED_PROBE)
      ? 'relaxed'
      : 'simd';
  let bytes = packed && module === undefined ? await unpack(packed, chosen) : null;
  let widened = canWiden(asked);
  if (widened && asked === 'auto') {
    const other = bytes && tryWide(bytes);
    widened = other !== null;
    bytes = other ?? bytes;
  } else if (widened) setWide(true);
  let count = 1; // a compiled module imports a memory that is not shared
  const joined = given.words ?? given.cells ?? given.tasks;
  if (wanted !== 1 && bytes && !joined && hasThreads())
    count = wanted === 'auto' ? availableThreads() : wanted;
  const shared = count > 1;
  if (shared) importShared(bytes!);
  const source = bytes ?? module ?? files![chosen]!;
  const pages = shared ? SHARED_PAGES : PAGES;
  const memory = new WebAssembly.Memory({
    initial: 1,
    maximum: pages,
    shared,
  });
  const { instance: own, module: compiled } = await instance(source, memory);
  setKernels(own.exports as unknown as Kernels); // the loader's own wrappers count arguments at each call
  const fitting = tile(widened);
  kernels.gemm_tile(...fitting);
  attach(memory, pages);
  createScratch(count * kernels.gemm_scratch());
  // where the runtime starts no workers, this thread does all the work
  const pool = shared
    ? await startPool(kernels, compiled, memory, fitting, count).catch(() => null)
    : null;
  if (pool) setKernels(pool.kernels);
  running = {
    memory,
    build: chosen,
    info: { build: module ? 'given' : chosen, threads: pool ? count : 1, wide: widened },
    shared,
    pool,
    given: given as Engine['given'],
  };
}

/** @internal An instance on this memory. */
export function instance(
  source: WebAssembly.Module | Uint8Array<ArrayBuffer>,
  memory: WebAssembly.Memory,
): Promise<WebAssembly.WebAssemblyInstantiatedSource> {
  // `instantiate` asks whether the source is a Response: to answer, Node loads its whole HTTP
  // client, 30 ms
  const make = builtin('node:zlib') ? instantiateSync : instantiate;
  return Promise.resolve(make(source, { env: { memory } }));
}

/** Each has its scratch, 640 KiB. */
const MOST_THREADS = 256;

/** Whether there is WebAssembly, and its engine takes these bytes. */
function validates(bytes: Uint8Array<ArrayBuffer>): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(bytes);
}

/** Pages of 64 KiB: the module's own maximum. */
const PAGES = 65536;
/** 1 GiB: a shared memory reserves its maximum at once, and small devices refuse a large one. */
const SHARED_PAGES = 16384;

/**
 * Makes the module import a shared memory: one byte, the flags of the import "env" "memory", from
 * "has a maximum" to "and is shared".
 *
 * @internal
 */
export function importShared(bytes: Uint8Array): void {
  const entry = [
    3,
    ...new TextEncoder().encode('env'),
    6,
    ...new TextEncoder().encode('memory'),
    2,
    1,
  ];
  const at = bytes.findIndex((_, i) => entry.every((byte, j) => bytes[i + j] === byte));
  if (at < 0) throw new Error('init: the module imports no memory with a maximum');
  bytes[at + entry.length - 1] = 3;
}

/** What runs: build, threads, width, memory. */
export function runtimeInfo(): RuntimeInfo {
  if (running === null)
    throw new Error('runtimeInfo: nothing is loaded yet; call `await init()` first');
  return { ...running.info, memory: memoryUsage() };
}
