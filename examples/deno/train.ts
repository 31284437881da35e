/**
 * Deno: a cron job's slice of training. Each call trains for some seconds and keeps the checkpoint;
 * nothing else stays.
 */
import { init, lm, optim, text, train } from 'throughtime';

const [path, seconds = '10', steps = '5000'] = Deno.args;
if (path === undefined)
  throw new Error('usage: deno run --allow-read --allow-write train.ts TEXT [SECONDS] [STEPS]');
const checkpoint = `${path}.checkpoint`;

await init();
const corpus = await Deno.readTextFile(path);
const vocab = text.Vocab.fromText(corpus, { level: 'char' });
const data = text.columns(vocab.encode(corpus), { batchSize: 8 });

const make = (model: lm.RecurrentLM) =>
  new train.Trainer(model, {
    optimizer: new optim.Adam(model.namedParameters(), { lr: 3e-3 }),
    schedule: optim.cosine({ min: 3e-5 }),
    clipNorm: 1,
    bptt: 64,
    steps: Number(steps),
  });
const bytes = await Deno.readFile(checkpoint).catch(error => {
  if (error instanceof Deno.errors.NotFound) return null;
  throw error;
});
const trainer = bytes
  ? train.Trainer.load(bytes, file => make(lm.RecurrentLM.from(file)))
  : make(new lm.RecurrentLM({ vocab, cell: 'gru', embeddingSize: 64, hiddenSize: 128 }));

const began = trainer.step;
for await (const report of trainer.run(data, { maxSeconds: Number(seconds) })) {
  if (report.type === 'end')
    console.log(`steps ${began} to ${report.step} of ${steps}: ${report.reason}`);
}
await Deno.writeFile(`${checkpoint}.new`, trainer.save());
await Deno.rename(`${checkpoint}.new`, checkpoint);

const encoder = new TextEncoder();
for await (const piece of (trainer.model as lm.RecurrentLM).sample({
  length: 300,
  temperature: 0.6,
}))
  await Deno.stdout.write(encoder.encode(piece));
console.log();
