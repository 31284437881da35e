/** Counting n-grams in memory that does not grow with the text. */
import { sortPass } from '../../ngram/sort.js';
import { checkOptions } from '../../runtime/options.js';
import type { Vocab } from '../../text/vocab.js';

/** Words of the longest n-grams that are counted. */
export const MOST = 8;

/** Sorted n-grams and how often each occurred, wherever they are kept. */
export interface Run {
  /** Rows, each of an n-gram's words and its count. */
  readonly length: number;
  /** Numbers of the rows from … to − 1, one row after the other. */
  read(from: number, to: number): Uint32Array;
}

/** Keeps runs outside the memory. */
export interface RunStore {
  /**
   * Keeps sorted rows, which are free to be written over when it returns.
   *
   * @param width numbers of a row
   */
  write(rows: Uint32Array, width: number): Run;
}

/** How n-grams are counted. */
export interface NgramCounterOptions {
  /** The words of the text. */
  vocab: Vocab;
  /** Words of the longest n-grams, 1 to 8. Default: 5. */
  order?: number;
  /** Words that are sorted at a time; each takes 4·(order + 7) bytes. Default: 4,194,304. */
  block?: number;
  /** Where sorted blocks are kept. Default: the memory. */
  store?: RunStore;
}

/** Rows that are read at a time. */
const ROWS = 1 << 12;

const memory: RunStore = {
  write: (rows, width) => ({
    length: rows.length / width,
    read: (from, to) => rows.subarray(from * width, to * width),
  }),
};

/**
 * Counts the n-grams of a text, or of its parts: the counts of parts that end where sentences do
 * add up to those of the whole (`merge`).
 *
 * With a vocabulary of words each line is a sentence: the words before it count for nothing, `<s>`
 * stands at its beginning. With characters or bytes the text is one.
 */
export class NgramCounter {
  /** The words of the text. */
  readonly vocab: Vocab;
  /** Words of the longest n-grams. */
  readonly order: number;
  /** Words counted. */
  tokens = 0;
  private readonly store: RunStore;
  /** The number of `<s>`, and one above all words. */
  private readonly begin: number;
  /** The end of a sentence; −1: there are none. */
  private readonly end: number;
  /** Words to be counted and the beginnings of sentences, behind the `order` before them. */
  private readonly ids: Uint32Array;
  /** What stands before each in its sentence, the beginning included; order − 1 at most. */
  private readonly history: Uint8Array;
  private filled: number;
  /** Whether the next word begins a sentence. */
  private fresh = true;
  private readonly runs: Run[] = [];

  constructor(options: NgramCounterOptions) {
    checkOptions('NgramCounter', options, { vocab: true, order: true, block: true, store: true });
    const { vocab, order = 5, block = 1 << 22, store = memory } = options;
    if (!(Number.isInteger(order) && order >= 1 && order <= MOST))
      throw new RangeError(`NgramCounter: order is ${order}, expected 1 to ${MOST}`);
    if (!(Number.isInteger(block) && block >= 1))
      throw new RangeError(`NgramCounter: block is ${block}, expected a whole number ≥ 1`);
    this.vocab = vocab;
    this.order = order;
    this.store = store;
    this.begin = vocab.size;
    this.end = sentenceEnd(vocab);
    this.ids = new Uint32Array(order + block);
    this.history = new Uint8Array(order + block);
    this.filled = order;
  }

  /**
   * Counts the next words of the text.
   *
   * @throws RangeError for an id beyond the vocabulary
   */
  add(ids: ArrayLike<number>): void {
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      if (!(id >= 0 && id < this.begin))
        throw new RangeError(
          `NgramCounter: the id is ${id}, expected one below ${this.begin}, the vocabulary's size`,
        );
      if (this.fresh) this.put(this.begin, 0);
      const before = this.history[this.filled - 1]!;
      this.put(id, Math.min(before + 1, this.order - 1));
      this.fresh = id === this.end;
    }
    this.tokens += ids.length;
  }

  private put(id: number, history: number): void {
    if (this.filled === this.ids.length) this.settle();
    this.ids[this.filled] = id;
    this.history[this.filled++] = history;
  }

  /**
   * Adds what another counter has counted, of the same vocabulary and order.
   *
   * @throws RangeError where these differ
   */
  merge(other: NgramCounter): void {
    if (other.order !== this.order)
      throw new RangeError(
        `NgramCounter: the other counts n-grams up to order ${other.order}, expected ${this.order}`,
      );
    if (other.vocab !== this.vocab && !sameWords(other.vocab, this.vocab))
      throw new RangeError('NgramCounter: the other counts words of another vocabulary');
    other.settle();
    this.runs.push(...other.runs);
    this.tokens += other.tokens;
  }

  /** Sorts the words that wait, and keeps them as a run. */
  private settle(): void {
    const { order: N, ids, history, filled, begin } = this;
    const waiting = filled - N;
    if (waiting === 0) return;
    // row i: the word itself and those before it, + 1; 0 where the sentence has no such word
    const rows = new Uint32Array(waiting * N);
    for (let i = 0, at = 0; i < waiting; i++)
      for (let k = 0; k < N; k++) rows[at++] = history[N + i]! >= k ? ids[N + i - k]! + 1 : 0;
    let n = 0;
    let order = new Uint32Array(waiting);
    for (let i = 0; i < waiting; i++) if (ids[N + i] !== begin) order[n++] = i;
    order = order.subarray(0, n);
    let out = new Uint32Array(n);
    const keys = new Uint32Array(waiting);
    for (let k = N - 1; k >= 0; k--) {
      for (let i = 0, at = k; i < waiting; i++, at += N) keys[i] = rows[at]!;
      sortPass(keys, order, out, begin + 2);
      [order, out] = [out, order];
    }
    this.runs.push(this.store.write(unique(rows, N, order), N + 1));
    // the last words are the history of the next
    ids.copyWithin(0, filled - N, filled);
    history.copyWithin(0, filled - N, filled);
    this.filled = N;
  }

  /**
   * All n-grams in order, by last word, the one before it, …; each as its words + 1, 0 where the
   * sentence has no more, and its count.
   *
   * @param visit is given an array and where the n-gram stands in it
   */
  each(visit: (rows: Uint32Array, at: number, count: number) => void): void {
    this.settle();
    merge(this.runs, this.order, visit);
  }
}

/** Rows of words and count, in this order, equal ones once. */
function unique(given: Uint32Array, N: number, order: Uint32Array): Uint32Array {
  const width = N + 1;
  let rows = new Uint32Array(Math.max(1, order.length >> 1) * width);
  let at = -width;
  for (let i = 0; i < order.length; i++) {
    const own = order[i]! * N;
    let k = at < 0 ? N : 0;
    while (k < N && rows[at + k] === given[own + k]) k++;
    if (k === N && at >= 0) {
      rows[at + N]!++;
      continue;
    }
    at += width;
    if (at === rows.length) {
      const more = new Uint32Array(Math.min(2 * at, order.length * width));
      more.set(rows);
      rows = more;
    }
    for (k = 0; k < N; k++) rows[at + k] = given[own + k]!;
    rows[at + N] = 1;
  }
  return rows.slice(0, at + width);
}

/** The id that ends a sentence; −1 where a text is one. */
export function sentenceEnd(vocab: Vocab): number {
  return vocab.level === 'word' ? vocab.idOf('<eos>') : -1;
}

function sameWords(a: Vocab, b: Vocab): boolean {
  const words = (vocab: Vocab): string => JSON.stringify({ ...vocab.toJSON(), counts: null });
  return words(a) === words(b);
}

/** Visits the rows of sorted runs in order, equal ones once with their counts summed. */
function merge(
  runs: readonly Run[],
  N: number,
  visit: (rows: Uint32Array, at: number, count: number) => void,
): void {
  const width = N + 1;
  const heads = runs.map(run => new Head(run, width)).filter(head => head.left);
  const before = (a: Head, b: Head): number => {
    for (let k = 0; k < N; k++) {
      const difference = a.rows[a.at + k]! - b.rows[b.at + k]!;
      if (difference !== 0) return difference;
    }
    return 0;
  };
  if (heads.length === 1) {
    for (const head = heads[0]!; head.left; head.next())
      visit(head.rows, head.at, head.rows[head.at + N]!);
    return;
  }
  // a binary heap, the least row first
  const sink = (i: number): void => {
    for (;;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heads.length && before(heads[child]!, heads[least]!) < 0) least = child;
      if (least === i) return;
      [heads[i], heads[least]] = [heads[least]!, heads[i]!];
      i = least;
    }
  };
  for (let i = heads.length >> 1; i >= 0; i--) sink(i);
  const row = new Uint32Array(width);
  let count = 0;
  while (heads.length > 0) {
    const head = heads[0]!;
    let same = count > 0;
    for (let k = 0; same && k < N; k++) same = row[k] === head.rows[head.at + k];
    if (!same) {
      if (count > 0) visit(row, 0, count);
      for (let k = 0; k < N; k++) row[k] = head.rows[head.at + k]!;
      count = 0;
    }
    count += head.rows[head.at + N]!;
    head.next();
    if (!head.left) {
      const last = heads.pop()!;
      if (last === head) break;
      heads[0] = last;
    }
    sink(0);
  }
  if (count > 0) visit(row, 0, count);
}

/** Where the reading of a run has come to. */
class Head {
  rows: Uint32Array = new Uint32Array();
  at = 0;
  left = true;
  private read = 0;

  constructor(
    private readonly run: Run,
    private readonly width: number,
  ) {
    this.at = -width;
    this.next();
  }

  next(): void {
    this.at += this.width;
    if (this.at < this.rows.length) return;
    const to = Math.min(this.read + ROWS, this.run.length);
    this.left = this.read < to;
    if (!this.left) return;
    this.rows = this.run.read(this.read, to);
    this.read = to;
    this.at = 0;
  }
}
