/** Recurrent cells that a language model can have beside RNN, LSTM and GRU. */
import { AWDLayers, type AWDOptions } from '../nn/awd.js';
import { HawkBlocks, MinGRUBlocks } from '../nn/blocks.js';
import type { Embedding } from '../nn/embedding.js';
import type { Module } from '../nn/module.js';
import type { RecurrentForwardOptions, RecurrentOutput } from '../nn/recurrent.js';
import { checkOptions } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';

/** Layers over a sequence, of any kind. */
export interface SequenceLayers extends Module {
  /** Numbers that each row gives at each time step. */
  readonly hiddenSize: number;
  /** Whether dropout masks are drawn once for a window. Default: for each segment of it. */
  readonly locked?: boolean;
  /** Shapes of the state of B rows. */
  stateShapes(B: number): number[][];
  /** Embeddings of ids of `shape` as they are read in training; absent: as they are. */
  embed?(embedding: Embedding, ids: Int32Array, shape: Shape, random: Random): Tensor;
  /** x [T, B, ·] → [T, B, hiddenSize], and the state after the last step. */
  forward(x: Tensor, options?: RecurrentForwardOptions): RecurrentOutput;
}

/** A kind of layers, made by `lm.minGRU()`, `lm.hawk()` or `lm.awd()`. */
export interface Cell {
  /** As config and command call it. */
  readonly name: 'mingru' | 'rglru' | 'awd';
  /** What the model's files say of it beside the name. */
  readonly options: CellOptions | AWDOptions;
  /** Layers of `size` numbers. */
  make(size: number, options: { layers: number; dropout: number; random: Random }): SequenceLayers;
}

/** Sizes of the blocks. */
export interface CellOptions {
  /** Width of the cell, as a multiple of the hidden size. */
  expansion?: number;
  /** Steps that the convolution before the cell sees; 1: none. Default: 4. */
  kernel?: number;
  /** Width of the feed-forward layer, as a multiple of the hidden size. */
  feedforward?: number;
}

const KNOWN = { expansion: true, kernel: true, feedforward: true } as const;

/** Blocks of minGRU, `nn.MinGRUBlocks`. `await nn.loadCells()` before the model is made. */
export function minGRU(options: CellOptions = {}): Cell {
  checkOptions('minGRU', options, KNOWN);
  const make: Cell['make'] = (size, own) => new MinGRUBlocks(size, { ...options, ...own });
  return { name: 'mingru', options, make };
}

/** Blocks of the RG-LRU, `nn.HawkBlocks`. `await nn.loadCells()` before the model is made. */
export function hawk(options: CellOptions = {}): Cell {
  checkOptions('hawk', options, KNOWN);
  const make: Cell['make'] = (size, own) => new HawkBlocks(size, { ...options, ...own });
  return { name: 'rglru', options, make };
}

/**
 * RNN, LSTM or GRU layers with the regularisation of the AWD-LSTM, `nn.AWDLayers`. The model's own
 * `dropout` and `inputDropout` stay 0.
 */
export function awd(options: AWDOptions = {}): Cell {
  const make: Cell['make'] = (size, { dropout, ...own }) => {
    if (dropout > 0)
      throw new RangeError(`awd: the model's dropout is ${dropout}; give awd an outputDropout`);
    return new AWDLayers(size, { ...options, ...own });
  };
  return { name: 'awd', options, make };
}

/** The cell that a model file's config names; undefined for RNN, LSTM and GRU. */
export function cellOf({
  cell,
  cellOptions = {},
}: {
  cell?: unknown;
  cellOptions?: CellOptions & AWDOptions;
}): Cell | undefined {
  if (cell === 'awd') return awd(cellOptions);
  if (cell === 'mingru') return minGRU(cellOptions);
  return cell === 'rglru' ? hawk(cellOptions) : undefined;
}
