import * as assert from 'uvu/assert';
import {
  Adadelta,
  Adagrad,
  Adam,
  AdamW,
  type Optimizer,
  type ParameterSource,
  RMSprop,
  SGD,
} from '../../src/optim/index.js';
import * as arena from '../../src/runtime/arena.js';
import { init } from '../../src/runtime/init.js';
import { infer, scope } from '../../src/tensor/scope.js';
import { Parameter } from '../../src/tensor/tensor.js';
import { near, notZero } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { golden } from '../support/safetensors.js';
import { suite } from '../support/suite.js';

await init({ deterministic: true });
const { test, run } = suite('optim/optimizer');

type Any = Optimizer<object, string>;

function parameter(
  values: ArrayLike<number>,
  shape: readonly number[] = [values.length],
  sparse = false,
): Parameter {
  const p = new Parameter(shape, { sparse });
  p.set(values);
  return p;
}

function setGrad(p: Parameter, values: ArrayLike<number>): void {
  arena.f32(p.gradPtr, p.size).set(values);
}

/** The golden files with the optimizer that each asks for. */
const GOLDEN: Record<string, (parameters: ParameterSource) => Any> = {
  optim_sgd: p => new SGD(p, { lr: 0.1 }),
  optim_sgd_momentum: p => new SGD(p, { lr: 0.1, momentum: 0.9, weightDecay: 0.01 }),
  optim_sgd_nesterov: p => new SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true }),
  optim_adagrad: p => new Adagrad(p, { lr: 0.1 }),
  optim_rmsprop: p => new RMSprop(p, { lr: 0.01 }),
  optim_rmsprop_centered: p => new RMSprop(p, { lr: 0.01, centered: true, momentum: 0.9 }),
  optim_adadelta: p => new Adadelta(p, { lr: 1 }),
  optim_adam: p => new Adam(p, { lr: 0.01 }),
  optim_adam_amsgrad_wd: p => new Adam(p, { lr: 0.01, amsgrad: true, weightDecay: 0.01 }),
  optim_adamw: p => new AdamW(p, { lr: 0.01, weightDecay: 0.1 }),
};

for (const [stem, create] of Object.entries(GOLDEN)) {
  test(`${stem}: every step is PyTorch's`, () => {
    const file = golden(stem);
    const [steps, n] = file.shape('in.grads') as [number, number];
    const grads = file.values('in.grads');
    const expected = file.values('out.trajectory');
    const p = parameter(file.values('in.p'));
    const optimizer = create([p]);
    for (let t = 0; t < steps; t++) {
      setGrad(p, grads.subarray(t * n, (t + 1) * n));
      optimizer.step();
      near(p.toArray(), expected.subarray(t * n, (t + 1) * n), 1e-6, `p after step ${t + 1}`);
    }
    assert.is(optimizer.steps, steps);
    optimizer.dispose();
    p.dispose();
  });

  test(`${stem}: saved after 5 steps and loaded elsewhere, it goes on with the same bytes`, () => {
    const random = new TestRandom(5);
    const start = [random.array(6), random.array(5)] as const;
    const grads = Array.from({ length: 10 }, () => [random.array(6), random.array(5)] as const);
    const make = () => {
      const named = new Map([
        ['rnn.weight_hh_l0', parameter(start[0], [2, 3])],
        ['rnn.bias_hh_l0', parameter(start[1])],
      ]);
      return { named, optimizer: create(named) };
    };
    const advance = ({ named, optimizer }: ReturnType<typeof make>, from: number, to: number) => {
      for (let t = from; t < to; t++) {
        [...named.values()].forEach((p, k) => setGrad(p, grads[t]![k]!));
        optimizer.step();
      }
    };
    const whole = make();
    advance(whole, 0, 10);
    const first = make();
    advance(first, 0, 5);
    const saved = structuredClone(first.optimizer.stateDict());
    const second = make();
    for (const [name, p] of second.named) p.set(first.named.get(name)!.toArray());
    second.optimizer.loadStateDict(saved);
    advance(first, 5, 6); // what was saved is a copy
    advance(second, 5, 10);
    for (const [name, p] of second.named) {
      notZero(p.toArray(), name);
      assert.equal(p.toArray(), whole.named.get(name)!.toArray(), name);
    }
    assert.equal(second.optimizer.stateDict(), whole.optimizer.stateDict());
    for (const { named, optimizer } of [whole, first, second]) {
      optimizer.dispose();
      for (const p of named.values()) p.dispose();
    }
  });
}

test("state is saved under PyTorch's names", () => {
  const p = new Map([['rnn.weight_hh_l0', parameter([1, 2], [1, 2])]]);
  const states = (optimizer: Any) =>
    Object.keys(optimizer.stateDict().tensors).map(
      name => /^optimizer\.(\w+)\.rnn\.weight_hh_l0$/.exec(name)?.[1],
    );
  assert.equal(states(new SGD(p, { lr: 1 })), []);
  assert.equal(states(new SGD(p, { lr: 1, momentum: 0.9 })), ['momentum_buffer']);
  assert.equal(states(new Adagrad(p)), ['sum']);
  assert.equal(states(new RMSprop(p)), ['square_avg']);
  assert.equal(states(new RMSprop(p, { centered: true, momentum: 0.1 })), [
    'square_avg',
    'grad_avg',
    'momentum_buffer',
  ]);
  assert.equal(states(new Adadelta(p)), ['square_avg', 'acc_delta']);
  assert.equal(states(new Adam(p)), ['exp_avg', 'exp_avg_sq']);
  assert.equal(states(new AdamW(p, { amsgrad: true })), [
    'exp_avg',
    'exp_avg_sq',
    'max_exp_avg_sq',
  ]);
});

test('unnamed parameters are called by position, pairs by name, and one given twice counts once', () => {
  const [a, b] = [parameter([1]), parameter([2])];
  assert.equal(Object.keys(new Adagrad([a, b, a]).stateDict().tensors), [
    'optimizer.sum.0',
    'optimizer.sum.1',
  ]);
  assert.equal(
    Object.keys(
      new Adagrad([
        ['x', a],
        ['y', b],
        ['z', a],
      ]).stateDict().tensors,
    ),
    ['optimizer.sum.x', 'optimizer.sum.y'],
  );
  assert.equal(Object.keys(new Adagrad(new Set([b])).stateDict().tensors), ['optimizer.sum.0']);
  setGrad(a, [1]);
  new SGD([a, a], { lr: 0.25 }).step();
  assert.is(a.item(), 0.75);
});

test("defaults are PyTorch's", () => {
  const p = [parameter([1])];
  assert.is(new Adagrad(p).lr, 0.01);
  assert.is(new RMSprop(p).lr, 0.01);
  assert.is(new Adadelta(p).lr, 1);
  assert.is(new Adam(p).lr, 0.001);
  const decayed = parameter([2]);
  new AdamW([decayed], { lr: 0.5 }).step();
  assert.is(decayed.item(), Math.fround(2 - 0.5 * 0.01 * 2));
});

test('Adagrad starts from initialAccumulatorValue and slows by lrDecay', () => {
  const p = parameter([1]);
  const optimizer = new Adagrad([p], { lr: 0.5, initialAccumulatorValue: 3, lrDecay: 1, eps: 0 });
  assert.equal(optimizer.stateDict().tensors['optimizer.sum.0'], Float32Array.of(3));
  setGrad(p, [1]);
  optimizer.step();
  assert.is(p.item(), 0.75); // 1 − 0.5·1/√4
  setGrad(p, [Math.fround(Math.sqrt(5))]);
  optimizer.step();
  near(p.toArray(), [0.75 - (0.25 * Math.sqrt(5)) / 3], 1e-6, 'p');
});

test('the first SGD step with dampening takes the whole gradient, as in PyTorch', () => {
  const p = parameter([1]);
  const optimizer = new SGD([p], { lr: 0.5, momentum: 0.5, dampening: 0.5 });
  setGrad(p, [1]);
  optimizer.step();
  assert.is(p.item(), 0.5);
  optimizer.step();
  assert.is(p.item(), 0); // b = 0.5·1 + 0.5·1
});

test('lr may be changed between steps', () => {
  const p = parameter([1]);
  const optimizer = new SGD([p], { lr: 0.5 });
  setGrad(p, [1]);
  optimizer.lr = 0.25;
  optimizer.step();
  assert.is(p.item(), 0.75);
  assert.is(optimizer.stateDict().lr, 0.25);
});

test('groups have hyper-parameters of their own', () => {
  const [weight, bias] = [parameter([1]), parameter([1])];
  const optimizer = new AdamW(
    [
      { parameters: [['weight', weight]] },
      { parameters: [['bias', bias]], weightDecay: 0, amsgrad: true },
    ],
    { lr: 0.5, weightDecay: 0.5 },
  );
  assert.equal(
    Object.keys(optimizer.stateDict().tensors).filter(name => name.includes('max')),
    ['optimizer.max_exp_avg_sq.bias'],
  );
  optimizer.step();
  assert.is(weight.item(), 0.75);
  assert.is(bias.item(), 1);
  const twice = new SGD([{ parameters: [weight] }, { parameters: [bias], momentum: 0.5 }], {
    lr: 1,
  });
  assert.equal(Object.keys(twice.stateDict().tensors), ['optimizer.momentum_buffer.1']);
});

test('zeroGrad clears every gradient', () => {
  const [a, b] = [parameter([1, 2]), parameter([1, 2, 3, 4], [2, 2], true)];
  const optimizer = new SGD([a, b], { lr: 1 });
  setGrad(a, [1, 1]);
  b.touch(Int32Array.of(1));
  setGrad(b, [0, 0, 1, 1]);
  optimizer.zeroGrad();
  optimizer.step();
  assert.equal(a.grad, new Float32Array(2));
  assert.equal(b.grad, new Float32Array(4));
  assert.equal(a.toArray(), Float32Array.of(1, 2));
  assert.equal(b.toArray(), Float32Array.of(1, 2, 3, 4));
});

test('a step inside a scope borrows nothing', () => {
  const p = parameter(new TestRandom(1).array(17));
  const optimizer = new Adam([p], { amsgrad: true });
  setGrad(p, new TestRandom(2).array(17));
  const before = p.toArray();
  scope(() => {
    const { borrowed } = arena.memoryUsage();
    optimizer.step();
    assert.is(arena.memoryUsage().borrowed, borrowed);
  });
  assert.not.equal(p.toArray(), before);
});

test('dispose gives the state back, once; the optimizer is then of no use', () => {
  const p = parameter(new TestRandom(1).array(1000));
  const { persistent } = arena.memoryUsage();
  const optimizer = new Adam([p]);
  assert.ok(arena.memoryUsage().persistent >= persistent + 8000);
  assert.throws(() => infer(() => optimizer.dispose()), /dispose: inside a scope/);
  optimizer.dispose();
  optimizer.dispose();
  assert.is(arena.memoryUsage().persistent, persistent);
  assert.throws(() => optimizer.step(), /Adam: step after dispose/);
  assert.throws(() => optimizer.stateDict(), /Adam: stateDict after dispose/);
  assert.throws(
    () => optimizer.loadStateDict({ step: 0, lr: 1, tensors: {} }),
    /Adam: loadStateDict after dispose/,
  );
});

test('one that cannot be built leaves no memory behind', () => {
  const p = parameter([1, 2]);
  const { persistent } = arena.memoryUsage();
  assert.throws(() => infer(() => new Adam([p])), /allocate: inside a scope/);
  assert.throws(() => new Adam([p], { eps: -1 }), RangeError);
  assert.is(arena.memoryUsage().persistent, persistent);
});

/** Ten steps over 7 rows of 5, of which 3 are touched each time. */
function sparseRun(
  make: (p: Parameter) => Any,
  sparse: boolean,
): { p: Float32Array; state: Float32Array[] } {
  const random = new TestRandom(9);
  const p = parameter(random.array(35), [7, 5], sparse);
  const optimizer = make(p);
  for (let t = 0; t < 10; t++) {
    optimizer.zeroGrad();
    // neighbours, the last row, and repetitions
    const ids = Int32Array.of(t % 7, (t + 1) % 7, (3 * t + 3) % 7);
    const grad = new Float32Array(35);
    for (const id of ids) grad.set(random.array(5), 5 * id);
    p.touch(ids);
    setGrad(p, grad);
    optimizer.step();
  }
  const result = { p: p.toArray(), state: Object.values(optimizer.stateDict().tensors) };
  optimizer.dispose();
  p.dispose();
  return result;
}

test('a sparse parameter under SGD and Adagrad ends with the bytes of a dense one', () => {
  for (const make of [
    (p: Parameter) => new SGD([p], { lr: 0.1 }),
    (p: Parameter) => new Adagrad([p], { lr: 0.1, lrDecay: 0.1 }),
  ]) {
    assert.equal(sparseRun(make, true), sparseRun(make, false));
  }
});

test('sparse Adam leaves rows that are not touched, and their moments, as they are', () => {
  const p = parameter(new TestRandom(4).array(35), [7, 5], true);
  const before = p.toArray();
  const optimizer = new Adam([p], { amsgrad: true });
  const moments = () => Object.values(optimizer.stateDict().tensors);
  p.touch(Int32Array.of(2, 5, 6));
  setGrad(p, new TestRandom(5).array(35)); // what lies in other rows of the gradient is ignored
  optimizer.step();
  const after = moments();
  for (let row = 0; row < 7; row++) {
    const touched = [2, 5, 6].includes(row);
    for (const [old, now] of [
      [before, p.toArray()],
      ...after.map(m => [new Float32Array(35), m]),
    ] as [Float32Array, Float32Array][]) {
      for (let i = 5 * row; i < 5 * row + 5; i++)
        assert.is(old[i] !== now[i], touched, `row ${row}, element ${i}`);
    }
  }
  p.zeroGrad();
  optimizer.step(); // touches none
  assert.equal(moments(), after);
  assert.is(optimizer.steps, 2);
});

test('sparse Adam with every row touched is dense Adam, and counts steps for all rows alike', () => {
  const all = Int32Array.from({ length: 7 }, (_, row) => row);
  const make = (p: Parameter) => {
    p.touch(all);
    return new Adam([p], { lr: 0.1 });
  };
  const random = new TestRandom(3);
  const [start, grads] = [random.array(35), Array.from({ length: 4 }, () => random.array(35))];
  const results = [true, false].map(sparse => {
    const p = parameter(start, [7, 5], sparse);
    const optimizer = make(p);
    for (const grad of grads) {
      setGrad(p, grad);
      optimizer.step();
    }
    return p.toArray();
  });
  assert.equal(results[0], results[1]);

  // The third step touches row 0 for the first time: its moments are fresh, the correction is that
  // of step 3.
  const p = parameter([1, 1], [2, 1], true);
  const optimizer = new Adam([p], { lr: 0.1, eps: 0 });
  optimizer.step();
  optimizer.step();
  p.touch(Int32Array.of(0));
  setGrad(p, [0.5, 0]);
  optimizer.step();
  const expected =
    1 - (0.1 * ((0.1 * 0.5) / (1 - 0.9 ** 3))) / Math.sqrt((0.001 * 0.25) / (1 - 0.999 ** 3));
  near(p.toArray(), [expected, 1], 1e-6, 'p');
});

test('what has no meaning for sparse gradients is refused when the optimizer is built', () => {
  const p = [['embedding.weight', parameter(new Float32Array(4), [2, 2], true)]] as [
    string,
    Parameter,
  ][];
  assert.throws(
    () => new SGD(p, { lr: 1, momentum: 0.9 }),
    /SGD: embedding\.weight: momentum 0\.9 and weightDecay 0 for a row-sparse parameter/,
  );
  assert.throws(
    () => new SGD(p, { lr: 1, weightDecay: 0.1 }),
    /SGD: embedding\.weight: momentum 0 and weightDecay 0\.1 for a row-sparse parameter/,
  );
  assert.throws(
    () => new Adagrad(p, { weightDecay: 0.1 }),
    /Adagrad: embedding\.weight: weightDecay 0\.1 for a row-sparse parameter/,
  );
  assert.throws(() => new RMSprop(p), /RMSprop: embedding\.weight: a row-sparse parameter/);
  assert.throws(() => new Adadelta(p), /Adadelta: embedding\.weight: a row-sparse parameter/);
  assert.throws(
    () => new Adam(p, { weightDecay: 0.1 }),
    /Adam: embedding\.weight: weightDecay 0\.1 for a row-sparse parameter/,
  );
  assert.throws(
    () => new AdamW(p),
    /AdamW: embedding\.weight: weightDecay 0\.01 for a row-sparse parameter/,
  );
  new AdamW([
    { parameters: p, weightDecay: 0 },
    { parameters: [['linear.weight', parameter([1])]] },
  ]).step();
});

test('options that do not exist are refused, in groups too', () => {
  const p = parameter([1]);
  const made: [() => unknown, RegExp][] = [
    [
      () => new Adam([p], { learningRate: 5 } as object),
      /^Adam: unknown option "learningRate"; expected "lr", "betas", "eps", "weightDecay", "amsgrad"$/,
    ],
    [
      () => new SGD([p], { lr: 1, momentun: 0.9 } as { lr: number }),
      /^SGD: unknown option "momentun"/,
    ],
    [
      () =>
        new Adam([{ parameters: [p], weight_decay: 1 } as object as { parameters: Parameter[] }]),
      /^Adam: a group: unknown option "weight_decay"/,
    ],
    [() => new Adam([{ parameters: [p], lr: -1 }]), /^Adam: a group: lr is -1/],
    [() => new Adam([{ parameters: [p], lr: 1 }], { lr: 0 }), /^Adam: a group’s lr is 1/],
  ];
  for (const [make, message] of made) assert.throws(make, message);
  p.dispose();
});

test('hyper-parameters out of range are refused with their value', () => {
  const p = [parameter([1])];
  const cases: [() => unknown, RegExp][] = [
    [() => new SGD(p, {} as { lr: number }), /^SGD: lr is undefined, expected a number ≥ 0$/],
    [() => new SGD(p, { lr: -1 }), /^SGD: lr is -1, expected a number ≥ 0$/],
    [() => new SGD(p, { lr: Infinity }), /SGD: lr is Infinity/],
    [() => new SGD(p, { lr: 1, momentum: -0.1 }), /SGD: momentum is -0\.1/],
    [
      () => new SGD(p, { lr: 1, dampening: 1.5 }),
      /^SGD: dampening is 1\.5, expected 0 ≤ dampening ≤ 1$/,
    ],
    [() => new SGD(p, { lr: 1, weightDecay: NaN }), /SGD: weightDecay is NaN/],
    [() => new SGD(p, { lr: 1, nesterov: true }), /SGD: nesterov with momentum 0 and dampening 0/],
    [
      () => new SGD(p, { lr: 1, nesterov: true, momentum: 0.9, dampening: 0.1 }),
      /SGD: nesterov with momentum 0\.9 and dampening 0\.1/,
    ],
    [() => new Adagrad(p, { lr: NaN }), /Adagrad: lr is NaN/],
    [() => new Adagrad(p, { lrDecay: -1 }), /Adagrad: lrDecay is -1/],
    [() => new Adagrad(p, { weightDecay: -1 }), /Adagrad: weightDecay is -1/],
    [
      () => new Adagrad(p, { initialAccumulatorValue: -1 }),
      /Adagrad: initialAccumulatorValue is -1/,
    ],
    [() => new Adagrad(p, { eps: -1 }), /Adagrad: eps is -1/],
    [() => new RMSprop(p, { alpha: 1.1 }), /RMSprop: alpha is 1\.1/],
    [() => new RMSprop(p, { eps: -1 }), /RMSprop: eps is -1/],
    [() => new RMSprop(p, { weightDecay: -1 }), /RMSprop: weightDecay is -1/],
    [() => new RMSprop(p, { momentum: -1 }), /RMSprop: momentum is -1/],
    [() => new Adadelta(p, { rho: -0.1 }), /Adadelta: rho is -0\.1/],
    [() => new Adadelta(p, { eps: -1 }), /Adadelta: eps is -1/],
    [() => new Adadelta(p, { weightDecay: -1 }), /Adadelta: weightDecay is -1/],
    [
      () => new Adam(p, { betas: [1, 0.999] }),
      /^Adam: betas\[0\] is 1, expected 0 ≤ betas\[0\] < 1$/,
    ],
    [() => new Adam(p, { betas: [0.9, -1] }), /Adam: betas\[1\] is -1/],
    [() => new Adam(p, { eps: -1 }), /Adam: eps is -1/],
    [() => new AdamW(p, { weightDecay: -1 }), /AdamW: weightDecay is -1/],
    [
      () => new SGD([{ parameters: [['w', p[0]!]], momentum: -1 }], { lr: 1 }),
      /^SGD: w: momentum is -1/,
    ],
    [() => new SGD([], { lr: 1 }), /SGD: there are no parameters/],
  ];
  for (const [build, message] of cases) {
    assert.throws(
      build,
      (error: Error) => error instanceof RangeError && message.test(error.message),
      String(message),
    );
  }
  const optimizer = new SGD(p, { lr: 1 });
  optimizer.lr = NaN;
  assert.throws(() => optimizer.step(), /SGD\.step: lr is NaN/);
  assert.is(p[0]!.item(), 1);
});

test('what is no parameter is refused', () => {
  const [a, b] = [parameter([1]), parameter([2])];
  assert.throws(
    () => new Adam({} as Parameter[]),
    /Adam: object is not a list of parameters; pass model\.parameters\(\)/,
  );
  assert.throws(
    () => new Adam(undefined as unknown as Parameter[]),
    /Adam: undefined is not a list of parameters/,
  );
  assert.throws(
    () => new Adam([a, 3] as unknown as Parameter[]),
    /Adam: element 1 is neither a Parameter nor a pair \[name, Parameter\]/,
  );
  assert.throws(
    () => new Adam([a, { parameters: [b] }] as unknown as Parameter[]),
    /Adam: element 1 is neither/,
  );
  assert.throws(
    () =>
      new Adam([
        ['w', a],
        ['w', b],
      ]),
    /Adam: two parameters are called "w"/,
  );
  assert.throws(
    () => new Adam([{ parameters: [['w', a]] }, { parameters: [['v', a]] }]),
    /Adam: "v" is already in another group, as "w"/,
  );
});

test('loading lists all that does not fit and changes nothing', () => {
  const make = () =>
    new Adam([
      ['a', parameter([1, 2])],
      ['b', parameter([1, 2, 3])],
    ]);
  const optimizer = make();
  const before = optimizer.stateDict();
  const state = {
    step: 1.5,
    lr: NaN,
    tensors: { ...make().stateDict().tensors, extra: new Float32Array(1) } as Record<
      string,
      Float32Array
    >,
  };
  state.tensors['optimizer.exp_avg.a'] = Float32Array.of(1, 2);
  delete state.tensors['optimizer.exp_avg_sq.a'];
  delete state.tensors['optimizer.exp_avg.b'];
  state.tensors['optimizer.exp_avg_sq.b'] = new Float32Array(4);
  assert.throws(
    () => optimizer.loadStateDict(state),
    (error: Error) =>
      error.message ===
      'Adam.loadStateDict: step is 1.5, expected a whole number ≥ 0; lr is NaN, expected a number ≥ 0; ' +
        'missing "optimizer.exp_avg_sq.a", "optimizer.exp_avg.b"; unexpected "extra"; ' +
        '"optimizer.exp_avg_sq.b" has 4 values, expected 3',
  );
  assert.equal(optimizer.stateDict(), before);
});

run();
