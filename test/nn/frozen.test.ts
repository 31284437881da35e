/** Control of what is trained: freezing, gradients written and accumulated, retained gradients. */
import * as assert from 'uvu/assert';
import { init, nn, ops, optim, Parameter, Random, scope, tensor } from '../../src/index.js';
import { near, notZero } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('nn/frozen');

const [T, B, V, E, H] = [4, 3, 7, 5, 6];
const ids = Int32Array.from({ length: T * B }, (_, i) => (i * 5) % V);
const targets = Int32Array.from({ length: T * B }, (_, i) => (i * 3) % V);

class Network extends nn.Module {
  readonly embedding: nn.Embedding;
  readonly rnn: nn.Recurrent;
  readonly norm: nn.LayerNorm;
  readonly head: nn.Linear;
  constructor(cell: typeof nn.RNN | typeof nn.LSTM | typeof nn.GRU, sparse = false) {
    super();
    const random = new Random(1);
    this.embedding = new nn.Embedding(V, E, { random, sparse });
    this.rnn = new cell(E, H, { layers: 2, bidirectional: true, random });
    this.norm = new nn.LayerNorm(2 * H);
    this.head = new nn.Linear(2 * H, V, { random });
  }
  loss() {
    const { output } = this.rnn.forward(this.embedding.forward(ids, [T, B]));
    return ops.crossEntropy(this.head.forward(this.norm.forward(output)), targets);
  }
}

const gradients = (network: Network) => {
  network.zeroGrad();
  scope(() => network.loss().backward());
  return new Map([...network.namedParameters()].map(([name, p]) => [name, p.grad]));
};

for (const cell of [nn.RNN, nn.LSTM, nn.GRU]) {
  test(`${cell.name}: each parameter can be frozen alone; all other gradients are the same bits`, () => {
    const network = new Network(cell);
    const all = gradients(network);
    for (const [name, parameter] of network.namedParameters()) {
      notZero(all.get(name)!, name);
      parameter.requiresGrad = false;
      for (const [other, gradient] of gradients(network)) {
        if (other === name) assert.is(gradient, null);
        else near(gradient!, all.get(other)!, 0, `${other} while ${name} is frozen`);
      }
      parameter.requiresGrad = true;
    }
    network.dispose();
  });
}

test('a model whose parameters are all frozen has no loss to go back from', () => {
  const network = new Network(nn.LSTM);
  for (const parameter of network.parameters()) parameter.requiresGrad = false;
  throws(() => gradients(network), Error, /^backward: the loss depends on no tensor that requires/);
  network.dispose();
});

test('a frozen parameter is neither updated nor decayed nor counted in the norm', () => {
  const [p, q] = [new Parameter([2]), new Parameter([2])];
  p.set([1, 2]);
  q.set([3, 4]);
  const adam = new optim.AdamW([p, q], { lr: 0.1, weightDecay: 0.5 });
  const step = () => {
    adam.zeroGrad();
    scope(() => ops.sum(ops.mul(p, q)).backward());
  };
  step();
  q.requiresGrad = false;
  near(q.toArray(), [3, 4], 0, 'q');
  step();
  near([optim.gradNorm([p, q])], [5], 0, 'the norm of p’s gradient alone');
  assert.is(optim.clipNorm([p, q], 1), 5);
  adam.step();
  near(q.toArray(), [3, 4], 0, 'q after a step');
  if (p.toArray()[0] === 1) throw new Error('p was not updated');
  assert.equal(adam.parameters, [p]);
  throws(
    () => scope(() => (q.requiresGrad = true)),
    Error,
    /^requiresGrad: changed inside a scope/,
  );
  for (const each of [adam, p, q]) each.dispose();
});

test('a gradient can be written: the step takes it, whatever backward gave', () => {
  const p = new Parameter([3]);
  const sgd = new optim.SGD([p], { lr: 1 });
  scope(() => ops.sum(p).backward());
  p.grad = [1, 2, 3];
  near(p.grad!, [1, 2, 3], 0, 'gradient');
  sgd.step();
  near(p.toArray(), [-1, -2, -3], 0, 'p');
  throws(() => (p.grad = [1]), RangeError, /^grad: 1 values for a parameter \[3\] of 3$/);
  p.requiresGrad = false;
  throws(() => (p.grad = [1, 2, 3]), Error, /^grad: the parameter is frozen/);
  sgd.dispose();
  p.dispose();
});

test('gradients of parts of a batch add up to those of the whole', () => {
  const random = new Random(3);
  const layer = new nn.Linear(4, 3, { random });
  const x = Float32Array.from({ length: 8 * 4 }, () => random.float() - 0.5);
  const wanted = Int32Array.from({ length: 8 }, () => random.int(3));
  const add = (from: number, to: number, share: number) =>
    scope(() => {
      const rows = tensor(x.subarray(4 * from, 4 * to), { shape: [to - from, 4] });
      const loss = ops.crossEntropy(layer.forward(rows), wanted.subarray(from, to));
      ops.affine(loss, share).backward();
    });
  add(0, 8, 1);
  const whole = layer.weight.grad!;
  layer.zeroGrad();
  add(0, 4, 0.5);
  add(4, 8, 0.5);
  near(layer.weight.grad!, whole, 1e-6, 'accumulated');
  layer.dispose();
});

test('a group has a rate and a decay of its own; a schedule moves all rates in proportion', () => {
  const make = () => [new Parameter([2]), new Parameter([2])] as const;
  const [p, q] = make();
  const [r, s] = make();
  for (const each of [p, q, r, s]) each.set([1, -2]);
  const grouped = new optim.AdamW(
    [{ parameters: [p] }, { parameters: [q], lr: 0.01, weightDecay: 0 }],
    { lr: 0.1, weightDecay: 0.2 },
  );
  const alone = [
    new optim.AdamW([r], { lr: 0.1, weightDecay: 0.2 }),
    new optim.AdamW([s], { lr: 0.01, weightDecay: 0 }),
  ] as const;
  for (const factor of [1, 0.5, 0.25]) {
    for (const each of [p, q, r, s]) each.grad = [0.3, -0.7];
    grouped.lr = 0.1 * factor;
    alone[0].lr = 0.1 * factor;
    alone[1].lr = 0.01 * factor;
    for (const each of [grouped, ...alone]) each.step();
  }
  near(p.toArray(), r.toArray(), 0, 'the first group');
  near(q.toArray(), s.toArray(), 1e-7, 'the second group');
  for (const each of [grouped, ...alone, p, q, r, s]) each.dispose();
});

for (const T of [3, 20]) {
  for (const Layer of [nn.RNN, nn.LSTM, nn.GRU] as const) {
    test(`${Layer.name}: the gradient of looked-up inputs is kept where it is asked for, over ${T} steps`, () => {
      const random = new Random(5);
      const embedding = new nn.Embedding(5, 4, { random });
      const layer = new Layer(4, 3, { random });
      const ids = Int32Array.from({ length: T * 2 }, () => random.int(5));
      const run = (when: 'before' | 'after' | 'never') => {
        embedding.zeroGrad();
        layer.zeroGrad();
        return scope(() => {
          const x = embedding.forward(ids, [T, 2]);
          if (when === 'before') x.retainGrad();
          const { output } = layer.forward(x);
          if (when === 'after') x.retainGrad();
          ops.sum(ops.mul(output, output)).backward();
          return x.grad;
        });
      };
      assert.is(run('never'), null);
      const table = embedding.weight.grad!;
      notZero(table, 'the table’s gradient');
      for (const when of ['before', 'after'] as const) {
        const rows = run(when)!;
        const sums = new Float64Array(table.length);
        ids.forEach((id, n) => {
          for (let e = 0; e < 4; e++) sums[id * 4 + e]! += rows[n * 4 + e]!;
        });
        near(sums, table, 1e-5, `rows summed by id, asked for ${when} the layer`);
        near(
          embedding.weight.grad!,
          table,
          1e-5,
          `the table’s gradient, asked for ${when} the layer`,
        );
      }
      embedding.dispose();
      layer.dispose();
    });
  }
}

run();
