/**
 * How each kernel's work is cut into shares: by rows of its output, or elements where it has no
 * rows.
 */
import type { Kernels } from './kernels.js';

type Run = (name: keyof Kernels, parts: number[][]) => void;

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

/** Kernels of the same names and arguments that share their work out through `run`. */
export function shares(kernels: Kernels, threads: number, run: Run): Partial<Kernels> {
  /** Area i of a scratch that has one for each thread. */
  const area = (scratch: number, i: number, bytes: number): number => scratch + i * bytes;
  const gemmScratch = kernels.gemm_scratch();

  const gemm: Kernels['gemm'] = (c, a, b, scratch, M, N, K, cRow, aRow, aCol, bRow, bCol, add) => {
    if (M * N * K < WORTH || (M < 2 * ROWS && (M < 3 || N < 128)))
      return kernels.gemm(c, a, b, scratch, M, N, K, cRow, aRow, aCol, bRow, bCol, add);
    const list =
      M >= 2 * ROWS
        ? cut(M, threads, ROWS).map(([from, to], i) => [
            at(c, from * cRow),
            at(a, from * aRow),
            b,
            area(scratch, i, gemmScratch),
            to - from,
            N,
            K,
            cRow,
            aRow,
            aCol,
            bRow,
            bCol,
            add,
          ])
        : cut(N, threads, 64).map(([from, to], i) => [
            at(c, from),
            a,
            at(b, from * bCol),
            area(scratch, i, gemmScratch),
            M,
            to - from,
            K,
            cRow,
            aRow,
            aCol,
            bRow,
            bCol,
            add,
          ]);
    run('gemm', list);
  };

  const linear_forward: Kernels['linear_forward'] = (y, x, w, b, scratch, N, I, O) => {
    if (N < 2 * ROWS || N * I * O < WORTH)
      return kernels.linear_forward(y, x, w, b, scratch, N, I, O);
    run(
      'linear_forward',
      cut(N, threads, ROWS).map(([from, to], i) => [
        at(y, from * O),
        at(x, from * I),
        w,
        b,
        area(scratch, i, gemmScratch),
        to - from,
        I,
        O,
      ]),
    );
  };

  const column_sums: Kernels['column_sums'] = (db, dy, N, O, dyRow) => {
    if (COST.column_sums * N * O < WORTH) return kernels.column_sums(db, dy, N, O, dyRow);
    run(
      'column_sums',
      cut(O, threads, 16).map(([from, to]) => [at(db, from), at(dy, from), N, to - from, dyRow]),
    );
  };

  const linear_backward: Kernels['linear_backward'] = (dx, dw, db, dy, x, w, scratch, N, I, O) => {
    if (N * I * O < WORTH) return kernels.linear_backward(dx, dw, db, dy, x, w, scratch, N, I, O);
    if (dx) gemm(dx, dy, w, scratch, N, I, O, I, O, 1, I, 1, 1);
    if (dw) gemm(dw, dy, x, scratch, O, I, N, I, 1, O, I, 1, 1);
    if (db) column_sums(db, dy, N, O, O);
  };

  /** A recurrent kernel: scratch and the range of rows are what differs between shares. */
  const recurrent = <
    Name extends
      | 'lstm_forward'
      | 'lstm_backward'
      | 'gru_forward'
      | 'gru_backward'
      | 'rnn_forward'
      | 'rnn_backward',
  >(
    name: Name,
    scratchAt: number,
    G: number,
  ) => {
    const kernel = kernels[name] as (...list: number[]) => void;
    return ((...list: number[]) => {
      const [T, B, H] = [list[scratchAt + 1]!, list[scratchAt + 2]!, list[scratchAt + 3]!];
      if (B === 1 || T * B * H * H * G < WORTH) return kernel(...list);
      const bytes = kernels.recurrent_scratch(B, H, G);
      run(
        name,
        cut(B, threads, 1).map(([from, to], i) => [
          ...list.slice(0, scratchAt),
          area(list[scratchAt]!, i, bytes),
          ...list.slice(scratchAt + 1, -2),
          from,
          to,
        ]),
      );
    }) as Kernels[Name];
  };

  const cross_entropy_forward: Kernels['cross_entropy_forward'] = (
    losses,
    stats,
    logits,
    targets,
    N,
    C,
    ignoreIndex,
    smoothing,
  ) => {
    if (COST.cross_entropy * N * C < WORTH)
      return kernels.cross_entropy_forward(
        losses,
        stats,
        logits,
        targets,
        N,
        C,
        ignoreIndex,
        smoothing,
      );
    run(
      'cross_entropy_forward',
      cut(N, threads, 1).map(([from, to]) => [
        at(losses, from),
        at(stats, 4 * from),
        at(logits, from * C),
        at(targets, from),
        to - from,
        C,
        ignoreIndex,
        smoothing,
      ]),
    );
  };

  const cross_entropy_backward: Kernels['cross_entropy_backward'] = (
    dlogits,
    dloss,
    logits,
    stats,
    targets,
    N,
    C,
    ignoreIndex,
    smoothing,
  ) => {
    if (COST.cross_entropy * N * C < WORTH)
      return kernels.cross_entropy_backward(
        dlogits,
        dloss,
        logits,
        stats,
        targets,
        N,
        C,
        ignoreIndex,
        smoothing,
      );
    run(
      'cross_entropy_backward',
      cut(N, threads, 1).map(([from, to]) => [
        at(dlogits, from * C),
        at(dloss, from),
        at(logits, from * C),
        at(stats, 4 * from),
        at(targets, from),
        to - from,
        C,
        ignoreIndex,
        smoothing,
      ]),
    );
  };

  const cross_entropy_both: Kernels['cross_entropy_both'] = (
    losses,
    logits,
    targets,
    N,
    C,
    ignoreIndex,
    dloss,
  ) => {
    if (COST.cross_entropy * N * C < WORTH)
      return kernels.cross_entropy_both(losses, logits, targets, N, C, ignoreIndex, dloss);
    run(
      'cross_entropy_both',
      cut(N, threads, 1).map(([from, to]) => [
        at(losses, from),
        at(logits, from * C),
        at(targets, from),
        to - from,
        C,
        ignoreIndex,
        dloss,
      ]),
    );
  };

  const embedding_forward: Kernels['embedding_forward'] = (y, w, ids, N, E) => {
    if (COST.embedding * N * E < WORTH) return kernels.embedding_forward(y, w, ids, N, E);
    run(
      'embedding_forward',
      cut(N, threads, 1).map(([from, to]) => [at(y, from * E), w, at(ids, from), to - from, E]),
    );
  };

  const embedding_backward: Kernels['embedding_backward'] = (dw, dy, ids, N, E, row, padding) => {
    if (COST.embedding * N * E < WORTH)
      return kernels.embedding_backward(dw, dy, ids, N, E, row, padding);
    run(
      'embedding_backward',
      cut(E, threads, 16).map(([from, to]) => [
        at(dw, from),
        at(dy, from),
        ids,
        N,
        to - from,
        row,
        padding,
      ]),
    );
  };

  /**
   * An optimizer's step over n elements: the first `arrays` arguments are addresses, then comes n.
   */
  const elementwise = <
    Name extends 'adam_step' | 'sgd_step' | 'rmsprop_step' | 'adagrad_step' | 'adadelta_step',
  >(
    name: Name,
    arrays: number,
  ) => {
    const kernel = kernels[name] as (...list: number[]) => void;
    return ((...list: number[]) => {
      const n = list[arrays]!;
      if (COST.optimizer * n < WORTH) return kernel(...list);
      run(
        name,
        cut(n, threads, 16).map(([from, to]) => [
          ...list.slice(0, arrays).map(address => at(address, from)),
          to - from,
          ...list.slice(arrays + 1),
        ]),
      );
    }) as unknown as Kernels[Name];
  };

  return {
    gemm,
    linear_forward,
    linear_backward,
    column_sums,
    cross_entropy_forward,
    cross_entropy_backward,
    cross_entropy_both,
    embedding_forward,
    embedding_backward,
    recurrent_scratch: (B, H, G) => threads * kernels.recurrent_scratch(B, H, G),
    lstm_forward: recurrent('lstm_forward', 12, 4),
    lstm_backward: recurrent('lstm_backward', 12, 4),
    gru_forward: recurrent('gru_forward', 12, 3),
    gru_backward: recurrent('gru_backward', 11, 3),
    rnn_forward: recurrent('rnn_forward', 10, 1),
    rnn_backward: recurrent('rnn_backward', 8, 1),
    adam_step: elementwise('adam_step', 5),
    sgd_step: elementwise('sgd_step', 3),
    rmsprop_step: elementwise('rmsprop_step', 5),
    adagrad_step: elementwise('adagrad_step', 3),
    adadelta_step: elementwise('adadelta_step', 4),
  };
}
