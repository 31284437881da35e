/**
 * The 15-step training run of test/golden/README.md, computed by PyTorch in float64, through the
 * public API.
 */
import { init, lm, optim, text, train } from '../../src/index.js';
import { near } from '../support/near.js';
import { golden } from '../support/safetensors.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('train/golden');

await init({ deterministic: true });

function makeModel(run: ReturnType<typeof golden>): lm.RecurrentLM {
  const vocab = text.Vocab.fromText('abcdefghijk', { level: 'char' });
  const model = new lm.RecurrentLM({
    vocab,
    cell: 'lstm',
    embeddingSize: 8,
    hiddenSize: 12,
    layers: 2,
  });
  model.loadStateDict(
    new Map(
      run.names
        .filter(name => name.startsWith('w.'))
        .map(name => [
          name.slice(2),
          { shape: run.shape(name), data: Float32Array.from(run.values(name)) },
        ]),
    ),
  );
  return model;
}

test("losses, gradient norms and final weights are PyTorch's", async () => {
  const reference = golden('train_char_lstm');
  const model = makeModel(reference);
  const trainer = new train.Trainer(model, {
    optimizer: new optim.Adam(model.namedParameters(), { lr: 0.01 }),
    clipNorm: 0.25,
    bptt: 9,
    epochs: 1,
    reportEvery: 1,
  });
  const losses: number[] = [];
  const norms: number[] = [];
  for await (const report of trainer.run(
    text.columns(reference.values('in.data'), { batchSize: 4 }),
  )) {
    if (report.type !== 'step') continue;
    losses.push(report.loss);
    norms.push(report.gradNorm);
  }
  near(losses, reference.values('out.losses'), 1e-5, 'losses');
  near(norms, reference.values('out.gradNorms'), 1e-5, 'gradient norms');
  for (const [name, { data }] of model.stateDict())
    near(data, reference.values(`out.${name}`), 1e-5, name);
});

run();
