/** Reads the reference vectors of test/golden/ (safetensors, F32 and I32), widened to f64. */
import { readFileSync } from 'node:fs';

const folder = new URL('../../../test/golden/', import.meta.url);

/** The tensors of test/golden/`name`.safetensors: an accessor that refuses unknown names. */
export function golden(name: string): (tensor: string) => Float64Array {
  const file = readFileSync(new URL(`${name}.safetensors`, folder));
  const data = 8 + Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, data)) as Record<string, { dtype: string; data_offsets: [number, number] }>;
  return tensor => {
    const entry = header[tensor];
    if (entry === undefined) throw new Error(`golden: ${name} has no ${tensor}, only ${Object.keys(header)}`);
    const [from, to] = entry.data_offsets;
    return Float64Array.from({ length: (to - from) / 4 }, (_, i) => (entry.dtype === 'I32' ? file.readInt32LE(data + from + 4 * i) : file.readFloatLE(data + from + 4 * i)));
  };
}
