/**
 * The one linear memory: who owns which bytes.
 *
 *   0          TABLES                       top              heap            memory's end
 *   │ static ──┤ persistent blocks, holes ──┤ borrowed in ───┤ free ─────────┤
 *   │ tables   │ allocate / free            │ scopes: bump   │               │
 *
 * `allocate` works outside scopes only, so persistent blocks never lie above borrowed ones and
 * closing a scope is one pointer put back. Addresses are multiples of 16.
 */
import { kernels } from './kernels.js';

const PAGE = 65536;
/** Below it lie the static tables of all modules of kernels: 4096 bytes each (build.mjs). */
const TABLES = 16384;
const ALIGN = 16;
/** The last page stays free: the address behind it would be 0. */
const MAX_BYTES = 2 ** 32 - PAGE;

const memory = { current: null as WebAssembly.Memory | null };
/** Bytes that the memory may grow to. */
let most = 0;
let top = 0;
let heap = 0;
let depth = 0;
const blocks = new Map<number, number>(); // address → bytes, allocated
const holes = new Map<number, number>(); // address → bytes, freed below `top`; neighbours are always joined
// bytes → addresses of borrowed blocks that were given back before their scope closes
const spare = new Map<number, number[]>();

/** Takes over a fresh memory, which may grow to `pages`. Called once, by `init`. */
export function attach(fresh: WebAssembly.Memory, pages: number): void {
  memory.current = fresh;
  most = Math.min(pages * PAGE, MAX_BYTES);
  top = heap = TABLES;
}

function align(n: number): number {
  return Math.ceil(n / ALIGN) * ALIGN;
}

/** The memory's present buffer; growing detaches it, so it is asked for at each use. */
export function buffer(): ArrayBuffer {
  if (memory.current === null)
    throw new Error('throughtime: there is no memory yet; call `await init()` first');
  return memory.current.buffer;
}

/** A view that is valid until the memory grows: use at once, never keep. */
export function f32(address: number, length: number): Float32Array {
  return new Float32Array(buffer(), address, length);
}

/** Copies n floats; the two stretches may overlap. */
export function copy(to: number, from: number, n: number): void {
  kernels.copy(to, from, n);
}

/** n floats become 0: `fill` of a typed array on a shared memory is four times as slow. */
export function clear(address: number, n: number): void {
  kernels.fill(address, n, 0);
}

/** As `f32`, for ids and lengths. */
export function i32(address: number, length: number): Int32Array {
  return new Int32Array(buffer(), address, length);
}

/** As `f32`, for quantised weights. */
export function i8(address: number, length: number): Int8Array {
  return new Int8Array(buffer(), address, length);
}

/** As `f32`, for masks. */
export function u8(address: number, length: number): Uint8Array {
  return new Uint8Array(buffer(), address, length);
}

function mebibytes(n: number): string {
  return `${(n / 2 ** 20).toFixed(1)} MiB`;
}

function reserve(end: number, wanted: number): void {
  const missing = end - buffer().byteLength;
  if (missing <= 0) return;
  const message =
    `memory: ${mebibytes(wanted)} more do not fit, ${mebibytes(heap)} of ` +
    `${mebibytes(most)} are in use; use a smaller model, batch or window, or dispose() ` +
    'what is no longer needed';
  if (end > most) throw new RangeError(message);
  try {
    memory.current!.grow(Math.ceil(missing / PAGE));
  } catch (cause) {
    throw new RangeError(message, { cause });
  }
}

/**
 * A persistent block of zeros.
 *
 * @throws Error inside a scope, RangeError when the memory cannot grow
 */
export function allocate(bytes: number): number {
  if (depth > 0)
    throw new Error(
      'allocate: inside a scope; build modules, optimizers and persistent tensors before it opens',
    );
  const size = Math.max(align(bytes), ALIGN);
  const used = buffer().byteLength; // beyond, the memory grows by zeros
  let address = -1;
  let best = Infinity;
  for (const [start, room] of holes) {
    if (room >= size && room < best) {
      best = room;
      address = start;
    }
  }
  if (address >= 0) {
    holes.delete(address);
    if (best > size) holes.set(address + size, best - size);
  } else {
    address = top;
    reserve(top + size, size);
    top = heap = top + size;
  }
  blocks.set(address, size);
  frame?.add(address);
  if (address < used) clear(address, Math.min(size, used - address) / 4);
  return address;
}

/** The blocks that the innermost `allOrNothing` has allocated so far. */
let frame: Set<number> | null = null;

/** Does `work`; where it throws, what it allocated is given back: for constructors. */
export function allOrNothing<T>(work: () => T): T {
  const outer = frame;
  const own = new Set<number>();
  frame = own;
  try {
    const result = work();
    if (outer) for (const address of own) outer.add(address);
    return result;
  } catch (error) {
    frame = null;
    if (depth === 0) for (const address of own) free(address);
    throw error;
  } finally {
    frame = outer;
  }
}

/** Gives a persistent block back. */
export function free(address: number): void {
  if (depth > 0) throw new Error('dispose: inside a scope; dispose after it closes');
  const size = blocks.get(address);
  if (size === undefined) throw new Error(`dispose: ${address} is not allocated (disposed twice?)`);
  blocks.delete(address);
  frame?.delete(address);
  let start = address;
  let end = address + size;
  for (const [hole, room] of holes) {
    if (hole + room === start || hole === end) {
      holes.delete(hole);
      start = Math.min(start, hole);
      end = Math.max(end, hole + room);
    }
  }
  if (end === top) top = heap = start;
  else holes.set(start, end - start);
}

/** Bytes that last until the innermost scope closes, or they are given back. Not cleared. */
export function borrow(bytes: number): number {
  if (depth === 0)
    throw new Error(
      'throughtime: operations run inside scope(() => …) or infer(() => …), which give their ' +
        'memory back at the end',
    );
  const size = align(bytes);
  const again = spare.get(size)?.pop();
  if (again !== undefined) return again;
  const address = heap;
  reserve(heap + size, bytes);
  heap += size;
  return address;
}

/**
 * Gives borrowed bytes back before their scope closes: to the heap if they are its last, else to
 * whoever borrows as many.
 */
export function giveBack(address: number, bytes: number): void {
  const size = align(bytes);
  if (address + size === heap) heap = address;
  else if (!spare.get(size)?.push(address)) spare.set(size, [address]);
}

/** Bytes borrowed for as long as `use` runs. */
export function lend(bytes: number, use: (address: number) => void): void {
  const address = borrow(bytes);
  use(address);
  giveBack(address, bytes);
}

/** Opens a scope; the result goes to `close`. */
export function open(): number {
  buffer();
  depth++;
  return heap;
}

/** Closes the innermost scope. */
export function close(mark: number): void {
  depth--;
  heap = mark;
  for (const [size, addresses] of spare) {
    const outer = addresses.filter(address => address < mark);
    if (outer.length > 0) spare.set(size, outer);
    else spare.delete(size);
  }
}

/** Whether a scope is open. */
export function isOpen(): boolean {
  return depth > 0;
}

/** What the memory holds, in bytes. */
export function memoryUsage(): {
  total: number;
  persistent: number;
  borrowed: number;
  free: number;
} {
  let holeBytes = 0;
  for (const room of holes.values()) holeBytes += room;
  return {
    total: buffer().byteLength,
    persistent: top - holeBytes,
    borrowed: heap - top,
    free: holeBytes + buffer().byteLength - heap,
  };
}
