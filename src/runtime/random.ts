/**
 * The one source of randomness: seeded, saved with a checkpoint, the same bits in every engine
 * (32-bit integer operations and exact products alone).
 *
 * sfc32 (Chris Doty-Humphrey, PractRand 0.94): 128 bits of state, three words of chaos and a
 * counter, so every state is a good one and no period is shorter than 2³². Seeded as there: the 64
 * bits of the seed, a counter of 1, 12 rounds thrown away.
 */
export class Random {
  // As signed words: engines keep those unboxed.
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;

  /**
   * @param seed any whole number, |seed| < 2⁵³: distinct seeds start distinct sequences
   * @throws RangeError if it is not whole
   */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed))
      throw new RangeError(`Random: the seed is ${seed}, expected a whole number below 2^53`);
    this.start(0, seed | 0, Math.floor(seed / 0x100000000) | 0);
  }

  /**
   * Continues where the generator with this `state` stood.
   *
   * @param state four whole numbers in [0, 2³²)
   */
  static fromState(state: readonly number[]): Random {
    if (state.length !== 4 || !state.every(word => word === word >>> 0)) {
      throw new RangeError(
        `Random.fromState: the state is [${state}], expected 4 whole numbers in [0, 2^32)`,
      );
    }
    const random = new Random(0);
    [random.a, random.b, random.c, random.counter] = state.map(word => word | 0) as [
      number,
      number,
      number,
      number,
    ];
    return random;
  }

  /** Four whole numbers in [0, 2³²): all there is to know about what comes next. */
  get state(): readonly number[] {
    return [this.a >>> 0, this.b >>> 0, this.c >>> 0, this.counter >>> 0];
  }

  private start(a: number, b: number, c: number): void {
    [this.a, this.b, this.c, this.counter] = [a, b, c, 1];
    for (let round = 0; round < 12; round++) this.uint32();
  }

  /** A whole number in [0, 2³²). */
  uint32(): number {
    const { a, b, c } = this;
    const out = (a + b + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = b ^ (b >>> 9);
    this.b = (c + (c << 3)) | 0;
    this.c = (((c << 21) | (c >>> 11)) + out) | 0;
    return out >>> 0;
  }

  /** A number in [0, 1), a multiple of 2⁻²⁴: exact in f32 too, never rounded up to 1. */
  float(): number {
    return (this.uint32() >>> 8) / 0x1000000;
  }

  /**
   * A number in [lo, hi), in 2²⁴ steps; `lo` if they are equal.
   *
   * @throws RangeError unless lo ≤ hi, both finite
   */
  uniform(lo: number, hi: number): number {
    if (!(lo <= hi && Number.isFinite(hi - lo)))
      throw new RangeError(`Random.uniform: [${lo}, ${hi}) is not a finite range`);
    return lo + (hi - lo) * this.float();
  }

  /**
   * A whole number in [0, n), each exactly as likely.
   *
   * @param n a whole number from 1 to 2³²
   */
  int(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 0x100000000)
      throw new RangeError(`Random.int: n is ${n}, expected a whole number from 1 to 2^32`);
    // numbers past the last whole multiple of n would favour the small remainders
    const end = 0x100000000 - (0x100000000 % n);
    let x = this.uint32();
    while (x >= end) x = this.uint32();
    return x % n;
  }

  /**
   * True with probability p (to 24 bits).
   *
   * @throws RangeError unless 0 ≤ p ≤ 1
   */
  bool(p: number): boolean {
    if (!(p >= 0 && p <= 1))
      throw new RangeError(`Random.bool: the probability is ${p}, expected 0 to 1`);
    return this.float() < p;
  }

  /**
   * Puts an array or typed array in random order, in place, every order as likely (Fisher and
   * Yates); returns it.
   */
  shuffle<
    A extends {
      /** Number of elements. */
      readonly length: number;
      [index: number]: unknown;
    },
  >(array: A): A {
    for (let last = array.length - 1; last > 0; last--) {
      const pick = this.int(last + 1);
      const held = array[last];
      array[last] = array[pick];
      array[pick] = held;
    }
    return array;
  }

  /** A generator of its own, started by the next three numbers of this one. */
  fork(): Random {
    const random = new Random(0);
    random.start(this.uint32() | 0, this.uint32() | 0, this.uint32() | 0);
    return random;
  }
}
