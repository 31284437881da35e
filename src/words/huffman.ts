/** Huffman's tree over words, for hierarchical softmax. */

/** The paths from the root to each word. */
export interface Paths {
  /** [words + 1] word i has the entries starts[i] … starts[i + 1] − 1. */
  starts: Int32Array;
  /** Of each step: inner node · 2 + the label that its output is to predict. */
  paths: Int32Array;
  /** [words − 1] how often the words below each inner node occur. */
  counts: Float64Array;
}

/**
 * The tree of shortest expected paths (Huffman 1952). Labels are 1 where the path turns to the less
 * frequent child: the label of word2vec.c, 1 − code.
 *
 * @param counts how often each word occurs; at least two words
 */
export function huffman(counts: Float64Array): Paths {
  const V = counts.length;
  const order = Int32Array.from(counts.keys()).sort((a, b) => counts[a]! - counts[b]! || b - a);
  const weight = new Float64Array(2 * V - 1);
  order.forEach((word, i) => (weight[i] = counts[word]!));
  const parent = new Int32Array(2 * V - 1).fill(-1);
  const heavier = new Uint8Array(2 * V - 1);
  // two queues in rising order: leaves, and nodes as they are made
  let leaf = 0;
  let node = V;
  for (let made = V; made < 2 * V - 1; made++) {
    const least = (): number =>
      leaf < V && (node >= made || weight[leaf]! <= weight[node]!) ? leaf++ : node++;
    const [light, heavy] = [least(), least()];
    weight[made] = weight[light]! + weight[heavy]!;
    parent[light] = parent[heavy] = made;
    heavier[heavy] = 1;
  }
  const steps: number[][] = Array.from({ length: V }, () => []);
  for (let i = 0; i < V; i++)
    for (let at = i; parent[at]! >= 0; at = parent[at]!)
      steps[order[i]!]!.push(2 * (parent[at]! - V) + (heavier[at] ? 0 : 1));
  const starts = new Int32Array(V + 1);
  steps.forEach((path, i) => (starts[i + 1] = starts[i]! + path.length));
  return {
    starts,
    paths: Int32Array.from(steps.flatMap(path => path.reverse())),
    counts: weight.slice(V),
  };
}
