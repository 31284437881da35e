import {
  infer,
  init,
  ops,
  Parameter,
  Random,
  runtimeInfo,
  scope,
  type Tensor,
  tensor,
} from '../../src/index.js';
import { checkOp } from '../support/checkop.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('ops/recompute');

test('results and gradients are those of the work itself', () => {
  checkOp('recompute(tanh(x·w) + x)', {
    inputs: [
      [3, 4],
      [3, 4],
    ],
    op: (...inputs) =>
      ops.recompute(inputs, ([x, w]) => [ops.add(ops.tanh(ops.mul(x!, w!)), x!)])[0]!,
    reference: (x, w) => ({
      shape: x.shape,
      data: x.data.map((v, i) => Math.tanh(v * w.data[i]!) + v),
    }),
  });
});

const parameter = (random: TestRandom, n: number): Parameter => {
  const p = new Parameter([n]);
  p.set(random.array(n));
  return p;
};

/**
 * x, s ↦ dropout(tanh(x·p + s)) twice, the loss of all results, and p's gradient; computed
 * plainly or by `recompute`.
 */
function chain(
  p: Parameter,
  apply: (
    inputs: readonly Tensor[],
    work: (inputs: readonly Tensor[], random: Random | undefined) => Tensor[],
    random: Random,
  ) => readonly Tensor[],
): { loss: number; grad: Float32Array } {
  p.zeroGrad();
  const random = new Random(3);
  const loss = scope(() => {
    let inputs: readonly Tensor[] = [
      tensor(new Float64Array(p.size).fill(0.5)),
      tensor(new Float64Array(p.size).fill(0.1)),
    ];
    for (let i = 0; i < 3; i++) {
      inputs = apply(
        inputs,
        ([x, s], random) =>
          [ops.dropout(ops.tanh(ops.add(ops.mul(x!, p), s!)), 0.3, random!), x!, ops.exp(p)].slice(
            0,
            i < 2 ? 2 : 3,
          ),
        random,
      );
    }
    const total = inputs
      .slice(0, 2)
      .map(result => ops.sum(ops.mul(result, result)))
      .reduce(ops.add);
    total.backward();
    return total.item();
  });
  return { loss, grad: p.grad! };
}

test('a chain of recomputed works, with dropout and results that are inputs, gives the bits of plain ones', () => {
  const p = parameter(new TestRandom(1), 37);
  const plain = chain(p, (inputs, work, random) => work(inputs, random));
  const recomputed = chain(p, (inputs, work, random) => ops.recompute(inputs, work, { random }));
  notZero(plain.grad, 'gradient');
  near([recomputed.loss], [plain.loss], 0, 'loss');
  near(recomputed.grad, plain.grad, 0, 'gradient');
  p.dispose();
});

test('what lies between is not kept', () => {
  const p = parameter(new TestRandom(2), 1000);
  const borrowed = (work: () => Tensor): number =>
    scope(() => (work(), runtimeInfo().memory.borrowed));
  const deep = (x: Tensor): Tensor =>
    Array.from({ length: 10 }).reduce<Tensor>(y => ops.tanh(ops.mul(y, p)), x);
  const kept = borrowed(() => deep(p));
  const recomputed = borrowed(() => ops.recompute([p], ([x]) => [deep(x!)])[0]!);
  if (kept !== 20 * 4000 || recomputed !== 4000)
    throw new Error(`${kept} bytes without, ${recomputed} recomputed`);
  p.dispose();
});

test('without a tape the work runs once, as it is', () => {
  const p = parameter(new TestRandom(3), 5);
  let calls = 0;
  const values = infer(() => ops.recompute([p], ([x]) => (calls++, [ops.exp(x!)]))[0]!.toArray());
  near(
    values,
    infer(() => ops.exp(p).toArray()),
    0,
    'values',
  );
  if (calls !== 1) throw new Error(`${calls} calls`);
  p.dispose();
});

test('a tensor from outside that is no input is refused', () => {
  const p = parameter(new TestRandom(4), 5);
  throws(
    () =>
      scope(() => {
        const outside = ops.exp(p);
        ops.sum(ops.recompute([], () => [ops.mul(outside, 2)])[0]!).backward();
      }),
    Error,
    /^recompute: the work uses a tensor \[5\] from outside; pass it as an input/,
  );
  p.dispose();
});

run();
