/**
 * The kernels of cells that are scans, and of what their blocks are made of: a module of its own,
 * loaded by `nn.loadCells`.
 */
import { builds } from '#cells';
import type { instantiate } from '#cells-kernels';
import { loadModule } from '../runtime/modules.js';
import { declare } from '../runtime/shares.js';
import { borrowIds } from '../tensor/tensor.js';
import type { SequenceOptions } from './recurrent.js';

/** Typed by the compiler's declarations. */
export type CellKernels = Awaited<ReturnType<typeof instantiate>>;

/** How their work is cut. A test holds the arguments against the compiled kernels. */
export const CUTS = {
  gelu_forward: declare({
    args: 'y x n',
    along: 'n',
    grain: 16,
    parts: { y: 1, x: 1 },
    work: ['n'],
    cost: 20,
  }),
  gelu_backward: declare({
    args: 'dx dy x n',
    along: 'n',
    grain: 16,
    parts: { dx: 1, dy: 1, x: 1 },
    work: ['n'],
    cost: 25,
  }),
  mingru_forward: declare({
    args: 'y h gates lengths resets T B H G rows positive',
    along: 'B',
    grain: 1,
    parts: { y: 'H', h: 'H', gates: 'G', lengths: 1, resets: 1 },
    work: ['T', 'B', 'H'],
    cost: 20,
  }),
  mingru_backward: declare({
    args: 'gates dh dy y h0 lengths resets T B H G rows positive',
    along: 'B',
    grain: 1,
    parts: { gates: 'G', dh: 'H', dy: 'H', y: 'H', h0: 'H', lengths: 1, resets: 1 },
    work: ['T', 'B', 'H'],
    cost: 20,
  }),
  rglru_forward: declare({
    args: 'y h gates x s lengths resets T B H G rows',
    along: 'B',
    grain: 1,
    parts: { y: 'H', h: 'H', gates: 'G', x: 'H', lengths: 1, resets: 1 },
    work: ['T', 'B', 'H'],
    cost: 40,
  }),
  rglru_backward: declare({
    args: 'gates dx ds dh dy y x s h0 lengths resets T B H G rows',
    along: 'B',
    grain: 1,
    parts: { gates: 'G', dx: 'H', ds: 'H', dh: 'H', dy: 'H', y: 'H', x: 'H', h0: 'H', lengths: 1, resets: 1 }, // biome-ignore format: one line
    work: ['T', 'B', 'H'],
    cost: 40,
  }),
};

let loaded: CellKernels | null = null;

/** Loads the kernels; later calls give the same. */
export async function loadKernels(): Promise<void> {
  loaded = await loadModule<CellKernels>({ name: 'cells', builds, cuts: CUTS });
}

/** The kernels. */
export function cells(who: string): CellKernels {
  if (loaded === null) throw new Error(`${who}: call \`await nn.loadCells()\` first`);
  return loaded;
}

/** Lengths and resets of a sequence in memory, checked; 0: absent. */
export function masks(
  who: string,
  { lengths, resets }: SequenceOptions,
  T: number,
  B: number,
): { lengths: number; resets: number } {
  if (lengths && lengths.length !== B)
    throw new RangeError(`${who}: ${lengths.length} lengths for ${B} rows`);
  if (resets && resets.length !== T * B)
    throw new RangeError(`${who}: ${resets.length} resets for ${T}·${B} time steps`);
  return {
    lengths: lengths ? borrowIds(lengths, 1, T + 1, `${who}: length`) : 0,
    resets: resets?.some(flag => flag !== 0)
      ? borrowIds(Int32Array.from(resets), 0, 2, `${who}: reset`)
      : 0,
  };
}
