/** node throughtime.mjs OPTIONS: those of `init`, in JSON */
import { init, lm, optim, runtimeInfo, text, train } from '../../dist/index.js';
import { CLIP_NORM, LEARNING_RATE, randomIds, TEMPERATURE, WINDOWS } from './jobs.mjs';
import { serve } from './serve.mjs';

await init(JSON.parse(process.argv[2]));
const { build, threads, wide } = runtimeInfo();

/** Characters, or words where there are too many for that. */
function vocabulary(V) {
  if (V <= 128)
    return text.Vocab.fromJSON({
      level: 'char',
      tokens: ['\n', ...Array.from({ length: V - 1 }, (_, i) => String.fromCharCode(32 + i))],
    });
  return text.Vocab.fromJSON({
    level: 'word',
    tokens: ['<unk>', '<eos>', ...Array.from({ length: V - 2 }, (_, i) => `w${i}`)],
  });
}

await serve(
  `${build} build, ${wide ? '256-bit instructions, ' : ''}${threads === 1 ? '1 thread' : `${threads} threads`}`,
  ({ kind, cell, V, H, layers, T, B }) => {
    const model = new lm.RecurrentLM({
      vocab: vocabulary(V),
      cell,
      embeddingSize: H,
      hiddenSize: H,
      layers,
    });
    if (kind === 'sample') {
      const pieces = model.sample({ length: 1e9, temperature: TEMPERATURE, seed: 1 });
      return {
        step: async () => {
          await pieces.next();
          return 1;
        },
        dispose: async () => {
          await pieces.return();
          model.dispose();
        },
      };
    }
    const trainer = new train.Trainer(model, {
      optimizer: new optim.Adam(model.namedParameters(), { lr: LEARNING_RATE }),
      clipNorm: CLIP_NORM,
      bptt: T,
      steps: 1e9,
      reportEvery: 1,
    });
    const reports = trainer.run(
      text.columns(randomIds(B * (WINDOWS * T + 1), V), { batchSize: B }),
    );
    return {
      step: async () => {
        await reports.next();
        return T * B;
      },
      dispose: async () => {
        await reports.return();
        trainer.dispose();
        model.dispose();
      },
    };
  },
);
