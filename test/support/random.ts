/** Seeded numbers for tests, independent of the library's own generator (mulberry32). */
export class TestRandom {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** Whole number in [0, n). */
  int(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** n numbers uniform in (-scale, scale), each exactly representable in f32. */
  array(n: number, scale = 1): Float64Array {
    return Float64Array.from({ length: n }, () => Math.fround((2 * this.next() - 1) * scale));
  }
}
