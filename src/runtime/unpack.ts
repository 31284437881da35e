/** Undoes the build's packing of the two WebAssembly builds into one string. */
import { builtin } from './builtin.js';

/** A build of the kernels: by the instructions that it needs. */
export type Build = 'simd' | 'relaxed';

export interface Packed {
  /**
   * Deflated, with zlib's header (Node before 20.12 knows no raw streams): pieces of the two builds
   * in turn, the last ones shorter.
   */
  base64: string;
  /** Bytes of a piece. */
  piece: number;
  /** Bytes of each build. */
  sizes: Record<Build, number>;
}

/** The bytes of one build. */
export async function unpack(
  { base64, piece, sizes }: Packed,
  build: Build,
): Promise<Uint8Array<ArrayBuffer>> {
  const size = sizes.simd + sizes.relaxed;
  const pieces = inflateNow(base64, size) ?? (await inflate(base64, size));
  const bytes = new Uint8Array(sizes[build]);
  for (let start = 0, at = 0; at < pieces.length; start += piece) {
    for (const name of ['simd', 'relaxed'] as const) {
      const n = Math.max(0, Math.min(piece, sizes[name] - start));
      if (name === build && n > 0) bytes.set(pieces.subarray(at, at + n), start);
      at += n;
    }
  }
  return bytes;
}

/** Node's own functions take 4 ms; loading the web's streams there takes 30. */
function inflateNow(base64: string, chunkSize: number): Uint8Array | undefined {
  const zlib = builtin<{
    inflateSync(bytes: Uint8Array, options: { chunkSize: number }): Uint8Array;
  }>('node:zlib');
  const buffer = builtin<{ Buffer: { from(text: string, encoding: 'base64'): Uint8Array } }>(
    'node:buffer',
  );
  return zlib?.inflateSync(buffer!.Buffer.from(base64, 'base64'), { chunkSize });
}

async function inflate(base64: string, size: number): Promise<Uint8Array> {
  const text = atob(base64);
  const deflated = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) deflated[i] = text.charCodeAt(i);
  const { readable, writable } = new DecompressionStream('deflate');
  const writer = writable.getWriter();
  const written = Promise.all([writer.write(deflated), writer.close()]);
  const bytes = new Uint8Array(size);
  const reader = readable.getReader();
  for (let at = 0; at < size; ) {
    const { value } = await reader.read();
    bytes.set(value!, at);
    at += value!.length;
  }
  await written;
  return bytes;
}
