/** Bun: trains on a text file, then serves what the model writes, streamed as it comes. */
import { init, lm, optim, text, train } from 'throughtime';

const [path, steps = '1000', port = '3000'] = Bun.argv.slice(2);
if (path === undefined) throw new Error('usage: bun train.ts TEXT [STEPS] [PORT]');

await init();
const corpus = await Bun.file(path).text();
const vocab = text.Vocab.fromText(corpus, { level: 'char' });
const data = text.columns(vocab.encode(corpus), { batchSize: 8 });
const model = new lm.RecurrentLM({ vocab, cell: 'lstm', embeddingSize: 64, hiddenSize: 128 });
const trainer = new train.Trainer(model, {
  optimizer: new optim.Adam(model.namedParameters(), { lr: 3e-3 }),
  schedule: optim.cosine({ min: 3e-5 }),
  clipNorm: 1,
  bptt: 64,
  steps: Number(steps),
  reportEvery: 50,
});
for await (const report of trainer.run(data)) {
  if (report.type === 'step')
    console.log(`step ${report.step}: ${(report.loss / Math.LN2).toFixed(3)} bits`);
}
trainer.dispose();
await Bun.write(`${path}.safetensors`, model.save());

const server = Bun.serve({
  port: Number(port),
  routes: {
    '/': request => {
      const prompt = new URL(request.url).searchParams.get('prompt') ?? '';
      const known = vocab.decode(vocab.encode(prompt, { unknown: 'skip' }));
      const encoder = new TextEncoder();
      const pieces = model.sample({
        prompt: known,
        length: 1000,
        temperature: 0.6,
        seed: Date.now() % 2 ** 31,
      });
      return new Response(
        new ReadableStream({
          async pull(controller) {
            const { value, done } = await pieces.next();
            if (done) controller.close();
            else controller.enqueue(encoder.encode(value));
          },
          async cancel() {
            await pieces.return();
          },
        }),
        { headers: { 'content-type': 'text/plain; charset=utf-8' } },
      );
    },
  },
});
console.log(`${server.url}?prompt=the`);
