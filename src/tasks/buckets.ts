/**
 * Batches of sequences about as long as each other, so that little is computed behind their ends.
 */
import { noOthers } from '../runtime/options.js';
import { checkSize } from '../tensor/shape.js';
import type { BatchData } from '../train/trainable.js';

/** Batches whose examples are sorted by length together. */
const POOL = 16;

/** What `tasks` models ask of their data. */
export interface DataOptions {
  /** Examples of a batch; the last ones may have fewer. */
  batchSize: number;
  /** Tells this data from other data when a run is resumed. */
  fingerprint: string;
}

/**
 * Examples of different lengths as batches, in a new order each epoch: drawn, sorted by length
 * within every 16 batches, and these put into a drawn order.
 *
 * @param who whose data it is, for errors
 * @param lengths units of each example
 * @param make the batch of these examples
 * @throws RangeError where there is no example, and for an option out of range
 */
export function lengthBuckets<Batch>(
  who: string,
  lengths: readonly number[],
  { batchSize, fingerprint, ...rest }: DataOptions,
  make: (members: Int32Array) => Batch,
): BatchData<Batch> {
  noOthers(who, rest);
  checkSize(lengths.length, 'examples', who);
  checkSize(batchSize, 'batchSize', who);
  return {
    fingerprint,
    batches: random => {
      const order = random.shuffle(Int32Array.from(lengths, (_, i) => i));
      const cut: Int32Array[] = [];
      for (let from = 0; from < order.length; from += POOL * batchSize) {
        const pool = order.slice(from, from + POOL * batchSize);
        // equal lengths stay in the order that was drawn: sort is stable
        pool.sort((a, b) => lengths[a]! - lengths[b]!);
        for (let at = 0; at < pool.length; at += batchSize)
          cut.push(pool.subarray(at, at + batchSize));
      }
      const turn = random.shuffle(Int32Array.from(cut, (_, i) => i));
      return {
        length: cut.length,
        position: 0,
        next() {
          const members = cut[turn[this.position] ?? -1];
          if (members === undefined) return { done: true, value: undefined };
          this.position++;
          return { done: false, value: make(members) };
        },
      };
    },
  };
}

/**
 * Works through examples a batch at a time, the short ones first.
 *
 * @returns results in the order of the examples
 */
export function byLength<T>(
  lengths: readonly number[],
  batchSize: number,
  work: (members: Int32Array) => readonly T[],
): T[] {
  const order = Int32Array.from(lengths, (_, i) => i).sort((a, b) => lengths[a]! - lengths[b]!);
  const results: T[] = new Array(lengths.length);
  for (let from = 0; from < order.length; from += batchSize) {
    const members = order.subarray(from, from + batchSize);
    work(members).forEach((each, k) => {
      results[members[k]!] = each;
    });
  }
  return results;
}
