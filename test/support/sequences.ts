/**
 * The shapes of a recurrent layer's input that a test covers: both directions, with and without
 * lengths and resets.
 */
import { frozen, type Sequence } from '../reference/recurrent.js';
import { type Bench, SIZES } from './kernels.js';
import type { TestRandom } from './random.js';

export type Variant = Sequence & { reverse: boolean; name: string };

/**
 * Lengths run from 1 (0 if `empty`) to T, one of them T (a lone row stops one short of it); resets
 * restart about a quarter of the steps.
 */
export function variants(
  random: TestRandom,
  T: number,
  B: number,
  H: number,
  empty = false,
): Variant[] {
  const lengths = Array.from({ length: B }, (_, b) =>
    B === 1 ? T - 1 : b === B - 1 ? T : empty && b === 0 ? 0 : 1 + random.int(T),
  );
  const resets = Array.from({ length: T * B }, (_, n) =>
    n % (T * B - 1) !== 0 && random.next() < 0.25 ? 1 : 0,
  );
  return [false, true].flatMap(reverse =>
    [{}, { lengths }, { resets }, { lengths, resets }].map(masks => ({
      T,
      B,
      H,
      reverse,
      ...masks,
      name: [`T=${T} B=${B} H=${H}`, reverse && 'reverse', ...Object.keys(masks)]
        .filter(Boolean)
        .join(' '),
    })),
  );
}

/**
 * The rows of each call, as threads share them out: `cut` of a variant says where; by default one
 * call does them all.
 */
export function shares({ B, cut = 0 }: Sequence & { cut?: number }): [from: number, to: number][] {
  return cut === 0
    ? [[0, B]]
    : [
        [0, cut],
        [cut, B],
      ];
}

/**
 * T, B, H around the 4 lanes, for one row (no packing) and for several; H beyond gemm's block of K,
 * its packed weights beyond gemm's scratch.
 */
export const SHAPES: [T: number, B: number, H: number][] = [
  ...SIZES.flatMap(
    H =>
      [
        [3, 1, H],
        [4, 3, H],
      ] as [number, number, number][],
  ),
  [6, 9, 31],
  [2, 2, 290],
];

/** `a` [T, B, ·] with NaN in the frozen rows: what lies there must not matter. */
export function poisoned(s: Sequence, a: Float64Array): Float64Array {
  const row = a.length / (s.T * s.B);
  return a.map((value, k) =>
    frozen(s, Math.floor(k / row / s.B), Math.floor(k / row) % s.B) ? NaN : value,
  );
}

/**
 * The kernel's gates, `a` with what is poisoned: where they are, or for an even T in the rows of a
 * table, the last step's first.
 */
export function gatesOf(
  bench: Bench,
  s: Sequence,
  a: Float64Array,
): { gates: number; table: number; ids: number } {
  const { T, B } = s;
  const values = poisoned(s, a);
  if (T % 2 === 1) return { gates: bench.f32(a.length, values, 'gates'), table: 0, ids: 0 };
  const row = a.length / (T * B),
    last = T * B - 1;
  const table = values.map((_, k) => values[(last - Math.floor(k / row)) * row + (k % row)]!);
  return {
    gates: bench.f32(a.length, undefined, 'gates'),
    table: bench.f32(a.length, table, 'table'),
    ids: bench.i32(
      Int32Array.from({ length: T * B }, (_, n) => last - n),
      'ids',
    ),
  };
}

/** The same arrays as the kernels take them. */
export function masks(
  bench: Bench,
  { lengths, resets }: Sequence,
): { lengths: number; resets: number } {
  const words =
    resets &&
    new Int32Array(
      Uint8Array.from({ length: (resets.length + 3) & ~3 }, (_, n) => resets[n] ?? 0).buffer,
    );
  return {
    lengths: lengths ? bench.i32(lengths, 'lengths') : 0,
    resets: words ? bench.i32(words, 'resets') : 0,
  };
}

/** Σ a·b: the scalar loss that gives an output the random gradient b. */
export const inner = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0);

/** Rows [n, offset … offset + H) of `wide`, whose rows have `row` columns. */
export const columns = (
  wide: ArrayLike<number>,
  row: number,
  offset: number,
  H: number,
): Float64Array =>
  Float64Array.from(
    { length: (wide.length / row) * H },
    (_, k) => wide[Math.floor(k / H) * row + offset + (k % H)]!,
  );

/** The inverse of `columns` for rows [·, 2H + 1] and offset H + 1, with NaN beside. */
export const widened = (a: Float64Array, H: number): Float64Array =>
  Float64Array.from({ length: (a.length / H) * (2 * H + 1) }, (_, k) => {
    const column = (k % (2 * H + 1)) - H - 1;
    return column < 0 ? NaN : a[Math.floor(k / (2 * H + 1)) * H + column]!;
  });

export const sum = (a: Float64Array, b: Float64Array): Float64Array =>
  a.map((value, k) => value + b[k]!);

/** Fails if a value is neither zero nor a normal f32. */
export function noSubnormals(values: ArrayLike<number>, what: string): void {
  const found = Array.from(values).find(value => value !== 0 && !(Math.abs(value) >= 2 ** -126));
  if (found !== undefined) throw new Error(`${what}: holds ${found}`);
}
