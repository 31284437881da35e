/** Labels beside points, where they cover neither each other nor, if it can be, other points. */
import { checkOptions } from '../runtime/options.js';

/** A label that found a place. */
export interface Label {
  /** The index of its point. */
  index: number;
  /** Left edge of the text. */
  x: number;
  /** Middle of its height. */
  y: number;
}

/** A rectangle of the picture. */
export interface Box {
  /** Its left edge. */
  left: number;
  /** Its upper edge. */
  top: number;
  /** Its right edge. */
  right: number;
  /** Its lower edge, below `top`: y grows downwards. */
  bottom: number;
}

/** Options of `placeLabels`. */
export interface LabelOptions {
  /** Edges that no label may cross. */
  bounds: Box;
  /** Height of a label. */
  height: number;
  /** Radius of a point, which labels keep away from. Default: 3. */
  radius?: number;
}

/** Between labels side by side, in CSS pixels: less would read as one word. */
const GAP = 5;

const tooNear = (a: Box, b: Box): boolean =>
  a.left < b.right + GAP && b.left < a.right + GAP && a.top < b.bottom && b.top < a.bottom;

/** Where a label may stand, the better places first: direction from the point. */
const PLACES: readonly (readonly [across: -1 | 0 | 1, down: -1 | 0 | 1])[] = [
  [1, 0],
  [-1, 0],
  [0, -1],
  [0, 1],
  [1, -1],
  [1, 1],
  [-1, -1],
  [-1, 1],
];

/**
 * Finds places for labels, those of earlier points first: of eight places around a point the one
 * that covers the fewest other points. A label without a place free of other labels is left out.
 *
 * @param points each with the width of its label
 */
export function placeLabels(
  points: readonly { x: number; y: number; width: number }[],
  options: LabelOptions,
): Label[] {
  checkOptions('placeLabels', options, { bounds: true, height: true, radius: true });
  const { bounds, height, radius = 3 } = options;
  const placed: Box[] = [];
  const labels: Label[] = [];
  points.forEach(({ x, y, width }, index) => {
    let best: Box | null = null;
    let fewest = Infinity;
    for (const [across, down] of PLACES) {
      const away = radius + 2;
      const left = across === 0 ? x - width / 2 : across > 0 ? x + away : x - away - width;
      const slant = across === 0 ? away + height / 2 : 0.6 * height;
      const middle = y + down * slant;
      const box = {
        left,
        top: middle - height / 2,
        right: left + width,
        bottom: middle + height / 2,
      };
      if (
        box.left < bounds.left ||
        box.right > bounds.right ||
        box.top < bounds.top ||
        box.bottom > bounds.bottom ||
        placed.some(other => tooNear(box, other))
      )
        continue;
      let covered = 0;
      points.forEach((other, i) => {
        if (
          i !== index &&
          other.x + radius > box.left &&
          other.x - radius < box.right &&
          other.y + radius > box.top &&
          other.y - radius < box.bottom
        )
          covered++;
      });
      if (covered < fewest) [best, fewest] = [box, covered];
      if (covered === 0) break;
    }
    if (best === null) return;
    placed.push(best);
    labels.push({ index, x: best.left, y: (best.top + best.bottom) / 2 });
  });
  return labels;
}
