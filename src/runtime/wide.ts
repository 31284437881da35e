/**
 * Whether 256-bit instructions pay on this machine: tried, since no engine and no processor says.
 */
import { setWide, tile } from './engine.js';
import type { Kernels } from './kernels.js';

/** One measurement: the time of a round, and what it computed. */
export interface Trial {
  /** Least time of a round, in milliseconds. */
  time: number;
  /** The results, as bits. */
  bits: Uint32Array;
}

/** An LSTM over a batch: the matrix product and the cell, which take most of a step. */
const [T, B, H, V] = [16, 16, 64, 8];
/**
 * V8 optimises a function some milliseconds after it has become hot, and compiles in a thread: on a
 * busy machine that takes its time, so the wide one is waited for.
 */
const NARROW_MS = 20;
const WIDE_MS = 150;
/** The wide build must save so much, of which noise is the smaller part: it takes 0.55 to 0.6. */
const WORTH = 0.8;

/** Computes the same round for so many milliseconds, or until one takes less than `enough`. */
export function measure(
  bytes: Uint8Array<ArrayBuffer>,
  wide: boolean,
  ms: number,
  enough = 0,
): Trial {
  const memory = new WebAssembly.Memory({ initial: 32, maximum: 65536 });
  const module = new WebAssembly.Module(bytes);
  const kernels = new WebAssembly.Instance(module, { env: { memory } })
    .exports as unknown as Kernels;
  kernels.gemm_tile(...tile(wide));
  const sizes = [4 * H * H, V * 4 * H, T * B, T * B * H, T * B * 4 * H, B * H, B * H];
  let at = Math.ceil(kernels.heap_base() / 16) * 16;
  type Addresses = [number, number, number, number, number, number, number];
  const [w, table, ids, y, gates, h, c] = sizes.map(n => (at += 4 * n) - 4 * n) as Addresses;
  const floats = new Float32Array(memory.buffer, w, 4 * H * (H + V));
  floats.forEach((_, i) => (floats[i] = ((i * 7919) % 1009) / 1009 - 0.5));
  new Int32Array(memory.buffer, ids, T * B).forEach((_, i, all) => (all[i] = i % V));
  let time = Infinity;
  for (const end = performance.now() + ms; performance.now() < end && time > enough; ) {
    const start = performance.now();
    kernels.lstm_forward(
      y,
      /* hN */ h,
      /* cN */ c,
      /* hp */ 0,
      gates,
      table,
      ids,
      /* w_hh */ w,
      /* h0 */ 0,
      /* c0 */ 0,
      /* lengths */ 0,
      /* resets */ 0,
      /* scratch */ at,
      T,
      B,
      H,
      /* yRow */ H,
      /* reverse */ 0,
      /* from */ 0,
      /* to */ B,
    );
    time = Math.min(time, performance.now() - start);
  }
  return { time, bits: new Uint32Array(memory.buffer, y, T * B * 5 * H) };
}

/**
 * Switches 256-bit instructions on where they give the same bits in less time, which takes some
 * 40 ms; where they do not, which takes 170, they are off again.
 *
 * @param trial what measures
 * @returns the bytes to compile; null: as the ones given, without
 */
export function tryWide(
  bytes: Uint8Array<ArrayBuffer>,
  trial: typeof measure = measure,
): Uint8Array<ArrayBuffer> | null {
  const without = trial(bytes, false, NARROW_MS);
  setWide(true);
  // V8 keeps one code for equal bytes: an empty section makes them others
  const other = new Uint8Array([...bytes, 0, 1, 0]);
  const enough = WORTH * without.time;
  const { time, bits } = trial(other, true, WIDE_MS, enough);
  if (time < enough && bits.every((each, i) => each === without.bits[i])) return other;
  setWide(false);
  return null;
}
