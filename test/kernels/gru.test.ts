import { gruBackward, gruForward } from '../reference/gru.js';
import { biasGradient, inputGradient, project, weightGradient } from '../reference/recurrent.js';
import { golden } from '../support/golden.js';
import { gradcheck } from '../support/gradcheck.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { inner, variants } from '../support/sequences.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('gru');

/** Gradients of the whole recurrent side, [3H, ·]: r and z from dgates, n from dhn. */
function recurrentSide(dgates: ArrayLike<number>, dhn: ArrayLike<number>, H: number): Float64Array {
  return Float64Array.from({ length: dgates.length }, (_, k) => (k % (3 * H) < 2 * H ? dgates[k]! : dhn[Math.floor(k / (3 * H)) * H + (k % H)]!));
}

test('the reference has the gradients of central differences', () => {
  const random = new TestRandom(1);
  for (const s of variants(random, 5, 3, 4)) {
    const { T, B, H } = s;
    const input = { a: random.array(T * B * 3 * H), w_hh: random.array(3 * H * H), b_hn: random.array(H), h0: random.array(B * H) };
    const dout = { dy: random.array(T * B * H), dhN: random.array(B * H) };
    const loss = () => {
      const { y, hN } = gruForward(s, input);
      return inner(y, dout.dy) + inner(hN, dout.dhN);
    };
    const saved = gruForward(s, input);
    const { dgates, dhn, dh0 } = gruBackward(s, input, saved, dout);
    const dw_hh = weightGradient(recurrentSide(dgates, dhn, H), saved.hp, 3 * H, H);
    gradcheck(loss, { ...input }, { a: dgates, w_hh: dw_hh, b_hn: biasGradient(dhn, H), h0: dh0 });
  }
});

test("the reference has PyTorch's outputs and gradients", () => {
  const g = golden('gru_l1');
  const [T, B, I, H] = [7, 3, 5, 6] as const;
  const s = { T, B, H };
  const w_ih = g('w.weight_ih_l0');
  const b_hh = g('w.bias_hh_l0');
  const a = project(g('in.x'), w_ih, [g('w.bias_ih_l0'), b_hh.map((b, k) => (k < 2 * H ? b : 0))], I);
  const input = { a, w_hh: g('w.weight_hh_l0'), b_hn: b_hh.slice(2 * H), h0: g('in.h0') };
  const saved = gruForward(s, input);
  near(saved.y, g('out.y'), 1e-7, 'y');
  near(saved.hN, g('out.hn'), 1e-7, 'hN');
  const { dgates, dhn, dh0 } = gruBackward(s, input, saved, { dy: g('probe.y'), dhN: g('probe.hn') });
  const dhh = recurrentSide(dgates, dhn, H);
  near(dh0, g('g.h0'), 1e-7, 'dh0');
  near(inputGradient(dgates, w_ih, 3 * H, I), g('g.x'), 1e-7, 'dx');
  near(weightGradient(dgates, g('in.x'), 3 * H, I), g('g.weight_ih_l0'), 1e-7, 'dw_ih');
  near(weightGradient(dhh, saved.hp, 3 * H, H), g('g.weight_hh_l0'), 1e-7, 'dw_hh');
  near(biasGradient(dgates, 3 * H), g('g.bias_ih_l0'), 1e-7, 'db_ih');
  near(biasGradient(dhh, 3 * H), g('g.bias_hh_l0'), 1e-7, 'db_hh');
});

run();
