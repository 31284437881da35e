/** The build that `init()` chooses by itself, after a step that shows that it trains. */
import { init, lm, optim, runtimeInfo, text, train } from 'throughtime';

await init();
const vocab = text.Vocab.fromText('to be or not to be', { level: 'char' });
const model = new lm.RecurrentLM({ vocab, hiddenSize: 8 });
const trainer = new train.Trainer(model, {
  optimizer: new optim.Adam(model.namedParameters()),
  steps: 3,
});
for await (const report of trainer.run(
  text.columns(vocab.encode('to be or not to be'), { batchSize: 2 }),
))
  void report;
const { build, threads } = runtimeInfo();
console.log(JSON.stringify({ build, threads, step: trainer.step }));
