/** Shapes and the checks that every op makes. */

/** Extents of the axes; [] for a scalar. */
export type Shape = readonly number[];

/** Number of elements; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Checks that every extent is a whole number ≥ 0. */
export function checkShape(shape: Shape, who: string): void {
  if (!shape.every(extent => Number.isInteger(extent) && extent >= 0)) {
    throw new RangeError(`${who}: shape [${shape}] has an extent that is not a whole number ≥ 0`);
  }
}

/** Checks a size that must be a whole number ≥ 1. */
export function checkSize(value: number, name: string, who: string): void {
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`${who}: ${name} is ${value}, expected a whole number ≥ 1`);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** Checks that `x` has exactly the shape `expected`; −1 allows any extent. */
export function expectShape(
  x: { readonly shape: Shape },
  expected: Shape,
  name: string,
  who: string,
): void {
  const fits =
    x.shape.length === expected.length &&
    expected.every((extent, axis) => extent === -1 || extent === x.shape[axis]);
  if (!fits)
    throw new RangeError(
      `${who}: ${name} is [${x.shape}], expected ` +
        `[${expected.map(extent => (extent === -1 ? '·' : extent))}]`,
    );
}

/** The axis as 0 … rank − 1; negative ones count from the end. */
export function normalizeAxis(axis: number, rank: number, who: string): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normal < 0 || normal >= rank)
    throw new RangeError(`${who}: axis ${axis} of a tensor with ${rank} axes`);
  return normal;
}

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--)
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/**
 * The shape that `a` and `b` broadcast to: aligned at the last axis, extents equal or 1 (NumPy's
 * rule).
 */
export function broadcastShapes(a: Shape, b: Shape, who: string): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const m = a[axis - rank + a.length] ?? 1;
    const n = b[axis - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1)
      throw new RangeError(`${who}: shapes [${a}] and [${b}] do not broadcast: ${m} against ${n}`);
    return m === 1 ? n : m;
  });
}
