import { lstmBackward, lstmForward } from '../reference/lstm.js';
import { biasGradient, inputGradient, project, weightGradient } from '../reference/recurrent.js';
import { golden } from '../support/golden.js';
import { gradcheck } from '../support/gradcheck.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { inner, variants } from '../support/sequences.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('lstm');

test('the reference has the gradients of central differences', () => {
  const random = new TestRandom(1);
  for (const s of variants(random, 5, 3, 4)) {
    const { T, B, H } = s;
    const input = { a: random.array(T * B * 4 * H), w_hh: random.array(4 * H * H), h0: random.array(B * H), c0: random.array(B * H) };
    const dout = { dy: random.array(T * B * H), dhN: random.array(B * H), dcN: random.array(B * H) };
    const loss = () => {
      const { y, hN, cN } = lstmForward(s, input);
      return inner(y, dout.dy) + inner(hN, dout.dhN) + inner(cN, dout.dcN);
    };
    const saved = lstmForward(s, input);
    const { dgates, dh0, dc0 } = lstmBackward(s, input, saved, dout);
    gradcheck(loss, { ...input }, { a: dgates, w_hh: weightGradient(dgates, saved.hp, 4 * H, H), h0: dh0, c0: dc0 });
  }
});

test("the reference has PyTorch's outputs and gradients", () => {
  const g = golden('lstm_l1');
  const [T, B, I, H] = [7, 3, 5, 6] as const;
  const s = { T, B, H };
  const w_ih = g('w.weight_ih_l0');
  const a = project(g('in.x'), w_ih, [g('w.bias_ih_l0'), g('w.bias_hh_l0')], I);
  const input = { a, w_hh: g('w.weight_hh_l0'), h0: g('in.h0'), c0: g('in.c0') };
  const saved = lstmForward(s, input);
  near(saved.y, g('out.y'), 1e-7, 'y');
  near(saved.hN, g('out.hn'), 1e-7, 'hN');
  near(saved.cN, g('out.cn'), 1e-7, 'cN');
  const { dgates, dh0, dc0 } = lstmBackward(s, input, saved, { dy: g('probe.y'), dhN: g('probe.hn'), dcN: g('probe.cn') });
  near(dh0, g('g.h0'), 1e-7, 'dh0');
  near(dc0, g('g.c0'), 1e-7, 'dc0');
  near(inputGradient(dgates, w_ih, 4 * H, I), g('g.x'), 1e-7, 'dx');
  near(weightGradient(dgates, g('in.x'), 4 * H, I), g('g.weight_ih_l0'), 1e-7, 'dw_ih');
  near(weightGradient(dgates, saved.hp, 4 * H, H), g('g.weight_hh_l0'), 1e-7, 'dw_hh');
  near(biasGradient(dgates, 4 * H), g('g.bias_hh_l0'), 1e-7, 'db');
});

test("the reference freezes rows past their length as PyTorch's packed sequences do, in both directions", () => {
  const g = golden('lstm_packed_bi');
  const [T, B, I, H] = [7, 3, 5, 6] as const;
  const dx = new Float64Array(T * B * I);
  for (const [direction, suffix] of ['', '_reverse'].entries()) {
    const s = { T, B, H, reverse: direction === 1, lengths: g('in.lengths') };
    const half = (name: string) => Float64Array.from({ length: T * B * H }, (_, k) => g(name)[Math.floor(k / H) * 2 * H + direction * H + (k % H)]!);
    const part = (name: string) => g(name).slice(direction * B * H, (direction + 1) * B * H);
    const w_ih = g(`w.weight_ih_l0${suffix}`);
    const a = project(g('in.x'), w_ih, [g(`w.bias_ih_l0${suffix}`), g(`w.bias_hh_l0${suffix}`)], I);
    const input = { a, w_hh: g(`w.weight_hh_l0${suffix}`), h0: new Float64Array(B * H), c0: new Float64Array(B * H) };
    const saved = lstmForward(s, input);
    near(saved.y, half('out.y'), 1e-7, 'y');
    near(saved.hN, part('out.hn'), 1e-7, 'hN');
    near(saved.cN, part('out.cn'), 1e-7, 'cN');
    const { dgates } = lstmBackward(s, input, saved, { dy: half('probe.y'), dhN: part('probe.hn'), dcN: part('probe.cn') });
    inputGradient(dgates, w_ih, 4 * H, I).forEach((d, k) => (dx[k]! += d));
    near(weightGradient(dgates, saved.hp, 4 * H, H), g(`g.weight_hh_l0${suffix}`), 1e-7, 'dw_hh');
    near(biasGradient(dgates, 4 * H), g(`g.bias_ih_l0${suffix}`), 1e-7, 'db');
  }
  near(dx, g('g.x'), 1e-7, 'dx');
});

run();
