/** Gradients of whole models, whose weights are f32: each is compared along one direction. */
import * as assert from 'uvu/assert';
import { type nn, scope, type Tensor } from '../../src/index.js';
import { TestRandom } from './random.js';

/**
 * Fails unless each parameter's gradient of the loss, along a random direction, is the central
 * difference of the loss.
 *
 * @param step how far to go along the direction; where a maximum may change places, less
 */
export function gradientsAlong(model: nn.Module, loss: () => Tensor, step = 1e-3): void {
  const value = (): number => scope(() => loss().item());
  scope(() => loss().backward());
  const random = new TestRandom(9);
  for (const [name, parameter] of model.namedParameters()) {
    const grad = parameter.grad!;
    const values = parameter.toArray();
    const direction = random.array(values.length);
    const at = (step: number): number => {
      parameter.set(values.map((value, i) => value + step * direction[i]!));
      return value();
    };
    const expected = (at(step) - at(-step)) / (2 * step);
    parameter.set(values);
    const actual = grad.reduce((sum, d, i) => sum + d * direction[i]!, 0);
    assert.ok(
      Math.abs(actual - expected) < 1e-3 + 1e-2 * Math.abs(expected),
      `${name}: ${actual} ${expected}`,
    );
    assert.ok(
      grad.some(d => d !== 0),
      `${name}: its gradient is zero`,
    );
  }
}
