/** Latent semantic analysis of nine titles (Deerwester et al. 1990): two subjects, found by counts. */
import { init, text, words } from 'throughtime';

const titles = [
  'human machine interface for lab abc computer applications',
  'a survey of user opinion of computer system response time',
  'the eps user interface management system',
  'system and human system engineering testing of eps',
  'relation of user perceived response time to error measurement',
  'the generation of random binary unordered trees',
  'the intersection graph of paths in trees',
  'graph minors iv widths of trees and well quasi ordering',
  'graph minors a survey',
];
await init();
const words12 = 'human interface computer user system response time eps survey trees graph minors';
const kept = new Set(words12.split(' '));
const documents = titles.map(title => title.split(' ').filter(word => kept.has(word)));
const vocab = text.Vocab.fromText(documents.map(each => each.join(' ')).join('\n'), {
  level: 'word',
});
const { words: names, matrix } = words.wordDocuments(documents, vocab);
const space = await words.lsa(names, matrix, { size: 2 });
console.log('singular values', Array.from(space.sigma, value => value.toFixed(4)).join(' '));
for (const topic of space.topics(5)) console.log('topic:', topic.map(({ word }) => word).join(' '));

// a query shares no word with the third title, and is near it all the same
const query = space.fold(['human', 'computer', 'interaction']);
const cosine = (x, y) =>
  x.reduce((sum, value, k) => sum + value * y[k], 0) / Math.hypot(...x) / Math.hypot(...y);
titles
  .map((title, i) => ({ title, near: cosine(query, space.document(i)) }))
  .sort((a, b) => b.near - a.near)
  .forEach(({ title, near }) => console.log(near.toFixed(3).padStart(7), title)); // biome-ignore format: one line
