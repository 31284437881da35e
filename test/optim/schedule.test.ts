import * as assert from 'uvu/assert';
import {
  constant,
  cosine,
  exponential,
  oneCycle,
  reduceOnPlateau,
  type Schedule,
  step,
  warmup,
} from '../../src/optim/index.js';
import { init } from '../../src/runtime/init.js';
import { near } from '../support/near.js';
import { golden } from '../support/safetensors.js';
import { suite } from '../support/suite.js';

await init({ deterministic: true });
const { test, run } = suite('optim/schedule');

function rates(schedule: Schedule, total: number, base: number): number[] {
  return Array.from({ length: total }, (_, t) => schedule.lr(t, total, base));
}

const GOLDEN: Record<string, (metadata: Readonly<Record<string, string>>) => Schedule> = {
  sched_step: m => step({ size: Number(m.step_size), gamma: Number(m.gamma) }),
  sched_exponential: m => exponential({ gamma: Number(m.gamma) }),
  sched_cosine: m => cosine({ min: Number(m.eta_min), total: Number(m.T_max) }),
  sched_onecycle: m => oneCycle({ max: Number(m.max_lr) }),
};

for (const [stem, create] of Object.entries(GOLDEN)) {
  test(`${stem}: every rate is PyTorch's`, () => {
    const file = golden(stem);
    const expected = file.values('out.lr');
    const actual = rates(create(file.metadata), expected.length, Number(file.metadata.base_lr));
    actual.forEach((lr, t) => near([lr], [expected[t]!], 1e-6, `lr(${t})`));
  });
}

test('constant is the base', () => {
  assert.equal(rates(constant(), 3, 0.7), [0.7, 0.7, 0.7]);
});

test('cosine ends at min after the whole training by default', () => {
  const schedule = cosine({ min: 0.1 });
  near(
    [schedule.lr(0, 10, 0.5), schedule.lr(5, 10, 0.5), schedule.lr(10, 10, 0.5)],
    [0.5, 0.3, 0.1],
    1e-15,
    'rates',
  );
});

test('oneCycle starts at max / divFactor, peaks at pctStart and ends at the first / finalDivFactor', () => {
  const schedule = oneCycle({
    pctStart: 0.25,
    divFactor: 10,
    finalDivFactor: 100,
    anneal: 'linear',
  });
  // peak at 0.25·20 − 1 = 4, last step 19
  near(
    rates(schedule, 20, 1).filter((_, t) => [0, 2, 4, 19].includes(t)),
    [0.1, 0.55, 1, 0.001],
    1e-12,
    'rates',
  );
  near([schedule.lr(25, 20, 1)], [0.001], 1e-12, 'a later rate');
  assert.ok(rates(oneCycle(), 1, 1).every(Number.isFinite));
});

test('oneCycle is finite and at most max for every length and every pctStart', () => {
  for (const pctStart of [0, 0.1, 0.25, 0.3, 0.5, 1]) {
    for (let total = 1; total <= 12; total++) {
      const all = rates(oneCycle({ max: 2, pctStart }), total, 1);
      assert.ok(
        all.every(lr => lr > 0 && lr <= 2),
        `pctStart ${pctStart}, total ${total}: ${all}`,
      );
    }
  }
  assert.is(oneCycle({ pctStart: 1 }).lr(9, 10, 1), 1);
});

test('warmup rises evenly to the first rate of what follows, which then counts its own steps', () => {
  near(rates(warmup(3), 5, 1), [0.25, 0.5, 0.75, 1, 1], 1e-15, 'rates');
  const then = cosine();
  const schedule = warmup(4, then);
  near(
    [schedule.lr(1, 14, 0.5), schedule.lr(4, 14, 0.5), schedule.lr(9, 14, 0.5)],
    [0.2, then.lr(0, 10, 0.5), then.lr(5, 10, 0.5)],
    1e-15,
    'rates',
  );
  assert.ok(Number.isFinite(warmup(20, cosine()).lr(3, 10, 1)));
});

test('a rate depends on the step alone, not on earlier calls', () => {
  for (const create of [
    () => step({ size: 3 }),
    () => exponential({ gamma: 0.9 }),
    () => cosine(),
    () => oneCycle(),
    () => warmup(2, cosine()),
  ]) {
    const forward = rates(create(), 20, 0.3);
    const schedule = create();
    for (let t = 19; t >= 0; t--) assert.is(schedule.lr(t, 20, 0.3), forward[t]);
    assert.not('observe' in schedule || 'state' in schedule || 'restore' in schedule);
  }
});

test('reduceOnPlateau lowers the rate when more losses than patience fail to improve', () => {
  const schedule = reduceOnPlateau({ factor: 0.5, patience: 1, threshold: 0.1, min: 0.2 });
  const lr = () => schedule.lr(0, 1, 1);
  const observed: number[] = [];
  for (const loss of [10, 9.5, 9.1, 8, 7.9, NaN, 7.5, 7.4, 7, 7, 7, 7, 7]) {
    schedule.observe!(loss);
    observed.push(lr());
  }
  //                        10 first; 9.5, 9.1 too little: halved; 8 better; 7.9, NaN: halved; 7.5,
  //                        7.4: to the minimum …; 7 better; …
  assert.equal(observed, [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]);
});

test('with patience 0 each loss that does not improve lowers the rate', () => {
  const schedule = reduceOnPlateau({ factor: 0.25, patience: 0, threshold: 0 });
  const observed = [5, 5, 4, 4.5, 3].map(loss => (schedule.observe!(loss), schedule.lr(0, 1, 20)));
  assert.equal(observed, [20, 5, 5, 1.25, 1.25]);
});

test("reduceOnPlateau's state goes through JSON, also within warmup", () => {
  const losses = [3, 2, 2, 2, 1.9, 1.9, 1.9, 1.9];
  for (const create of [
    () => reduceOnPlateau({ patience: 1 }),
    () => warmup(2, reduceOnPlateau({ patience: 1 })),
  ]) {
    for (let k = 0; k <= losses.length; k++) {
      const [whole, first, second] = [create(), create(), create()];
      for (const loss of losses) whole.observe!(loss);
      for (const loss of losses.slice(0, k)) first.observe!(loss);
      second.restore!(JSON.parse(JSON.stringify(first.state!())));
      for (const loss of losses.slice(k)) second.observe!(loss);
      assert.equal(second.state!(), whole.state!());
      assert.is(second.lr(5, 10, 1), whole.lr(5, 10, 1));
      assert.ok(second.lr(5, 10, 1) < 0.1);
    }
  }
});

test('a rate never rises above the base for the sake of min', () => {
  const schedule = reduceOnPlateau({ patience: 0, min: 0.5 });
  schedule.observe!(1);
  schedule.observe!(1);
  assert.is(schedule.lr(0, 1, 0.1), 0.1);
});

test('numbers out of range are refused', () => {
  const cases: [() => unknown, RegExp][] = [
    [() => step({ size: 0 }), /step: size is 0, expected a whole number ≥ 1/],
    [() => step({ size: 1, gamma: -1 }), /step: gamma is -1/],
    [() => exponential({ gamma: NaN }), /exponential: gamma is NaN/],
    [() => cosine({ min: -1 }), /cosine: min is -1/],
    [() => cosine({ total: 0 }), /cosine: total is 0/],
    [() => cosine().lr(0, Infinity, 1), /cosine: total is Infinity/],
    [() => oneCycle({ max: -1 }), /oneCycle: max is -1/],
    [() => oneCycle({ pctStart: 2 }), /oneCycle: pctStart is 2/],
    [() => oneCycle({ divFactor: 0.5 }), /oneCycle: divFactor is 0\.5/],
    [() => oneCycle({ finalDivFactor: 0 }), /oneCycle: finalDivFactor is 0/],
    [() => oneCycle().lr(0, 0, 1), /oneCycle: total is 0/],
    [() => warmup(0), /warmup: steps is 0/],
    [() => reduceOnPlateau({ factor: 1 }), /reduceOnPlateau: factor is 1, expected 0 ≤ factor < 1/],
    [() => reduceOnPlateau({ patience: -1 }), /reduceOnPlateau: patience is -1/],
    [() => reduceOnPlateau({ threshold: 1 }), /reduceOnPlateau: threshold is 1/],
    [() => reduceOnPlateau({ min: -1 }), /reduceOnPlateau: min is -1/],
  ];
  for (const [act, message] of cases) {
    assert.throws(
      act,
      (error: Error) => error instanceof RangeError && message.test(error.message),
      String(message),
    );
  }
  assert.throws(
    () => reduceOnPlateau().restore!({}),
    /reduceOnPlateau: restore: \{\}, expected \{ best, bad, scale \}/,
  );
});

run();
