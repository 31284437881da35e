/**
 * The limit of the processor's 128-bit units in this process: a loop of multiply-adds that touches registers alone, assembled here, with
 * the instructions of the build that runs (`f32x4.mul` and `f32x4.add`, or `f32x4.relaxed_madd`).
 *
 * (func (param $n i32) (result f32)
 *   12 accumulators: as many as hide the latency of two multiply-adds a cycle and still fit the 16 registers of x86
 *   (loop  each accumulator = accumulator·x + y   n times)
 *   their sum's first lane)
 */
import { runtimeInfo } from '../src/index.js';
import { measure } from './case.js';

const ACCUMULATORS = 12;
const ROUNDS = 20_000;

const [LOCAL_GET, LOCAL_SET, LOCAL_TEE, END] = [0x20, 0x21, 0x22, 0x0b] as const;
const I32_CONST = 0x41;
const MUL = [0xfd, 0xe6, 0x01];
const ADD = [0xfd, 0xe4, 0x01];
const RELAXED_MADD = [0xfd, 0x85, 0x02];

/** A length that precedes what it counts, LEB128; all are below 2¹⁴. */
function counted(bytes: readonly number[], count = bytes.length): number[] {
  return [...(count < 128 ? [count] : [(count & 127) | 128, count >> 7]), ...bytes];
}

function assemble(relaxed: boolean): Uint8Array<ArrayBuffer> {
  const n = 0;
  const accumulators = Array.from({ length: ACCUMULATORS }, (_, i) => 1 + i);
  const [x, y] = [ACCUMULATORS + 1, ACCUMULATORS + 2];
  const splat = (value: number): number[] => [0x43, ...new Uint8Array(Float32Array.of(value).buffer), 0xfd, 0x13];
  const body = [
    ...counted([ACCUMULATORS + 2, 0x7b], 1), // locals: v128
    ...splat(0.5), LOCAL_SET, x,
    ...splat(1), LOCAL_SET, y,
    0x03, 0x40, // loop: the accumulators approach 2
    ...accumulators.flatMap(a => [LOCAL_GET, a, LOCAL_GET, x, ...(relaxed ? [LOCAL_GET, y, ...RELAXED_MADD] : [...MUL, LOCAL_GET, y, ...ADD]), LOCAL_SET, a]),
    LOCAL_GET, n, I32_CONST, 1, 0x6b, LOCAL_TEE, n, 0x0d, 0, END, // br_if (--n)
    ...accumulators.flatMap((a, i) => [LOCAL_GET, a, ...(i > 0 ? ADD : [])]),
    0xfd, 0x1f, 0, END, // f32x4.extract_lane 0
  ];
  return Uint8Array.of(
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    1, ...counted([1, 0x60, 1, 0x7f, 1, 0x7d]), // type (i32) → f32
    3, ...counted([1, 0]), // function
    7, ...counted([1, ...counted([...'run'].map(c => c.charCodeAt(0))), 0, 0]), // export
    10, ...counted([1, ...counted(body)]), // code
  );
}

let loop: ((n: number) => number) | null = null;

/** GFLOP/s of the loop, now: the clock of a shared processor drifts. */
export async function peakGflops(): Promise<number> {
  loop ??= new WebAssembly.Instance(new WebAssembly.Module(assemble(runtimeInfo().build === 'relaxed'))).exports.run as (n: number) => number;
  const { p50 } = await measure('peak', () => void loop!(ROUNDS), 60);
  return (ROUNDS * ACCUMULATORS * 8) / p50 / 1e6;
}
