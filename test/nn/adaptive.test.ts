import { infer, init, nn, ops, Random, scope, tensor, zeros } from '../../src/index.js';
import { probed } from '../support/checkop.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { golden } from '../support/safetensors.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('adaptive softmax');

const file = golden('adaptive_softmax');
const [H, V] = [9, 19];

/** The module of the golden file. */
function build(): nn.AdaptiveSoftmax {
  const softmax = new nn.AdaptiveSoftmax(H, V, { cutoffs: [4, 10], divValue: 2 });
  const weights = file.names.filter(name => name.startsWith('w.'));
  softmax.loadStateDict(
    new Map(
      weights.map(name => [
        name.slice(2),
        { shape: file.shape(name), data: Float32Array.from(file.values(name)) },
      ]),
    ),
  );
  return softmax;
}

test('it has the names, the loss, the log-probabilities and the gradients of PyTorch’s', () => {
  using softmax = build();
  scope(() => {
    const x = tensor(file.values('in.x'), { shape: file.shape('in.x'), requiresGrad: true });
    const loss = softmax.loss(x, Int32Array.from(file.values('in.targets')));
    const logProb = softmax.forward(x);
    near([loss.item()], file.values('out.loss'), 1e-6, 'loss');
    near(logProb.toArray(), file.values('out.log_prob'), 1e-6, 'log-probabilities');
    ops
      .add(
        ops.mul(loss, file.values('probe.loss')[0]!),
        probed(logProb, file.values('probe.log_prob')),
      )
      .backward();
    near(x.grad!, file.values('g.x'), 1e-5, 'g.x');
  });
  const parameters = softmax.namedParameters();
  for (const [name, { grad }] of parameters) {
    near(grad!, file.values(`g.${name}`), 1e-5, name);
    notZero(grad!, name);
  }
  if (parameters.size !== file.names.filter(name => name.startsWith('g.')).length - 1)
    throw new Error('not all gradients of the file were compared');
});

test('its probabilities sum to 1, and the loss is minus the log-probability of the targets that count', () => {
  using softmax = new nn.AdaptiveSoftmax(20, 50, { headBias: true, random: new Random(2) });
  if (String(softmax.cutoffs) !== '4,13') throw new Error(`cutoffs are ${softmax.cutoffs}`);
  const random = new TestRandom(1);
  const targets = Int32Array.of(0, 49, -100, 3, 4, 12, 13, -100, 30, 2, 7, 48);
  infer(() => {
    const x = tensor(random.array(12 * 20), { shape: [3, 4, 20] });
    const logProb = softmax.forward(x);
    if (String(logProb.shape) !== '3,4,50') throw new Error(`shape ${logProb.shape}`);
    near(
      ops.sum(ops.exp(logProb), { axis: -1 }).toArray(),
      new Float64Array(12).fill(1),
      1e-6,
      'sums',
    );
    for (const reduction of ['mean', 'sum'] as const) {
      near(
        [softmax.loss(x, targets, { reduction }).item()],
        [ops.nll(logProb, targets, { reduction }).item()],
        1e-6,
        reduction,
      );
    }
  });
});

test('rows of one cluster alone, or of none, are all right', () => {
  using softmax = build();
  for (const targets of [
    [1, 2],
    [5, 9],
    [18, 12],
    [11, 3],
  ]) {
    infer(() => {
      const x = tensor(new TestRandom(1).array(2 * H), { shape: [2, H] });
      near(
        [softmax.loss(x, Int32Array.from(targets)).item()],
        [ops.nll(softmax.forward(x), Int32Array.from(targets)).item()],
        1e-6,
        `targets ${targets}`,
      );
    });
  }
});

test('cutoffs that do not rise, units that run out, and targets that are no class are refused', () => {
  for (const cutoffs of [[], [0, 3], [3, 3], [5, 4], [2.5], [10], [3, 11]])
    throws(
      () => new nn.AdaptiveSoftmax(64, 10, { cutoffs }),
      RangeError,
      /^AdaptiveSoftmax: cutoffs are \[.*\], expected rising whole numbers between 0 and 10/,
    );
  throws(
    () => new nn.AdaptiveSoftmax(15, 10, { cutoffs: [2, 4] }),
    RangeError,
    /^AdaptiveSoftmax: 15 units divided 2 times by 4 leave none/,
  );
  using softmax = build();
  scope(() => {
    throws(
      () => softmax.loss(zeros([2, H]), Int32Array.of(3, 19)),
      RangeError,
      /^AdaptiveSoftmax.loss: target 19 at position 1 lies outside \[0, 19\)/,
    );
    throws(
      () => softmax.loss(zeros([2, H]), Int32Array.of(-100, -100)),
      RangeError,
      /all 2 targets are ignored/,
    );
  });
});

run();
