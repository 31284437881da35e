/** What optimizers and clipping are given, and the parts of it that a gradient touches. */
import { Parameter } from '../tensor/tensor.js';

/**
 * Parameters, or pairs of name and parameter (also a `Map`). Unnamed ones are called by their
 * position: "0", "1", …
 */
export type ParameterSource = Iterable<Parameter> | Iterable<readonly [string, Parameter]>;

export type Named = readonly [name: string, parameter: Parameter];

/**
 * Checks that a value can be iterated: a forgotten `.parameters()` is the usual reason that it
 * cannot.
 */
export function items<T>(source: Iterable<T>, who: string): T[] {
  if (typeof source?.[Symbol.iterator] !== 'function') {
    throw new TypeError(
      `${who}: ${typeof source} is not a list of parameters; pass model.parameters() or an ` +
        'array of Parameter',
    );
  }
  return [...source];
}

/**
 * Names and parameters. One that stands there twice (tied weights) counts once, under its first
 * name.
 *
 * @param first the position that unnamed parameters count from
 */
export function named(source: ParameterSource, who: string, first = 0): Named[] {
  const names = new Map<Parameter, string>();
  items<unknown>(source, who).forEach((item, position) => {
    const [name, parameter] = Array.isArray(item)
      ? (item as [unknown, unknown])
      : [String(first + position), item];
    if (typeof name !== 'string' || !(parameter instanceof Parameter)) {
      throw new TypeError(
        `${who}: element ${position} is neither a Parameter nor a pair [name, Parameter]`,
      );
    }
    if (!names.has(parameter)) names.set(parameter, name);
  });
  return Array.from(names, ([parameter, name]) => [name, parameter] as const);
}

/**
 * Calls `visit` with each stretch that the gradient touches: the whole parameter, or neighbouring
 * touched rows as one; nothing of a frozen one.
 *
 * @param visit receives the byte offset of the stretch and its number of elements
 */
export function forEachStretch(
  parameter: Parameter,
  visit: (offset: number, n: number) => void,
): void {
  if (!parameter.requiresGrad) return;
  const { rows, shape, size } = parameter;
  if (rows === null) return visit(0, size);
  const width = size / (shape[0] || 1);
  for (let i = 0; i < rows.length; ) {
    const start = i;
    do i++;
    while (i < rows.length && rows[i] === rows[i - 1]! + 1);
    visit(4 * rows[start]! * width, (i - start) * width);
  }
}
