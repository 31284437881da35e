import * as arena from '../runtime/arena.js';
import { checkOptions } from '../runtime/options.js';
import type { Parameter } from '../tensor/tensor.js';
import { forEachStretch, items, type Named, named, type ParameterSource } from './parameters.js';
import { checkRange } from './range.js';

/**
 * Parameters with a learning rate and hyper-parameters of their own; those not given are the
 * optimizer's. A group's rate keeps its proportion to the optimizer's: schedules, which write that,
 * move both.
 */
export type Group<Options> = Partial<Options> & {
  /** The group's parameters; each may stand in one group alone. */
  parameters: ParameterSource;
  /** Its learning rate. Default: the optimizer's. */
  lr?: number;
};

/** What an optimizer updates: parameters as `ParameterSource`, or groups of them. */
export type Groups<Options> = ParameterSource | readonly Group<Options>[];

/** All that a resumed optimizer needs, as plain data; `step` and `lr` survive JSON. */
export interface OptimizerState {
  /** Steps taken. */
  step: number;
  /** The learning rate of the last step. */
  lr: number;
  /** `optimizer.<PyTorch's name of the state>.<name of the parameter>` → a copy of its values. */
  tensors: Record<string, Float32Array>;
}

/** What one kernel call updates: addresses and the number of elements. */
export interface Stretch<State extends string> {
  /** Address of the parameter's values, f32. */
  p: number;
  /** Address of the gradient, f32. */
  g: number;
  /** Address of each state, f32; 0 for a state that the hyper-parameters switch off. */
  state: Record<State, number>;
  /** Number of elements. */
  n: number;
  /** Learning rate. */
  lr: number;
}

interface Slot<Options, State extends string> {
  readonly name: string;
  readonly parameter: Parameter;
  readonly options: Options;
  /** The group's learning rate, as a multiple of the optimizer's. */
  readonly rate: number;
  readonly state: Readonly<Record<State, number>>;
}

/**
 * What all optimizers share: parameters, their state in persistent blocks, saving and loading.
 * Build it outside scopes.
 *
 * A row-sparse parameter (`Parameter.sparse`) is updated in the rows that the gradient touches;
 * state of other rows stays as it is.
 *
 * A subclass states its hyper-parameters' ranges (`check`), which state it keeps (`states`) and one
 * step (`update`). The constructor calls the first two, so they use no fields of their own.
 */
export abstract class Optimizer<Options extends object, State extends string> {
  /** Learning rate, read at each step: schedules write it. */
  lr: number;
  private readonly who: string;
  private slots: Slot<Options, State>[] = [];
  private taken = 0;
  private disposed = false;

  /**
   * @param who   the class's name, for messages
   * @param source see `Groups`
   * @param given  the options that the caller gave
   * @param defaults of all options; where `lr` is undefined it must be given
   * @throws RangeError for a hyper-parameter out of range; TypeError for what is no parameter, and
   *   for options that do not exist; Error inside a scope
   */
  protected constructor(
    who: string,
    source: Groups<Options>,
    given: Partial<Options> & { lr?: number },
    defaults: Options & { lr: number | undefined },
  ) {
    checkOptions(who, given, defaults);
    const { lr: _lr, ...options } = { ...defaults, ...given };
    const lr = (given.lr ?? defaults.lr)!;
    checkRange(lr, 'lr', { who });
    this.who = who;
    this.lr = lr;
    const slots = this.resolve(source, options as unknown as Options);
    try {
      for (const { name, parameter, options, rate } of slots) {
        const state = {} as Record<State, number>;
        this.slots.push({ name, parameter, options, rate, state });
        for (const [key, wanted] of Object.entries(this.states(options)) as [State, boolean][]) {
          state[key] = wanted ? arena.allocate(4 * parameter.size) : 0;
        }
      }
    } catch (error) {
      if (!arena.isOpen()) this.dispose();
      throw error;
    }
  }

  /**
   * Throws a RangeError for hyper-parameters out of range, or without a meaning for sparse
   * gradients.
   */
  protected abstract check(
    options: Options,
    { who, sparse }: { who: string; sparse: boolean },
  ): void;

  /** The state that each parameter needs, by PyTorch's names. */
  protected abstract states(options: Options): Record<State, boolean>;

  /** One step of one stretch. */
  protected abstract update(stretch: Stretch<State>, options: Options): void;

  private resolve(
    source: Groups<Options>,
    defaults: Options,
  ): Omit<Slot<Options, State>, 'state'>[] {
    const { who } = this;
    this.check(defaults, { who, sparse: false });
    const list = items<unknown>(source, who);
    const grouped =
      list.length > 0 &&
      list.every(item => typeof item === 'object' && item !== null && 'parameters' in item);
    const groups = (grouped ? list : [{ parameters: list }]) as Group<Options>[];
    const slots: Omit<Slot<Options, State>, 'state'>[] = [];
    const known = new Map<string | Parameter, Named>();
    for (const { parameters, lr, ...own } of groups) {
      checkOptions(`${who}: a group`, own, defaults);
      if (lr !== undefined) checkRange(lr, 'lr', { who: `${who}: a group` });
      if (lr !== undefined && this.lr === 0)
        throw new RangeError(
          `${who}: a group’s lr is ${lr} and the optimizer’s 0; its proportion to that is kept, ` +
            'so give the optimizer one > 0',
        );
      const rate = lr === undefined ? 1 : lr / this.lr;
      const options = { ...defaults, ...own } as Options;
      for (const entry of named(parameters, who, slots.length)) {
        const [name, parameter] = entry;
        if (known.has(name)) throw new Error(`${who}: two parameters are called "${name}"`);
        if (known.has(parameter))
          throw new Error(
            `${who}: "${name}" is already in another group, as "${known.get(parameter)![0]}"`,
          );
        known.set(name, entry).set(parameter, entry);
        this.check(options, {
          who: grouped || parameter.sparse ? `${who}: ${name}` : who,
          sparse: parameter.sparse,
        });
        slots.push({ name, parameter, options, rate });
      }
    }
    if (slots.length === 0) throw new RangeError(`${who}: there are no parameters`);
    return slots;
  }

  /** Steps taken so far. While `update` runs, the present one is counted: the first is 1. */
  get steps(): number {
    return this.taken;
  }

  /** Moves the parameters along their gradients. After `backward`, inside the scope or outside. */
  step(): void {
    if (this.disposed) throw new Error(`${this.who}: step after dispose`);
    checkRange(this.lr, 'lr', { who: `${this.who}.step` });
    this.taken++;
    for (const { parameter, options, rate, state } of this.slots) {
      if (!parameter.requiresGrad) continue;
      parameter.wrote();
      const kept = (Object.entries(state) as [State, number][]).filter(
        ([, address]) => address !== 0,
      );
      const stretch: Stretch<State> = {
        p: 0,
        g: 0,
        state: { ...state },
        n: 0,
        lr: this.lr * rate,
      };
      forEachStretch(parameter, (offset, n) => {
        stretch.p = parameter.ptr + offset;
        stretch.g = parameter.gradPtr + offset;
        for (const [key, address] of kept) stretch.state[key] = address + offset;
        stretch.n = n;
        this.update(stretch, options);
      });
    }
  }

  /**
   * What decides the update beside gradients and state, as plain data: a checkpoint holds it, so
   * that a resumed training goes on with the same.
   */
  describe(): {
    /** Name of the class. */
    kind: string;
    /** Each group's options, rate (a multiple of the optimizer's) and number of parameters. */
    groups: Record<string, unknown>[];
  } {
    const groups: Record<string, unknown>[] = [];
    let last: Options | null = null;
    for (const { options, rate } of this.slots) {
      if (options === last) groups.at(-1)!.parameters = Number(groups.at(-1)!.parameters) + 1;
      else groups.push({ ...options, rate, parameters: 1 });
      last = options;
    }
    return { kind: this.who, groups };
  }

  /** The parameters that steps update: all that were given, without the frozen ones. */
  get parameters(): Parameter[] {
    return this.slots.map(slot => slot.parameter).filter(parameter => parameter.requiresGrad);
  }

  /** Clears all gradients. Call it before `backward`, which adds. */
  zeroGrad(): void {
    for (const { parameter } of this.slots) parameter.zeroGrad();
  }

  /** Names, addresses and sizes of the state tensors. */
  private *tensors(
    names?: ReadonlyMap<Parameter, string>,
  ): Generator<[name: string, address: number, size: number]> {
    for (const { name, parameter, state } of this.slots) {
      for (const [key, address] of Object.entries(state) as [State, number][]) {
        if (address !== 0)
          yield [`optimizer.${key}.${names?.get(parameter) ?? name}`, address, parameter.size];
      }
    }
  }

  /** @internal Calls `visit` with the address of a state of every parameter. */
  protected eachState(
    key: State,
    visit: (parameter: Parameter, address: number, options: Options) => void,
  ): void {
    for (const { parameter, options, state } of this.slots) visit(parameter, state[key], options);
  }

  /**
   * Copies of the state, the step count and the learning rate. The parameters' values are the
   * model's to save.
   *
   * @param names what to call parameters, in place of the names (or positions) they were given with
   */
  stateDict(names?: ReadonlyMap<Parameter, string>): OptimizerState {
    if (this.disposed) throw new Error(`${this.who}: stateDict after dispose`);
    const tensors: Record<string, Float32Array> = {};
    for (const [name, address, size] of this.tensors(names))
      tensors[name] = arena.f32(address, size).slice();
    return { step: this.taken, lr: this.lr, tensors };
  }

  /**
   * Continues where `stateDict` was taken.
   *
   * @param names as in `stateDict`
   * @throws Error that lists everything missing, unexpected or of another size; nothing is changed
   *   then
   */
  loadStateDict(
    { step, lr, tensors }: OptimizerState,
    names?: ReadonlyMap<Parameter, string>,
  ): void {
    if (this.disposed) throw new Error(`${this.who}: loadStateDict after dispose`);
    const wanted = new Map(
      Array.from(this.tensors(names), ([name, address, size]) => [name, { address, size }]),
    );
    const quoted = (names: string[]) => names.map(name => `"${name}"`).join(', ');
    const missing = [...wanted.keys()].filter(name => !Object.hasOwn(tensors, name));
    const unexpected = Object.keys(tensors).filter(name => !wanted.has(name));
    const problems = [
      ...(Number.isInteger(step) && step >= 0
        ? []
        : [`step is ${step}, expected a whole number ≥ 0`]),
      ...(lr >= 0 && lr < Infinity ? [] : [`lr is ${lr}, expected a number ≥ 0`]),
      ...(missing.length > 0 ? [`missing ${quoted(missing)}`] : []),
      ...(unexpected.length > 0 ? [`unexpected ${quoted(unexpected)}`] : []),
    ];
    for (const [name, { size }] of wanted) {
      const length = tensors[name]?.length ?? size;
      if (length !== size) problems.push(`"${name}" has ${length} values, expected ${size}`);
    }
    if (problems.length > 0) throw new Error(`${this.who}.loadStateDict: ${problems.join('; ')}`);
    for (const [name, { address, size }] of wanted) arena.f32(address, size).set(tensors[name]!);
    this.taken = step;
    this.lr = lr;
  }

  /** Gives the state's memory back; the parameters stay. */
  dispose(): void {
    if (this.disposed) return;
    for (const [, address] of this.tensors()) arena.free(address);
    this.disposed = true;
    this.slots = [];
  }

  /** As `dispose`, at the end of a block: `using adam = …`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
