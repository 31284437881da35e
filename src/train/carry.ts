/** State that outlives a scope. Copying it out is the detach of truncated backpropagation through time. */
import { zeros, type Tensor } from '../tensor/tensor.js';

export class Carry {
  private tensors: Tensor[] = [];
  private rows = 0;
  /** Whether the state differs from zeros. */
  private live = false;

  constructor(private readonly shapes: (B: number) => number[][]) {}

  /** The state for a batch of B rows: undefined stands for zeros. Call outside scopes. */
  prepare(B: number, first: boolean): readonly Tensor[] | undefined {
    if (B !== this.rows) {
      this.dispose();
      this.tensors = this.shapes(B).map(shape => zeros(shape));
      this.rows = B;
    }
    if (first) this.live = false;
    return this.live ? this.tensors : undefined;
  }

  /** Copies the state to carry out of the open scope. */
  keep(state: readonly Tensor[] | undefined): void {
    if (state !== undefined) this.tensors.forEach((tensor, i) => tensor.copyFrom(state[i]!));
    this.live = state !== undefined && this.tensors.length > 0;
  }

  /** The values, for a checkpoint; null for zeros. */
  save(): { shape: readonly number[]; data: Float32Array }[] | null {
    return this.live ? this.tensors.map(tensor => ({ shape: tensor.shape, data: tensor.toArray() })) : null;
  }

  load(state: { shape: readonly number[]; data: Float32Array }[] | null): void {
    if (state === null) {
      this.live = false;
      return;
    }
    this.prepare(state[0]!.shape[1]!, true);
    this.tensors.forEach((tensor, i) => tensor.set(state[i]!.data));
    this.live = true;
  }

  dispose(): void {
    for (const tensor of this.tensors) tensor.dispose();
    this.tensors = [];
    this.rows = 0;
    this.live = false;
  }
}
