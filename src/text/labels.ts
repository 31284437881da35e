/** Which number stands for which label: part-of-speech tags, classes of documents. */

/** A set of labels; their numbers run from 0 to size − 1. */
export class Labels {
  /** The number of labels. */
  readonly size: number;
  private readonly ids: ReadonlyMap<string, number>;
  private readonly labels: readonly string[];

  /**
   * @param labels in the order of their numbers
   * @throws RangeError where there is none, or one is there twice
   */
  constructor(labels: Iterable<string>) {
    this.labels = [...labels];
    this.size = this.labels.length;
    this.ids = new Map(this.labels.map((label, id) => [label, id]));
    if (this.size === 0) throw new RangeError('Labels: there are no labels');
    if (this.ids.size < this.size) {
      const twice = this.labels.find((label, id) => this.ids.get(label) !== id);
      throw new RangeError(`Labels: "${twice}" is there twice`);
    }
  }

  /**
   * The labels that occur in these lists, in alphabetical order (by code units, the same
   * everywhere).
   */
  static of(lists: Iterable<Iterable<string>>): Labels {
    const seen = new Set<string>();
    for (const list of lists) for (const label of list) seen.add(label);
    return new Labels([...seen].sort());
  }

  /** The number of a label, or −1. */
  idOf(label: string): number {
    return this.ids.get(label) ?? -1;
  }

  /**
   * The label of a number.
   *
   * @throws RangeError for a number that is not whole or not below `size`
   */
  labelOf(id: number): string {
    const label = this.labels[id];
    if (label === undefined)
      throw new RangeError(`Labels: ${id}, expected a whole number below ${this.size}`);
    return label;
  }

  /**
   * The numbers of labels.
   *
   * @throws RangeError naming the first that is none of them, and its place
   */
  encode(labels: Iterable<string>): Int32Array {
    return Int32Array.from(labels, (label, i) => {
      const id = this.idOf(label);
      if (id < 0)
        throw new RangeError(
          `Labels: "${label}" at ${i} is none of ${this.labels.map(each => `"${each}"`).join(', ')}`,
        );
      return id;
    });
  }

  /** The labels of numbers. */
  decode(ids: Iterable<number>): string[] {
    return Array.from(ids, id => this.labelOf(id));
  }

  /** Plain data: the labels in the order of their numbers; `new Labels(json)` takes them back. */
  toJSON(): string[] {
    return [...this.labels];
  }
}
