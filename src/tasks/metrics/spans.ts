/** Spans of words, written as tags: names, phrases. What counts as one is conlleval's rule. */
import { scoresOf } from './accuracy.js';

/** Neighbouring words that are one thing. */
export interface Span {
  /** What they are; empty where tags have no type. */
  type: string;
  /** Place of the first word. */
  start: number;
  /** Place behind the last word. */
  end: number;
}

/** How well spans are found. */
export interface SpanScore {
  /** Share of found spans that are right; 0 where none are found. */
  precision: number;
  /** Share of spans that are found; 0 where there are none. */
  recall: number;
  /** Harmonic mean of precision and recall; 0 where both are. */
  f1: number;
  /** How many spans were found with their ends and their type. */
  correct: number;
  /** How many spans were found. */
  found: number;
  /** How many spans there are. */
  support: number;
}

/** How well spans are found, all of them and by type. */
export interface SpanScores extends SpanScore {
  /** By type, in the order of the alphabet. */
  byType: Record<string, SpanScore>;
}

/**
 * The spans of a sentence's tags, in IOB1, IOB2 or IOBES (`O`, `B-LOC`, `I-LOC`, `E-LOC`, `S-LOC`),
 * and of sequences that none of them allows. The rules are those of conlleval and its port to
 * IOBES: a span begins at B and S, at I and E behind O, E or S, and where the type changes; it ends
 * before B, S and O, behind E and S, and where the type changes. So `O I-LOC` begins a span, and
 * `I-LOC I-PER` are two.
 *
 * @throws RangeError for what is none of these tags
 */
export function spansOf(tags: readonly string[]): Span[] {
  const spans: Span[] = [];
  let [before, typeBefore] = ['O', ''];
  tags.forEach((whole, i) => {
    const [, tag, type = ''] = /^([OBIES])(?:-(.*))?$/s.exec(whole) ?? [];
    if (tag === undefined || (tag === 'O' && whole !== 'O'))
      throw new RangeError(
        `spansOf: the tag ${JSON.stringify(whole)} at ${i} is none, expected O or B-, I-, E- or ` +
          'S- with a type',
      );
    const goesOn = 'IE'.includes(tag) && 'BI'.includes(before) && type === typeBefore;
    if (tag !== 'O' && goesOn) spans.at(-1)!.end = i + 1;
    else if (tag !== 'O') spans.push({ type, start: i, end: i + 1 });
    [before, typeBefore] = [tag, type];
  });
  return spans;
}

/**
 * Precision, recall and F₁ of spans, as conlleval counts them: a span is right where both ends and
 * the type are.
 *
 * @param predicted tags of each sentence
 * @param gold what they should be
 * @returns fractions
 * @throws RangeError where sentences or words are not as many in both, or for what is no tag
 */
export function spanF1(
  predicted: readonly (readonly string[])[],
  gold: readonly (readonly string[])[],
): SpanScores {
  if (predicted.length !== gold.length)
    throw new RangeError(
      `spanF1: ${predicted.length} predicted sentences for ${gold.length}, expected as many`,
    );
  const counts = new Map<string, { correct: number; found: number; support: number }>();
  const of = (type: string): { correct: number; found: number; support: number } => {
    let each = counts.get(type);
    if (!each) counts.set(type, (each = { correct: 0, found: 0, support: 0 }));
    return each;
  };
  gold.forEach((tags, s) => {
    if (tags.length !== predicted[s]!.length)
      throw new RangeError(
        `spanF1: sentence ${s} has ${predicted[s]!.length} predicted tags for ${tags.length} words`,
      );
    const key = ({ type, start, end }: Span): string => `${start} ${end} ${type}`;
    const wanted = spansOf(tags);
    const keys = new Set(wanted.map(key));
    for (const { type } of wanted) of(type).support++;
    for (const span of spansOf(predicted[s]!)) {
      of(span.type).found++;
      if (keys.has(key(span))) of(span.type).correct++;
    }
  });
  const scored = (
    some: readonly { correct: number; found: number; support: number }[],
  ): SpanScore => {
    const sum = { correct: 0, found: 0, support: 0 };
    for (const { correct, found, support } of some) {
      sum.correct += correct;
      sum.found += found;
      sum.support += support;
    }
    return { ...scoresOf(sum.correct, sum.found, sum.support), ...sum };
  };
  const types = [...counts.keys()].sort();
  return {
    ...scored([...counts.values()]),
    byType: Object.fromEntries(types.map(type => [type, scored([counts.get(type)!])])),
  };
}
