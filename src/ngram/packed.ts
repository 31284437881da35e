/** Whole numbers in as few bits as they take, and floats many of which are equal. */
import { sortPass } from './sort.js';

/** Bits that the numbers 0 … most take. */
export const bitsOf = (most: number): number => Math.max(1, 32 - Math.clz32(most));

/** Whole numbers of `bits` bits each, one behind the other. */
export class PackedArray {
  private readonly mask: number;

  /**
   * @param bits of each number, 1 to 32
   * @param data little-endian; one word more than the numbers fill, so that two are always there
   */
  constructor(
    readonly length: number,
    readonly bits: number,
    readonly data: Uint32Array,
  ) {
    this.mask = bits === 32 ? -1 : (1 << bits) - 1;
  }

  /** Words of 32 bits for so many numbers. */
  static words(length: number, bits: number): number {
    if (length * bits >= 2 ** 32)
      throw new RangeError(
        `ngram: ${length} n-grams of one order take more than 2^32 bits; prune the model, or ` +
          'choose a lower order',
      );
    return Math.ceil((length * bits) / 32) + 1;
  }

  static of(values: ArrayLike<number>, bits: number): PackedArray {
    const n = values.length;
    const data = new Uint32Array(PackedArray.words(n, bits));
    for (let i = 0, at = 0; i < n; i++, at += bits) {
      const word = at >>> 5;
      const shift = at & 31;
      data[word]! |= values[i]! << shift;
      // what does not fit goes into the next word; two shifts, as one by 32 does nothing
      data[word + 1]! |= (values[i]! >>> 1) >>> (31 - shift);
    }
    return new PackedArray(n, bits, data);
  }

  get(i: number): number {
    const at = Math.imul(i, this.bits);
    const word = at >>> 5;
    const shift = at & 31;
    return (
      (((this.data[word]! >>> shift) | ((this.data[word + 1]! << 1) << (31 - shift))) &
        this.mask) >>>
      0
    );
  }

  unpack(): Uint32Array {
    const values = new Uint32Array(this.length);
    for (let i = 0; i < values.length; i++) values[i] = this.get(i);
    return values;
  }

  /**
   * Where a number stands among sorted ones: i in from … to − 1, or −1.
   */
  find(value: number, from: number, to: number): number {
    const { data, bits, mask } = this;
    let end = Math.min(to, from + value + 1); // they differ: the i-th is i at least
    while (from < end) {
      const middle = (from + end) >>> 1;
      const at = Math.imul(middle, bits);
      const word = at >>> 5;
      const shift = at & 31;
      const found = ((data[word]! >>> shift) | ((data[word + 1]! << 1) << (31 - shift))) & mask;
      if (found < value) from = middle + 1;
      else end = middle;
    }
    return from < to && this.get(from) === value ? from : -1;
  }
}

/** Floating-point numbers, as places in a table of those that differ. */
export class FloatTable {
  constructor(
    readonly table: Float32Array,
    readonly codes: PackedArray,
  ) {}

  /** Without loss: −0 and 0 differ. */
  static of(values: Float32Array): FloatTable {
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    const { distinct, codes } = numbered(bits);
    const table = new Float32Array(distinct.buffer, 0, distinct.length);
    return new FloatTable(table, PackedArray.of(codes, bitsOf(Math.max(0, table.length - 1))));
  }

  /**
   * With `size` values at most: sorted, cut into parts of equal numbers, each part its mean (the
   * binning of Federico & Bertoldi 2006). Values of `exact` stay as they are.
   */
  static quantized(values: Float32Array, size: number, exact: readonly number[]): FloatTable {
    const isExact = (value: number): number => exact.findIndex(each => Object.is(each, value));
    const sorted = values.filter(value => isExact(value) < 0).sort();
    const bins = Math.max(1, Math.min(size - exact.length, sorted.length));
    const table = new Float32Array(exact.length + bins);
    table.set(exact);
    const ends = new Float32Array(bins); // largest of each part
    for (let bin = 0, from = 0; bin < bins; bin++) {
      const to = Math.max(from, Math.round(((bin + 1) * sorted.length) / bins));
      let sum = 0;
      for (let i = from; i < to; i++) sum += sorted[i]!;
      table[exact.length + bin] = to > from ? sum / (to - from) : (sorted[from] ?? 0);
      ends[bin] = sorted[Math.max(0, to - 1)] ?? 0;
      from = to;
    }
    const codes = Uint32Array.from(values, value => {
      const special = isExact(value);
      if (special >= 0) return special;
      let from = 0;
      let to = bins - 1;
      while (from < to) {
        const middle = (from + to) >>> 1;
        if (ends[middle]! < value) from = middle + 1;
        else to = middle;
      }
      return exact.length + from;
    });
    return new FloatTable(table, PackedArray.of(codes, bitsOf(table.length - 1)));
  }

  get(i: number): number {
    return this.table[this.codes.get(i)]!;
  }

  unpack(): Float32Array {
    const values = new Float32Array(this.codes.length);
    for (let i = 0; i < values.length; i++) values[i] = this.get(i);
    return values;
  }
}

/** Bit patterns that differ, by size, and the place of each among them. */
function numbered(bits: Uint32Array): { distinct: Uint32Array; codes: Uint32Array } {
  const n = bits.length;
  let order = new Uint32Array(n);
  for (let i = 0; i < n; i++) order[i] = i;
  let out = new Uint32Array(n);
  for (const shift of [0, 16]) {
    const keys = bits.map(each => (each >>> shift) & 0xffff);
    sortPass(keys, order, out, 1 << 16);
    [order, out] = [out, order];
  }
  const codes = new Uint32Array(n);
  const distinct = new Uint32Array(n);
  let size = 0;
  for (let i = 0; i < n; i++) {
    const each = order[i]!;
    if (size === 0 || distinct[size - 1] !== bits[each]) distinct[size++] = bits[each]!;
    codes[each] = size - 1;
  }
  return { distinct: distinct.slice(0, size), codes };
}

/** Ones from one whose place is noted to the next. */
const SAMPLE = 32;
/** Words of 32 bits that are counted together. */
const BLOCK = 8;

/**
 * Where the children of each node begin, in some 4 bits a node: as many zeros as a node has
 * children, then a one. The place of every 32nd one is noted, and how many ones stand before each
 * 256 bits: the children of a node may be thousands.
 */
export class Children {
  /** Places of the ones that are noted. */
  private readonly samples: Uint32Array;
  /** Ones before each block. */
  private readonly before: Uint32Array;
  /** Of the node last looked up: its first child, and the one after its last. */
  first = 0;
  end = 0;

  /** @throws RangeError where the bits are not of so many nodes and children */
  constructor(
    readonly nodes: number,
    children: number,
    readonly data: Uint32Array,
  ) {
    this.samples = new Uint32Array(Math.ceil(nodes / SAMPLE));
    this.before = new Uint32Array(Math.ceil(data.length / BLOCK));
    let found = 0;
    let last = -1;
    data.forEach((each, word) => {
      if (word % BLOCK === 0) this.before[word / BLOCK] = found;
      for (let bits = each; bits !== 0; bits &= bits - 1, found++) {
        last = 32 * word + lowest(bits);
        if (found % SAMPLE === 0) this.samples[found / SAMPLE] = last;
      }
    });
    if (found !== nodes || last + 1 !== nodes + children)
      throw new RangeError(
        `ngram: the file leads from ${found} n-grams to ${last + 1 - found} longer ones, expected ` +
          `${nodes} and ${children}`,
      );
  }

  /** @param starts [nodes + 1] first child of each node; last: the number of all children */
  static of(starts: Uint32Array): Children {
    const nodes = starts.length - 1;
    const length = starts[nodes]! + nodes;
    const data = new Uint32Array(PackedArray.words(length, 1));
    for (let node = 0; node < nodes; node++) {
      const at = starts[node + 1]! + node;
      data[at >>> 5]! |= 1 << (at & 31);
    }
    return new Children(nodes, starts[nodes]!, data);
  }

  /** Bytes in memory. */
  get bytes(): number {
    return this.data.byteLength + this.samples.byteLength + this.before.byteLength;
  }

  starts(): Uint32Array {
    const starts = new Uint32Array(this.nodes + 1);
    let node = 0;
    this.data.forEach((each, word) => {
      for (let bits = each; bits !== 0; bits &= bits - 1, node++)
        starts[node + 1] = 32 * word + lowest(bits) - node;
    });
    return starts;
  }

  /** Sets `first` and `end`. */
  seek(node: number): void {
    const { data } = this;
    const before = node === 0 ? -1 : this.place(node - 1);
    this.first = before + 1 - node;
    let word = (before + 1) >>> 5;
    const bits = data[word]! & (-1 << ((before + 1) & 31));
    if (bits !== 0) this.end = 32 * word + lowest(bits) - node;
    else {
      word++;
      this.end = (data[word] === 0 ? this.place(node) : 32 * word + lowest(data[word]! | 0)) - node;
    }
  }

  /** Where the one of a node stands. */
  private place(node: number): number {
    const { data, samples, before } = this;
    const sample = (node / SAMPLE) | 0;
    // the last block with at most so many ones before it
    let block = samples[sample]! >>> 8;
    let end = sample + 1 < samples.length ? samples[sample + 1]! >>> 8 : before.length - 1;
    while (block < end) {
      const middle = (block + end + 1) >>> 1;
      if (before[middle]! <= node) block = middle;
      else end = middle - 1;
    }
    let left = (node - before[block]!) | 0;
    let word = block * BLOCK;
    for (;;) {
      const n = ones(data[word]! | 0);
      if (n > left) break;
      left -= n;
      word++;
    }
    let bits = data[word]! | 0;
    for (; left > 0; left--) bits &= bits - 1;
    return 32 * word + lowest(bits);
  }
}

const lowest = (bits: number): number => 31 - Math.clz32(bits & -bits);

function ones(bits: number): number {
  bits -= (bits >>> 1) & 0x55555555;
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
