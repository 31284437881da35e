/** An option that nobody reads is refused by every function with named options, never ignored. */
import * as assert from 'uvu/assert';
import {
  init,
  lm,
  ngram,
  nn,
  ops,
  optim,
  Parameter,
  Random,
  scope,
  tensor,
  text,
  train,
  zeros,
} from '../../src/index.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('package/options');

await init({ deterministic: true });

const TEXT = 'to be or not to be\n'.repeat(4);
const vocab = text.Vocab.fromText(TEXT, { level: 'char' });
const ids = vocab.encode(TEXT);

/** Misspelt, whatever the function: not an option of any of them. */
const wrong = { learningRat: 5 };
const any = (options: object): never => ({ ...options, ...wrong }) as never;

const classes = new Int32Array([0, 1]);
const two = () => tensor([[1, 2], [3, 4]]); // biome-ignore format: a matrix
const weight = new Parameter([2, 2]);
const model = new lm.RecurrentLM({ vocab, embeddingSize: 4, hiddenSize: 4 });
const quantized = lm.quantize(model);
const lstm = new nn.LSTM(2, 2);
const chain = new nn.Sequential(new nn.Linear(2, 2));

const cases: Record<string, () => unknown> = {
  FeedforwardLM: () => new lm.FeedforwardLM(any({ vocab })),
  NgramCounter: () => new lm.NgramCounter(any({ vocab })),
  'NgramLM.of': () => lm.NgramLM.of(new lm.NgramCounter({ vocab }), any({})),
  'NgramDecoder.read': () => ngram.NgramDecoder.read(new Uint8Array(), any({})),
  dropout: () => ops.dropout(two(), 0.5, new Random(1), any({})),
  embedding: () => ops.embedding(two(), classes, any({})),
  linearCrossEntropy: () => ops.linearCrossEntropy(two(), two(), classes, any({})),
  crossEntropy: () => ops.crossEntropy(two(), classes, any({})),
  nll: () => ops.nll(two(), classes, any({})),
  mse: () => ops.mse(two(), two(), any({})),
  bceWithLogits: () => ops.bceWithLogits(two(), two(), any({})),
  recompute: () => ops.recompute([two()], x => x, any({})),
  sum: () => ops.sum(two(), any({})),
  mean: () => ops.mean(two(), any({ axis: 0 })),
  max: () => ops.max(two(), any({})),
  logsumexp: () => ops.logsumexp(two(), any({})),
  argmax: () => ops.argmax(two(), any({})),
  tensor: () => tensor([1], any({})),
  'tensor, of zeros': () => zeros([1], any({})),
  xavierUniform: () => nn.init.xavierUniform(weight, any({})),
  xavierNormal: () => nn.init.xavierNormal(weight, any({})),
  kaimingUniform: () => nn.init.kaimingUniform(weight, any({})),
  kaimingNormal: () => nn.init.kaimingNormal(weight, any({})),
  orthogonal: () => nn.init.orthogonal(weight, any({})),
  identity: () => nn.init.identity(weight, any({})),
  LayerNorm: () => new nn.LayerNorm(3, any({})),
  Dropout: () => new nn.Dropout(0.5, any({})),
  AdaptiveSoftmax: () => new nn.AdaptiveSoftmax(4, 100, any({})),
  SampledSoftmax: () => new nn.SampledSoftmax(4, 100, any({})),
  LSTM: () => new nn.LSTM(2, 2, any({})),
  Linear: () => new nn.Linear(2, 2, any({})),
  Embedding: () => new nn.Embedding(2, 2, any({})),
  clamp: () => ops.clamp(two(), any({ low: 0 })),
  Parameter: () => new Parameter([2], any({})),
  loadStateDict: () => model.loadStateDict(model.stateDict(), any({})),
  'LSTM.forward': () => scope(() => void lstm.forward(tensor([[[1, 2]]]), any({}))),
  'Sequential.forward': () => scope(() => void chain.forward(two(), any({}))),
  'loss, of a softmax': () => scope(() => void model.head.loss(two(), classes, any({}))),
  adaptive: () => lm.adaptive(any({})),
  sampled: () => lm.sampled(any({})),
  gradNorm: () => optim.gradNorm([weight], any({})),
  clipNorm: () => optim.clipNorm([weight], 1, any({})),
  step: () => optim.step(any({ size: 3 })),
  exponential: () => optim.exponential(any({ gamma: 0.9 })),
  cosine: () => optim.cosine(any({})),
  oneCycle: () => optim.oneCycle(any({})),
  reduceOnPlateau: () => optim.reduceOnPlateau(any({})),
  Adam: () => new optim.Adam([weight], any({ lr: 1 })),
  columns: () => text.columns(ids, any({ batchSize: 2 })),
  'Columns.windows': () => text.columns(ids, { batchSize: 2 }).windows(any({ bptt: 4 })),
  sequences: () => text.sequences([[1, 2]], any({ batchSize: 2 })),
  'encode, of bytes': () => text.Vocab.fromText(TEXT, { level: 'byte' }).encode(TEXT, any({})),
  'Dropout.forward': () => new nn.Dropout(0.5).forward(two(), any({})),
  'RecurrentLM.forward': () => scope(() => void model.forward(ids, ids.length, 1, any({}))),
  'Trainer.restore': () => {
    const trainer = new train.Trainer(model, { optimizer: new optim.SGD([weight], { lr: 1 }) });
    trainer.restore(trainer.save(), any({}));
  },
  encode: () => vocab.encode(TEXT, any({})),
  VocabBuilder: () => text.Vocab.fromText(TEXT, any({ level: 'char' })),
  RecurrentLM: () => new lm.RecurrentLM(any({ vocab })),
  'evaluate, of the model': () => model.evaluate(ids, any({})),
  'evaluate, of a quantised model': () => quantized.evaluate(ids, { ...wrong, parts: 2 } as never),
  evaluate: () => lm.evaluate(model, ids, any({})),
  sample: () => lm.sample(model, any({})).next(),
  spectralRadius: () => train.spectralRadius(new nn.RNN(2, 2), any({})),
  batches: () => train.batches(any({ length: 1, batchSize: 1, fingerprint: '' }), rows => rows),
  Trainer: () => new train.Trainer(model, any({ optimizer: new optim.SGD([weight], { lr: 1 }) })),
  BatchTrainer: () =>
    new train.BatchTrainer(model, any({ optimizer: new optim.SGD([weight], { lr: 1 }) })),
  init: () => init(any({})),
  'init, of modules': () => init({ modules: any({}) }),
};

for (const [name, call] of Object.entries(cases)) {
  test(`${name}: an unknown option is refused by its name`, async () => {
    let refused: Error | undefined;
    try {
      const needsScope = /^(tensor|[a-z]\w*)$/.test(name) && name in ops;
      await (needsScope ? scope(() => void call()) : call());
    } catch (error) {
      refused = error as Error;
    }
    assert.instance(refused, TypeError, refused?.message);
    assert.match(refused!.message, /^[\w.]+: unknown option "learningRat"/);
  });
}

run();
