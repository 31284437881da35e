/** Files of word vectors made by other programs, and ours as they read them. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { readVectors, type VectorsFormat, writeVectors } from '../../src/io/vectors.js';
import { near } from '../support/near.js';
import { suite } from '../support/suite.js';

const { test, testIf, run } = suite('io/programs');

const bytesOf = (name: string): Uint8Array =>
  readFileSync(new URL(`../../../test/golden/vectors/${name}`, import.meta.url));

const WORDS = ['sea', 'ship', 'naïve', '汽车', 'wave', 'пароход', 'oven', 'bread', 'flour', 'größe', '"salt"', "cook's"]; // biome-ignore format: one line

/** The first vector of each file, as it is written there. */
const FIRST: Record<string, [word: string, vector: number[]]> = {
  'word2vec.txt': ['</s>', [0.133423, 0.147313, -0.127675]],
  'gensim.txt': ['wave', [-0.018115796, 0.003086134, 0.16045351]],
  'glove.txt': ['wave', [-0.128913, -0.041211, -0.00892]],
  'fasttext.vec': ['</s>', [-0.27664, 0.26109, -0.20689]],
};

for (const name of ['word2vec.bin', 'word2vec.txt', 'gensim.bin', 'gensim.txt', 'glove.txt', 'fasttext.vec']) // biome-ignore format: one line
  test(`${name} is read: words and numbers`, () => {
    const { words, size, data, duplicates } = readVectors(bytesOf(name));
    assert.equal([size, duplicates], [3, 0]);
    const own = words.filter(word => !['</s>', '<unk>'].includes(word));
    assert.equal([...own].sort(), [...WORDS].sort());
    assert.ok(Math.hypot(...data) > 0.1);
    const first = FIRST[name];
    if (!first) return;
    assert.is(words[0], first[0]);
    near(data.subarray(0, 3), Float32Array.from(first[1]), 0, name);
  });

test('the binary and the text of one model hold the same', () => {
  const binary = readVectors(bytesOf('gensim.bin'));
  const text = readVectors(bytesOf('gensim.txt'));
  assert.equal(binary.words, text.words);
  near(text.data, binary.data, 1e-7, 'numbers');
});

test('a binary file is written as word2vec.c writes it, byte for byte', () => {
  const bytes = bytesOf('word2vec.bin');
  assert.equal(writeVectors(readVectors(bytes), 'binary'), new Uint8Array(bytes));
});

const python = ['python3', '/usr/bin/python3'].find(
  command => spawnSync(command, ['-c', 'import gensim']).status === 0,
);
const script = fileURLToPath(new URL('../../../test/io/programs.py', import.meta.url));

testIf(python, 'python3 has no gensim', 'gensim reads what is written: binary, text, GloVe', () => {
  const folder = mkdtempSync(join(tmpdir(), 'throughtime-'));
  try {
    const { words, size, data } = readVectors(bytesOf('gensim.bin'));
    const formats: [string, VectorsFormat][] = [['v.bin', 'binary'], ['v.txt', 'text'], ['v.glove', 'glove']]; // biome-ignore format: one line
    const paths = formats.map(([name, format]) => {
      const path = join(folder, name);
      writeFileSync(path, writeVectors({ words, size, data }, format));
      return path;
    });
    const lines = execFileSync(python!, [script, ...paths], { encoding: 'utf8' })
      .trim()
      .split('\n');
    assert.is(lines.length, 3);
    for (const line of lines) {
      const read = JSON.parse(line) as [string, number[]][];
      assert.equal(read.map(([word]) => word), words); // biome-ignore format: one line
      near(Float32Array.from(read.flatMap(([, vector]) => vector)), data, 0, 'numbers');
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

run();
