/**
 * Where numbers become subnormal, which processors multiply slowly: each corner beside a healthy
 * run of the same work. Optimizers: most rows of a table have had no gradient for long, or a faint
 * one. (What is subnormal as it comes is slower: a check of each gradient would cost healthy runs
 * more, and layers let theirs vanish at 1e-30.) Layers: a loss at the last step alone, whose
 * gradient vanishes on the way back; saturated gates.
 */
import { nn, ops, optim, Parameter, Random, scope, type Tensor } from '../src/index.js';
import type { Case } from './case.js';

const [ROWS, WIDTH] = [10_000, 64];

const OPTIMIZERS: Record<
  string,
  (parameters: Parameter[]) => { step(): void; dispose(): void; [Symbol.dispose](): void }
> = {
  adam: parameters => new optim.Adam(parameters),
  sgd: parameters => new optim.SGD(parameters, { lr: 0.1, momentum: 0.9 }),
  rmsprop: parameters => new optim.RMSprop(parameters, { momentum: 0.9 }),
  adagrad: parameters => new optim.Adagrad(parameters),
  adadelta: parameters => new optim.Adadelta(parameters),
};

/** Sets every element of p's gradient to `value`. */
function setGradient(p: Parameter, value: number): void {
  p.zeroGrad();
  scope(() => ops.sum(ops.mul(p, value)).backward());
}

/**
 * An optimizer's step. Moments of a gradient of 1e-18 and their squares cross the subnormal numbers
 * while the bench runs.
 */
function* optimizers(): Generator<Case> {
  for (const [name, make] of Object.entries(OPTIMIZERS)) {
    for (const [state, first, then] of [
      ['healthy', 0.01, 0.01],
      ['idle', 1e-18, 0],
      ['faint', 1e-19, 1e-19],
      ['subnormal', 1e-39, 1e-39],
    ] as const) {
      using p = new Parameter([ROWS, WIDTH]);
      nn.init.uniform(p, -1, 1, new Random(1));
      using optimizer = make([p]);
      setGradient(p, first);
      optimizer.step();
      setGradient(p, then);
      yield { name: `${name} ${ROWS} rows ${state}`, run: () => optimizer.step() };
    }
  }
}

const [T, B, H] = [200, 32, 128];
const LAYERS = { rnn: nn.RNN, lstm: nn.LSTM, gru: nn.GRU };

/** Forward and backward of a layer on an embedding, with the norm of its gradient. */
function* layers(): Generator<Case> {
  for (const [name, Layer] of Object.entries(LAYERS)) {
    for (const [state, weights, input, faint] of [
      ['healthy', 1, 1, 1],
      ['vanishing', 0.1, 1, 1],
      ['faint loss', 1, 1, 1e-36],
      ['saturated', 1, 1000, 1],
    ] as const) {
      const random = new Random(1);
      using layer = new Layer(H, H, { random });
      for (const p of layer.parameters()) p.set(p.toArray().map(w => weights * w));
      using x = new Parameter([T, B, H]);
      nn.init.uniform(x, -input, input, random);
      const parameters = [...layer.parameters(), x];
      const lossOf = (y: Tensor): Tensor =>
        state === 'healthy' ? ops.sum(y) : ops.sum(ops.mul(ops.slice(y, 0, T - 1, T), faint));
      yield {
        name: `${name} ${H} T${T} ${state}`,
        run: () => {
          for (const p of parameters) p.zeroGrad();
          scope(() => {
            lossOf(layer.forward(x).output).backward();
            optim.clipNorm(parameters, 1);
          });
        },
      };
    }
  }
}

export default function* (): Generator<Case> {
  yield* optimizers();
  yield* layers();
}
