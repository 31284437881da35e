/**
 * THROUGHTIME_DATA=… node build/bench/vocabulary.js [seconds]
 *
 * What each softmax reaches in equal time on WikiText-2 (word-lm/wikitext-2/ in THROUGHTIME_DATA):
 * LSTM 2×200, T 35, B 20, Adam 2e-3, clipped at 1. Seconds (default 180) are those of this
 * process's own time, evaluation apart, which is over all words for every softmax.
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { init, lm, optim, runtimeInfo, text, train } from '../src/index.js';

const seconds = Number(process.argv[2] ?? 180);
/** Words of the validation text that are measured. */
const MEASURED = 20_000;

const folder = process.env['THROUGHTIME_DATA'];
if (!folder)
  throw new Error(
    'vocabulary: THROUGHTIME_DATA is not set; name the folder that has ' +
      'word-lm/wikitext-2/train.txt and valid.txt',
  );
const [training, valid] = ['train', 'valid'].map(name =>
  readFileSync(`${folder}/word-lm/wikitext-2/${name}.txt`, 'utf8'),
) as [string, string];

await init();
const vocab = text.Vocab.fromText(training, { level: 'word' });
const data = text.columns(vocab.encode(training), { batchSize: 20 });
const measured = vocab.encode(valid).subarray(0, MEASURED);
const count = (n: number): string => Math.round(n).toLocaleString('en');

console.log(
  `${runtimeInfo().build} build, Node ${process.versions.node}, ${cpus()[0]?.model.trim()}, ` +
    `${new Date().toISOString().slice(0, 10)}: ${count(vocab.size)} words, ${seconds} s each.\n`,
);
console.log(
  '| softmax | tokens/s | tokens read | epochs | validation loss | perplexity ' +
    '|\n|---|---:|---:|---:|---:|---:|',
);
for (const [name, softmax] of Object.entries({
  full: undefined,
  adaptive: lm.adaptive(),
  sampled: lm.sampled(),
})) {
  using model = new lm.RecurrentLM({
    vocab,
    embeddingSize: 200,
    hiddenSize: 200,
    layers: 2,
    softmax,
  });
  using trainer = new train.Trainer(model, {
    optimizer: new optim.Adam(model.namedParameters(), { lr: 2e-3 }),
    clipNorm: 1,
    bptt: 35,
    epochs: 100,
    reportEvery: 1,
  });
  const own = (): number => process.cpuUsage().user / 1e6;
  const start = own();
  let tokens = 0;
  let epochs = 0;
  for await (const report of trainer.run(data)) {
    if (report.type === 'step') ({ tokens, epoch: epochs } = report);
    if (own() - start >= seconds) break;
  }
  const took = own() - start;
  const { loss, perplexity } = await model.evaluate(measured);
  console.log(
    `| ${name} | ${count(tokens / took)} | ${count(tokens)} | ${epochs.toFixed(2)} | ` +
      `${loss.toFixed(3)} | ${perplexity.toFixed(0)} |`,
  );
}
