/** Safetensors files of any size, of which only the header is read. */
import { open } from 'node:fs/promises';
import {
  checkSafetensorsSize,
  readSafetensorsHeader,
  type SafetensorsHeader,
  safetensorsHeaderSize,
} from '../io/safetensors.js';
import { unreadable } from './files.js';

/** Enough to tell other kinds of files by. */
const FIRST = 64;

/**
 * What a safetensors file says of its tensors, and its metadata; the tensors' data are not read, so
 * the file may be larger than the memory.
 *
 * @throws Error as `readFileBytes`; RangeError as `io.readSafetensors`
 */
export async function readHeader(
  path: string,
  what = 'the file',
): Promise<
  SafetensorsHeader & {
    /** Size of the file. */
    bytes: number;
  }
> {
  const file = await open(path).catch((cause: unknown) => {
    throw unreadable(path, what, cause);
  });
  try {
    const read = async (length: number): Promise<Uint8Array> => {
      const { buffer, bytesRead } = await file
        .read(new Uint8Array(length), 0, length, 0)
        .catch((cause: unknown) => {
          throw unreadable(path, what, cause);
        });
      return buffer.subarray(0, bytesRead);
    };
    const { size } = await file.stat();
    const header = readSafetensorsHeader(await read(safetensorsHeaderSize(await read(FIRST))));
    checkSafetensorsSize(header, size);
    return { ...header, bytes: size };
  } finally {
    await file.close();
  }
}
