/** Reads the golden files, independently of `src/io`: 8 bytes header length, JSON header, data. */
import { readFileSync } from 'node:fs';

export interface Golden {
  readonly metadata: Readonly<Record<string, string>>;
  /** Elements of a tensor, row-major. */
  values(name: string): Float64Array;
  shape(name: string): readonly number[];
  readonly names: readonly string[];
}

/** `test/golden/<stem>.safetensors`. */
export function golden(stem: string): Golden {
  const bytes = readFileSync(new URL(`../../../test/golden/${stem}.safetensors`, import.meta.url));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const { __metadata__, ...tensors } = JSON.parse(bytes.toString('utf8', 8, start));
  const entry = (name: string) => {
    if (!(name in tensors))
      throw new Error(`golden: ${stem} has no ${name}, only ${Object.keys(tensors).join(', ')}`);
    return tensors[name] as { dtype: string; shape: number[]; data_offsets: [number, number] };
  };
  return {
    metadata: __metadata__ ?? {},
    names: Object.keys(tensors),
    shape: name => entry(name).shape,
    values(name) {
      const {
        dtype,
        data_offsets: [from, to],
      } = entry(name);
      const read =
        dtype === 'F32'
          ? (at: number) => view.getFloat32(at, true)
          : dtype === 'I32'
            ? (at: number) => view.getInt32(at, true)
            : undefined;
      if (!read) throw new Error(`golden: ${stem}: ${name} is ${dtype}, expected F32 or I32`);
      return Float64Array.from({ length: (to - from) / 4 }, (_, i) => read(start + from + 4 * i));
    },
  };
}
