/**
 * A bare instance of each build for kernel tests: addresses from a bump pointer, canaries around
 * every buffer.
 */
import { readFileSync } from 'node:fs';
import type { instantiate as instantiateCells } from '#cells-kernels';
import type { instantiate } from '#kernels';
import type { instantiate as instantiateTasks } from '#tasks-kernels';
import type { instantiate as instantiateWords } from '#words-kernels';

export type Kernels = Awaited<ReturnType<typeof instantiate>>;
export type Build = 'simd' | 'relaxed';

/** 37 bytes: one function whose body is f32x4.relaxed_madd. */
const RELAXED_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0,
  32, 0, 32, 1, 32, 2, 253, 133, 2, 11,
]);

/**
 * A module in place of the simd build's, without relaxed, and where it holds several mutants the
 * number of one: from the mutation check.
 */
const { THROUGHTIME_KERNELS: instead, THROUGHTIME_MUTANT: mutant } = process.env;

/** The bytes of a build of the engine, or of the module of that prefix. */
const binary = (build: Build, prefix = ''): Uint8Array<ArrayBuffer> =>
  readFileSync(
    (prefix ? undefined : instead) ??
      new URL(`../../../dist/kernels/${prefix}${build}.wasm`, import.meta.url),
  );

/** The builds that this engine validates. */
export const builds: Build[] =
  !instead && WebAssembly.validate(RELAXED_PROBE) ? ['simd', 'relaxed'] : ['simd'];

/**
 * Whether this engine makes 256-bit instructions where it is asked to: Node's V8 from 13 on, on
 * x64.
 */
export const wide = Number.parseInt(process.versions.v8, 10) >= 13 && process.arch === 'x64';

/**
 * A signalling NaN: a kernel that reads it poisons its result, one that writes over it is caught,
 * one that adds to it too (arithmetic makes it quiet; the bits of a quiet NaN would outlive an
 * addition).
 */
const CANARY = 0x7fa0dead;
const CANARY_BYTES = 32;

/** A module's kernels on the memory of a bench. */
export type WordKernels = Awaited<ReturnType<typeof instantiateWords>>;
export type CellKernels = Awaited<ReturnType<typeof instantiateCells>>;
export type TaskKernels = Awaited<ReturnType<typeof instantiateTasks>>;

export class Bench {
  private readonly memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  readonly kernels: Kernels;
  private top: number;
  private base: number;
  private buffers: { address: number; bytes: number; what: string }[] = [];

  constructor(readonly build: Build) {
    const module = new WebAssembly.Module(binary(build));
    this.kernels = new WebAssembly.Instance(module, { env: { memory: this.memory } })
      .exports as unknown as Kernels;
    if (mutant)
      (this.kernels as unknown as { mutant: WebAssembly.Global }).mutant.value = Number(mutant);
    this.base = this.top = Math.ceil(this.kernels.heap_base() / 16) * 16;
  }

  /** The kernels for words, on the same memory. */
  words(): WordKernels {
    return this.module<WordKernels>('words-');
  }

  /** The kernels of cells that are scans, on the same memory. */
  cells(): CellKernels {
    return this.module<CellKernels>('cells-');
  }

  /** The kernels of sequence tasks, on the same memory. */
  tasks(): TaskKernels {
    return this.module<TaskKernels>('tasks-');
  }

  private module<Own extends { heap_base(): number }>(prefix: string): Own {
    const module = new WebAssembly.Module(binary(this.build, prefix));
    const { exports } = new WebAssembly.Instance(module, { env: { memory: this.memory } });
    const kernels = exports as unknown as Own;
    // buffers lie above the static tables of all
    this.base = Math.max(this.base, Math.ceil(kernels.heap_base() / 16) * 16);
    this.reset();
    return kernels;
  }

  /** Forgets all buffers. */
  reset(): void {
    this.top = this.base;
    this.buffers = [];
  }

  /** A buffer of `bytes`, 16-byte aligned, between canaries. */
  bytes(bytes: number, what = 'buffer'): number {
    const address = this.top + CANARY_BYTES;
    this.top = Math.ceil((address + bytes + CANARY_BYTES) / 16) * 16; // may pass 2³¹
    const missing = this.top - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / 65536));
    const view = new DataView(this.memory.buffer);
    for (let i = 4; i <= CANARY_BYTES; i += 4) view.setUint32(address - i, CANARY, true);
    for (let i = address + bytes; i + 4 <= this.top; i += 4) view.setUint32(i, CANARY, true);
    this.buffers.push({ address, bytes, what });
    return address;
  }

  /** A buffer of n floats, filled with `values`, or with NaN (an output must be written whole). */
  f32(n: number, values?: ArrayLike<number>, what?: string): number {
    const address = this.bytes(n * 4, what);
    const view = new Float32Array(this.memory.buffer, address, n);
    if (values) view.set(values);
    else view.fill(NaN);
    return address;
  }

  i32(values: ArrayLike<number>, what?: string): number {
    const address = this.bytes(values.length * 4, what);
    new Int32Array(this.memory.buffer, address, values.length).set(values);
    return address;
  }

  write(address: number, bytes: Uint8Array): void {
    new Uint8Array(this.memory.buffer).set(bytes, address);
  }

  read(address: number, n: number): Float32Array {
    return new Float32Array(this.memory.buffer, address, n).slice();
  }

  /** Bytes as they are, until the memory grows. */
  view(address: number, bytes: number): DataView {
    return new DataView(this.memory.buffer, address, bytes);
  }

  readI32(address: number, n: number): Int32Array {
    return new Int32Array(this.memory.buffer, address, n).slice();
  }

  /** Fails if a kernel wrote outside any buffer. */
  checkCanaries(): void {
    const view = new DataView(this.memory.buffer);
    for (const { address, bytes, what } of this.buffers) {
      for (let i = 4; i <= CANARY_BYTES; i += 4)
        if (view.getUint32(address - i, true) !== CANARY)
          throw new Error(`${what}: written ${i} bytes before its start`);
      for (let i = 0; i < CANARY_BYTES; i += 4)
        if (view.getUint32(address + bytes + i, true) !== CANARY)
          throw new Error(`${what}: written ${i} bytes past its end`);
    }
  }
}

/** Sizes every kernel test covers: around the 4 lanes and the unrolled loops. */
export const SIZES = [1, 3, 4, 5, 8, 17] as const;
