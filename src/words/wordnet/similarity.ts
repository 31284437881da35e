/** How similar two senses are, by where they stand in WordNet's taxonomy. */
import { noOthers } from '../../runtime/options.js';
import type { InformationContent } from './content.js';
import type { Synset } from './wordnet.js';

/** Six measures; null: not defined for these two, or a file of information content is missing. */
export interface SynsetSimilarity {
  /** 1 / (1 + edges between them). */
  path: number | null;
  /** −ln((1 + edges) / 2D), D the depth of the taxonomy (Leacock & Chodorow 1998). */
  lch: number | null;
  /** 2·depth of the common hypernym / sum of the depths by way of it (Wu & Palmer 1994). */
  wup: number | null;
  /** Information content of the common hypernym (Resnik 1995). */
  res: number | null;
  /** 1 / (IC₁ + IC₂ − 2·res) (Jiang & Conrath 1997). */
  jcn: number | null;
  /** 2·res / (IC₁ + IC₂) (Lin 1998). */
  lin: number | null;
}

/** Options of `synsetSimilarity`. */
export interface SynsetSimilarityOptions {
  /** For res, jcn and lin. */
  content?: InformationContent | undefined;
  /**
   * `nltk`: the figures of NLTK 3.8, its asymmetries among them; else measures are symmetric, a
   * synset is most similar to itself, and senses of different parts of speech have none.
   */
  compatible?: 'nltk' | undefined;
}

/** NLTK's infinity. */
const NLTK_INFINITY = 1e300;

/**
 * How similar two synsets are. Verbs have many roots: a common one above all of them stands for
 * what they share.
 *
 * @throws RangeError for another `compatible`
 */
export function synsetSimilarity(
  a: Synset,
  b: Synset,
  { content, compatible, ...rest }: SynsetSimilarityOptions = {},
): SynsetSimilarity {
  noOthers('synsetSimilarity', rest);
  if (compatible === 'nltk') return asNltk(a, b, content);
  if (compatible !== undefined)
    throw new RangeError(`synsetSimilarity: compatible is "${compatible}", expected "nltk"`);
  const none: SynsetSimilarity = { path: null, lch: null, wup: null, res: null, jcn: null, lin: null }; // biome-ignore format: one object
  if (a.pos !== b.pos) return none;
  const [up, other] = [a.ancestors(), b.ancestors()];
  const virtual = a.pos === 'n' ? 0 : 1; // levels above the roots
  let distance = virtual > 0 && a !== b ? farthest(up) + farthest(other) + 2 : Infinity;
  const rootPath = 2 / (2 + a.minDepth + 1 + b.minDepth + 1);
  let wup = virtual > 0 ? rootPath : 0;
  let res = virtual > 0 || content ? 0 : null;
  for (const [synset, d] of up) {
    const e = other.get(synset);
    if (e === undefined) continue;
    distance = Math.min(distance, d + e);
    const k = synset.maxDepth + 1 + virtual;
    wup = Math.max(wup, (2 * k) / (d + e + 2 * k));
    if (content?.has(synset.pos) && Number.isFinite(content.of(synset)))
      res = Math.max(res!, content.of(synset));
  }
  const taxonomy = a.pos === 'n' || a.pos === 'v';
  const D = taxonomy ? a.wordnet.maxDepth(a.pos) + virtual : 0;
  const result: SynsetSimilarity = {
    ...none,
    path: Number.isFinite(distance) ? 1 / (1 + distance) : null,
    lch: taxonomy && Number.isFinite(distance) ? -Math.log((distance + 1) / (2 * D)) : null,
    wup: wup > 0 ? wup : null,
  };
  if (!content?.has(a.pos)) return result;
  const [x, y] = [content.of(a), content.of(b)];
  const seen = Number.isFinite(x + y);
  return {
    ...result,
    res,
    jcn: a === b ? Infinity : seen ? 1 / (x + y - 2 * res!) : 0,
    lin: a === b ? 1 : seen && x + y > 0 ? (2 * res!) / (x + y) : 0,
  };
}

/** Edges to the most general ancestor: a common root lies one above. */
const farthest = (ancestors: ReadonlyMap<Synset, number>): number => Math.max(...ancestors.values()); // biome-ignore format: one line

/** NLTK 3.8's definitions, nltk/corpus/reader/wordnet.py. */
function asNltk(a: Synset, b: Synset, content: InformationContent | undefined): SynsetSimilarity {
  const needsRoot = ({ type }: Synset): boolean => type !== 'n';
  const root = needsRoot(a) || needsRoot(b);
  /** Distances upwards; `null` is the root that is simulated. */
  const upwards = (synset: Synset | null, simulate: boolean): Map<Synset | null, number> => {
    if (synset === null) return new Map([[null, 0]]);
    const up = new Map<Synset | null, number>(synset.ancestors());
    if (simulate) up.set(null, Math.max(...up.values()) + 1);
    return up;
  };
  const between = (x: Synset, y: Synset | null, simulate: boolean): number | null => {
    if (x === y) return 0;
    const other = upwards(y, simulate);
    let least = Infinity;
    for (const [synset, d] of upwards(x, simulate))
      least = Math.min(least, d + (other.get(synset) ?? Infinity));
    return Number.isFinite(least) ? least : null;
  };

  const distance = between(a, b, root);
  const path = distance === null ? null : 1 / (distance + 1);

  let lch: number | null = null;
  if (a.type === b.type) {
    const D = a.wordnet.maxDepth(a.pos) + (needsRoot(a) ? 1 : 0);
    const edges = between(a, b, needsRoot(a));
    if (edges !== null && D > 0) lch = -Math.log((edges + 1) / (2 * D));
  }

  const theirs = b.ancestors();
  const common: (Synset | null)[] = [...a.ancestors().keys()].filter(each => theirs.has(each));
  let wup: number | null = null;
  const subsumers = root ? [...common, null] : common;
  if (subsumers.length > 0) {
    const depth = (synset: Synset | null): number => synset?.minDepth ?? 0;
    const deepest = Math.max(...subsumers.map(depth));
    // sorted by name: the simulated root's, *ROOT*, comes before letters
    const name = (synset: Synset | null): string => synset?.name ?? '*ROOT*';
    const lowest = subsumers
      .filter(each => depth(each) === deepest)
      .sort((x, y) => (name(x) < name(y) ? -1 : 1));
    const subsumer = lowest.includes(a) ? a : lowest[0]!;
    const k = (subsumer?.maxDepth ?? 0) + 1;
    const [x, y] = [between(a, subsumer, root), between(b, subsumer, root)];
    if (x !== null && y !== null) wup = (2 * k) / (x + k + y + k);
  }

  if (!content?.has(a.pos) || a.type !== b.type)
    return { path, lch, wup, res: null, jcn: content && a === b ? NLTK_INFINITY : null, lin: null };
  const ic = (synset: Synset): number => {
    const value = content.of(synset);
    return Number.isFinite(value) ? value : NLTK_INFINITY;
  };
  const [x, y] = [ic(a), ic(b)];
  const res = common.length === 0 ? 0 : Math.max(...common.map(each => ic(each!)));
  const difference = x + y - 2 * res;
  const jcn =
    a === b || (x !== 0 && y !== 0 && difference === 0)
      ? NLTK_INFINITY
      : x === 0 || y === 0
        ? 0
        : 1 / difference;
  const lin = x + y === 0 ? null : (2 * res) / (x + y);
  return { path, lch, wup, res, jcn, lin };
}
