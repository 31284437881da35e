/** Texts in pieces, and files of ids. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as assert from 'uvu/assert';
import { Random } from '../../src/index.js';
import { openIds, writeIds } from '../../src/node/ids.js';
import { textFiles, textPieces } from '../../src/node/text.js';
import { columns, split } from '../../src/text/batch.js';
import { encodeUtf8 } from '../../src/text/tokenize.js';
import { Vocab, VocabBuilder } from '../../src/text/vocab.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('node/text');

const folder = mkdtempSync(join(tmpdir(), 'throughtime-text-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

async function readAll(...paths: string[]): Promise<string> {
  let text = '';
  for await (const piece of textPieces(await textFiles(paths))) text += piece;
  return text;
}

const refusal = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing was refused',
    (error: Error) => error.message,
  );

/** Characters of one to four bytes, so that pieces of a MiB cut some in the middle. */
const LONG = 'aé€😀\n'.repeat(300_000);

test('a text of several pieces is the same as in one, whatever character a piece ends in', async () => {
  for (const start of ['', 'x', 'xy', 'xyz']) {
    writeFileSync(at('long.txt'), start + LONG);
    assert.ok((await readAll(at('long.txt'))) === start + LONG);
  }
  writeFileSync(at('long.gz'), gzipSync(LONG));
  assert.ok((await readAll(at('long.gz'))) === LONG);
});

test('UTF-16 is read with a byte order mark and without, and UTF-8 loses its mark', async () => {
  const text = 'Text in UTF-16: naïve, €5.\n'.repeat(100_000);
  const little = Buffer.from(text, 'utf16le');
  const big = Buffer.from(little).swap16();
  for (const [name, bytes] of Object.entries({
    'le.txt': little,
    'le-bom.txt': Buffer.concat([Buffer.of(0xff, 0xfe), little]),
    'be.txt': big,
    'be-bom.txt': Buffer.concat([Buffer.of(0xfe, 0xff), big]),
    'bom.txt': Buffer.concat([Buffer.of(0xef, 0xbb, 0xbf), Buffer.from(text)]),
  })) {
    writeFileSync(at(name), bytes);
    assert.ok((await readAll(at(name))) === text, name);
  }
});

test('folders are read with all that is in them, by name; a line end is put between files', async () => {
  mkdirSync(at('shelf/b'), { recursive: true });
  writeFileSync(at('shelf/c.txt'), 'three');
  writeFileSync(at('shelf/a.txt'), 'one\n');
  writeFileSync(at('shelf/b/two.txt'), 'two');
  writeFileSync(at('shelf/.hidden'), 'no');
  assert.is(await readAll(at('shelf')), 'one\ntwo\nthree\n');
  assert.is(await readAll(at('shelf/c.txt'), at('shelf/b')), 'three\ntwo\n');
  assert.is(await readAll(at('shelf/c.txt')), 'three');
  mkdirSync(at('bare'));
  assert.match(await refusal(textFiles([at('bare')])), /the folder .*bare has no files/);
  assert.match(
    await refusal(textFiles([at('nothing')])),
    /nothing cannot be read: there is no such/,
  );
});

test('what is no text is named, and a byte that is not UTF-8 is found in any piece', async () => {
  for (const [start, said] of [
    ['PK\x03\x04', 'is a zip archive'],
    ['BZh91AY', 'is a bzip2 file, not a text; unpack it first: bunzip2'],
    ['\xfd7zXZ\0', 'is an xz file, not a text; unpack it first: unxz'],
    ['%PDF-1.7', 'is a PDF, not a text; take its text: pdftotext'],
    ['\x28\xb5\x2f\xfd', 'is a Zstandard file'],
  ] as const) {
    writeFileSync(at('other'), Buffer.from(start.padEnd(50, ' '), 'latin1'));
    assert.match(await refusal(readAll(at('other'))), said);
  }
  const bytes = Buffer.from(LONG);
  bytes[1_500_000 - (1_500_000 % 11)] = 0xff;
  writeFileSync(at('bad.txt'), bytes);
  assert.match(
    await refusal(readAll(at('bad.txt'))),
    `bad.txt is not UTF-8: byte 0xff at offset ${1_500_000 - (1_500_000 % 11)} begins no character`,
  );
  writeFileSync(at('cut.gz'), gzipSync(LONG).subarray(0, 100));
  assert.match(
    await refusal(readAll(at('cut.gz'))),
    /cut\.gz cannot be unpacked: .*; fetch or pack it again/,
  );
});

const SAMPLE = 'a  rose\r\nis 😀 a\rrose\n\n\u2028 <unk> é\r\n'.repeat(7);

test('a vocabulary counted in pieces, and a text encoded in pieces, are those of the whole', () => {
  for (const level of ['char', 'word', 'byte'] as const) {
    for (const options of level === 'byte' ? [{}] : [{}, { minCount: 8 }, { maxSize: 4 }]) {
      const whole = Vocab.fromText(SAMPLE, { level, ...options });
      const ids = whole.encodeCounting(SAMPLE);
      for (const size of [1, 2, 3, 7, 64]) {
        const builder = new VocabBuilder({ level, ...options });
        const encoder = whole.encoder();
        const parts: number[] = [];
        for (let i = 0; i < SAMPLE.length; i += size) {
          const piece = SAMPLE.slice(i, i + size);
          builder.add(piece);
          if (level !== 'byte') parts.push(...encoder.push(piece));
        }
        if (level === 'byte') parts.push(...encoder.push(encodeUtf8(SAMPLE)));
        parts.push(...encoder.end());
        assert.equal(builder.vocab().toJSON(), whole.toJSON(), `${level} in pieces of ${size}`);
        assert.equal(parts, [...ids.ids], `${level} in pieces of ${size}`);
        assert.is(encoder.unknown, ids.unknown);
      }
    }
  }
});

test('a CR alone ends a line, and CR LF is one line end', () => {
  const vocab = Vocab.fromText('a\rb\r\nc\n\r\r', { level: 'word' });
  const words = [...vocab.encode('a\rb\r\nc\n\r\r')].map(id => vocab.tokenOf(id));
  assert.equal(words, ['a', '<eos>', 'b', '<eos>', 'c', '<eos>', '<eos>', '<eos>']);
});

test('ids in a file, of any width, give the windows, the parts and the fingerprint of an array', async () => {
  const random = new Random(1);
  for (const size of [200, 60_000, 100_000]) {
    const ids = Int32Array.from({ length: 3000 }, () => random.int(size));
    const path = at(`${size}.ids`);
    async function* pieces() {
      for (let i = 0; i < ids.length; i += 700) yield ids.subarray(i, i + 700);
    }
    await writeIds(path, pieces(), { size, note: () => ({ size }) });
    const file = openIds(path)!;
    assert.equal([file.length, file.note], [ids.length, { size }]);
    const options = { batchSize: 5, documents: [0, 1000, 1234] };
    const [own, read] = [columns(ids, options), columns(file, options)];
    assert.is(own.fingerprint, read.fingerprint);
    assert.equal(
      [...own.windows({ bptt: 33, horizon: 50 })],
      [...read.windows({ bptt: 33, horizon: 50 })],
    );
    const parts = [split(ids, 0.7), split(file, 0.7)] as const;
    for (const k of [0, 1] as const)
      assert.equal(Array.from(parts[1][k].read(3, 9)), [...parts[0][k].subarray(3, 9)]);
    file.close();
  }
  writeFileSync(at('no.ids'), 'something else');
  assert.is(openIds(at('no.ids')), null);
  assert.is(openIds(at('none.ids')), null);
});

run();
