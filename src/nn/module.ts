import { noOthers } from '../runtime/options.js';
import { type Shape, sameShape, sizeOf } from '../tensor/shape.js';
import { foreign, Parameter, Tensor } from '../tensor/tensor.js';

/** A tensor outside the kernels' memory. */
export interface StateEntry {
  /** Its axes, outermost first; [] for a single number. */
  shape: Shape;
  /** Its elements, the last axis fastest. */
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

/** The parameters and modules in a field's value. */
function* within(name: string, value: unknown): Iterable<[string, Parameter | Module]> {
  if (value instanceof Parameter || value instanceof Module) yield [name, value];
  else if (isMarked(value) && !(value instanceof Tensor)) throw foreign(`the field "${name}"`);
  else if (value instanceof Map || value instanceof Set) {
    for (const element of value.values())
      for (const _ of within('', element))
        throw new TypeError(
          `Module: the field "${name}" is a ${value.constructor.name} that holds parameters; use ` +
            'an array or a plain object, or override children()',
        );
  } else if (Array.isArray(value) || isPlain(value))
    for (const [key, element] of Object.entries(value)) yield* within(`${name}.${key}`, element);
}

/** Whether some copy of the package has made it. */
function isMarked(value: unknown): boolean {
  return typeof (value as { throughtime?: string } | null)?.throughtime === 'string';
}

/** Also an object of another realm: its prototype is the root of all, whatever it is called. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/**
 * A part of a model: parameters and other modules in its fields. A field's name is the parameter's
 * name in `stateDict`, as in PyTorch: `this.rnn = new LSTM(…)` gives `rnn.weight_ih_l0`.
 */
export abstract class Module {
  /** @internal A mark that all copies of the package know. */
  get throughtime(): 'module' {
    return 'module';
  }

  /**
   * Parameters and modules with their names, in order. Default: those in the fields, and in arrays
   * and plain objects there: `this.heads = { left: [new Linear(…)] }` gives `heads.left.0.weight`.
   *
   * @throws TypeError for a Map or Set that holds some: they would have no names
   */
  protected *children(): Iterable<[string, Parameter | Module]> {
    for (const [name, value] of Object.entries(this)) yield* within(name, value);
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

  /** Clears the gradients of all parameters, also of those that no optimizer was given. */
  zeroGrad(): void {
    for (const parameter of this.parameters()) parameter.zeroGrad();
  }

  /**
   * Takes over values by name. Nothing changes unless everything fits.
   *
   * @param options strict false: names that are missing or unexpected are passed over, for models
   *   that share a part, and listed in the result. Default: true
   * @returns names of this module that `state` lacks, and names of `state` that it lacks
   * @throws RangeError that lists all missing, unexpected and misshapen names
   */
  loadStateDict(
    state: ReadonlyMap<string, StateEntry>,
    { strict = true, ...rest }: { strict?: boolean } = {},
  ): {
    /** Names of this module that `state` lacks. */
    missing: string[];
    /** Names of `state` that this module lacks. */
    unexpected: string[];
  } {
    noOthers('loadStateDict', rest);
    const own = new Map(this.entries());
    const missing = [...own.keys()].filter(name => !state.has(name));
    const unexpected = [...state.keys()].filter(name => !own.has(name));
    const common = (name: string): boolean => strict || (own.has(name) && state.has(name));
    expectEntries(
      new Map([...own].filter(([name]) => common(name)).map(([name, { shape }]) => [name, shape])),
      strict ? state : new Map([...state].filter(([name]) => common(name))),
    );
    for (const [name, parameter] of own) {
      const entry = state.get(name);
      if (entry) parameter.set(entry.data);
    }
    return { missing, unexpected };
  }

  /** The parameters' names and shapes, for `console.log`. */
  toString(): string {
    const own = [...this.namedParameters()];
    const total = own.reduce((sum, [, { size }]) => sum + size, 0);
    const lines = own.map(([name, { shape }]) => `  ${name} [${shape}]\n`);
    return `${this.constructor.name}: ${total} parameters\n${lines.join('')}`.trimEnd();
  }

  /** @internal For `console.log` in Node, Bun and Deno. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** Gives the memory of all parameters back. */
  dispose(): void {
    for (const parameter of this.parameters()) parameter.dispose();
  }

  /** As `dispose`, at the end of a block: `using model = …`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
