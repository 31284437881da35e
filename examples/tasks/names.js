/** Which language is this surname? `node names.js FOLDER NAME...`: a file of names a language. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { init, optim, Random, tasks, text, train } from 'throughtime';

const [folder, ...asked] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node names.js FOLDER NAME...');
await init();
const examples = readdirSync(folder)
  .sort()
  .flatMap(file =>
    [...new Set(readFileSync(join(folder, file), 'utf8').split('\n'))]
      .filter(name => name.trim())
      .map(name => ({ text: name.trim(), label: basename(file, '.txt') })),
  );
const order = new Random(1).shuffle(Int32Array.from(examples, (_, i) => i));
const shuffled = Array.from(order, i => examples[i]);
const held = shuffled.slice(0, examples.length / 10);
const seen = shuffled.slice(examples.length / 10);

const names = seen.map(each => each.text);
const model = new tasks.Classifier({
  vocab: tasks.Classifier.vocab(names, { level: 'char' }),
  labels: text.Labels.of(examples.map(each => [each.label])),
  embeddingSize: 32,
  hiddenSize: 64,
  dropout: 0.2,
});
const optimizer = new optim.Adam(model.namedParameters(), { lr: 0.004 });
const trainer = new train.BatchTrainer(model, { optimizer, epochs: 5 });
const data = model.data(seen, { batchSize: 32, fingerprint: folder });
for await (const report of trainer.run(data))
  if (report.type === 'step') console.log(`step ${report.step}: loss ${report.loss.toFixed(3)}`);

const { accuracy, confusion } = model.evaluate(held);
console.log(`${(100 * accuracy).toFixed(1)} % of the names held out\n`);
console.log(tasks.confusionText(confusion));
for (const name of asked) console.log(`${name}: ${model.classify(name)[0].label}`);
