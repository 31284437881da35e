/** One recurrent layer, forward and backward, without embedding, loss and optimizer. */
import { nn, ops, Parameter, Random, scope } from '../src/index.js';
import type { Case } from './case.js';

/** T, B, H: the layers of the jobs in train.bench.ts. */
const SIZES = [
  [50, 50, 128],
  [50, 32, 128],
  [35, 20, 200],
  [50, 50, 512],
  [25, 1, 128],
  [25, 1, 32],
] as const;

export function* layerCases(
  name: string,
  Layer: typeof nn.LSTM | typeof nn.GRU,
  gates: number,
): Generator<Case> {
  for (const [T, B, H] of SIZES) {
    const random = new Random(1);
    using layer = new Layer(H, H, { random });
    using x = new Parameter([T, B, H]);
    nn.init.uniform(x, -1, 1, random);
    yield {
      name: `${name} ${H} T${T} B${B}`,
      flop: 3 * T * B * 2 * gates * H * 2 * H, // W_ih·x and W_hh·h, then dX and dW of each
      tokens: T * B,
      run: () => scope(() => ops.sum(layer.forward(x).output).backward()),
    };
  }
}
