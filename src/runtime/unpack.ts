/** Undoes the build's packing of the two WebAssembly builds into one string. */

export type Build = 'simd' | 'relaxed';

export interface Packed {
  /** Deflated: pieces of the two builds in turn, the last ones shorter. */
  base64: string;
  /** Bytes of a piece. */
  piece: number;
  /** Bytes of each build. */
  sizes: Record<Build, number>;
}

/** The bytes of one build. */
export async function unpack({ base64, piece, sizes }: Packed, build: Build): Promise<Uint8Array<ArrayBuffer>> {
  const pieces = await inflate(Uint8Array.from(atob(base64), character => character.charCodeAt(0)));
  const bytes = new Uint8Array(sizes[build]);
  for (let start = 0, at = 0; at < pieces.length; start += piece) {
    for (const name of ['simd', 'relaxed'] as const) {
      const n = Math.max(0, Math.min(piece, sizes[name] - start));
      if (name === build) bytes.set(pieces.subarray(at, at + n), start);
      at += n;
    }
  }
  return bytes;
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
