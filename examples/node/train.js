/** Node: trains on a text file; Ctrl-C keeps a checkpoint, and the next call goes on from it. */
import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { init, lm, optim, text, train } from 'throughtime';
import { writeFileAtomic } from 'throughtime/node';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: 'string', default: '2000' },
    out: { type: 'string', default: 'model.safetensors' },
  },
});
if (positionals.length !== 1)
  throw new Error('usage: node train.js TEXT [--steps 2000] [--out model.safetensors]');
const checkpoint = `${values.out}.checkpoint`;

await init();
const corpus = readFileSync(positionals[0], 'utf8');
const vocab = text.Vocab.fromText(corpus, { level: 'char' });
const [learn, held] = text.split(vocab.encode(corpus), 0.95);
const data = text.columns(learn, { batchSize: 8 });

const make = model =>
  new train.Trainer(model, {
    optimizer: new optim.Adam(model.namedParameters(), { lr: 3e-3 }),
    schedule: optim.cosine({ min: 3e-5 }),
    clipNorm: 1,
    bptt: 64,
    steps: Number(values.steps),
    reportEvery: 50,
    validEvery: 500,
  });
const resumed = existsSync(checkpoint);
const trainer = resumed
  ? train.Trainer.load(readFileSync(checkpoint), file => make(lm.RecurrentLM.from(file)))
  : make(new lm.RecurrentLM({ vocab, cell: 'lstm', embeddingSize: 64, hiddenSize: 128 }));
if (resumed) console.log(`going on after step ${trainer.step}`);

const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
const run = trainer.run(data, {
  signal: stop.signal,
  validate: signal => trainer.model.evaluate(held, { signal }),
  checkpoint: bytes => writeFileAtomic(checkpoint, bytes),
});
for await (const report of run) {
  if (report.type === 'step')
    console.log(
      `step ${report.step}: ${(report.loss / Math.LN2).toFixed(3)} bits, ` +
        `${Math.round(report.tokensPerSecond)} characters/s`,
    );
  if (report.type === 'valid')
    console.log(`held-out text: ${report.metrics.bitsPerToken.toFixed(3)} bits`);
}

await writeFileAtomic(values.out, trainer.model.save());
console.log(`${values.out} writes:`);
for await (const piece of trainer.model.sample({ length: 300, temperature: 0.6 }))
  process.stdout.write(piece);
console.log();
