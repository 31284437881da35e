/** A time series: up to two days of three measurements an hour, and the next six hours of one. */
import { infer, init, nn, ops, optim, Random, scope, tensor } from 'throughtime';

await init();
const [T, AHEAD, I, H, random] = [48, 6, 3, 48, new Random(1)];
const hours = [[0, 0, 0]]; // heat, which follows the hour, the sun and what it was; sun; hour
for (let t = 1; t < 3000; t++) {
  const [hour, sun] = [Math.sin((2 * Math.PI * t) / 24), Math.max(0, random.float() - 0.4)];
  hours.push([0.8 * hours[t - 1][0] + 0.4 * hour + sun + 0.1 * random.float(), sun, hour]);
}
/** Rows of T hours or fewer: inputs [T, B, I], their lengths, targets [B, AHEAD]. */
function rows(starts) {
  const lengths = Int32Array.from(starts, () => T - random.int(T / 2));
  const x = new Float32Array(T * starts.length * I); // zeros where a row has ended
  starts.forEach((start, b) => {
    for (let t = 0; t < lengths[b]; t++) x.set(hours[start + t], (t * starts.length + b) * I);
  });
  const after = starts.map((start, b) => hours.slice(start + lengths[b]).slice(0, AHEAD));
  const y = after.map(next => next.map(([heat]) => heat));
  const now = starts.map((start, b) => Array(AHEAD).fill(hours[start + lengths[b] - 1][0]));
  return { x: [x, { shape: [T, starts.length, I] }], lengths, y, now };
}
const gru = new nn.GRU(I, H, { random });
const head = new nn.Linear(H, AHEAD, { random });
function error({ x, lengths, y }) {
  const { state } = gru.forward(tensor(...x), { lengths }); // [1, B, H], after each row's last hour
  return ops.mse(ops.reshape(head.forward(state[0]), [y.length, AHEAD]), tensor(y));
}
const adam = new optim.Adam([...gru.parameters(), ...head.parameters()], { lr: 5e-3 });
for (let step = 0; step < 400; step++) {
  adam.zeroGrad();
  scope(() => error(rows(Array.from({ length: 32 }, () => random.int(2400)))).backward());
  adam.step();
}
const held = rows(Array.from({ length: 400 }, (_, i) => 2500 + i));
const still = infer(() => ops.mse(tensor(held.now), tensor(held.y)).item());
console.log(
  `error ${infer(() => error(held).item()).toFixed(3)}, as it is now ${still.toFixed(3)}`,
);
