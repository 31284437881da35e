/** Files of word vectors of any size, read in pieces. */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { type VectorsFile, VectorsParser } from '../io/vectors.js';
import { unreadable } from './files.js';

/** Bytes of a piece. */
const PIECE = 4 << 20;

/**
 * The vectors of a file in any format that `io.readVectors` knows; unpacked where its name ends in
 * `.gz`.
 *
 * @param options limit: only the first so many words, and no more of the file. Default: all
 * @throws Error for a file that cannot be read or unpacked; RangeError as `io.readVectors`
 */
export async function readVectors(
  path: string,
  options: { limit?: number } = {},
): Promise<VectorsFile> {
  const parser = new VectorsParser(options);
  const file = createReadStream(path, { highWaterMark: PIECE });
  const packed = path.endsWith('.gz');
  const stream = packed ? file.pipe(createGunzip({ chunkSize: PIECE })) : file;
  if (packed) file.on('error', error => stream.destroy(error));
  try {
    for await (const piece of stream) if (!parser.push(piece as Uint8Array)) break;
  } catch (cause) {
    if (cause instanceof RangeError) throw cause;
    throw unreadable(path, 'the vectors', cause);
  } finally {
    file.destroy();
  }
  return parser.end();
}
