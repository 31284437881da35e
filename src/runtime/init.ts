/** Picks the build that the engine validates and instantiates it, once. */
import { instantiate } from '@assemblyscript/loader';
import { builds } from '#binary';
import { attach, memoryUsage } from './arena.js';
import { kernels, setKernels, type Kernels } from './kernels.js';
import { createScratch } from './scratch.js';
import { unpack, type Build } from './unpack.js';

/** What `init` loads. */
export interface InitOptions {
  /**
   * Take the `simd` build, whose results are the same bits in every engine, also where the engine has relaxed SIMD
   * (fused multiply-add). Default: false.
   */
  deterministic?: boolean;
  /** A compiled module (one of this version's `throughtime/kernels/*.wasm`), for runtimes that refuse to compile bytes. */
  module?: WebAssembly.Module;
}

/** What `init` chose, and the memory in use (bytes). */
export interface RuntimeInfo {
  build: Build | 'given';
  threads: number;
  memory: { total: number; persistent: number; borrowed: number; free: number };
}

/** 37 bytes: (v128, v128, v128) → v128 with the body f32x4.relaxed_madd. */
const RELAXED_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11,
]);

/** 33 bytes: () → v128 with the body i32x4.splat(0). */
const SIMD_PROBE = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 17, 11]);

let loading: Promise<void> | null = null;
let build: RuntimeInfo['build'] | null = null;

/**
 * Loads the kernels. Call it once before anything else; later calls return at once.
 *
 * @throws Error where the engine lacks WebAssembly SIMD, or when a later call asks for another build than the one that runs
 */
export async function init(options: InitOptions = {}): Promise<void> {
  loading ??= load(options).catch((error: unknown) => {
    loading = null;
    throw error;
  });
  await loading;
  if (options.deterministic && build === 'relaxed') {
    throw new Error('init: the relaxed build is already running; ask for { deterministic: true } in the first call');
  }
}

async function load({ deterministic = false, module }: InitOptions): Promise<void> {
  if (!WebAssembly.validate(SIMD_PROBE)) {
    throw new Error('init: this engine has no WebAssembly SIMD; it needs Node 20, Chrome 100, Firefox 113, Safari 16.4 or newer');
  }
  const chosen: Build = !deterministic && WebAssembly.validate(RELAXED_PROBE) ? 'relaxed' : 'simd';
  const source = module ?? ('base64' in builds ? await unpack(builds, chosen) : builds[chosen]);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const { instance } = await instantiate(source, { env: { memory } });
  setKernels(instance.exports as unknown as Kernels); // the loader's own wrappers count arguments at each call
  attach(memory);
  createScratch(kernels.gemm_scratch());
  build = module ? 'given' : chosen;
}

/** What runs: build, threads, memory. */
export function runtimeInfo(): RuntimeInfo {
  if (build === null) throw new Error('runtimeInfo: nothing is loaded yet; call `await init()` first');
  return { build, threads: 1, memory: memoryUsage() };
}
