/** The kernels of sequence tasks: a module of its own, loaded by `tasks.load`. */
import { builds } from '#tasks';
import type { instantiate } from '#tasks-kernels';
import { loadModule } from '../runtime/modules.js';
import { declare } from '../runtime/shares.js';

/** Typed by the compiler's declarations. */
export type TaskKernels = Awaited<ReturnType<typeof instantiate>>;

/** How their work is cut. A test holds the arguments against the compiled kernels. */
export const CUTS = {
  attention_forward: declare({
    args: 'context weights query keys values v lengths T B S A H rows',
    along: 'B',
    grain: 1,
    parts: { context: 'H', weights: 'S', query: 'A', keys: 'A', values: 'H', lengths: 1 },
    work: ['T', 'B', 'S', 'A'],
    cost: 4,
  }),
  attention_backward: declare({
    args: 'dquery dkeys dvalues dv dscores dcontext dweights weights query keys values v lengths T B S A H rows', // biome-ignore format: one line
    along: 'B',
    grain: 1,
    parts: { dquery: 'A', dkeys: 'A', dvalues: 'H', dv: 'A', dscores: 'S', dcontext: 'H', dweights: 'S', weights: 'S', query: 'A', keys: 'A', values: 'H', lengths: 1 }, // biome-ignore format: one line
    work: ['T', 'B', 'S', 'A'],
    cost: 8,
  }),
};

let loaded: TaskKernels | null = null;

/** Loads the kernels; later calls give the same. */
export async function loadKernels(): Promise<void> {
  loaded = await loadModule<TaskKernels>({ name: 'tasks', builds, cuts: CUTS });
}

/** The kernels. */
export function tasks(who: string): TaskKernels {
  if (loaded === null) throw new Error(`${who}: call \`await tasks.load()\` first`);
  return loaded;
}
