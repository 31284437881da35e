/**
 * n-grams with log-probability and back-off, as a trie from the last word backwards: below a word
 * stand the words before it. The longest n-gram that ends a text is found in one walk from the
 * root, and so are its back-offs, which the next word needs.
 *
 * It has two forms. The plain one keeps what a node needs side by side: some 12 bytes an n-gram.
 * The compact one takes no more bits than the numbers need, and is slower.
 */
import { bitsOf, Children, FloatTable, PackedArray } from './packed.js';

/** One order of a model as plain arrays, its n-grams sorted by last word, the one before it, … */
export interface Level {
  /** The first word of each n-gram. Order 1: word i stands at i. */
  words: Uint32Array;
  /** [n + 1] the first of the next order's n-grams that end with this one; last order: empty. */
  starts: Uint32Array;
  /** log₁₀ of the probability of the last word given the others. */
  logp: Float32Array;
  /**
   * log₁₀ of the weight of the shorter context where a word was never seen after these; −0: no
   * longer n-gram begins so. Last order: all −0.
   */
  backoff: Float32Array;
}

/** The last words of a text, as far as n-grams reach. */
export interface Context {
  /** How many. */
  length: number;
  /** [order] the last word first. */
  words: Int32Array;
  /** [order] places of the last word, the last two, … among the n-grams of their orders. */
  nodes: Uint32Array;
}

/** n-grams of all orders. Level k has those of k + 1 words. */
export abstract class Trie {
  /** Words of the longest n-grams. */
  readonly order: number;
  /** Words of the n-gram whose probability was given last. */
  matched = 0;
  /** Places of what `score` found. */
  private readonly found: Uint32Array;

  /** @param counts n-grams of each order; of order 1 with the beginning of a text, the last word */
  protected constructor(readonly counts: readonly number[]) {
    this.order = counts.length;
    this.found = new Uint32Array(this.order);
  }

  /** The place in level k of a word below a node of level k − 1; −1: it is not there. */
  protected abstract child(k: number, parent: number, word: number): number;
  protected abstract logp(k: number, node: number): number;
  protected abstract backoff(k: number, node: number): number;
  /** Bytes in memory. */
  abstract readonly bytes: number;
  /** Plain arrays of each order. */
  abstract levels(): Level[];

  /** Words, the beginning of a text among them. */
  get words(): number {
    return this.counts[0]!;
  }

  /** An empty context. */
  context(): Context {
    const { order } = this;
    return { length: 0, words: new Int32Array(order), nodes: new Uint32Array(order) };
  }

  /** log₁₀ p of a word after a context. */
  score(word: number, { words, nodes, length }: Context): number {
    const { found } = this;
    found[0] = word;
    let node = word;
    let matched = 1;
    for (const longest = Math.min(length + 1, this.order); matched < longest; matched++) {
      const child = this.child(matched, node, words[matched - 1]!);
      if (child < 0) break;
      node = child;
      found[matched] = node;
    }
    this.matched = matched;
    let logp = this.logp(matched - 1, node);
    // the context is longer than what was found: its back-offs, from that length on
    for (let k = matched - 1; k < length; k++) logp += this.backoff(k, nodes[k]!);
    return logp;
  }

  /** As `score`; the word becomes part of the context. */
  read(word: number, context: Context): number {
    const logp = this.score(word, context);
    const { words, nodes } = context;
    const { found } = this;
    const length = Math.min(this.matched, this.order - 1);
    for (let k = length - 1; k > 0; k--) words[k] = words[k - 1]!;
    words[0] = word;
    for (let k = 0; k < length; k++) nodes[k] = found[k]!;
    context.length = length;
    return logp;
  }

  /** Words of a context that what follows may depend on: behind them no longer n-gram begins. */
  reach({ length, nodes }: Context): number {
    while (length > 0 && Object.is(this.backoff(length - 1, nodes[length - 1]!), -0)) length--;
    return length;
  }
}

/** The quick form. */
export class PlainTrie extends Trie {
  private readonly own: readonly {
    /** First words of the n-grams; level 0: empty. */
    words: Uint16Array | Uint32Array;
    /** Of each node its first child, log₁₀ p and back-off, the latter two as bits of f32. */
    nodes: Uint32Array;
    /** The same memory. */
    floats: Float32Array;
  }[];

  constructor(levels: readonly Level[]) {
    super(levels.map(({ logp }) => logp.length));
    const small = this.words <= 2 ** 16;
    this.own = levels.map(({ words, starts, logp, backoff }, k) => {
      const n = logp.length;
      const first = k === 0 ? new Uint32Array() : words;
      const last = k + 1 === levels.length;
      const nodes = new Uint32Array(last ? n : 3 * n + 1);
      const floats = new Float32Array(nodes.buffer);
      if (last) floats.set(logp);
      else {
        for (let i = 0; i < n; i++) {
          nodes[3 * i] = starts[i]!;
          floats[3 * i + 1] = logp[i]!;
          floats[3 * i + 2] = backoff[i]!;
        }
        nodes[3 * n] = starts[n]!;
      }
      return { words: small ? Uint16Array.from(first) : first, nodes, floats };
    });
  }

  protected child(k: number, parent: number, word: number): number {
    const { nodes } = this.own[k - 1]!;
    const { words } = this.own[k]!;
    const to = nodes[3 * parent + 3]!;
    let from = nodes[3 * parent]!;
    // sorted and different: of words numbered by frequency most are near the front
    let end = Math.min(to, from + word + 1);
    while (from < end) {
      const middle = (from + end) >>> 1;
      if (words[middle]! < word) from = middle + 1;
      else end = middle;
    }
    return from < to && words[from] === word ? from : -1;
  }

  protected logp(k: number, node: number): number {
    const { floats } = this.own[k]!;
    return k + 1 === this.order ? floats[node]! : floats[3 * node + 1]!;
  }

  protected backoff(k: number, node: number): number {
    return k + 1 === this.order ? -0 : this.own[k]!.floats[3 * node + 2]!;
  }

  get bytes(): number {
    return this.own.reduce((sum, { words, nodes }) => sum + words.byteLength + nodes.byteLength, 0);
  }

  levels(): Level[] {
    return this.own.map(({ words, nodes, floats }, k) => {
      const n = this.counts[k]!;
      if (k + 1 === this.order)
        return {
          words: Uint32Array.from(words),
          starts: new Uint32Array(),
          logp: floats,
          backoff: new Float32Array(n).fill(-0),
        };
      const level = {
        words: Uint32Array.from(words),
        starts: new Uint32Array(n + 1),
        logp: new Float32Array(n),
        backoff: new Float32Array(n),
      };
      for (let i = 0; i < n; i++) {
        level.starts[i] = nodes[3 * i]!;
        level.logp[i] = floats[3 * i + 1]!;
        level.backoff[i] = floats[3 * i + 2]!;
      }
      level.starts[n] = nodes[3 * n]!;
      return level;
    });
  }
}

/** A level of the compact form: 0 has no `words`, the last one no `backoff` and `children`. */
interface PackedLevel {
  words: PackedArray | null;
  logp: FloatTable;
  backoff: FloatTable | null;
  children: Children | null;
}

/** The small form, which files hold. */
export class CompactTrie extends Trie {
  private constructor(private readonly own: readonly PackedLevel[]) {
    super(own.map(({ logp }) => logp.codes.length));
  }

  /** @param bits of log-probabilities and back-offs, but for words; null: without loss */
  static of(levels: readonly Level[], bits: number | null = null): CompactTrie {
    const words = levels[0]!.logp.length;
    return new CompactTrie(
      levels.map((level, k) => {
        const pack = (values: Float32Array, exact: readonly number[]): FloatTable =>
          bits === null || k === 0
            ? FloatTable.of(values)
            : FloatTable.quantized(values, 2 ** bits, exact);
        const last = k + 1 === levels.length;
        return {
          words: k === 0 ? null : PackedArray.of(level.words, bitsOf(words - 1)),
          logp: pack(level.logp, []),
          backoff: last ? null : pack(level.backoff, [-0, 0]),
          children: last ? null : Children.of(level.starts),
        };
      }),
    );
  }

  /**
   * The trie whose arrays a file holds.
   *
   * @param counts n-grams of each order
   * @param array an array by its name
   * @throws RangeError where arrays do not fit each other
   */
  static from(
    counts: readonly number[],
    array: (name: string) => Float32Array | Uint32Array,
  ): CompactTrie {
    const packed = (name: string, n: number, bits: number): PackedArray => {
      const data = array(name);
      const size = PackedArray.words(n, bits);
      if (!(data instanceof Uint32Array) || data.length !== size)
        throw new RangeError(`ngram: "${name}" has ${data.length} words, expected ${size} of U32`);
      return new PackedArray(n, bits, data);
    };
    const table = (name: string, n: number): FloatTable => {
      const values = array(name);
      if (!(values instanceof Float32Array))
        throw new RangeError(`ngram: "${name}" is not of dtype F32`);
      const codes = packed(`${name}.codes`, n, bitsOf(Math.max(0, values.length - 1)));
      for (let i = 0; i < n; i++)
        if (codes.get(i) >= values.length)
          throw new RangeError(`ngram: "${name}.codes" leads beyond its table`);
      return new FloatTable(values, codes);
    };
    const words = counts[0]!;
    return new CompactTrie(
      counts.map((n, k) => {
        const name = `${k + 1}`;
        const last = k + 1 === counts.length;
        const first = k === 0 ? null : packed(`${name}.words`, n, bitsOf(words - 1));
        for (let i = 0; first !== null && i < n; i++)
          if (first.get(i) >= words)
            throw new RangeError(`ngram: "${name}.words" has a number beyond the ${words} words`);
        const logp = table(`${name}.logp`, n);
        if (last) return { words: first, logp, backoff: null, children: null };
        const backoff = table(`${name}.backoff`, n);
        const { data } = packed(`${name}.children`, n + counts[k + 1]!, 1);
        return { words: first, logp, backoff, children: new Children(n, counts[k + 1]!, data) };
      }),
    );
  }

  protected child(k: number, parent: number, word: number): number {
    const children = this.own[k - 1]!.children!;
    children.seek(parent);
    return this.own[k]!.words!.find(word, children.first, children.end);
  }

  protected logp(k: number, node: number): number {
    return this.own[k]!.logp.get(node);
  }

  protected backoff(k: number, node: number): number {
    return this.own[k]!.backoff?.get(node) ?? -0;
  }

  get bytes(): number {
    return this.own.reduce((sum, { words, logp, backoff, children }) => {
      const arrays = [
        words?.data,
        logp.table,
        logp.codes.data,
        backoff?.table,
        backoff?.codes.data,
      ];
      return arrays.reduce((n, each) => n + (each?.byteLength ?? 0), sum + (children?.bytes ?? 0));
    }, 0);
  }

  levels(): Level[] {
    return this.own.map(({ words, logp, backoff, children }) => {
      const n = logp.codes.length;
      return {
        words: words ? words.unpack() : new Uint32Array(),
        starts: children ? children.starts() : new Uint32Array(),
        logp: logp.unpack(),
        backoff: backoff ? backoff.unpack() : new Float32Array(n).fill(-0),
      };
    });
  }

  /** All arrays by name, as files hold them. */
  *arrays(): Generator<{ name: string; data: Float32Array | Uint32Array }> {
    for (const [k, { words, logp, backoff, children }] of this.own.entries()) {
      const name = `${k + 1}`;
      if (words) yield { name: `${name}.words`, data: words.data };
      yield { name: `${name}.logp`, data: logp.table };
      yield { name: `${name}.logp.codes`, data: logp.codes.data };
      if (!backoff || !children) continue;
      yield { name: `${name}.backoff`, data: backoff.table };
      yield { name: `${name}.backoff.codes`, data: backoff.codes.data };
      yield { name: `${name}.children`, data: children.data };
    }
  }
}
