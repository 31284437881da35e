/** Seeded data and the memory that benches work in. */
import { Random, text } from '../src/index.js';
import { allocate, f32, free, i32 } from '../src/runtime/arena.js';

/**
 * Runs `work` with an allocator of buffers of random numbers in [−1, 1), which are given back at
 * the end.
 */
export function* withBuffers<T>(
  work: (buffer: (floats: number) => number) => Iterable<T>,
): Generator<T> {
  const random = new Random(1);
  const addresses: number[] = [];
  const buffer = (floats: number): number => {
    const address = allocate(4 * floats);
    addresses.push(address);
    const values = f32(address, floats);
    for (let i = 0; i < floats; i++) values[i] = random.uniform(-1, 1);
    return address;
  };
  try {
    yield* work(buffer);
  } finally {
    for (const address of addresses) free(address);
  }
}

/** A vocabulary of `size` characters (65, as tiny shakespeare's) or words. */
export function vocabulary(size: number): text.Vocab {
  if (size <= 128)
    return text.Vocab.fromJSON({
      level: 'char',
      tokens: ['\n', ...Array.from({ length: size - 1 }, (_, i) => String.fromCharCode(32 + i))],
    });
  return text.Vocab.fromJSON({
    level: 'word',
    tokens: ['<unk>', '<eos>', ...Array.from({ length: size - 2 }, (_, i) => `w${i}`)],
  });
}

/** n ids below `size`. */
export function randomIds(n: number, size: number): Int32Array {
  const random = new Random(2);
  return Int32Array.from({ length: n }, () => random.int(size));
}

/** Writes n ids below `size` to `address`, and returns it. */
export function withIds(address: number, n: number, size: number): number {
  i32(address, n).set(randomIds(n, size));
  return address;
}

/** n ids below `size`, log-uniform: about as words are (Zipf). */
export function wordIds(n: number, size: number): Int32Array {
  const random = new Random(2);
  return Int32Array.from({ length: n }, () => Math.floor((size + 1) ** random.float()) - 1);
}
