/** A tensor that gradients are computed from may not be written before `backward`. */
import {
  init,
  nn,
  ops,
  optim,
  Parameter,
  Random,
  scope,
  type Tensor,
  tensor,
  zeros,
} from '../../src/index.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('tensor/version');

const REFUSED =
  /^backward: a tensor that the gradient of a result \[[\d,]*\] is computed from was written/;

const [T, B, I, H] = [3, 2, 4, 5];
const random = new Random(1);
const draw = (shape: number[]): Parameter => {
  const p = new Parameter(shape);
  nn.init.uniform(p, 0.1, 1, random);
  return p;
};

/** Ops, and which of their inputs their backward reads. */
const READS: Record<
  string,
  { shapes: number[][]; op(...inputs: Tensor[]): Tensor; reads: number[] }
> = {
  mul: { shapes: [[3], [3]], op: ops.mul, reads: [0, 1] },
  div: { shapes: [[3], [3]], op: ops.div, reads: [1] },
  log: { shapes: [[3]], op: ops.log, reads: [0] },
  linear: { shapes: [[2, 3], [4, 3], [4]], op: ops.linear, reads: [0, 1] },
  matmul: {
    shapes: [
      [2, 3],
      [3, 4],
    ],
    op: ops.matmul,
    reads: [0, 1],
  },
  layerNorm: {
    shapes: [[2, 3], [3], [3]],
    op: (x, w, b) => ops.layerNorm(x!, w!, b!),
    reads: [0, 1],
  },
  mse: { shapes: [[3], [3]], op: (a, b) => ops.mse(a!, b!), reads: [0, 1] },
  bceWithLogits: { shapes: [[3], [3]], op: (a, b) => ops.bceWithLogits(a!, b!), reads: [0, 1] },
  crossEntropy: { shapes: [[2, 3]], op: x => ops.crossEntropy(x, Int32Array.of(1, 2)), reads: [0] },
  linearCrossEntropy: {
    shapes: [
      [2, 3],
      [4, 3],
    ],
    op: (x, w) => ops.linearCrossEntropy(x!, w!, Int32Array.of(1, 2)),
    reads: [0, 1],
  },
  add: { shapes: [[3], [3]], op: ops.add, reads: [] },
  sum: { shapes: [[3]], op: x => ops.sum(x), reads: [] },
  recompute: {
    shapes: [[3]],
    op: x => ops.recompute([x], ([x]) => [ops.mul(x!, x!)])[0]!,
    reads: [0],
  },
};

for (const [name, { shapes, op, reads }] of Object.entries(READS)) {
  test(`${name}: an input that its gradient needs is not written before backward; others may be`, () => {
    const inputs = shapes.map(draw);
    inputs.forEach((input, i) => {
      const step = (): void =>
        scope(() => {
          const loss = ops.sum(op(...inputs));
          input.set(input.toArray());
          loss.backward();
        });
      if (reads.includes(i)) throws(step, Error, REFUSED);
      else step();
    });
    for (const input of inputs) input.dispose();
  });
}

test('results that gradients are computed from are not written either', () => {
  const p = draw([3]);
  for (const op of [
    ops.exp,
    ops.sqrt,
    ops.tanh,
    ops.sigmoid,
    ops.relu,
    ops.softmax,
    ops.logSoftmax,
  ])
    throws(
      () =>
        scope(() => {
          const y = op(p);
          const loss = ops.sum(y);
          y.set([1, 1, 1]);
          loss.backward();
        }),
      Error,
      REFUSED,
    );
  p.dispose();
});

for (const Layer of [nn.RNN, nn.LSTM, nn.GRU] as const) {
  test(`${Layer.name}: a carried state that is copied out one line early is refused`, () => {
    const layer = new Layer(I, H, { random });
    const x = draw([T, B, I]);
    const states = (Layer === nn.LSTM ? [0, 1] : [0]).map(() => zeros([1, B, H]));
    const step = (early: boolean): void =>
      scope(() => {
        const { output, state } = layer.forward(x, { state: states });
        const keep = (): void => states.forEach((carried, i) => carried.copyFrom(state[i]!));
        const loss = ops.sum(output);
        if (early) keep();
        loss.backward();
        if (!early) keep();
      });
    throws(() => step(true), Error, REFUSED);
    step(false);
    for (const each of [layer, x, ...states]) each.dispose();
  });
}

test('a write through a view counts, and so does an optimizer’s step', () => {
  const [w, x] = [draw([4, 3]), draw([2, 3])];
  throws(
    () =>
      scope(() => {
        const loss = ops.sum(ops.linear(x, w));
        ops.reshape(w, [12]).set(w.toArray());
        loss.backward();
      }),
    Error,
    REFUSED,
  );
  const sgd = new optim.SGD([w], { lr: 0.1 });
  throws(
    () =>
      scope(() => {
        const loss = ops.sum(ops.linear(x, w));
        sgd.step();
        loss.backward();
      }),
    Error,
    REFUSED,
  );
  for (const each of [w, x, sgd]) each.dispose();
});

test('looked-up rows are those of the time of the look-up, or are refused', () => {
  const w = draw([4, 3]);
  const before = w.toArray();
  scope(() => {
    const early = ops.embedding(w, Int32Array.of(1, 2));
    near(early.toArray(), before.subarray(3, 9), 0, 'rows read before the table is written');
    const late = ops.embedding(w, Int32Array.of(1, 2));
    w.set(before.map(x => x + 1));
    near(early.toArray(), before.subarray(3, 9), 0, 'rows read again');
    throws(
      () => late.toArray(),
      Error,
      /^tensor \[2,3\]: read after a tensor that it is computed from/,
    );
  });
  w.dispose();
});

test('ids that the caller writes anew do not change gradients', () => {
  for (const sparse of [false, true]) {
    const w = new Parameter([4, 2], { sparse });
    const ids = Int32Array.of(1, 1);
    scope(() => {
      const loss = ops.sum(ops.embedding(w, ids));
      ids.fill(3);
      loss.backward();
    });
    near(w.grad!, [0, 0, 2, 2, 0, 0, 0, 0], 0, 'dw');
    if (sparse) near(w.rows!, [1], 0, 'rows');
    w.dispose();
  }
  const x = draw([2, 3]);
  const picks = Int32Array.of(0, 2);
  scope(() => {
    const loss = ops.sum(ops.gather(x, picks));
    picks.fill(1);
    loss.backward();
  });
  near(x.grad!, [1, 0, 0, 0, 0, 1], 0, 'dx');
  x.dispose();
});

test('a tensor made inside the scope counts as well', () => {
  const p = draw([3]);
  throws(
    () =>
      scope(() => {
        const x = tensor([1, 2, 3]);
        const loss = ops.sum(ops.mul(p, x));
        x.set([4, 5, 6]);
        loss.backward();
      }),
    Error,
    REFUSED,
  );
  p.dispose();
});

run();
