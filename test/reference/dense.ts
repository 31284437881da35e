/** Arrays with shapes in f64, by multi-index alone: what every op is compared with. */

export interface Dense {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** Every multi-index of a shape, in row-major order; one empty index for a scalar. */
export function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, extent) => all.flatMap(index => Array.from({ length: extent }, (_, i) => [...index, i])),
    [[]],
  );
}

/** The array whose element at each index is f(index). */
export function build(shape: readonly number[], f: (index: readonly number[]) => number): Dense {
  return { shape, data: Float64Array.from(indices(shape), f) };
}

/**
 * The element at an index, which is aligned at the last axis; an axis of extent 1 repeats (NumPy's
 * rule).
 */
export function at({ shape, data }: Dense, index: readonly number[]): number {
  const lead = index.length - shape.length;
  return data[
    shape.reduce(
      (position, extent, axis) => position * extent + (extent === 1 ? 0 : index[axis + lead]!),
      0,
    )
  ]!;
}

/** Row-major values of a shape. */
export function dense(
  values: ArrayLike<number>,
  shape: readonly number[] = [values.length],
): Dense {
  return { shape, data: Float64Array.from(values) };
}

/** f of each element. */
export function map({ shape, data }: Dense, f: (value: number) => number): Dense {
  return { shape, data: data.map(f) };
}

/** Σ over k < n of f(k). */
export function total(n: number, f: (k: number) => number): number {
  let sum = 0;
  for (let k = 0; k < n; k++) sum += f(k);
  return sum;
}
