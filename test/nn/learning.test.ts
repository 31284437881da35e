/** Small networks learn what they must. */
import { init, nn, ops, optim, Random, scope, tensor } from '../../src/index.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';

await init({ deterministic: true });
const { test, run } = suite('learning');

test('a network with one hidden layer learns XOR, from every seed', () => {
  for (let seed = 1; seed <= 5; seed++) {
    const random = new Random(seed);
    const model = new nn.Sequential(
      new nn.Linear(2, 8, { random }),
      ops.tanh,
      new nn.Linear(8, 1, { random }),
    );
    const optimizer = new optim.Adam(model.namedParameters(), { lr: 0.05 });
    const forward = () =>
      model.forward(
        tensor([
          [0, 0],
          [0, 1],
          [1, 0],
          [1, 1],
        ]),
      );
    let loss = Infinity;
    for (let step = 0; step < 300; step++) {
      optimizer.zeroGrad();
      loss = scope(() => {
        const y = ops.bceWithLogits(forward(), tensor([[0], [1], [1], [0]]));
        y.backward();
        return y.item();
      });
      optimizer.step();
    }
    near(
      scope(() => ops.sigmoid(forward()).toArray()),
      [0, 1, 1, 0],
      0.05,
      `seed ${seed}, loss ${loss}`,
    );
    optimizer.dispose();
    model.dispose();
  }
});

for (const [kind, make] of Object.entries({
  'tanh RNN': (random: Random) => new nn.RNN(1, 16, { random }),
  LSTM: (random: Random) => new nn.LSTM(1, 16, { random }),
  GRU: (random: Random) => new nn.GRU(1, 16, { random }),
})) {
  test(`a ${kind} learns the parity of the last two bits`, () => {
    const random = new Random(4);
    const network = make(random);
    const head = new nn.Linear(16, 1, { random });
    const model = new (class extends nn.Module {
      network = network;
      head = head;
    })();
    const optimizer = new optim.Adam(model.namedParameters(), { lr: 0.02 });
    const [T, B] = [8, 16];
    let loss = Infinity;
    for (let step = 0; step < 400; step++) {
      const bits = Float32Array.from({ length: T * B }, () => random.int(2));
      const targets = bits.slice(B).map((bit, i) => (bit + bits[i]!) % 2);
      optimizer.zeroGrad();
      loss = scope(() => {
        const { output } = network.forward(tensor(bits, { shape: [T, B, 1] }));
        const y = ops.bceWithLogits(
          head.forward(ops.slice(output, 0, 1, T)),
          tensor(targets, { shape: [T - 1, B, 1] }),
        );
        y.backward();
        return y.item();
      });
      optimizer.step();
    }
    if (!(loss < 0.05))
      throw new Error(`the loss ends at ${loss} nats, where guessing has ${Math.LN2}`);
    optimizer.dispose();
    model.dispose();
  });
}

run();
