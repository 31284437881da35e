/** Bytes of any length in a Durable Object's storage, whose values end at 2 MB. */
const CHUNK = 2 ** 20;
/** Keys of one `put`, which is written whole or not at all. */
const KEYS = 128;

const key = (name, i) => `${name}/${String(i).padStart(4, '0')}`;

/** @throws RangeError beyond 127 MiB */
export async function writeBytes(storage, name, bytes) {
  const count = Math.ceil(bytes.length / CHUNK);
  if (count >= KEYS)
    throw new RangeError(
      `writeBytes: ${name} has ${bytes.length} bytes, more than ${(KEYS - 1) * CHUNK}`,
    );
  const entries = { [name]: bytes.length };
  for (let i = 0; i < count; i++) entries[key(name, i)] = bytes.slice(i * CHUNK, (i + 1) * CHUNK);
  await storage.put(entries);
}

/** The bytes; null where there are none. */
export async function readBytes(storage, name) {
  const length = await storage.get(name);
  if (length === undefined) return null;
  const keys = Array.from({ length: Math.ceil(length / CHUNK) }, (_, i) => key(name, i));
  const entries = await storage.get(keys);
  const bytes = new Uint8Array(length);
  keys.forEach((key, i) => bytes.set(entries.get(key), i * CHUNK));
  return bytes;
}
