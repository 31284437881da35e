/**
 * How each kernel's work is cut into shares: by rows of its output, or elements where it has no
 * rows. Arguments are found by the names that the kernel gives them.
 */
import type { Kernels } from './kernels.js';

/** Calls the kernel of that name with each share's arguments. */
type Run = (name: string, parts: number[][]) => void;

/**
 * Less work than this is done at once: 0.12 ms, of which half could be saved. Handing over costs
 * some µs, and to wake a thread that sleeps up to 0.1 ms; where cores are contended a share may
 * wait much longer for its thread.
 */
const WORTH = 3 << 20;
/** What an element of these costs, in multiply-adds of a matrix product (0.04 ns). */
const COST = { optimizer: 32, cross_entropy: 24, column_sums: 8, embedding: 6 };
/** Fewest rows of a share of a matrix product: from here on all rows are computed alike. */
const ROWS = 8;

/** `total` units in at most `threads` shares of whole multiples of `grain`: their bounds. */
function cut(total: number, threads: number, grain: number): [from: number, to: number][] {
  const grains = Math.ceil(total / grain);
  const count = Math.max(1, Math.min(threads, grains));
  const bound = (i: number) => Math.min(total, Math.floor((grains * i) / count) * grain);
  return Array.from({ length: count }, (_, i) => [bound(i), bound(i + 1)]);
}

/** An address `floats` further on; 0, absent, stays. */
const at = (address: number, floats: number): number => (address === 0 ? 0 : address + 4 * floats);

type Names<S extends string> = S extends `${infer First} ${infer Rest}` ? First | Names<Rest> : S;

/** How one kernel's work is cut. */
interface Declared<Args extends string> {
  /** The kernel's arguments, as in its source. */
  args: Args;
  /** The size that is cut: a share has fewer of these. */
  along: Names<Args>;
  /** A share is a whole multiple of so many. */
  grain: number;
  /** Fewer of these are not worth a share. */
  fewest?: number;
  /** Arrays of which each share has its own part: floats from one unit of `along` to the next. */
  parts: { readonly [Name in Names<Args>]?: number | Names<Args> };
  /** Sizes whose product, times `cost`, is the work in multiply-adds. */
  work: readonly Names<Args>[];
  cost?: number;
}

/** How one kernel's work is cut. */
export type Cut = Declared<string>;

/** Checks, as it is compiled, that a cut names arguments of its kernel alone. */
export const declare = <const Args extends string>(cut: Declared<Args>): Cut =>
  cut as unknown as Cut;

/** An optimizer's step: elements, one by one. */
const step = <const Args extends string>(args: Args, arrays: readonly Names<Args>[]): Cut =>
  declare({
    args,
    along: 'n' as Names<Args>,
    grain: 16,
    parts: Object.fromEntries(arrays.map(name => [name, 1])) as Declared<Args>['parts'],
    work: ['n' as Names<Args>],
    cost: COST.optimizer,
  });

const GEMM = 'c a b scratch M N K cRow aRow aCol bRow bCol add';

/** How the kernels' work is cut. A test holds the arguments against the compiled kernels. */
export const CUTS = {
  gemm: declare({
    args: GEMM,
    along: 'M',
    grain: ROWS,
    fewest: 2 * ROWS,
    parts: { c: 'cRow', a: 'aRow' },
    work: ['M', 'N', 'K'],
  }),
  linear_forward: declare({
    args: 'y x w b scratch N I O',
    along: 'N',
    grain: ROWS,
    fewest: 2 * ROWS,
    parts: { y: 'O', x: 'I' },
    work: ['N', 'I', 'O'],
  }),
  column_sums: declare({
    args: 'db dy N O dyRow',
    along: 'O',
    grain: 16,
    parts: { db: 1, dy: 1 },
    work: ['N', 'O'],
    cost: COST.column_sums,
  }),
  cross_entropy_forward: declare({
    args: 'losses stats logits targets N C ignoreIndex smoothing',
    along: 'N',
    grain: 1,
    parts: { losses: 1, stats: 4, logits: 'C', targets: 1 },
    work: ['N', 'C'],
    cost: COST.cross_entropy,
  }),
  cross_entropy_backward: declare({
    args: 'dlogits dloss logits stats targets N C ignoreIndex smoothing',
    along: 'N',
    grain: 1,
    parts: { dlogits: 'C', dloss: 1, logits: 'C', stats: 4, targets: 1 },
    work: ['N', 'C'],
    cost: COST.cross_entropy,
  }),
  cross_entropy_both: declare({
    args: 'losses logits targets N C ignoreIndex dloss',
    along: 'N',
    grain: 1,
    parts: { losses: 1, logits: 'C', targets: 1 },
    work: ['N', 'C'],
    cost: COST.cross_entropy,
  }),
  embedding_forward: declare({
    args: 'y w ids N E',
    along: 'N',
    grain: 1,
    parts: { y: 'E', ids: 1 },
    work: ['N', 'E'],
    cost: COST.embedding,
  }),
  embedding_backward: declare({
    args: 'dw dy ids N E row padding',
    along: 'E',
    grain: 16,
    parts: { dw: 1, dy: 1 },
    work: ['N', 'E'],
    cost: COST.embedding,
  }),
  adam_step: step(
    'p g m v vmax n lr beta1 beta2 eps weightDecay decoupled correction1 correction2',
    ['p', 'g', 'm', 'v', 'vmax'],
  ),
  sgd_step: step('p g buffer n lr momentum dampening weightDecay nesterov first', [
    'p',
    'g',
    'buffer',
  ]),
  rmsprop_step: step('p g square mean buffer n lr alpha eps weightDecay momentum', [
    'p',
    'g',
    'square',
    'mean',
    'buffer',
  ]),
  adagrad_step: step('p g sum n lr weightDecay eps', ['p', 'g', 'sum']),
  adadelta_step: step('p g square delta n lr rho eps weightDecay', ['p', 'g', 'square', 'delta']),
};

/** A product of few rows is cut by its columns. */
const GEMM_COLUMNS = declare({
  args: GEMM,
  along: 'N',
  grain: 64,
  fewest: 128,
  parts: { c: 1, b: 'bCol' },
  work: ['M', 'N', 'K'],
});

/**
 * Arguments of the recurrent kernels, whose shares differ in the rows `from` … `to` of the batch.
 */
export const RECURRENT = {
  lstm_forward:
    'y hN cN hp gates table ids w_hh h0 c0 lengths resets scratch T B H yRow reverse from to',
  lstm_backward:
    'dgates dh0 dc0 c dy dhN dcN gates w_hh c0 lengths resets scratch T B H dyRow reverse from to',
  gru_forward:
    'y hN hn hp gates table ids w_hh b_hh h0 lengths resets scratch T B H yRow reverse from to',
  gru_backward:
    'dgates dhn dh0 dy dhN gates hn hp w_hh lengths resets scratch T B H dyRow reverse from to',
  rnn_forward: 'y hN hp a table ids w_hh h0 lengths resets scratch T B H yRow reverse relu from to',
  rnn_backward: 'da dh0 dy dhN a w_hh lengths resets scratch T B H dyRow reverse relu from to',
};

/** A kernel, whatever its arguments. */
export type Kernel = (...list: number[]) => void;

/** Reads and replaces arguments by name. */
function named(args: string) {
  const names = args.split(' ');
  const place = new Map(names.map((name, i) => [name, i]));
  return {
    get: (list: readonly number[], name: string): number => list[place.get(name)!]!,
    has: (name: string): boolean => place.has(name),
    /** The arguments with some of them replaced. */
    with: (list: readonly number[], values: Record<string, number>): number[] =>
      list.map((value, i) => values[names[i]!] ?? value),
  };
}

/**
 * A kernel that does small work at once, and cuts the other.
 *
 * @param gemmScratch bytes of scratch that each thread has to itself
 */
function shared(
  name: string,
  kernel: Kernel,
  { args, along, grain, fewest = 0, parts, work, cost = 1 }: Cut,
  { threads, run, gemmScratch }: { threads: number; run: Run; gemmScratch: number },
): Kernel {
  const { get, has, with: replace } = named(args);
  const arrays = Object.entries(parts) as [string, number | string][];
  return (...list) => {
    const total = get(list, along);
    if (total < fewest || work.reduce((product, size) => product * get(list, size), cost) < WORTH)
      return kernel(...list);
    run(
      name,
      cut(total, threads, grain).map(([from, to], i) => {
        const values: Record<string, number> = { [along]: to - from };
        for (const [array, step] of arrays)
          values[array] = at(
            get(list, array),
            from * (typeof step === 'number' ? step : get(list, step)),
          );
        if (has('scratch')) values['scratch'] = get(list, 'scratch') + i * gemmScratch;
        return replace(list, values);
      }),
    );
  };
}

/** Functions by name, as a module exports them. */
export type Exports = Record<string, Kernel>;

/** Kernels of another module that share their work out through `run`; those without a cut stay. */
export function sharesOf(
  exports: Exports,
  cuts: Readonly<Record<string, Cut>>,
  threads: number,
  run: Run,
): Exports {
  const how = { threads, run, gemmScratch: 0 };
  return Object.fromEntries(
    Object.entries(cuts).map(([name, each]) => [name, shared(name, exports[name]!, each, how)]),
  );
}

/**
 * The engine's kernels, of the same names and arguments, that share their work out through `run`.
 */
export function shares(kernels: Kernels, threads: number, run: Run): Partial<Kernels> {
  const how = { threads, run, gemmScratch: kernels.gemm_scratch() };
  const sharing = (name: keyof Kernels, each: Cut): Kernel =>
    shared(name, kernels[name] as Kernel, each, how);
  const always = Object.fromEntries(
    Object.entries(CUTS).map(([name, each]) => [name, sharing(name as keyof Kernels, each)]),
  ) as Record<keyof typeof CUTS, Kernel>;
  const byColumns = sharing('gemm', GEMM_COLUMNS);
  const { get } = named(GEMM);
  const gemm = (...list: number[]): void =>
    (get(list, 'M') < 2 * ROWS && get(list, 'M') >= 3 ? byColumns : always.gemm)(...list);

  const linear_backward: Kernels['linear_backward'] = (dx, dw, db, dy, x, w, scratch, N, I, O) => {
    if (N * I * O < WORTH) return kernels.linear_backward(dx, dw, db, dy, x, w, scratch, N, I, O);
    // c a b scratch, M N K, cRow, aRow aCol, bRow bCol, add
    if (dx) gemm(dx, dy, w, scratch, N, I, O, I, O, 1, I, 1, 1);
    if (dw) gemm(dw, dy, x, scratch, O, I, N, I, 1, O, I, 1, 1);
    if (db) always.column_sums(db, dy, N, O, O);
  };

  /**
   * A recurrent kernel of G gates: scratch and the range of rows are what differs between shares.
   */
  const recurrent = (name: keyof typeof RECURRENT, G: number): Kernel => {
    const { get, with: replace } = named(RECURRENT[name]);
    return (...list) => {
      const [T, B, H] = ['T', 'B', 'H'].map(size => get(list, size)) as [number, number, number];
      if (B === 1 || T * B * H * H * G < WORTH) return (kernels[name] as Kernel)(...list);
      const bytes = kernels.recurrent_scratch(B, H, G);
      run(
        name,
        cut(B, threads, 1).map(([from, to], i) =>
          replace(list, { scratch: get(list, 'scratch') + i * bytes, from, to }),
        ),
      );
    };
  };

  return {
    ...always,
    gemm,
    linear_backward,
    recurrent_scratch: (B: number, H: number, G: number) =>
      threads * kernels.recurrent_scratch(B, H, G),
    lstm_forward: recurrent('lstm_forward', 4),
    lstm_backward: recurrent('lstm_backward', 4),
    gru_forward: recurrent('gru_forward', 3),
    gru_backward: recurrent('gru_backward', 3),
    rnn_forward: recurrent('rnn_forward', 1),
    rnn_backward: recurrent('rnn_backward', 1),
  } as unknown as Partial<Kernels>;
}
