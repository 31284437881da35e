import {
  infer,
  init,
  nn,
  ops,
  optim,
  Parameter,
  Random,
  scope,
  tensor,
  zeros,
} from '../../src/index.js';
import { crossEntropy } from '../reference/crossentropy.js';
import { total } from '../reference/dense.js';
import { centralDifferences } from '../support/checkop.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('sampled softmax');

const [H, V, S] = [5, 23, 7];
const targets = Int32Array.of(0, 22, -100, 3, 0, 9, 1);
const N = targets.length;

const probability = (c: number): number => Math.log((c + 2) / (c + 1)) / Math.log(V + 1);

/** S distinct log-uniform classes, and the expected count of each class after as many tries. */
function draw(random: Random): { drawn: number[]; expected: (c: number) => number } {
  const drawn: number[] = [];
  let tries = 0;
  for (; drawn.length < S; tries++) {
    const c = Math.floor((V + 1) ** random.float()) - 1;
    if (!drawn.includes(c)) drawn.push(c);
  }
  return { drawn, expected: c => 1 - (1 - probability(c)) ** tries };
}

/**
 * Mean over the rows that count, in f64: softmax over the target and the drawn classes but the
 * target.
 */
function reference(
  x: Float64Array,
  w: Float64Array,
  b: Float64Array,
  { drawn, expected }: ReturnType<typeof draw>,
): number {
  const counted = [...targets.keys()].filter(n => targets[n] !== -100);
  return total(counted.length, i => {
    const n = counted[i]!;
    const classes = [targets[n]!, ...drawn.filter(c => c !== targets[n])];
    const logits = classes.map(
      c => total(H, h => x[n * H + h]! * w[c * H + h]!) + b[c]! - Math.log(expected(c)),
    );
    return (
      crossEntropy(logits, [0], 1, classes.length, { ignoreIndex: -100, smoothing: 0 })[0]! /
      counted.length
    );
  });
}

test('its loss and gradients are those of the target among the drawn classes, less the logarithm of expected counts', () => {
  using softmax = new nn.SampledSoftmax(H, V, { samples: S, random: new Random(1) });
  const random = new TestRandom(1);
  const x = random.array(N * H);
  const [w, b] = [
    Float64Array.from(softmax.weight.toArray()),
    Float64Array.from(softmax.bias!.toArray()),
  ];
  for (const seed of [1, 2, 3]) {
    const sample = draw(new Random(seed));
    const f = () => reference(x, w, b, sample);
    softmax.weight.zeroGrad();
    softmax.bias!.zeroGrad();
    scope(() => {
      const rows = tensor(x, { shape: [N, H], requiresGrad: true });
      const loss = softmax.loss(rows, targets, { random: new Random(seed) });
      near([loss.item()], [f()], 1e-6, 'loss');
      near(
        [softmax.loss(rows, targets, { random: new Random(seed), reduction: 'sum' }).item()],
        [6 * f()],
        1e-6,
        'sum',
      );
      ops.affine(loss, 3).backward();
      near(
        rows.grad!,
        centralDifferences(f, x).map(d => 3 * d),
        1e-5,
        'dx',
      );
    });
    near(
      softmax.weight.grad!,
      centralDifferences(f, w).map(d => 3 * d),
      1e-5,
      'dw',
    );
    near(
      softmax.bias!.grad!,
      centralDifferences(f, b).map(d => 3 * d),
      1e-5,
      'db',
    );
    notZero(softmax.weight.grad!, 'dw');
  }
});

test('the drawn classes are as frequent as their expected counts', () => {
  using softmax = new nn.SampledSoftmax(1, V, { samples: S, random: new Random(1) });
  const random = new Random(4);
  const hits = new Float64Array(V);
  const expected = new Float64Array(V);
  const runs = 4000;
  for (let i = 0; i < runs; i++) {
    const before = Random.fromState(random.state);
    softmax.weight.zeroGrad();
    scope(
      () =>
        void softmax
          .loss(zeros([1, 1], { requiresGrad: true }), Int32Array.of(0), { random })
          .backward(),
    );
    for (const c of softmax.weight.rows!) hits[c]! += 1 / runs;
    const { expected: count } = draw(before);
    expected.forEach((_, c) => (expected[c]! += count(c) / runs));
  }
  hits[0] = expected[0] = 0; // the target, always there
  near(hits, expected, 0.03, 'frequencies');
});

test('without a generator it is the full softmax', () => {
  using sampled = new nn.SampledSoftmax(H, V, { samples: S, random: new Random(1) });
  using full = new nn.FullSoftmax(H, V, { random: new Random(1) });
  if ([...sampled.namedParameters().keys()].join() !== 'weight,bias')
    throw new Error('other names than the full softmax');
  infer(() => {
    const x = tensor(new TestRandom(1).array(N * H), { shape: [N, H] });
    near(sampled.forward(x).toArray(), full.forward(x).toArray(), 0, 'logits');
    near([sampled.loss(x, targets).item()], [full.loss(x, targets).item()], 0, 'loss');
    near(
      [sampled.loss(x, targets).item()],
      [ops.crossEntropy(full.forward(x), targets).item()],
      1e-6,
      'loss',
    );
  });
});

test('a step of Adam moves the rows of targets and drawn classes alone', () => {
  using softmax = new nn.SampledSoftmax(H, V, { samples: 3, random: new Random(1) });
  using adam = new optim.Adam(softmax.namedParameters(), { lr: 0.1 });
  const before = softmax.weight.toArray();
  scope(() =>
    softmax
      .loss(tensor(new TestRandom(1).array(2 * H), { shape: [2, H] }), Int32Array.of(20, 11), {
        random: new Random(2),
      })
      .backward(),
  );
  const rows = [...softmax.weight.rows!];
  if (!rows.includes(20) || !rows.includes(11) || rows.length > 5) throw new Error(`rows ${rows}`);
  adam.step();
  const after = softmax.weight.toArray();
  for (let c = 0; c < V; c++) {
    const moved = after
      .subarray(c * H, (c + 1) * H)
      .some((value, h) => value !== before[c * H + h]);
    if (moved !== rows.includes(c)) throw new Error(`row ${c} ${moved ? 'moved' : 'stayed'}`);
  }
});

test('a tied weight is used as it is, and a number of samples that is none is refused', () => {
  using weight = new Parameter([V, H]);
  const softmax = new nn.SampledSoftmax(H, V, { weight });
  if (softmax.weight !== weight || softmax.samples !== 1)
    throw new Error('another weight, or another default');
  softmax.bias!.dispose();
  for (const samples of [0, 12, 2.5, -1, NaN])
    throws(
      () => new nn.SampledSoftmax(H, V, { samples }),
      RangeError,
      /^SampledSoftmax: samples is .*, expected a whole number from 1 to half of the 23 classes/,
    );
});

run();
