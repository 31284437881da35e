/**
 * Modules of kernels beside the engine's own: loaded when they are first needed, onto the same
 * memory, in this thread and in those that share its work.
 */
import type { builds } from '#binary';
import { engine, importShared, instance } from './init.js';
import type { Cut, Exports } from './shares.js';
import { type Packed, unpack } from './unpack.js';

/** A module of kernels, as its room knows it. */
export interface KernelModule {
  /** As `init({ modules })` calls it. */
  name: string;
  /** Both builds inline, or compiled modules where a runtime imports them as files. */
  builds: typeof builds;
  /** How the work of its kernels is cut; those that are absent run in one thread. */
  cuts: Readonly<Record<string, Cut>>;
}

const loading = new Map<string, Promise<Exports>>();

/**
 * The kernels of a module, which the first call loads.
 *
 * @throws Error before `init`, and where the runtime does not compile bytes and was given no module
 */
export function loadModule<Kernels>(module: KernelModule): Promise<Kernels> {
  let promise = loading.get(module.name);
  if (promise === undefined) {
    promise = load(module);
    promise.catch(() => loading.delete(module.name));
    loading.set(module.name, promise);
  }
  return promise as Promise<Kernels>;
}

async function load({ name, builds, cuts }: KernelModule): Promise<Exports> {
  const { memory, build, shared, pool, given } = engine();
  const compiled = given[name] ?? ('base64' in builds ? null : (builds[build] ?? builds.simd));
  const bytes = compiled === null ? await unpack(builds as Packed, build) : null;
  if (bytes && shared) importShared(bytes);
  try {
    const exports = (await instance((bytes ?? compiled)!, memory)).instance.exports;
    const kernels = exports as unknown as Exports;
    return bytes && pool ? pool.add(bytes, kernels, cuts) : kernels;
  } catch (cause) {
    throw new Error(
      `${name}: its kernels do not load: ${(cause as Error).message}; where bytes are not ` +
        `compiled, give them to init({ modules: { ${name} } }) as a compiled module`,
      { cause },
    );
  }
}
