import { kernels } from '../runtime/kernels.js';
import { noOthers } from '../runtime/options.js';
import { Random } from '../runtime/random.js';
import { within } from '../tensor/scope.js';
import { isRecording, record, unwind } from '../tensor/tape.js';
import { type Tensor, tensor } from '../tensor/tensor.js';

/**
 * Runs `work` and keeps its results alone. What its backward pass needs in between is computed
 * again when `backward` gets there, and freed after it: this saves memory and costs one more
 * forward pass. PyTorch calls it checkpointing (Chen et al. 2016, "Training Deep Nets with
 * Sublinear Memory Cost").
 *
 * @param inputs what `work` reads beside parameters and constants
 * @param work   computes the same each time it is called; runs in a scope of its own. It draws from
 *   the generator it is given
 * @param random passed on to `work`; the second time, as it stood the first time
 * @throws Error in `backward` if `work` uses a tensor that requires gradients and is no input
 */
export function recompute(
  inputs: readonly Tensor[],
  work: (inputs: readonly Tensor[], random: Random | undefined) => readonly Tensor[],
  { random, ...rest }: { random?: Random | undefined } = {},
): Tensor[] {
  noOthers('recompute', rest);
  if (!isRecording()) return [...work(inputs, random)];
  const before = random?.state;
  const values = within(
    () => work(inputs, random).map(result => ({ shape: result.shape, data: result.toArray() })),
    null,
  );
  const outputs = values.map(({ shape, data }) => tensor(data, { shape, requiresGrad: true }));
  record(
    outputs,
    () => {
      for (const input of inputs) input.wantGrad(); // lasts longer than the scope below
      within(() => {
        const results = work(inputs, before && Random.fromState(before));
        results.forEach((result, i) => {
          const d = outputs[i]!.gradPtr;
          if (d !== 0 && result.requiresGrad) kernels.add_to(result.wantGrad(), d, result.size);
        });
        unwind();
      }, []);
    },
    inputs,
  );
  return outputs;
}
