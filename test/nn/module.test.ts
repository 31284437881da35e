import { runInNewContext } from 'node:vm';
import * as assert from 'uvu/assert';
import {
  infer,
  init,
  lm,
  nn,
  ops,
  optim,
  Parameter,
  Random,
  runtimeInfo,
  scope,
  tensor,
  text,
  zeros,
} from '../../src/index.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';
import { throws } from '../support/throws.js';

await init({ deterministic: true });
const { test, run } = suite('modules');

class Tagger extends nn.Module {
  readonly note = 'no parameter';
  readonly embedding: nn.Embedding;
  readonly rnn: nn.LSTM;
  readonly heads: nn.Linear[];
  readonly scale: Parameter;

  constructor({ tie = false } = {}) {
    super();
    this.embedding = new nn.Embedding(5, 3);
    this.rnn = new nn.LSTM(3, 3);
    this.heads = [
      new nn.Linear(3, 5, tie ? { weight: this.embedding.weight } : {}),
      new nn.Linear(3, 2, { bias: false }),
    ];
    this.scale = new Parameter([1]);
  }
}

const names = (module: nn.Module) => [...module.namedParameters().keys()].join(' ');

test('parameters are named by their fields, in order, as in PyTorch', () => {
  const model = new Tagger();
  const expected =
    'embedding.weight rnn.weight_ih_l0 rnn.weight_hh_l0 rnn.bias_ih_l0 rnn.bias_hh_l0 ' +
    'heads.0.weight heads.0.bias heads.1.weight scale';
  if (names(model) !== expected) throw new Error(names(model));
  if ([...model.stateDict().keys()].join(' ') !== expected)
    throw new Error('stateDict has other names');
  if (model.parameters().length !== 9) throw new Error(`${model.parameters().length} parameters`);
  model.dispose();
});

test('recurrent layers number layers and mark the second direction', () => {
  const network = new nn.GRU(2, 3, { layers: 2, bidirectional: true });
  const expected = ['_l0', '_l0_reverse', '_l1', '_l1_reverse'].flatMap(suffix =>
    ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map(name => name + suffix),
  );
  if (names(network) !== expected.join(' ')) throw new Error(names(network));
  near(
    network.stateDict().get('weight_ih_l1_reverse')!.shape,
    [9, 6],
    0,
    'shape of weight_ih_l1_reverse',
  );
  network.dispose();
  const plain = new nn.RNN(2, 3, { bias: false });
  if (names(plain) !== 'weight_ih_l0 weight_hh_l0') throw new Error(names(plain));
  plain.dispose();
});

test('Sequential numbers its layers, skips the numbers of plain functions, and chains them', () => {
  const model = new nn.Sequential(
    new nn.Linear(2, 3),
    ops.tanh,
    new nn.Linear(3, 1),
    new nn.Dropout(0.5),
  );
  if (names(model) !== '0.weight 0.bias 2.weight 2.bias') throw new Error(names(model));
  const [w0, b0, w2, b2] = model.parameters().map(p => p.toArray()) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const x = [0.5, -0.25];
  const hidden = [0, 1, 2].map(j =>
    Math.tanh(w0[2 * j]! * x[0]! + w0[2 * j + 1]! * x[1]! + b0[j]!),
  );
  const expected = hidden.reduce((sum, h, j) => sum + h * w2[j]!, b2[0]!);
  infer(() => near([model.forward(tensor([x])).item()], [expected], 1e-6, 'output'));
  model.dispose();
});

test('Sequential takes recurrent layers: their outputs go on, from a zero state at each call', () => {
  const random = new Random(2);
  const rnn = new nn.LSTM(3, 4, { random });
  const head = new nn.Linear(4, 2, { random });
  const chain = new nn.Sequential(rnn, ops.tanh, head);
  if (
    names(chain) !==
    ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0']
      .map(name => `0.${name}`)
      .join(' ') +
      ' 2.weight 2.bias'
  )
    throw new Error(names(chain));
  const x = zeros([5, 2, 3]);
  x.set(Float32Array.from({ length: 30 }, () => random.float()));
  const expected = infer(() => head.forward(ops.tanh(rnn.forward(x).output)).toArray());
  for (let call = 0; call < 2; call++)
    near(
      infer(() => chain.forward(x).toArray()),
      expected,
      0,
      `call ${call}`,
    );
  chain.dispose();
  x.dispose();
});

test('console.log shows a tensor’s shape and numbers, and a module’s parameters', () => {
  const shown = (value: { [key: symbol]: unknown }): string =>
    (value[Symbol.for('nodejs.util.inspect.custom')] as () => string).call(value);
  const p = new Parameter([2, 2]);
  p.set([1, 0.5, -Math.PI, NaN]);
  if (shown(p as never) !== 'Parameter [2,2] [[1, 0.5], [-3.1416, NaN]]') throw new Error(`${p}`);
  infer(() => {
    const x = tensor(Array.from({ length: 10 }, (_, i) => i));
    if (`${x}` !== 'Tensor [10] [0, 1, 2, …, 7, 8, 9]') throw new Error(`${x}`);
    if (`${tensor(7)}` !== 'Tensor [] 7') throw new Error(`${tensor(7)}`);
  });
  p.dispose();
  if (`${p}` !== 'Parameter [2,2] (freed)') throw new Error(`${p}`);
  const layer = new nn.Linear(3, 2);
  if (shown(layer as never) !== 'Linear: 8 parameters\n  weight [2,3]\n  bias [2]')
    throw new Error(`${layer}`);
  layer.dispose();
});

test('a constructor that fails gives back what it had allocated', () => {
  const vocab = text.Vocab.fromText('a b c d e f g h', { level: 'word' });
  const shared = new Parameter([3, 3]);
  const huge = 2 ** 15;
  const made: (() => unknown)[] = [
    () => new lm.RecurrentLM({ vocab, hiddenSize: 64, tie: true, embeddingSize: 32 }),
    () => new lm.RecurrentLM({ vocab, hiddenSize: 64, dropout: 2 }),
    () => new lm.RecurrentLM({ vocab, hiddenSize: 64, tie: true, softmax: lm.adaptive() }),
    () => new lm.RecurrentLM({ vocab, hiddenSize: 64, softmax: lm.adaptive({ cutoffs: [9, 3] }) }),
    () => new lm.RecurrentLM({ vocab, hiddenSize: 64, softmax: lm.sampled({ samples: 99 }) }),
    () =>
      new lm.RecurrentLM({
        vocab,
        hiddenSize: 64,
        bidirectional: true,
      } as object as lm.RecurrentLMOptions),
    () => new nn.LSTM(4, 5, { dropout: 1 }),
    () => new nn.GRU(4, 5, { layer: 2 } as object),
    () => new nn.Linear(huge, huge / 2, { bias: true }),
    () => new nn.Linear(3, 4, { weight: shared }),
    () => new nn.Embedding(3, 4, { paddingIndex: 3 }),
    () => new nn.LayerNorm(2 ** 29),
    () => new nn.AdaptiveSoftmax(8, 100, { divValue: 99 }),
    () => new optim.Adam([shared], { betas: [2, 0.9] }),
    () => new optim.Adam([shared, new Set() as never]),
  ];
  const before = runtimeInfo().memory.persistent;
  for (const [i, make] of made.entries()) {
    let refused = '';
    try {
      make();
    } catch (error) {
      refused = (error as Error).message;
    }
    const now = runtimeInfo().memory.persistent;
    if (refused === '' && now === before) throw new Error(`case ${i} was not refused`);
    if (now !== before) throw new Error(`case ${i} (${refused}) keeps ${now - before} bytes`);
  }
  shared.dispose();
});

test('a tied parameter is one, under two names in the state', () => {
  const model = new Tagger({ tie: true });
  if (model.embedding.weight !== model.heads[0]!.weight) throw new Error('two parameters');
  if (names(model).includes('heads.0.weight')) throw new Error(names(model));
  const state = model.stateDict();
  near(
    state.get('heads.0.weight')!.data,
    state.get('embedding.weight')!.data,
    0,
    'values under both names',
  );
  if (new Set(model.parameters()).size !== model.parameters().length)
    throw new Error('a parameter is listed twice');
  scope(() => {
    const y = model.heads[0]!.forward(model.embedding.forward(Int32Array.of(1)));
    ops.sum(y).backward();
  });
  const w = model.embedding.weight.toArray();
  const expected = Array.from({ length: 15 }, (_, i) => {
    const e = i % 3;
    const fromLookup =
      // ∂/∂x = Σ w
      Math.floor(i / 3) === 1 ? [0, 1, 2, 3, 4].reduce((sum, o) => sum + w[3 * o + e]!, 0) : 0;
    return w[3 + e]! + fromLookup; // ∂/∂w = x
  });
  near(model.embedding.weight.grad!, expected, 1e-6, 'gradient from both uses');
  model.dispose();
  throws(
    () => new nn.Linear(4, 5, { weight: new Parameter([5, 3]) }),
    RangeError,
    /^Linear: the weight to tie is \[5,3\], expected \[5,4\]/,
  );
});

test('a state loaded from another model gives the same outputs', () => {
  const [a, b] = [
    new nn.LSTM(2, 3, { random: new Random(1) }),
    new nn.LSTM(2, 3, { random: new Random(2) }),
  ];
  const outputs = (network: nn.LSTM) =>
    infer(() => network.forward(tensor([[[1, 2]], [[3, 4]]])).output.toArray());
  if (outputs(a).every((v, i) => v === outputs(b)[i]))
    throw new Error('the models were the same before');
  b.loadStateDict(a.stateDict());
  near(outputs(b), outputs(a), 0, 'outputs');
  const state = a.stateDict();
  state.get('weight_ih_l0')!.data.fill(9);
  if (a.weights[0]!.weight_ih.toArray().includes(9))
    throw new Error('stateDict shares memory with the parameter');
  a.dispose();
  b.dispose();
});

test('loadStateDict lists everything that does not fit, and changes nothing', () => {
  const model = new Tagger();
  const before = model.stateDict();
  const state = new Map(
    [...before].map(([name, { shape, data }]) => [
      name,
      { shape, data: new Float32Array(data.length).fill(1) },
    ]),
  );
  state.delete('rnn.bias_hh_l0');
  state.delete('scale');
  state.set('rnn.weight_hh', state.get('rnn.weight_hh_l0')!);
  state.set('heads.2.bias', { shape: [1], data: new Float32Array(1) });
  state.set('heads.1.weight', { shape: [3, 2], data: new Float32Array(6) });
  state.set('embedding.weight', { shape: [5, 3], data: new Float32Array(14) });
  throws(
    () => model.loadStateDict(state),
    RangeError,
    /^load: missing "rnn\.bias_hh_l0", "scale"; unexpected "rnn\.weight_hh", "heads\.2\.bias"; "embedding\.weight" has 14 values for \[5,3\]; "heads\.1\.weight" is \[3,2\], expected \[2,3\]$/,
  );
  for (const [name, { data }] of model.stateDict()) near(data, before.get(name)!.data, 0, name);
  model.dispose();
});

test('nested arrays and plain objects are walked; a Map or Set of layers is refused', () => {
  class Nested extends nn.Module {
    readonly blocks = [[new nn.Linear(1, 1, { bias: false })], [new Parameter([1])]];
    readonly heads = { left: new Parameter([2]), right: [new Parameter([3])] };
    readonly options = { sizes: [1, 2], name: 'plain data' };
  }
  const nested = new Nested();
  if (names(nested) !== 'blocks.0.0.weight blocks.1.0 heads.left heads.right.0')
    throw new Error(names(nested));
  nested.dispose();
  for (const layers of [new Map([['a', new Parameter([1])]]), new Set([[new Parameter([1])]])]) {
    const owner = new (class extends nn.Module {
      readonly layers = layers;
      readonly counts = new Map([['a', 1]]);
    })();
    throws(
      () => owner.parameters(),
      TypeError,
      /^Module: the field "layers" is a (Map|Set) that holds parameters; use an array/,
    );
  }
});

test('loadStateDict, not strict, takes what fits and tells what was missing and unexpected', () => {
  const [model, other] = [new Tagger(), new Tagger()];
  for (const p of other.parameters()) p.set(new Float32Array(p.size).fill(2));
  const state = other.stateDict();
  state.delete('scale');
  state.set('extra', { shape: [1], data: new Float32Array(1) });
  const before = model.scale.toArray();
  const told = model.loadStateDict(state, { strict: false });
  if (JSON.stringify(told) !== '{"missing":["scale"],"unexpected":["extra"]}')
    throw new Error(JSON.stringify(told));
  near(model.embedding.weight.toArray(), new Float32Array(15).fill(2), 0, 'embedding');
  near(model.scale.toArray(), before, 0, 'scale');
  state.set('heads.1.weight', { shape: [6], data: new Float32Array(6) });
  throws(
    () => model.loadStateDict(state, { strict: false }),
    RangeError,
    /^load: "heads\.1\.weight" is \[6\], expected \[2,3\]$/,
  );
  model.dispose();
  other.dispose();
});

test('dispose frees every parameter, once', () => {
  const { persistent } = runtimeInfo().memory;
  const model = new Tagger({ tie: true });
  if (!(runtimeInfo().memory.persistent > persistent)) throw new Error('nothing was allocated');
  model.dispose();
  model.dispose();
  if (runtimeInfo().memory.persistent !== persistent)
    throw new Error(`${runtimeInfo().memory.persistent - persistent} bytes are lost`);
  throws(() => model.scale.toArray(), Error, /read after its scope closed or it was disposed/);
  const other = new nn.Linear(2, 2);
  other[Symbol.dispose]();
  if (runtimeInfo().memory.persistent !== persistent)
    throw new Error('Symbol.dispose frees nothing');
});

test('the same seed gives the same bytes in every module, in every process', () => {
  for (const make of [
    (random: Random) => new nn.Linear(3, 4, { random }),
    (random: Random) => new nn.Embedding(3, 4, { random }),
    (random: Random) => new nn.LSTM(3, 4, { random, layers: 2, bidirectional: true }),
    (random: Random) => new nn.GRU(3, 4, { random }),
    (random: Random) => new nn.RNN(3, 4, { random }),
  ]) {
    const [a, b] = [make(new Random(5)), make(new Random(5))];
    for (const [name, { data }] of a.stateDict())
      near(data, b.stateDict().get(name)!.data, 0, name);
    a.dispose();
    b.dispose();
  }
});

test('the padding row of an embedding starts at zero, stays zero, and is read as zero', () => {
  const embedding = new nn.Embedding(4, 3, { paddingIndex: 2 });
  near(embedding.weight.toArray().subarray(6, 9), [0, 0, 0], 0, 'padding row');
  if (
    embedding.weight
      .toArray()
      .subarray(0, 6)
      .some(v => v === 0)
  )
    throw new Error('other rows are zero too');
  scope(() => {
    const y = embedding.forward(Int32Array.of(2, 1, 2, 0), [2, 2]);
    near(y.shape, [2, 2, 3], 0, 'shape');
    ops.sum(ops.mul(y, 3)).backward();
  });
  near(embedding.weight.grad!, [3, 3, 3, 3, 3, 3, 0, 0, 0, 0, 0, 0], 0, 'gradient');
  embedding.dispose();
});

test('Dropout drops if and only if a generator is passed, also inside Sequential', () => {
  const dropout = new nn.Dropout(0.5);
  const model = new nn.Sequential(dropout, ops.relu);
  infer(() => {
    const ones = tensor(new Float32Array(100).fill(1));
    near(dropout.forward(ones).toArray(), ones.toArray(), 0, 'without');
    near(model.forward(ones).toArray(), ones.toArray(), 0, 'without, in Sequential');
    for (const y of [
      dropout.forward(ones, { random: new Random(1) }),
      model.forward(ones, { random: new Random(1) }),
    ]) {
      const values = new Set(y.toArray());
      if (values.size !== 2 || !values.has(0) || !values.has(2))
        throw new Error(`values ${[...values]}`);
    }
    const locked = new nn.Dropout(0.5, { locked: true })
      .forward(tensor(new Float32Array(100).fill(1), { shape: [2, 50] }), { random: new Random(1) })
      .toArray();
    near(locked.subarray(0, 50), locked.subarray(50), 0, 'locked');
  });
  if (dropout.parameters().length !== 0) throw new Error('Dropout has parameters');
  throws(() => new nn.Dropout(1), RangeError, /^Dropout: p is 1, expected 0 ≤ p < 1/);
  throws(() => new nn.Dropout(NaN), RangeError, /^Dropout: p is NaN/);
});

test('LayerNorm and Linear without bias are their ops', () => {
  const [norm, linear] = [new nn.LayerNorm(3, { eps: 0.1 }), new nn.Linear(3, 2, { bias: false })];
  if (linear.bias !== null || linear.parameters().length !== 1) throw new Error('there is a bias');
  norm.weight.set([1, 2, 3]);
  norm.bias.set([3, 2, 1]);
  infer(() => {
    const x = tensor([
      [1, 2, 4],
      [0, -1, 5],
    ]);
    near(
      norm.forward(x).toArray(),
      ops.layerNorm(x, norm.weight, norm.bias, 0.1).toArray(),
      0,
      'LayerNorm',
    );
    near(linear.forward(x).toArray(), ops.linear(x, linear.weight).toArray(), 0, 'Linear');
    throws(() => linear.forward(zeros([2, 4])), RangeError, /^linear: x \[2,4\] must end in 3/);
  });
  norm.dispose();
  linear.dispose();
});

test('an object of another realm is as good as ours: its parameters have names', () => {
  class Heads extends nn.Module {
    heads = runInNewContext('({})') as Record<string, nn.Linear>;
  }
  const model = new Heads();
  model.heads['left'] = new nn.Linear(2, 3);
  assert.equal([...model.namedParameters().keys()], ['heads.left.weight', 'heads.left.bias']);
});

run();
