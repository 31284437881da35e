/** Weights go to PyTorch and come back: `load_state_dict(strict=True)`, the same logits. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { infer, init, io, lm, text } from '../../src/index.js';
import { near } from '../support/near.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { testIf, run } = suite('lm/pytorch');

await init({ deterministic: true });

const python = ['python3', '/usr/bin/python3'].find(
  command => spawnSync(command, ['-c', 'import torch']).status === 0,
);
const script = fileURLToPath(new URL('../../../test/lm/pytorch.py', import.meta.url));
const vocab = text.Vocab.fromText('abcdefghijklmnopqrs', { level: 'char' });
const T = 11;
const B = 3;
const random = new TestRandom(1);
const ids = Int32Array.from({ length: T * B }, () => random.int(vocab.size));

function inFolder(body: (path: (name: string) => string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'throughtime-'));
  try {
    writeFileSync(
      join(folder, 'ids'),
      io.writeSafetensors({ tensors: [['ids', { dtype: 'I32', shape: [T, B], data: ids }]] }),
    );
    body(name => join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function logitsOf(model: lm.RecurrentLM): Float32Array {
  return infer(() => model.forward(ids, T, B).logits.toArray());
}

function read(path: string): Map<string, { shape: readonly number[]; data: Float32Array }> {
  return new Map(
    [...io.readSafetensors(readFileSync(path)).tensors].map(([name, entry]) => [
      name,
      { shape: entry.shape, data: io.toFloat32(entry) },
    ]),
  );
}

for (const cell of ['lstm', 'gru', 'rnn'] as const) {
  testIf(
    python,
    'python3 has no torch',
    `PyTorch loads a ${cell} model strictly and computes the same logits`,
    () =>
      inFolder(path => {
        const model = new lm.RecurrentLM({
          vocab,
          cell,
          embeddingSize: 6,
          hiddenSize: 9,
          layers: 2,
        });
        writeFileSync(path('model'), model.save());
        execFileSync(python!, [script, 'load', path('model'), path('ids'), path('out')]);
        near(logitsOf(model), read(path('out')).get('logits')!.data, 1e-5, 'logits');
        model.dispose();
      }),
  );

  testIf(
    python,
    'python3 has no torch',
    `a ${cell} model from PyTorch is loaded and computes the same logits`,
    () =>
      inFolder(path => {
        const config = { cell, embeddingSize: 6, hiddenSize: 9, layers: 2 };
        execFileSync(python!, [
          script,
          'save',
          JSON.stringify({ vocab: vocab.size, ...config }),
          path('model'),
          path('ids'),
          path('out'),
        ]);
        const model = new lm.RecurrentLM({ vocab, ...config });
        model.loadStateDict(read(path('model')));
        near(logitsOf(model), read(path('out')).get('logits')!.data, 1e-5, 'logits');
        model.dispose();
      }),
  );
}

const words = text.Vocab.fromJSON({
  level: 'word',
  tokens: ['<unk>', '<eos>', ...Array.from({ length: 17 }, (_, i) => `w${i}`)],
});
const SIZES = { embeddingSize: 6, hiddenSize: 32, layers: 1 };

testIf(
  python,
  'python3 has no torch',
  'PyTorch loads a model with adaptive softmax strictly and computes the same log-probabilities',
  () =>
    inFolder(path => {
      const model = new lm.RecurrentLM({
        vocab: words,
        ...SIZES,
        softmax: lm.adaptive({ cutoffs: [3, 9] }),
      });
      writeFileSync(path('model'), model.save());
      execFileSync(python!, [script, 'load', path('model'), path('ids'), path('out')]);
      near(logitsOf(model), read(path('out')).get('logits')!.data, 1e-5, 'log-probabilities');
      model.dispose();
    }),
);

testIf(
  python,
  'python3 has no torch',
  'a model with adaptive softmax from PyTorch is loaded and computes the same log-probabilities',
  () =>
    inFolder(path => {
      const config = {
        vocab: words.size,
        cell: 'lstm',
        ...SIZES,
        softmax: 'adaptive',
        cutoffs: [4, 7],
      };
      execFileSync(python!, [
        script,
        'save',
        JSON.stringify(config),
        path('model'),
        path('ids'),
        path('out'),
      ]);
      const model = new lm.RecurrentLM({
        vocab: words,
        ...SIZES,
        softmax: lm.adaptive({ cutoffs: [4, 7] }),
      });
      model.loadStateDict(read(path('model')));
      near(logitsOf(model), read(path('out')).get('logits')!.data, 1e-5, 'log-probabilities');
      model.dispose();
    }),
);

run();
