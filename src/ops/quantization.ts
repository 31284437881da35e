/** Quantised weights of 8 bits: whole numbers from −127 to 127, and one scale for each row. */
import { borrow, f32, i8 } from '../runtime/arena.js';
import { kernels } from '../runtime/kernels.js';
import { scratch } from '../runtime/scratch.js';
import { type Tensor, zeros } from '../tensor/tensor.js';
import type { RowWeights } from './incremental.js';

/** The kernel reads up to this many bytes behind the last row. */
const BEHIND = 15;

/** Quantises rows: each row's largest weight becomes ±127.   w [N, K] → q [N, K], scales [N] */
export function quantizeRows(w: Float32Array, N: number): { q: Int8Array; scales: Float32Array } {
  const K = w.length / N;
  const q = new Int8Array(w.length);
  const scales = new Float32Array(N);
  for (let n = 0; n < N; n++) {
    const row = w.subarray(n * K, (n + 1) * K);
    const scale = (scales[n] = row.reduce((most, x) => Math.max(most, Math.abs(x)), 0) / 127);
    if (!Number.isFinite(scale))
      throw new RangeError(`quantize: row ${n} of [${N},${K}] holds a weight that is not finite`);
    // 0 / 0 is NaN, which is stored as 0
    row.forEach((x, k) => (q[n * K + k] = Math.round(x / scale)));
  }
  return { q, scales };
}

/** A persistent quantised matrix [N, K]. */
export class Int8Weights implements RowWeights {
  private readonly N: number;
  private readonly K: number;
  /** Owns the memory, which holds the N scales and behind them the N·K whole numbers. */
  private readonly block: Tensor;

  constructor(q: Int8Array, scales: Float32Array) {
    this.N = scales.length;
    this.K = q.length / this.N;
    this.block = zeros([this.N + Math.ceil((q.length + BEHIND) / 4)]);
    f32(this.block.ptr, this.N).set(scales);
    this.q().set(q);
  }

  private q(from = 0, to = this.N): Int8Array {
    return i8(this.block.ptr + 4 * this.N + from * this.K, (to - from) * this.K);
  }

  addProduct(y: number, x: number): void {
    const { ptr } = this.block;
    kernels.gemv_int8(y, ptr + 4 * this.N, ptr, x, scratch(), this.N, this.K);
  }

  row(n: number): number {
    const address = borrow(4 * this.K);
    const row = f32(address, this.K);
    const scale = f32(this.block.ptr, this.N)[n]!;
    this.q(n, n + 1).forEach((q, k) => (row[k] = q * scale));
    return address;
  }

  /** Copies of what the constructor took. */
  values(): { q: Int8Array; scales: Float32Array<ArrayBuffer> } {
    return { q: this.q().slice(), scales: f32(this.block.ptr, this.N).slice() };
  }

  dispose(): void {
    this.block.dispose();
  }
}
