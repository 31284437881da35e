/** A recurrent cell of one's own, the minimal gated unit (Zhou et al. 2016), learns to recall. */
import { init, nn, ops, optim, Random, scope, tensor, zeros } from 'throughtime';

await init();
const [T, B, H, LAG] = [12, 32, 32, 4]; // recall what came LAG steps before
const random = new Random(1);
/** f = σ(W·[h, x]),   h' = h + f·(tanh(U·[f·h, x]) − h) */
class MinimalGatedUnit extends nn.Module {
  gate = new nn.Linear(H + 1, H, { random });
  candidate = new nn.Linear(H + 1, H, { random });

  /** x [T, B, 1] → outputs [T, B, H] */
  forward(x) {
    let h = zeros([B, H]);
    const outputs = Array.from({ length: T }, (_, t) => {
      const now = ops.reshape(ops.slice(x, 0, t, t + 1), [B, 1]);
      const f = ops.sigmoid(this.gate.forward(ops.concat([h, now], 1)));
      const next = ops.tanh(this.candidate.forward(ops.concat([ops.mul(f, h), now], 1)));
      return (h = ops.add(h, ops.mul(f, ops.sub(next, h))));
    });
    return ops.stack(outputs);
  }
}
const model = new nn.Sequential(new MinimalGatedUnit(), new nn.Linear(H, 1, { random }));
const adam = new optim.Adam(model.parameters(), { lr: 0.01 });
for (let step = 1; step <= 300; step++) {
  const x = Float32Array.from({ length: T * B }, () => (random.bool(0.5) ? 1 : -1));
  adam.zeroGrad();
  const loss = scope(() => {
    const y = ops.slice(model.forward(tensor(x, { shape: [T, B, 1] })), 0, LAG, T);
    const mean = ops.mse(y, tensor(x.subarray(0, y.size), { shape: y.shape }));
    mean.backward();
    return mean.item();
  });
  optim.clipNorm(model.parameters(), 1);
  adam.step();
  if (step % 50 === 0) console.log(`step ${step}: squared error ${loss.toFixed(4)}`);
}
