/** Ids cut into the windows that truncated backpropagation through time trains on. */
import { checkOptions, noOthers } from '../runtime/options.js';
import type { Random } from '../runtime/random.js';

/**
 * A target of a step that has none: no loss, no gradient (torch.nn.CrossEntropyLoss's
 * ignore_index).
 */
export const IGNORED = -100;

/**
 * One window of B sequences, T steps each, as plain data. Arrays are time-major: step t of row b is
 * at t·B + b.
 */
export interface SequenceBatch {
  /** [T·B] ids; 0 where a sequence has ended. */
  inputs: Int32Array;
  /** [T·B] the unit that follows each input, or −100 where nothing is to be learnt. */
  targets: Int32Array;
  /** Time steps. */
  T: number;
  /** Rows: sequences side by side. */
  B: number;
  /** [B] steps of each row, longest first; absent where all are T. */
  lengths?: Int32Array;
  /** [T·B] 1 where the row's state is zeroed before the step; absent where that is nowhere. */
  resets?: Uint8Array;
  /** The state before step 0 is zero for all rows; where false, it is the one carried over. */
  first: boolean;
  /** The steps before this one are run again for their gradients alone: their targets are −100. */
  lossFrom: number;
  /**
   * The state to carry over is the one before this step: T, or less where the next window runs
   * steps again.
   */
  carryAt: number;
  /**
   * The number of targets that are not −100: what a summed loss is divided by. Zero is possible.
   */
  tokens: number;
}

/**
 * The windows of one epoch. Iterates once, from wherever `position` is; set it to 0 to begin again.
 */
export class Windows implements IterableIterator<SequenceBatch> {
  private index = 0;

  /** @internal */
  constructor(
    /** The number of windows in the epoch. */
    readonly length: number,
    private readonly at: (index: number) => SequenceBatch,
  ) {}

  /**
   * How many windows of the epoch are done. To resume from a checkpoint, make the windows again
   * with a `Random` in the state it had then, and set this.
   */
  get position(): number {
    return this.index;
  }

  /** Goes on after so many windows. Throws a RangeError for a number out of range. */
  set position(position: number) {
    if (!(Number.isInteger(position) && position >= 0 && position <= this.length)) {
      throw new RangeError(
        `Windows.position: ${position} is not a whole number from 0 to ${this.length}, the ` +
          'windows of the epoch',
      );
    }
    this.index = position;
  }

  /** The next window of the epoch. */
  next(): IteratorResult<SequenceBatch, undefined> {
    if (this.index >= this.length) return { done: true, value: undefined };
    return { done: false, value: this.at(this.index++) };
  }

  /** The windows themselves, from `position` on. */
  [Symbol.iterator](): this {
    return this;
  }
}

/**
 * Ids that are read by position, of a text that may be larger than the memory: a file, for example.
 */
export interface IdSource {
  /** Number of ids. */
  readonly length: number;
  /** The ids [from, to), whole numbers from 0; good until the next call. */
  read(from: number, to: number): ArrayLike<number>;
}

/** @internal An array as a source. */
export function idSource(ids: Int32Array | IdSource): IdSource {
  return 'read' in ids ? ids : { length: ids.length, read: (from, to) => ids.subarray(from, to) };
}

/** Options of `columns`. */
export interface ColumnsOptions {
  /** B, the number of columns side by side. */
  batchSize: number;
  /**
   * Offsets in `ids` at which documents start, ascending. The state of that row is zeroed there,
   * and the first unit of a document is not a target: nothing before it announces it.
   */
  documents?: ArrayLike<number>;
}

/** How columns are cut along time. */
export interface WindowsOptions {
  /** New steps per window: h′ of Williams and Peng's BPTT(h; h′). */
  bptt: number;
  /**
   * Steps the gradient reaches back over, h ≥ h′ (default h′): the h − h′ before the new ones are
   * run again.
   */
  horizon?: number;
  /**
   * Merity et al. 2017 (AWD-LSTM, section 5.1): every window has its own length, about N(bptt, 5),
   * or N(bptt/2, 5) one time in twenty; at least 5. Scale the learning rate by (T − lossFrom)/bptt
   * to go with it.
   */
  randomLength?: boolean;
  /** Draws the random lengths. All of them are drawn when the windows are made. */
  random?: Random;
}

/** One long text in B columns, made by `columns`. */
export class Columns {
  /** Predictions in each column per epoch. */
  readonly steps: number;
  /** B, the number of columns. */
  readonly batchSize: number;
  private readonly height: number;
  private hashed: string | null = null;

  /** @internal */
  constructor(
    private readonly ids: IdSource,
    private readonly documents: ArrayLike<number>,
    batchSize: number,
  ) {
    this.batchSize = batchSize;
    this.height = Math.floor(ids.length / batchSize);
    this.steps = this.height - 1;
  }

  /** Tells this text in these columns from any other: a checkpoint keeps it. */
  get fingerprint(): string {
    const { ids, documents } = this;
    this.hashed ??= hash([chunks(ids), [documents]], [ids.length, documents.length]);
    return `columns:${this.batchSize}:${ids.length}:${this.hashed}`;
  }

  /**
   * The windows of one epoch, in order: the state is zero before the first and carried from each to
   * the next. The last one is as long as what is left.
   *
   * @throws RangeError if a size is not a whole number from 1, or the horizon is shorter than bptt;
   *   TypeError if randomLength has no random
   */
  windows({
    bptt,
    horizon = bptt,
    randomLength = false,
    random,
    ...rest
  }: WindowsOptions): Windows {
    noOthers('Columns.windows', rest);
    checkSize('Columns.windows', 'bptt', bptt);
    checkSize('Columns.windows', 'horizon', horizon);
    if (horizon < bptt)
      throw new RangeError(
        `Columns.windows: the horizon is ${horizon}, below bptt ${bptt}; make it bptt or more`,
      );
    const history = horizon - bptt;
    if (!randomLength) {
      const at = (index: number) =>
        this.window(index * bptt, Math.min(this.steps, (index + 1) * bptt), history);
      return new Windows(Math.ceil(this.steps / bptt), at);
    }
    if (random === undefined)
      throw new TypeError(
        'Columns.windows: randomLength is set without random; pass a seeded Random',
      );
    const starts = [0];
    for (let start = 0; (start += randomSteps(bptt, random)) < this.steps; ) starts.push(start);
    return new Windows(starts.length, index =>
      this.window(starts[index]!, starts[index + 1] ?? this.steps, history),
    );
  }

  /** The new steps [from, to) of every column, after up to `history` older ones. */
  private window(from: number, to: number, history: number): SequenceBatch {
    const { ids, documents, height, batchSize: B } = this;
    const start = Math.max(0, from - history);
    const lossFrom = from - start;
    const T = to - start;
    const inputs = new Int32Array(T * B);
    const targets = new Int32Array(T * B).fill(IGNORED, 0, lossFrom * B);
    let tokens = (to - from) * B;
    let resets: Uint8Array | undefined;
    for (let b = 0; b < B; b++) {
      const origin = b * height + start;
      const row = ids.read(origin, origin + T + 1);
      for (let t = 0; t < T; t++) inputs[t * B + b] = row[t]!;
      for (let t = lossFrom; t < T; t++) targets[t * B + b] = row[t + 1]!;

      for (
        let d = lowerBound(documents, origin);
        d < documents.length && documents[d]! <= origin + T;
        d++
      ) {
        const t = documents[d]! - origin;
        if (t < T) (resets ??= new Uint8Array(T * B))[t * B + b] = 1;
        if (t > lossFrom) {
          targets[(t - 1) * B + b] = IGNORED;
          tokens--;
        }
      }
    }
    const carryAt = Math.max(0, to - history) - start;
    return {
      inputs,
      targets,
      T,
      B,
      ...(resets && { resets }),
      first: start === 0,
      lossFrom,
      carryAt,
      tokens,
    };
  }
}

/**
 * A text as B contiguous columns of ⌊n/B⌋ units (torch's word_language_model `batchify`); the n mod
 * B units left over at its end are not used. Row b of each window continues row b of the window
 * before.
 *
 * @throws RangeError if an id or offset is not a whole number in range, or the text is shorter than
 *   2·B units: an input and a target in each column
 */
export function columns(ids: ArrayLike<number> | IdSource, options: ColumnsOptions): Columns {
  checkOptions('columns', options, { batchSize: true, documents: true });
  const { batchSize, documents = [] } = options;
  checkSize('columns', 'batchSize', batchSize);
  const whole = 'read' in ids ? ids : idSource(wholeIds('columns', ids));
  if (ids.length < 2 * batchSize) {
    throw new RangeError(
      `columns: the text has ${ids.length} units, at least ${2 * batchSize} are needed for ` +
        `batchSize ${batchSize}; use a longer text or a smaller batchSize`,
    );
  }
  for (let d = 0; d < documents.length; d++) {
    const offset = documents[d]!;
    if (!(Number.isInteger(offset) && offset >= 0 && offset < ids.length)) {
      throw new RangeError(
        `columns: document ${d} starts at ${offset}, expected a whole number below ` +
          `${ids.length}, the length of the text`,
      );
    }
    if (d > 0 && offset <= documents[d - 1]!) {
      throw new RangeError(
        `columns: document ${d} starts at ${offset}, not after ${documents[d - 1]}, the start ` +
          'of the one before; sort the offsets',
      );
    }
  }
  return new Columns(whole, documents, batchSize);
}

/** Options of `sequences`. */
export interface SequencesOptions {
  /** Sequences in a batch; the last one of an epoch may have fewer. */
  batchSize: number;
  /**
   * How many batches' worth of sequences are sorted by length together (default 100): more means
   * less padding, fewer means more chance in who meets whom. 1 does not bucket at all.
   */
  bucket?: number;
}

/** Independent sequences, made by `sequences`. */
export class Sequences {
  /** Predictions per epoch. */
  readonly steps: number;

  /** @internal */
  constructor(
    private readonly list: readonly Int32Array[],
    private readonly batchSize: number,
    private readonly bucket: number,
  ) {
    this.steps = list.reduce((sum, ids) => sum + ids.length - 1, 0);
  }

  /** Tells these sequences in these batches from any others: a checkpoint keeps it. */
  get fingerprint(): string {
    return `sequences:${this.batchSize}:${this.bucket}:${this.list.length}:${hash(
      this.list.map(ids => [ids]),
      this.list.map(ids => ids.length),
    )}`;
  }

  /**
   * The batches of one epoch, each with whole sequences from zero state: full backpropagation
   * through time. With `random` they are shuffled, all of it when the windows are made; without,
   * they come in the order of the list.
   */
  windows({ random }: { random?: Random } = {}): Windows {
    const { list, batchSize } = this;
    const order = Int32Array.from(list, (_, i) => i);
    random?.shuffle(order);
    const pool = this.bucket * batchSize;
    const batches: Int32Array[] = [];
    for (let p = 0; p < order.length; p += pool) {
      const near = order.subarray(p, p + pool);
      if (this.bucket > 1) near.sort((i, j) => list[j]!.length - list[i]!.length);
      for (let i = 0; i < near.length; i += batchSize)
        batches.push(near.subarray(i, i + batchSize));
    }
    random?.shuffle(batches);
    return new Windows(batches.length, index => padded(Array.from(batches[index]!, i => list[i]!)));
  }
}

/**
 * Independent sequences, one or more units to learn in each, batched by length and padded at their
 * ends.
 *
 * @throws RangeError if there are none, one is shorter than 2 units (an input and a target), an id
 *   is not a whole number in range, or a size is not a whole number from 1
 */
export function sequences(
  list: readonly ArrayLike<number>[],
  { batchSize, bucket = 100, ...rest }: SequencesOptions,
): Sequences {
  noOthers('sequences', rest);
  checkSize('sequences', 'batchSize', batchSize);
  checkSize('sequences', 'bucket', bucket);
  if (list.length === 0)
    throw new RangeError('sequences: the list has 0 sequences, at least 1 is needed');
  const whole = list.map((ids, i) => {
    if (ids.length < 2)
      throw new RangeError(
        `sequences: sequence ${i} has ${ids.length} units, at least 2 are needed: an input and ` +
          'a target',
      );
    return wholeIds(`sequences: sequence ${i}`, ids);
  });
  return new Sequences(whole, batchSize, bucket);
}

function padded(rows: Int32Array[]): SequenceBatch {
  rows.sort((a, b) => b.length - a.length);
  const B = rows.length;
  const T = rows[0]!.length - 1;
  const inputs = new Int32Array(T * B);
  const targets = new Int32Array(T * B).fill(IGNORED);
  const lengths = Int32Array.from(rows, row => row.length - 1);
  let tokens = 0;
  rows.forEach((row, b) => {
    for (let t = 0; t < lengths[b]!; t++) {
      inputs[t * B + b] = row[t]!;
      targets[t * B + b] = row[t + 1]!;
    }
    tokens += lengths[b]!;
  });
  return { inputs, targets, T, B, lengths, first: true, lossFrom: 0, carryAt: T, tokens };
}

/**
 * The first ⌊fraction·n⌋ units and the rest: views of `ids`, not copies.
 *
 * @throws RangeError unless 0 ≤ fraction ≤ 1
 */
export function split(ids: Int32Array, fraction: number): [Int32Array, Int32Array];
export function split<Ids extends Int32Array | IdSource>(ids: Ids, fraction: number): [Ids, Ids];
export function split(
  ids: Int32Array | IdSource,
  fraction: number,
): [Int32Array, Int32Array] | [IdSource, IdSource] {
  if (!(fraction >= 0 && fraction <= 1))
    throw new RangeError(`split: the fraction is ${fraction}, expected 0 to 1`);
  const at = Math.floor(fraction * ids.length);
  if (!('read' in ids)) return [ids.subarray(0, at), ids.subarray(at)];
  const part = (start: number, end: number): IdSource => ({
    length: end - start,
    read: (from, to) => ids.read(start + from, start + to),
  });
  return [part(0, at), part(at, ids.length)];
}

/**
 * A length around bptt, standard deviation 5. Twelve uniform numbers less 6 stand for a normal one:
 * the same bits everywhere.
 */
function randomSteps(bptt: number, random: Random): number {
  const mean = random.bool(0.95) ? bptt : bptt / 2;
  let normal = -6;
  for (let i = 0; i < 12; i++) normal += random.float();
  return Math.max(5, Math.floor(mean + 5 * normal));
}

/** The ids of a source, a million at a time. */
function* chunks(ids: IdSource): Iterable<ArrayLike<number>> {
  for (let at = 0; at < ids.length; at += 2 ** 20)
    yield ids.read(at, Math.min(ids.length, at + 2 ** 20));
}

/** FNV-1a over the 32-bit words of lists, each in pieces, as 8 hexadecimal digits. */
function hash(lists: readonly Iterable<ArrayLike<number>>[], lengths: readonly number[]): string {
  let h = 0x811c9dc5;
  lists.forEach((list, k) => {
    h = Math.imul(h ^ lengths[k]!, 0x01000193);
    for (const piece of list)
      for (let i = 0; i < piece.length; i++) h = Math.imul(h ^ piece[i]!, 0x01000193);
  });
  return (h >>> 0).toString(16).padStart(8, '0');
}

/** The index of the first element that is not below x. */
function lowerBound(sorted: ArrayLike<number>, x: number): number {
  let lo = 0;
  let hi = sorted.length;
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    if (sorted[middle]! < x) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}

function wholeIds(name: string, ids: ArrayLike<number>): Int32Array {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if (id < 0 || id !== (id | 0))
      throw new RangeError(`${name}: id ${i} is ${id}, expected a whole number from 0 below 2^31`);
  }
  return ids instanceof Int32Array ? ids : Int32Array.from(ids);
}

function checkSize(name: string, what: string, size: number): void {
  if (!(Number.isSafeInteger(size) && size >= 1))
    throw new RangeError(`${name}: ${what} is ${size}, expected a whole number from 1`);
}
