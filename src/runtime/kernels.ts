/**
 * The functions of the WebAssembly module, typed by the compiler's own declarations
 * (`assembly/README.md` is their contract).
 */
import type { instantiate } from '#kernels';

export type Kernels = Awaited<ReturnType<typeof instantiate>>;

/** Before `init()` every use explains itself. */
const absent = new Proxy({} as Kernels, {
  get() {
    throw new Error('throughtime: the kernels are not loaded; call `await init()` first');
  },
});

/** The kernels of the build that `init` chose: a live binding. */
export let kernels: Kernels = absent;

export function setKernels(loaded: Kernels): void {
  kernels = loaded;
}
