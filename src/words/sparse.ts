/** Sparse matrices: what most counts of words are. */
import { borrow, close, f32, open, u8 } from '../runtime/arena.js';
import { loadKernels } from './kernels.js';

/** Elements that are not zero, one by one: values[i] at (rows[i], columns[i]). */
export interface Entries {
  /** Rows, from 0. */
  rows: ArrayLike<number>;
  /** Columns, from 0. */
  columns: ArrayLike<number>;
  /** Values; those at the same place are summed. */
  values: ArrayLike<number>;
}

/**
 * A sparse matrix in compressed rows (CSR): row m has the values at `starts[m]` … `starts[m + 1] −
 * 1`, in rising order of their columns. Plain arrays, outside the kernels' memory.
 */
export class SparseMatrix {
  /** [rows, columns] */
  readonly shape: readonly [rows: number, columns: number];
  /** [rows + 1] */
  readonly starts: Int32Array;
  /** Column of each value. */
  readonly columns: Int32Array;
  /** Values. */
  readonly values: Float32Array;

  /**
   * @throws RangeError where the arrays do not fit each other or the shape
   */
  constructor(
    shape: readonly [rows: number, columns: number],
    { starts, columns, values }: { starts: Int32Array; columns: Int32Array; values: Float32Array },
  ) {
    const [M, N] = checkedShape(shape, 'SparseMatrix');
    if (starts.length !== M + 1 || starts[0] !== 0 || starts[M] !== values.length)
      throw new RangeError(
        `SparseMatrix: starts [${starts.length}] goes from ${starts[0]} to ${starts[M]}, expected ` +
          `[${M + 1}] from 0 to ${values.length}, the number of values`,
      );
    if (columns.length !== values.length)
      throw new RangeError(
        `SparseMatrix: ${columns.length} columns for ${values.length} values, expected one for each`,
      );
    for (let m = 0; m < M; m++) {
      if (starts[m + 1]! < starts[m]!)
        throw new RangeError(`SparseMatrix: row ${m} ends at ${starts[m + 1]}, before its start`);
      for (let i = starts[m]!; i < starts[m + 1]!; i++)
        if (
          !(columns[i]! >= 0 && columns[i]! < N) ||
          (i > starts[m]! && columns[i]! <= columns[i - 1]!)
        )
          throw new RangeError(
            `SparseMatrix: row ${m} has column ${columns[i]} at ${i}, expected rising numbers from ` +
              `0 to ${N - 1}`,
          );
    }
    this.shape = [M, N];
    this.starts = starts;
    this.columns = columns;
    this.values = values;
  }

  /**
   * A matrix of single elements, in any order.
   *
   * @throws RangeError for a place outside the shape
   */
  static fromEntries(
    shape: readonly [rows: number, columns: number],
    { rows, columns, values }: Entries,
  ): SparseMatrix {
    const [M, N] = checkedShape(shape, 'fromEntries');
    const n = values.length;
    if (rows.length !== n || columns.length !== n)
      throw new RangeError(
        `fromEntries: ${rows.length} rows and ${columns.length} columns for ${n} values`,
      );
    for (let i = 0; i < n; i++)
      if (!(inside(rows[i]!, M) && inside(columns[i]!, N)))
        throw new RangeError(
          `fromEntries: value ${i} is at (${rows[i]}, ${columns[i]}), outside [${shape}]`,
        );
    // by columns, then stably by rows
    const byColumn = sorted(columns, N, null);
    const order = sorted(rows, M, byColumn);
    const starts = new Int32Array(M + 1);
    const outColumns = new Int32Array(n);
    const outValues = new Float32Array(n);
    let at = 0;
    let last = -1;
    for (const i of order) {
      const [m, column] = [rows[i]!, columns[i]!];
      if (last === m * N + column) outValues[at - 1]! += values[i]!;
      else {
        outColumns[at] = column;
        outValues[at++] = values[i]!;
      }
      last = m * N + column;
      starts[m + 1] = at;
    }
    for (let m = 0; m < M; m++) starts[m + 1] = Math.max(starts[m]!, starts[m + 1]!);
    return new SparseMatrix([M, N], {
      starts,
      columns: outColumns.slice(0, at),
      values: outValues.slice(0, at),
    });
  }

  /** Elements that are not zero. */
  get nonzeros(): number {
    return this.values.length;
  }

  /** Row of each value, [nonzeros]. */
  rowsOfValues(): Int32Array {
    const rows = new Int32Array(this.nonzeros);
    for (let m = 0; m < this.shape[0]; m++) rows.fill(m, this.starts[m], this.starts[m + 1]);
    return rows;
  }

  /** Rows become columns. */
  transpose(): SparseMatrix {
    const [M, N] = this.shape;
    const { columns, values } = this;
    return SparseMatrix.fromEntries([N, M], {
      rows: columns,
      columns: this.rowsOfValues(),
      values,
    });
  }

  /**
   * A·X. The work is shared among threads.
   *
   * @param x [columns, K], row by row
   * @returns [rows, K]
   * @throws RangeError where x does not fit, Error before `init`
   */
  async multiply(x: Float32Array, K: number): Promise<Float32Array> {
    const [M, N] = this.shape;
    if (!(Number.isInteger(K) && K >= 1))
      throw new RangeError(`multiply: K is ${K}, expected a whole number ≥ 1`);
    if (x.length !== N * K)
      throw new RangeError(
        `multiply: x has ${x.length} numbers, expected ${N * K}: ${N} columns of the matrix × ${K}`,
      );
    const kernels = await loadKernels();
    const mark = open();
    try {
      const copied = (values: Float32Array | Int32Array): number => {
        const { buffer, byteOffset, byteLength } = values;
        const address = borrow(byteLength);
        u8(address, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
        return address;
      };
      const [starts, columns, values, at, y] = [
        copied(this.starts),
        copied(this.columns),
        copied(this.values),
        copied(x),
        borrow(4 * M * K),
      ] as const;
      kernels.csr_dense(y, starts, columns, values, at, M, K, this.nonzeros);
      return f32(y, M * K).slice();
    } finally {
      close(mark);
    }
  }
}

/** Numbers 0 … n − 1 in rising order of their keys, those of equal keys in the order given. */
function sorted(keys: ArrayLike<number>, bound: number, order: Int32Array | null): Int32Array {
  const n = keys.length;
  const next = new Int32Array(bound + 1);
  for (let i = 0; i < n; i++) next[keys[i]! + 1]!++;
  for (let key = 0; key < bound; key++) next[key + 1]! += next[key]!;
  const result = new Int32Array(n);
  for (let i = 0; i < n; i++) {
    const each = order ? order[i]! : i;
    result[next[keys[each]!]!++] = each;
  }
  return result;
}

const inside = (index: number, size: number): boolean =>
  Number.isInteger(index) && index >= 0 && index < size;

function checkedShape(
  shape: readonly [rows: number, columns: number],
  who: string,
): readonly [rows: number, columns: number] {
  if (
    shape.length !== 2 ||
    !shape.every(size => Number.isInteger(size) && size >= 0 && size < 2 ** 31)
  )
    throw new RangeError(`${who}: shape [${shape}], expected two sizes: [rows, columns]`);
  return shape;
}
