/** Which language is this surname? `node names.js FOLDER NAME...`: a file of names a language. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { init, optim, Random, tasks, text, train } from 'throughtime';

const [folder, ...asked] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node names.js FOLDER NAME...');
await init();
const examples = readdirSync(folder)
  .sort()
  .flatMap(file => {
    const names = readFileSync(join(folder, file), 'utf8')
      .split('\n')
      .filter(name => name.trim());
    return names.map(name => ({ text: name.trim(), label: basename(file, '.txt') }));
  });
const order = new Random(1).shuffle(Int32Array.from(examples, (_, i) => i));
const held = Array.from(order.subarray(0, examples.length / 10), i => examples[i]);
const seen = Array.from(order.subarray(examples.length / 10), i => examples[i]);

const model = new tasks.Classifier({
  vocab: tasks.Classifier.vocab(
    seen.map(each => each.text),
    { level: 'char' },
  ),
  labels: text.Labels.of(examples.map(each => [each.label])),
  embeddingSize: 32,
  hiddenSize: 64,
  dropout: 0.2,
});
const optimizer = new optim.Adam(model.namedParameters(), { lr: 0.004 });
const trainer = new train.BatchTrainer(model, { optimizer, epochs: 5 });
const data = model.data(seen, { batchSize: 32, fingerprint: folder });
const validate = async () => {
  const { loss, accuracy } = model.evaluate(held);
  return { loss, accuracy };
};
for await (const report of trainer.run(data, { validate }))
  if (report.type === 'valid') console.log(`pass ${report.epoch}: ${(100 * report.metrics.accuracy).toFixed(1)} % of the names held out`); // biome-ignore format: one line

console.log(tasks.confusionText(model.evaluate(held).confusion));
for (const name of asked) {
  const best = model.classify(name).slice(0, 3);
  console.log(`${name}: ${best.map(({ label, p }) => `${label} ${p.toFixed(2)}`).join(', ')}`);
}
