/** A training loop of one's own, with truncated backpropagation through time. */
import { init, nn, ops, optim, Random, scope, zeros } from 'throughtime';

await init();
const text = 'the cat sat on the mat and the dog lay on the rug. '.repeat(60);
const units = [...new Set(text)].sort();
const ids = Int32Array.from(text, unit => units.indexOf(unit));
const [B, T, H] = [8, 25, 48]; // rows side by side, steps of a window, hidden units
const length = Math.floor(ids.length / B);
/** T units of each row from a position on, time-major: step t of row b at t·B + b. */
const window = from =>
  Int32Array.from({ length: T * B }, (_, i) => ids[(i % B) * length + from + Math.floor(i / B)]);

const random = new Random(1);
const embedding = new nn.Embedding(units.length, 16, { random });
const lstm = new nn.LSTM(16, H, { random });
const head = new nn.Linear(H, units.length, { random });
const parameters = [embedding, lstm, head].flatMap(layer => layer.parameters());
const adam = new optim.Adam(parameters, { lr: 0.01 });
const state = [zeros([1, B, H]), zeros([1, B, H])]; // h and c, carried from window to window

for (let epoch = 1; epoch <= 8; epoch++) {
  let loss = 0;
  for (const each of state) each.set(new Float32Array(each.size)); // an epoch begins with zeros
  for (let from = 0; from + T < length; from += T) {
    adam.zeroGrad();
    loss = scope(() => {
      const x = embedding.forward(window(from), [T, B]);
      const { output, state: last } = lstm.forward(x, { state });
      const mean = ops.crossEntropy(head.forward(output), window(from + 1));
      mean.backward();
      optim.clipNorm(parameters, 1);
      state.forEach((each, i) => each.copyFrom(last[i])); // copied out: gradients end here
      return mean.item();
    });
    adam.step();
  }
  console.log(`epoch ${epoch}: ${loss.toFixed(3)} nats a character`);
}
