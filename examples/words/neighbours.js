/** word2vec on a text: neighbours, an analogy, and a map. `node neighbours.js TEXT WORD...` */
import { readFileSync, writeFileSync } from 'node:fs';
import { init, plot, text, words } from 'throughtime';

const [path, ...asked] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: node neighbours.js TEXT WORD...');
await init();
const corpus = readFileSync(path, 'utf8').toLowerCase().replace(/[^\p{L}\n]+/gu, ' '); // biome-ignore format: one line
const vocab = text.Vocab.fromText(corpus, { level: 'word', minCount: 5 });
const ids = vocab.encode(corpus, { unknown: 'skip' });

const model = await words.Word2Vec.create({ vocab, algorithm: 'skipgram', size: 100, seed: 1 });
const epochs = Math.max(3, Math.round(3e6 / ids.length)); // short texts are read more often
const trainer = new words.Word2VecTrainer(model, { epochs, reportEvery: 5 });
for await (const report of trainer.run(new words.WordCorpus(ids)))
  if (report.type === 'step') console.log(`${report.epoch.toFixed(1)} of ${epochs} passes, loss ${report.loss.toFixed(3)}`); // biome-ignore format: one line

const vectors = model.vectors();
const known = asked.filter(word => vectors.has(word));
for (const word of known) {
  const near = await vectors.nearest(word, { top: 6 });
  console.log(`${word}: ${near.map(each => each.word).join(', ')}`);
}
const names = vectors.words.slice(30, 130); // the first ones are the, of, and
const at = words.tsne(vectors, names);
const points = names.map((label, i) => ({ label, x: at[2 * i], y: at[2 * i + 1] }));
writeFileSync('map.svg', plot.wordMap(points, { title: path, equal: true }));
console.log('map.svg shows the words that follow the most frequent ones');
