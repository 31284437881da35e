/**
 * Both halves of the rule (Pascanu et al. 2013): clipping cures gradients that explode, not those
 * that vanish; gates cure those that vanish, not those that explode.
 */
import * as assert from 'uvu/assert';
import { batches, recipes } from '../../examples/learn.js';
import { Network } from '../../examples/network.js';
import { adding, type Task } from '../../examples/synthetic.js';
import { init, nn, ops, optim, Random, tensor, train } from '../../src/index.js';
import { suite } from '../support/suite.js';
import { outcome } from './outcome.js';

const { test, run } = suite('learning/gradients');

await init({ deterministic: true });

const T = 100;
const H = 32;
const GUESSING = Math.log(8);

/**
 * Echo: at each step the symbol, one of eight, of two steps ago. Short memory, but gradients travel
 * all 100 steps.
 */
const echo: Task = {
  steps: T,
  inputSize: 8,
  outputSize: 8,
  answers: T - 2,
  baseline: GUESSING,
  draw(random, B) {
    const symbols = Int32Array.from({ length: T * B }, () => random.int(8));
    const x = new Float32Array(T * B * 8);
    symbols.forEach((symbol, i) => (x[i * 8 + symbol] = 1));
    return {
      T,
      B,
      lossFrom: 0,
      tokens: B * (T - 2),
      first: true,
      x,
      loss: outputs => ops.crossEntropy(outputs, symbols.subarray(0, (T - 2) * B)),
    };
  },
};

const layers = {
  relu: (random: Random) => new nn.RNN(8, H, { random, nonlinearity: 'relu' }),
  gru: (random: Random) => new nn.GRU(8, H, { random }),
  lstm: (random: Random) => new nn.LSTM(8, H, { random }),
};

/**
 * A network for echo, forget bias 1, whose recurrent weights have the given spectral radius in
 * every gate.
 */
function echoing(cell: keyof typeof layers, radius: number, seed = 1): Network {
  const random = new Random(seed);
  const rnn = layers[cell](random);
  const { weight_hh, bias_ih, bias_hh } = rnn.weights[0]!;
  if (cell === 'relu') nn.init.identity(weight_hh, { gain: radius });
  else nn.init.orthogonal(weight_hh, { gain: radius, rows: H, random });
  for (const bias of [bias_ih!, bias_hh!]) nn.init.constant(bias, 0);
  if (cell === 'lstm') nn.init.forgetBias(bias_ih!, 1);
  return new Network(echo, rnn, random);
}

/** Mean loss of the last 20 of 300 steps of plain gradient descent. */
async function descend(
  network: Network,
  { lr, clipNorm }: { lr: number; clipNorm?: number },
): Promise<number> {
  const trainer = new train.Trainer(network, {
    optimizer: new optim.SGD(network.namedParameters(), { lr }),
    ...(clipNorm && { clipNorm }),
    steps: 300,
    reportEvery: 20,
  });
  let loss = NaN;
  try {
    for await (const report of trainer.run(batches(echo, { B: 16, steps: 300 })))
      if (report.type === 'step') loss = report.loss;
    return loss;
  } finally {
    trainer.dispose();
    network.dispose();
  }
}

/** ‖∂L/∂h‖ by distance from the last step, for the mean square of the last outputs. */
function distances(rnn: nn.Recurrent, task: Task): Float64Array {
  const { x, B } = task.draw(new Random(2), 8);
  return train.gradientByDistance(
    rnn,
    () => tensor(x, { shape: [T, B, task.inputSize] }),
    last => ops.mean(ops.mul(last, last)),
  );
}

/** The longest distance. */
const FAR = T - 1;

test('an exploding ReLU network is NaN without clipping, which names step and parameter, and learns with it', async () => {
  const message = await descend(echoing('relu', 1.05), { lr: 0.1 }).then(
    loss => `loss ${loss}`,
    (error: Error) => error.message,
  );
  assert.match(
    message,
    /^train: step \d+: loss (NaN|Infinity), the gradient of "(rnn|head)\.\w+" is (NaN|-?Infinity) at element \d+/,
  );
  const clipped = await descend(echoing('relu', 1.05), { lr: 0.1, clipNorm: 1 });
  assert.ok(clipped < 0.9 * GUESSING, `loss ${clipped}, guessing ${GUESSING}`);
});

test('the gradients of a tanh network vanish with the distance, those of an LSTM whose gates forget slowly do not', () => {
  const random = new Random(1);
  const rnn = new nn.RNN(2, H, { random });
  const lstm = new nn.LSTM(2, H, { random });
  nn.init.forgetBias(lstm.weights[0]!.bias_ih!, 3);
  assert.ok(train.spectralRadius(rnn).get('weight_hh_l0')![0]! < 1);
  const plain = distances(rnn, adding(T));
  const gated = distances(lstm, adding(T));
  assert.ok(plain[0]! > 0 && gated[0]! > 0);
  assert.ok(
    plain[FAR]! < 1e-15 * plain[0]!,
    `tanh: ${plain[0]} to ${plain[FAR]} over ${FAR} steps`,
  );
  assert.ok(gated[FAR]! > 1e-3 * gated[0]!, `LSTM: ${gated[0]} to ${gated[FAR]} over ${FAR} steps`);
  rnn.dispose();
  lstm.dispose();
});

test('clipping does not cure the vanishing ones: however tight, a tanh network learns nothing of addition', async () => {
  for (const clipNorm of [1, 0.01]) {
    const { loss } = await outcome(adding(T), { ...recipes.adding, steps: 500, clipNorm }, 'rnn');
    assert.ok(
      loss > 0.155 && loss < 0.18,
      `squared error ${loss} with gradients clipped to ${clipNorm}`,
    );
  }
});

for (const [cell, radius, seed, learnt] of [
  ['gru', 6, 1, 0.6],
  ['lstm', 8, 3, 0.6],
] as const) {
  test(`gates do not cure the exploding ones: ${cell} with large recurrent weights learns nothing without clipping`, async () => {
    const network = echoing(cell, radius, seed);
    for (const found of train.spectralRadius(network.rnn).get('weight_hh_l0')!)
      assert.ok(Math.abs(found - radius) < 0.05 * radius, `spectral radius ${found}`);
    const far = distances(network.rnn, echo);
    assert.ok(far[FAR]! > 100 * far[1]!, `${far[1]} to ${far[FAR]} over ${FAR} steps`);
    // the states are bounded: no NaN, but no learning either
    const wild = await descend(network, { lr: 1 });
    assert.ok(wild > 0.97 * GUESSING, `loss ${wild}, guessing ${GUESSING}`);
    const clipped = await descend(echoing(cell, radius, seed), { lr: 1, clipNorm: 1 });
    assert.ok(clipped < learnt * GUESSING, `loss ${clipped}, guessing ${GUESSING}`);
  });
}

run();
