/**
 * What is not finite stays visible: a NaN in an op's input shows in its output, and one in the
 * gradient of its output shows in the gradients of its inputs, so that the checks of a training see
 * an overflow wherever it happens.
 */
import { init, ops, Parameter, scope, type Tensor, tensor } from '../../src/index.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

await init();
const { test, run } = suite('ops/nonfinite');

const [T, B, I, H] = [3, 2, 5, 6];
const weights = (G: number) => [[T, B, I], [G * H, I], [G * H, H], [G * H], [G * H]];
const cell = ([weight_ih, weight_hh, bias_ih, bias_hh]: Tensor[]) => [
  {
    weight_ih: weight_ih!,
    weight_hh: weight_hh!,
    bias_ih: bias_ih!,
    bias_hh: bias_hh!,
  },
];
const targets = Int32Array.of(1, 0, 4, 2);

/** Inputs by shape; all values positive, so that log, sqrt and relu have gradients. */
const OPS: Record<string, { shapes: number[][]; op(...inputs: Tensor[]): Tensor }> = {
  add: { shapes: [[4, 5], [5]], op: ops.add },
  sub: { shapes: [[4, 5], [5]], op: ops.sub },
  mul: { shapes: [[4, 5], [5]], op: ops.mul },
  div: { shapes: [[4, 5], [5]], op: ops.div },
  affine: { shapes: [[4, 5]], op: x => ops.affine(x, 2, 1) },
  exp: { shapes: [[4, 5]], op: ops.exp },
  log: { shapes: [[4, 5]], op: ops.log },
  sqrt: { shapes: [[4, 5]], op: ops.sqrt },
  tanh: { shapes: [[4, 5]], op: ops.tanh },
  sigmoid: { shapes: [[4, 5]], op: ops.sigmoid },
  relu: { shapes: [[4, 5]], op: ops.relu },
  softmax: { shapes: [[4, 5]], op: ops.softmax },
  logSoftmax: { shapes: [[4, 5]], op: ops.logSoftmax },
  crossEntropy: { shapes: [[4, 5]], op: x => ops.crossEntropy(x, targets) },
  'crossEntropy of each row': {
    shapes: [[4, 5]],
    op: x => ops.crossEntropy(x, targets, { reduction: 'none', labelSmoothing: 0.1 }),
  },
  linearCrossEntropy: {
    shapes: [[4, 3], [5, 3], [5]],
    op: (x, w, bias) => ops.linearCrossEntropy(x!, w!, targets, { bias: bias! }),
  },
  mse: {
    shapes: [
      [4, 5],
      [4, 5],
    ],
    op: (a, b) => ops.mse(a!, b!),
  },
  sum: { shapes: [[4, 5]], op: x => ops.sum(x) },
  'mean over an axis': { shapes: [[4, 5]], op: x => ops.mean(x, { axis: 0 }) },
  'max over an axis': { shapes: [[4, 5]], op: x => ops.max(x, { axis: 1 }) },
  linear: { shapes: [[4, 3], [5, 3], [5]], op: ops.linear },
  matmul: {
    shapes: [
      [4, 3],
      [3, 5],
    ],
    op: ops.matmul,
  },
  layerNorm: { shapes: [[4, 5], [5], [5]], op: (x, w, b) => ops.layerNorm(x!, w!, b!) },
  transpose: { shapes: [[4, 5]], op: x => ops.transpose(x) },
  concat: {
    shapes: [
      [4, 5],
      [4, 2],
    ],
    op: (a, b) => ops.concat([a!, b!], 1),
  },
  expand: { shapes: [[1, 5]], op: x => ops.expand(x, [4, 5]) },
  slice: { shapes: [[4, 5]], op: x => ops.slice(x, 1, 0, 3) },
  embedding: { shapes: [[4, 5]], op: w => ops.embedding(w as Parameter, Int32Array.of(0, 3)) },
  'rnn (tanh)': {
    shapes: weights(1),
    op: (x, ...w) => ops.rnn(x!, cell(w), { nonlinearity: 'tanh' }).output,
  },
  'rnn (relu)': {
    shapes: weights(1),
    op: (x, ...w) => ops.rnn(x!, cell(w), { nonlinearity: 'relu' }).output,
  },
  lstm: { shapes: weights(4), op: (x, ...w) => ops.lstm(x!, cell(w)).output },
  gru: { shapes: weights(3), op: (x, ...w) => ops.gru(x!, cell(w)).output },
};

const finite = (values: ArrayLike<number>) => Array.from(values).every(Number.isFinite);

/** Runs an op on random parameters, one of which may hold a NaN; what its output and gradients are. */
function evaluate(
  { shapes, op }: (typeof OPS)[string],
  { inInput = -1, inGradient = false }: { inInput?: number; inGradient?: boolean },
): { output: Float32Array; gradients: Float32Array[] } {
  const random = new TestRandom(7);
  const inputs = shapes.map((shape, k) => {
    const p = new Parameter(shape);
    const values = random.array(p.size).map(x => 0.1 + Math.abs(x));
    if (k === inInput) values[0] = NaN;
    p.set(values);
    return p;
  });
  const output = scope(() => {
    const y = op(...inputs);
    ops.sum(ops.mul(y, inGradient ? NaN : 1)).backward();
    return y.toArray();
  });
  const gradients = inputs.map(p => p.grad!);
  for (const p of inputs) p.dispose();
  return { output, gradients };
}

for (const [name, each] of Object.entries(OPS)) {
  test(`${name} hides no NaN of an input or of its output’s gradient`, () => {
    const clean = evaluate(each, {});
    if (!finite(clean.output) || !clean.gradients.every(finite))
      throw new Error('not finite alone');
    for (let k = 0; k < each.shapes.length; k++)
      if (finite(evaluate(each, { inInput: k }).output))
        throw new Error(`the output is finite though input ${k} holds a NaN`);
    evaluate(each, { inGradient: true }).gradients.forEach((gradient, k) => {
      if (finite(gradient)) throw new Error(`the gradient of input ${k} is finite`);
    });
  });
}

test('the gradient of a ReLU network whose state is NaN is not 0', () => {
  const relu = OPS['rnn (relu)']!;
  const { gradients } = evaluate(relu, { inInput: 0 });
  if (finite(gradients[1]!)) throw new Error('the gradient of weight_ih is finite');
  if (gradients[3]!.every(d => d === 0)) throw new Error('the gradient of bias_ih is 0');
});

test('overflow is infinite: exp, a division by zero, a sum beyond the largest number', () => {
  scope(() => {
    const values = {
      'exp(1e4)': ops.exp(tensor([1e4])),
      'exp(∞)': ops.exp(tensor([Infinity])),
      '1 / 0': ops.div(tensor([1]), tensor([0])),
      '3e38 + 3e38': ops.sum(tensor([3e38, 3e38])),
    };
    for (const [what, value] of Object.entries(values))
      if (value.item() !== Infinity) throw new Error(`${what} is ${value.item()}`);
  });
});

run();
