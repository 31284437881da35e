/**
 * The limit of the processor's vector units in this process: a loop of multiply-adds that touches
 * registers alone, assembled here, with the instructions of the build that runs (`f32x4.mul` and
 * `f32x4.add`, or `f32x4.relaxed_madd`).
 *
 * (func (param $n i32) (result f32)
 *   12 registers of accumulators: as many as hide the latency of two multiply-adds a cycle and
 *   still fit the 16 of x86; with 256-bit instructions each holds two accumulators
 *   (loop  each accumulator = accumulator·x + y   n times)
 *   all accumulators, stored side by side: that is where V8 looks for pairs; the first lane)
 */
import { runtimeInfo } from '../src/index.js';
import { measure } from './case.js';

const REGISTERS = 12;
const ROUNDS = 20_000;

const [LOCAL_GET, LOCAL_SET, LOCAL_TEE, END] = [0x20, 0x21, 0x22, 0x0b] as const;
const I32_CONST = 0x41;
const MUL = [0xfd, 0xe6, 0x01];
const ADD = [0xfd, 0xe4, 0x01];
const STORE = [0xfd, 0x0b, 4];
const F32_LOAD = [0x2a, 2];
const RELAXED_MADD = [0xfd, 0x85, 0x02];

/** n < 2¹⁴ in LEB128. */
const leb = (n: number): number[] => (n < 128 ? [n] : [(n & 127) | 128, n >> 7]);

/** A length that precedes what it counts. */
const counted = (bytes: readonly number[], count = bytes.length): number[] => [
  ...leb(count),
  ...bytes,
];

function assemble(relaxed: boolean, count: number): Uint8Array<ArrayBuffer> {
  const n = 0;
  const accumulators = Array.from({ length: count }, (_, i) => 1 + i);
  const [x, y] = [count + 1, count + 2];
  const splat = (value: number): number[] => [
    0x43,
    ...new Uint8Array(Float32Array.of(value).buffer),
    0xfd,
    0x13,
  ];
  const body = [
    ...counted([count + 2, 0x7b], 1), // locals: v128
    ...splat(0.5),
    LOCAL_SET,
    x,
    ...splat(1),
    LOCAL_SET,
    y,
    0x03,
    0x40, // loop: the accumulators approach 2
    ...accumulators.flatMap(a => [
      LOCAL_GET,
      a,
      LOCAL_GET,
      x,
      ...(relaxed ? [LOCAL_GET, y, ...RELAXED_MADD] : [...MUL, LOCAL_GET, y, ...ADD]),
      LOCAL_SET,
      a,
    ]),
    LOCAL_GET,
    n,
    I32_CONST,
    1,
    0x6b,
    LOCAL_TEE,
    n,
    0x0d,
    0,
    END, // br_if (--n)
    ...accumulators.flatMap((a, i) => [I32_CONST, 0, LOCAL_GET, a, ...STORE, ...leb(16 * i)]),
    I32_CONST,
    0,
    ...F32_LOAD,
    0,
    END,
  ];
  return Uint8Array.of(
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    1,
    ...counted([1, 0x60, 1, 0x7f, 1, 0x7d]), // type (i32) → f32
    3,
    ...counted([1, 0]), // function
    5,
    ...counted([1, 0, 1]), // memory, one page
    7,
    ...counted([1, ...counted([...'run'].map(c => c.charCodeAt(0))), 0, 0]), // export
    10,
    ...counted([1, ...counted(body)]), // code
  );
}

let loop: ((n: number) => number) | null = null;

/** GFLOP/s of the loop, now: the clock of a shared processor drifts. */
export async function peakGflops(): Promise<number> {
  const { build, wide } = runtimeInfo();
  const accumulators = wide ? 2 * REGISTERS : REGISTERS;
  loop ??= new WebAssembly.Instance(
    new WebAssembly.Module(assemble(build === 'relaxed', accumulators)),
  ).exports.run as (n: number) => number;
  const { p50 } = await measure('peak', () => void loop!(ROUNDS), 60);
  return (ROUNDS * accumulators * 8) / p50 / 1e6;
}
