import { biasGradient, inputGradient, project, weightGradient } from '../reference/recurrent.js';
import { rnnBackward, rnnForward } from '../reference/rnn.js';
import { golden } from '../support/golden.js';
import { gradcheck } from '../support/gradcheck.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { inner, variants } from '../support/sequences.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('rnn');

test('the reference has the gradients of central differences', () => {
  const random = new TestRandom(1);
  for (const relu of [false, true]) {
    for (const variant of variants(random, 5, 3, 4)) {
      const { T, B, H } = variant;
      const s = { ...variant, relu };
      const input = { a: random.array(T * B * H), w_hh: random.array(H * H, 0.7), h0: random.array(B * H) };
      const dy = random.array(T * B * H);
      const dhN = random.array(B * H);
      const loss = () => {
        const { y, hN } = rnnForward(s, input);
        return inner(y, dy) + inner(hN, dhN);
      };
      const saved = rnnForward(s, input);
      const { da, dh0 } = rnnBackward(s, input, saved, { dy, dhN });
      gradcheck(loss, { ...input }, { a: da, w_hh: weightGradient(da, saved.hp, H, H), h0: dh0 });
    }
  }
});

test("the reference has PyTorch's outputs and gradients", () => {
  for (const nonlinearity of ['tanh', 'relu']) {
    const g = golden(`rnn_${nonlinearity}_l1`);
    const [T, B, I, H] = [7, 3, 5, 6] as const;
    const s = { T, B, H, relu: nonlinearity === 'relu' };
    const w_ih = g('w.weight_ih_l0');
    const input = { a: project(g('in.x'), w_ih, [g('w.bias_ih_l0'), g('w.bias_hh_l0')], I), w_hh: g('w.weight_hh_l0'), h0: g('in.h0') };
    const saved = rnnForward(s, input);
    near(saved.y, g('out.y'), 1e-7, 'y');
    near(saved.hN, g('out.hn'), 1e-7, 'hN');
    const { da, dh0 } = rnnBackward(s, input, saved, { dy: g('probe.y'), dhN: g('probe.hn') });
    near(dh0, g('g.h0'), 1e-7, 'dh0');
    near(inputGradient(da, w_ih, H, I), g('g.x'), 1e-7, 'dx');
    near(weightGradient(da, g('in.x'), H, I), g('g.weight_ih_l0'), 1e-7, 'dw_ih');
    near(weightGradient(da, saved.hp, H, H), g('g.weight_hh_l0'), 1e-7, 'dw_hh');
    near(biasGradient(da, H), g('g.bias_hh_l0'), 1e-7, 'db');
  }
});

run();
