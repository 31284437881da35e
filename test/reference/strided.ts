/** The view of a strided array: where each of its elements lies, in row-major order of `sizes`. */
export function offsets(sizes: readonly number[], strides: readonly number[]): number[] {
  const n = sizes.reduce((product, size) => product * size, 1);
  return Array.from({ length: n }, (_, flat) => {
    let offset = 0;
    for (let d = sizes.length - 1; d >= 0; d--) {
      offset += (flat % sizes[d]!) * strides[d]!;
      flat = Math.floor(flat / sizes[d]!);
    }
    return offset;
  });
}
