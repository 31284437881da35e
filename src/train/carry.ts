/**
 * State that outlives a scope. Copying it out is the detach of truncated backpropagation through
 * time.
 */
import type { StateEntry } from '../nn/module.js';
import { sameShape } from '../tensor/shape.js';
import { type Tensor, zeros } from '../tensor/tensor.js';

/**
 * The state that truncated backpropagation through time carries from window to window: persistent
 * tensors of B rows, or zeros. For loops of one's own; the Trainer has one of its own.
 *
 *     const carried = new CarriedState(B => [[1, B, 64], [1, B, 64]]); // h and c of an LSTM
 *     const state = carried.prepare(B, first); // outside scopes
 *     scope(() => {
 *       const { output, state: last } = lstm.forward(x, { state });
 *       loss(output).backward();
 *       carried.keep(last); // copied out of the scope: gradients end here
 *     });
 */
export class CarriedState {
  private tensors: Tensor[] = [];
  private rows = 0;
  /** Whether the state differs from zeros. */
  private live = false;

  constructor(private readonly shapes: (B: number) => number[][]) {}

  /**
   * The state for a batch of B rows: undefined stands for zeros. Call outside scopes.
   *
   * @param first begin from zeros
   * @throws RangeError for another number of rows while a state is carried
   */
  prepare(B: number, first: boolean): readonly Tensor[] | undefined {
    if (B !== this.rows) {
      if (this.live && !first)
        throw new RangeError(
          `CarriedState.prepare: a batch of ${B} rows follows one of ${this.rows}, whose state is carried on; ` +
            'give all batches as many rows, or mark this one as first',
        );
      this.dispose();
      this.tensors = this.shapes(B).map(shape => zeros(shape));
      this.rows = B;
    }
    if (first) this.live = false;
    return this.state;
  }

  /** The state as it stands; undefined: zeros. */
  get state(): readonly Tensor[] | undefined {
    return this.live ? this.tensors : undefined;
  }

  /** Copies the state to carry out of the open scope. */
  keep(state: readonly Tensor[] | undefined): void {
    if (state && state.length !== this.tensors.length)
      throw new RangeError(
        `CarriedState.keep: a state of ${state.length} tensors, stateShapes gives ` +
          `${this.tensors.length}; give the shape of each`,
      );
    if (state !== undefined) this.tensors.forEach((tensor, i) => tensor.copyFrom(state[i]!));
    this.live = state !== undefined && this.tensors.length > 0;
  }

  /** The values, for a checkpoint; [] for zeros. */
  save(): StateEntry[] {
    return this.live
      ? this.tensors.map(tensor => ({ shape: tensor.shape, data: tensor.toArray() }))
      : [];
  }

  /** Takes over what `save` gave; [] for zeros. */
  load(state: readonly (StateEntry | undefined)[]): void {
    const B = state[0]?.shape[1] ?? 0;
    const shapes = state.length > 0 ? this.shapes(B) : [];
    const fits =
      state.length === shapes.length &&
      shapes.every((shape, i) => state[i] !== undefined && sameShape(state[i].shape, shape));
    if (!fits) {
      const list = (all: readonly (readonly number[] | undefined)[]): string =>
        all.map(shape => `[${shape ?? 'missing'}]`).join(' ');
      throw new RangeError(
        `CarriedState.load: the carried state is ${list(state.map(entry => entry?.shape))}, expected ` +
          `${list(shapes)}`,
      );
    }
    this.live = false;
    if (state.length === 0) return;
    this.prepare(B, true);
    this.tensors.forEach((tensor, i) => tensor.set(state[i]!.data));
    this.live = true;
  }

  /** Gives the memory back; the next state begins from zeros. */
  dispose(): void {
    for (const tensor of this.tensors) tensor.dispose();
    this.tensors = [];
    this.rows = 0;
    this.live = false;
  }
}
