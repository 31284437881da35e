/** Two layers at equal width, forward and backward: cells that are scans beside the LSTM. */
import { nn, ops, Random, scope, type Tensor, tensor } from '../src/index.js';
import type { Case } from './case.js';

const [T, B, H] = [64, 32, 256];
await nn.loadCells();

export default function* (): Iterable<Case> {
  const random = new Random(1);
  const own = { layers: 2, random };
  const gates = [0, 1].map(() => new nn.Linear(H, 2 * H, { bias: false, random }));
  const x = Float32Array.from({ length: T * B * H }, () => random.uniform(-1, 1));
  const lstm = new nn.LSTM(H, H, own);
  const minGRU = new nn.MinGRUBlocks(H, own);
  const hawk = new nn.HawkBlocks(H, own);
  const layers: [name: string, weights: number, forward: (x: Tensor) => Tensor][] = [
    ['LSTM', 2 * 8 * H * H, x => lstm.forward(x).output],
    [
      'minGRU',
      2 * 2 * H * H,
      x => gates.reduce((y, { weight }) => ops.minGRU(y, weight).output, x),
    ],
    ['blocks of minGRU', 2 * 12.5 * H * H, x => minGRU.forward(x).output],
    ['blocks of RG-LRU', 2 * 12.5 * H * H, x => hawk.forward(x).output],
  ];
  for (const [name, weights, forward] of layers)
    yield {
      name: `${name} 2×${H} T${T} B${B}`,
      flop: 6 * weights * T * B,
      tokens: T * B,
      run: () =>
        scope(() => {
          const y = forward(tensor(x, { shape: [T, B, H], requiresGrad: true }));
          ops.sum(ops.mul(y, y)).backward();
        }),
    };
  for (const each of [lstm, minGRU, hawk, ...gates]) each.dispose();
}
