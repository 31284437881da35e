/** Arithmetic of arrays of one shape and its adjoints, in f64. */

export const binary = {
  add: (a: number, b: number): number => a + b,
  sub: (a: number, b: number): number => a - b,
  mul: (a: number, b: number): number => a * b,
  div: (a: number, b: number): number => a / b,
};

/** y = f(a, b) */
export function forward(
  f: (a: number, b: number) => number,
  a: Float64Array,
  b: Float64Array,
): Float64Array {
  return a.map((v, i) => f(v, b[i]!));
}

/** y = a·b:   da += dy·b,   db += dy·a */
export function mulBackward(
  da: Float64Array,
  db: Float64Array,
  dy: Float64Array,
  a: Float64Array,
  b: Float64Array,
): void {
  for (let i = 0; i < dy.length; i++) {
    da[i]! += dy[i]! * b[i]!;
    db[i]! += dy[i]! * a[i]!;
  }
}

/** y = a/b:   da += dy/b,   db −= dy·a/b² */
export function divBackward(
  da: Float64Array,
  db: Float64Array,
  dy: Float64Array,
  a: Float64Array,
  b: Float64Array,
): void {
  for (let i = 0; i < dy.length; i++) {
    da[i]! += dy[i]! / b[i]!;
    db[i]! -= (dy[i]! * a[i]!) / b[i]! ** 2;
  }
}
