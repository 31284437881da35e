/**
 * Tensors: a shape and an address in the kernels' memory. All values are f32, row-major,
 * contiguous.
 */
import * as arena from '../runtime/arena.js';
import { noOthers } from '../runtime/options.js';
import { printed } from './print.js';
import { currentLife, type Life } from './scope.js';
import { checkShape, type Shape, sizeOf } from './shape.js';
import { backward, isRecording, versionOf } from './tape.js';

/** Options of `tensor` and `zeros`. */
export interface TensorOptions {
  /**
   * Whether `backward` computes this tensor's gradient; without meaning in `infer`. Default: false.
   */
  requiresGrad?: boolean;
}

/**
 * Numbers with a shape, borrowed from the open scope or persistent; made by `tensor`, `zeros` and
 * ops.
 */
export class Tensor {
  /** Its axes, outermost first; [] for a single number. */
  readonly shape: Shape;
  /** Number of elements. */
  readonly size: number;
  private readonly tracked: boolean;
  private address: number;
  /** Writes the values when they are first read; null: they are there. */
  private compute: ((address: number) => void) | null;
  /** How often the values were written, after they first were. */
  private writes = 0;
  private gradAddress = 0;
  private retained = false;
  /** @internal How long it may be read. */
  readonly life: Life;
  /** A view shares the values and the gradient of its base, from `offset` elements on. */
  private readonly base: Tensor | null;
  private readonly offset: number;
  /** What the values are computed from when they are first read. */
  private readonly sources: readonly (Tensor | null | undefined)[];

  /** @internal Ops call `output`, users `tensor`, `zeros` and `view`. */
  constructor(
    shape: Shape,
    values: number | ((address: number) => void),
    life: Life,
    requiresGrad: boolean,
    base: Tensor | null = null,
    offset = 0,
    sources: readonly (Tensor | null | undefined)[] = [],
  ) {
    this.shape = shape;
    this.size = sizeOf(shape);
    [this.address, this.compute] = typeof values === 'number' ? [values, null] : [0, values];
    this.life = life;
    this.tracked = requiresGrad;
    this.base = base;
    this.offset = offset;
    this.sources = sources;
  }

  /** @internal A mark that all copies of the package know. */
  get throughtime(): 'tensor' {
    return 'tensor';
  }

  /** Whether `backward` computes a gradient of this tensor. */
  get requiresGrad(): boolean {
    return this.tracked;
  }

  /** @internal Grows whenever the values are written anew. */
  get version(): number {
    return this.base === null ? this.writes + versionOf(this.sources) : this.base.version;
  }

  /**
   * @internal Notes that the values were written: gradients computed from the old ones are refused.
   */
  wrote(): void {
    if (this.base === null) this.writes++;
    else this.base.wrote();
  }

  /** @internal Refuses to be read after its scope closed. */
  check(): void {
    if (!this.life.open)
      throw new Error(
        `tensor [${this.shape}]: read after its scope closed or it was disposed; copy values ` +
          'out with toArray() or item() before',
      );
  }

  /** @internal The address of the first value. */
  get ptr(): number {
    this.check();
    if (this.base !== null) return this.base.ptr + 4 * this.offset;
    if (this.compute === null) return this.address;
    const address = arena.borrow(4 * this.size);
    this.compute(address);
    if (this.life === currentLife()) [this.address, this.compute] = [address, null]; // an inner scope's memory does not last
    return address;
  }

  /**
   * @internal The tensor that owns a view's values, and where in it they begin; itself for one that
   * is no view.
   */
  origin(): { origin: Tensor; offset: number } {
    if (this.base === null) return { origin: this, offset: 0 };
    const { origin, offset } = this.base.origin();
    return { origin, offset: offset + this.offset };
  }

  /** @internal The address of the gradient, or 0 while nothing has been added to it. */
  get gradPtr(): number {
    if (this.base === null) return this.gradAddress;
    const base = this.base.gradPtr;
    return base === 0 ? 0 : base + 4 * this.offset;
  }

  /**
   * @internal The address to add the gradient to, zeroed when first asked for; 0 where no gradient
   * is wanted.
   */
  wantGrad(): number {
    if (!this.requiresGrad) return 0;
    if (this.base !== null) return this.base.wantGrad() + 4 * this.offset;
    if (this.gradAddress === 0) {
      if (this.life !== currentLife())
        throw new Error(
          `recompute: the work uses a tensor [${this.shape}] from outside; pass it as an input`,
        );
      this.gradAddress = arena.borrow(4 * this.size);
      arena.clear(this.gradAddress, this.size);
    }
    return this.gradAddress;
  }

  /** @internal */
  protected setGradAddress(address: number): void {
    this.gradAddress = address;
  }

  /** @internal Gives the gradient's memory back: no one adds to it or reads it any more. */
  releaseGrad(): void {
    if (this.base !== null || this.retained || this.gradAddress === 0) return;
    arena.giveBack(this.gradAddress, 4 * this.size);
    this.gradAddress = 0;
  }

  /**
   * Keeps the gradient of a result of operations readable after `backward`, which else reuses its
   * memory; returns the tensor.
   */
  retainGrad(): this {
    if (this.base !== null) this.base.retainGrad();
    this.retained = true;
    return this;
  }

  /** @internal Sets the gradient of the loss: ∂L/∂L = 1. */
  seedGrad(): void {
    arena.f32(this.wantGrad(), 1)[0] = 1;
  }

  /** A copy of the values. */
  toArray(): Float32Array<ArrayBuffer> {
    return arena.f32(this.ptr, this.size).slice();
  }

  /** The value of a tensor with one element. */
  item(): number {
    if (this.size !== 1)
      throw new RangeError(`item: the tensor has shape [${this.shape}], expected one element`);
    return arena.f32(this.ptr, 1)[0]!;
  }

  /**
   * A copy of the gradient, or null where none has been computed. Valid inside the scope; a
   * parameter's also after it. Results of operations have none after `backward`, unless
   * `retainGrad` was called before.
   */
  get grad(): Float32Array<ArrayBuffer> | null {
    this.check();
    return this.gradPtr === 0 ? null : arena.f32(this.gradPtr, this.size).slice();
  }

  /** @internal Whether `retainGrad` was called, of it or of a view. */
  get retainsGrad(): boolean {
    return this.base === null ? this.retained : this.base.retainsGrad;
  }

  /** Replaces the values. */
  set(values: ArrayLike<number>): void {
    if (values.length !== this.size)
      throw new RangeError(
        `set: ${values.length} values for a tensor [${this.shape}] of ${this.size}`,
      );
    arena.f32(this.ptr, this.size).set(values);
    this.wrote();
  }

  /** Copies the values of a tensor of the same size: how state leaves a scope. */
  copyFrom(source: Tensor): void {
    checkOwn(source);
    if (source.size !== this.size)
      throw new RangeError(
        `copyFrom: the source is [${source.shape}], expected the ${this.size} elements of ` +
          `[${this.shape}]`,
      );
    arena.copy(this.ptr, source.ptr, source.size);
    this.wrote();
  }

  /**
   * Backpropagates from this tensor, the loss (one element): adds ∂loss/∂x to every x that requires
   * gradients.
   */
  backward(): void {
    backward(this);
  }

  /** Shape and numbers, for `console.log` and string templates. */
  toString(): string {
    const name = `${this.constructor.name} [${this.shape}]`;
    return this.life.open ? `${name} ${printed(this.toArray(), this.shape)}` : `${name} (freed)`;
  }

  /** @internal For `console.log` in Node, Bun and Deno. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** Gives a persistent tensor's memory back; borrowed ones go with their scope. */
  dispose(): void {
    if (this.base !== null) throw new Error('dispose: a view does not own its memory');
    if (!this.life.owned)
      throw new Error('dispose: this tensor belongs to a scope, which frees it');
    if (!this.life.open) return;
    arena.free(this.address);
    this.life.open = false;
  }

  /** As `dispose`, at the end of a block: `using x = …`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

let watch: ((parameter: Parameter) => void) | null = null;

/** @internal Calls `visit` with each parameter that a gradient is added to while `work` runs. */
export function watchGradients<T>(visit: (parameter: Parameter) => void, work: () => T): T {
  watch = visit;
  try {
    return work();
  } finally {
    watch = null;
  }
}

/**
 * A trainable tensor: persistent, with a persistent gradient that `zeroGrad` clears and `backward`
 * adds to.
 */
export class Parameter extends Tensor {
  /**
   * The rows that the present gradient touches, sorted, when it is row-sparse (an embedding with
   * `sparse: true`); null: all, also when another op than a lookup (a tied output layer) has added
   * to it.
   */
  rows: Int32Array | null = null;
  /** Whether gradients come in rows. */
  readonly sparse: boolean;
  private readonly gradBlock: number;
  private frozen = false;

  /** A parameter of zeros; initialisers fill it. */
  constructor(shape: Shape, { sparse = false, ...rest }: { sparse?: boolean } = {}) {
    noOthers('Parameter', rest);
    checkShape(shape, 'Parameter');
    const bytes = 4 * sizeOf(shape);
    const values = arena.allocate(bytes);
    super(shape, values, { open: true, owned: true }, true);
    try {
      this.gradBlock = arena.allocate(bytes);
    } catch (error) {
      arena.free(values);
      throw error;
    }
    this.setGradAddress(this.gradBlock);
    this.sparse = sparse;
    if (sparse) this.rows = new Int32Array(0);
  }

  /**
   * Whether the parameter is trained. Set it to false, outside scopes, to freeze it: `backward`
   * computes no gradient of it, optimizers and clipping pass it over, files still hold it.
   *
   * @throws Error when it is changed inside a scope
   */
  override get requiresGrad(): boolean {
    return !this.frozen;
  }
  override set requiresGrad(value: boolean) {
    if (value === !this.frozen) return;
    if (arena.isOpen())
      throw new Error('requiresGrad: changed inside a scope; freeze parameters before it opens');
    this.zeroGrad();
    this.frozen = !value;
  }

  /** A copy of the gradient; null for a frozen parameter. */
  override get grad(): Float32Array<ArrayBuffer> | null {
    return this.frozen ? null : super.grad;
  }
  /**
   * Replaces the gradient, for limits and penalties of one's own: between `backward` and `step`.
   *
   * @throws RangeError for another number of values; Error for a frozen parameter
   */
  override set grad(values: ArrayLike<number>) {
    this.check();
    if (this.frozen) throw new Error('grad: the parameter is frozen, requiresGrad is false');
    if (values.length !== this.size)
      throw new RangeError(
        `grad: ${values.length} values for a parameter [${this.shape}] of ${this.size}`,
      );
    this.rows = null;
    arena.f32(this.gradBlock, this.size).set(values);
  }

  /** Adds ids to the touched rows of a sparse parameter. */
  touch(ids: Int32Array): void {
    if (this.rows === null) return;
    this.rows = Int32Array.from(new Set([...this.rows, ...ids])).sort();
  }

  /** @internal As of every tensor; what is added may lie in any row. */
  override wantGrad(): number {
    if (this.frozen) return 0;
    watch?.(this);
    this.rows = null;
    return super.wantGrad();
  }

  /** @internal The address to add a gradient to that lies in the rows `ids` alone. */
  wantGradRows(ids: Int32Array): number {
    watch?.(this);
    this.touch(ids);
    return super.wantGrad();
  }

  /** Clears the gradient: of the touched rows if it is sparse, else of all. */
  zeroGrad(): void {
    this.check();
    if (this.rows === null) {
      arena.clear(this.gradBlock, this.size);
      if (this.sparse) this.rows = new Int32Array(0);
      return;
    }
    const width = this.size / (this.shape[0] || 1);
    for (const row of this.rows) arena.clear(this.gradBlock + 4 * row * width, width);
    this.rows = new Int32Array(0);
  }

  override dispose(): void {
    const { open } = this.life;
    super.dispose();
    if (open) arena.free(this.gradBlock);
  }
}

/**
 * @internal A borrowed tensor of the open scope, values not yet written; it requires gradients if
 * an input does and the tape runs.
 */
export function output(shape: Shape, inputs: readonly (Tensor | null | undefined)[]): Tensor {
  inputs.forEach(checkOwn);
  return new Tensor(shape, arena.borrow(4 * sizeOf(shape)), currentLife(), requiresOne(inputs));
}

/** Refuses a tensor whose memory is that of another copy of the package. */
function checkOwn(tensor: Tensor | null | undefined): void {
  if (tensor && !(tensor instanceof Tensor)) throw foreign('a tensor');
}

/** @internal What another copy of the package has made: its numbers lie in another memory. */
export function foreign(what: string): TypeError {
  return new TypeError(
    `throughtime: ${what} of another copy of the package is used with this one; let all parts of ` +
      'the program import the same copy (npm ls throughtime; npm dedupe)',
  );
}

function requiresOne(inputs: readonly (Tensor | null | undefined)[]): boolean {
  return isRecording() && inputs.some(input => input?.requiresGrad ?? false);
}

/**
 * @internal As `output`, but written when it is first read, by `compute`: where no one reads it, it
 * takes neither time nor memory.
 */
export function deferred(
  shape: Shape,
  inputs: readonly (Tensor | null | undefined)[],
  compute: (address: number) => void,
): Tensor {
  inputs.forEach(checkOwn);
  const version = versionOf(inputs);
  const checked = (address: number): void => {
    if (versionOf(inputs) !== version)
      throw new Error(
        `tensor [${shape}]: read after a tensor that it is computed from was written; read it ` +
          'before set, copyFrom or optimizer.step',
      );
    compute(address);
  };
  return new Tensor(shape, checked, currentLife(), requiresOne(inputs), null, 0, inputs);
}

/** A tensor of zeros: borrowed inside a scope, persistent (dispose it) outside. */
export function zeros(shape: Shape, { requiresGrad = false, ...rest }: TensorOptions = {}): Tensor {
  noOthers('tensor', rest);
  checkShape(shape, 'zeros');
  const bytes = 4 * sizeOf(shape);
  if (!arena.isOpen()) {
    if (requiresGrad)
      throw new Error(
        'tensor: one that requires gradients is made inside a scope, or is a Parameter',
      );
    return new Tensor(shape, arena.allocate(bytes), { open: true, owned: true }, false);
  }
  const x = new Tensor(shape, arena.borrow(bytes), currentLife(), requiresGrad && isRecording());
  arena.clear(x.ptr, x.size);
  return x;
}

/** Numbers in lists of lists, all as deep and as long as their neighbours. */
export type Nested = number | readonly Nested[];

/**
 * A tensor from numbers: `tensor([[1, 2], [3, 4]])`, `tensor(values, { shape: [2, 2] })`,
 * `tensor(3)`. Borrowed inside a scope, persistent (dispose it) outside.
 *
 * @throws RangeError if rows differ in length or the number of values is not that of the shape
 */
export function tensor(
  values: Nested | Float32Array | Float64Array,
  { shape, ...options }: TensorOptions & { shape?: Shape } = {},
): Tensor {
  const flat: number[] = [];
  const actual: number[] = [];
  const walk = (value: Nested, depth: number): void => {
    if (typeof value === 'number') {
      if (depth !== actual.length) throw new RangeError('tensor: numbers at different depths');
      flat.push(value);
      return;
    }
    if (flat.length === 0 && depth === actual.length) actual.push(value.length);
    else if (depth >= actual.length) throw new RangeError('tensor: numbers at different depths');
    else if (actual[depth] !== value.length)
      throw new RangeError(`tensor: a row of ${value.length} among rows of ${actual[depth]}`);
    for (const element of value) walk(element, depth + 1);
  };
  const typed = ArrayBuffer.isView(values); // of any realm
  if (typed) actual.push((values as Float32Array).length);
  else walk(values as Nested, 0);
  const data: ArrayLike<number> = typed ? (values as Float32Array) : flat;
  const target = shape ?? actual;
  checkShape(target, 'tensor');
  if (sizeOf(target) !== data.length)
    throw new RangeError(
      `tensor: ${data.length} values for shape [${target}] of ${sizeOf(target)}`,
    );
  const x = zeros(target, options);
  x.set(data);
  return x;
}

/**
 * The same values (and gradient) under another shape, from an element on; nothing is copied.
 *
 * @param offset first element, default 0
 */
export function view(x: Tensor, shape: Shape, offset = 0): Tensor {
  checkShape(shape, 'view');
  const size = sizeOf(shape);
  if (!Number.isInteger(offset) || offset < 0 || offset + size > x.size) {
    throw new RangeError(
      `view: ${size} elements [${shape}] from ${offset} on, of a tensor [${x.shape}] of ${x.size}`,
    );
  }
  checkOwn(x);
  x.check();
  return new Tensor(shape, 0, x.life, x.requiresGrad, x, offset);
}

/**
 * @internal Ids or lengths, copied into the open scope; checked to be whole numbers in [low, high)
 * or equal to `except`.
 */
export function borrowIds(
  ids: Int32Array,
  low: number,
  high: number,
  what: string,
  except = low,
): number {
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    if ((id < low || id >= high) && id !== except)
      throw new RangeError(`${what} ${id} at position ${i} lies outside [${low}, ${high})`);
  }
  const address = arena.borrow(4 * ids.length);
  arena.i32(address, ids.length).set(ids);
  return address;
}
