import { type Shape, sameShape, sizeOf } from '../tensor/shape.js';
import { Parameter } from '../tensor/tensor.js';

/** A tensor outside the kernels' memory. */
export interface StateEntry {
  shape: Shape;
  data: Float32Array;
}

/**
 * Checks that `state` holds tensors of these names and shapes, and no others.
 *
 * @throws RangeError that lists all missing, unexpected and misshapen names
 */
export function expectEntries(
  shapes: ReadonlyMap<string, Shape>,
  state: ReadonlyMap<string, { shape: Shape; data: ArrayLike<number> }>,
): void {
  const missing = [...shapes.keys()].filter(name => !state.has(name));
  const unexpected = [...state.keys()].filter(name => !shapes.has(name));
  const misshapen = [...shapes].flatMap(([name, expected]) => {
    const entry = state.get(name);
    if (!entry) return [];
    if (!sameShape(entry.shape, expected))
      return [`"${name}" is [${entry.shape}], expected [${expected}]`];
    return entry.data.length === sizeOf(expected)
      ? []
      : [`"${name}" has ${entry.data.length} values for [${entry.shape}]`];
  });
  const quote = (names: string[]) => names.map(name => `"${name}"`).join(', ');
  const faults = [
    ...(missing.length > 0 ? [`missing ${quote(missing)}`] : []),
    ...(unexpected.length > 0 ? [`unexpected ${quote(unexpected)}`] : []),
    ...misshapen,
  ];
  if (faults.length > 0) throw new RangeError(`load: ${faults.join('; ')}`);
}

/**
 * A part of a model: parameters and other modules in its fields. A field's name is the parameter's
 * name in `stateDict`, as in PyTorch: `this.rnn = new LSTM(…)` gives `rnn.weight_ih_l0`.
 */
export abstract class Module {
  /**
   * Parameters and modules with their names, in order. Default: the fields; arrays are numbered.
   */
  protected *children(): Iterable<[string, Parameter | Module]> {
    for (const [name, value] of Object.entries(this)) {
      if (value instanceof Parameter || value instanceof Module) yield [name, value];
      else if (Array.isArray(value)) {
        for (const [i, element] of value.entries())
          if (element instanceof Parameter || element instanceof Module)
            yield [`${name}.${i}`, element];
      }
    }
  }

  /** Every name and its parameter; a tied parameter stands under each of its names. */
  private *entries(prefix = ''): Iterable<[string, Parameter]> {
    for (const [name, child] of this.children()) {
      if (child instanceof Parameter) yield [prefix + name, child];
      else yield* child.entries(`${prefix}${name}.`);
    }
  }

  /** Parameters by name; a tied one once, under its first name. */
  namedParameters(): Map<string, Parameter> {
    const seen = new Set<Parameter>();
    const named = new Map<string, Parameter>();
    for (const [name, parameter] of this.entries()) {
      if (seen.has(parameter)) continue;
      seen.add(parameter);
      named.set(name, parameter);
    }
    return named;
  }

  /** All parameters, each once. */
  parameters(): Parameter[] {
    return [...this.namedParameters().values()];
  }

  /** Copies of all values under PyTorch's names; a tied parameter under each of its names. */
  stateDict(): Map<string, StateEntry> {
    return new Map(
      [...this.entries()].map(([name, parameter]) => [
        name,
        { shape: parameter.shape, data: parameter.toArray() },
      ]),
    );
  }

  /**
   * Takes over values by name. Nothing changes unless everything fits.
   *
   * @throws RangeError that lists all missing, unexpected and misshapen names
   */
  loadStateDict(state: ReadonlyMap<string, StateEntry>): void {
    const own = new Map(this.entries());
    expectEntries(new Map([...own].map(([name, { shape }]) => [name, shape])), state);
    for (const [name, parameter] of own) parameter.set(state.get(name)!.data);
  }

  /** Gives the memory of all parameters back. */
  dispose(): void {
    for (const parameter of this.parameters()) parameter.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
