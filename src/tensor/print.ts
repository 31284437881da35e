/** How a tensor looks on a console. */
import type { Shape } from './shape.js';

/** Of a longer axis so many elements are shown at each end. */
const EDGE = 3;

/** Numbers with their brackets, as PyTorch abbreviates them: [[1, 0.5, …, 7], …]. */
export function printed(values: ArrayLike<number>, shape: Shape, at = 0): string {
  const [extent, ...rest] = shape;
  if (extent === undefined) return String(Number(values[at]!.toPrecision(5)));
  const width = rest.reduce((size, each) => size * each, 1);
  const parts: string[] = [];
  for (let i = 0; i < extent; i++) {
    if (i === EDGE && extent > 2 * EDGE) {
      parts.push('…');
      i = extent - EDGE;
    }
    parts.push(printed(values, rest, at + i * width));
  }
  return `[${parts.join(', ')}]`;
}
