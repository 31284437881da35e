/** Bytes of every origin, tensors of every dtype, and files that are something else. */
import { runInNewContext } from 'node:vm';
import * as assert from 'uvu/assert';
import { init, io, lm, optim, tensor, text, train } from '../../src/index.js';
import { asBytes } from '../../src/io/bytes.js';
import { suite } from '../support/suite.js';

await init({ deterministic: true });
const { test, run } = suite('io/bytes');

/** The same bytes as every kind of thing that holds some. */
function forms(bytes: Uint8Array): Record<string, io.Bytes> {
  const own = bytes.slice();
  const shared = new SharedArrayBuffer(own.length);
  new Uint8Array(shared).set(own);
  const inside = new Uint8Array(own.length + 24);
  inside.set(own, 8);
  const list = JSON.stringify([...own]);
  return {
    Uint8Array: own,
    ArrayBuffer: own.buffer,
    SharedArrayBuffer: shared,
    'a view of a SharedArrayBuffer': new Uint8Array(shared),
    DataView: new DataView(inside.buffer, 8, own.length),
    'a part of a buffer': inside.subarray(8, 8 + own.length),
    Buffer: Buffer.from(own),
    'a Uint8Array of another realm': runInNewContext(`Uint8Array.from(${list})`) as Uint8Array,
    'an ArrayBuffer of another realm': (runInNewContext(`Uint8Array.from(${list})`) as Uint8Array)
      .buffer,
  };
}

test('bytes are taken from buffers and views, shared or not, of this realm or another', () => {
  for (const [what, value] of Object.entries(forms(Uint8Array.of(7, 8, 9))))
    assert.equal([...asBytes(value, 'test')], [7, 8, 9], what);
  for (const value of [null, undefined, 'text', 7, [1, 2], {}])
    assert.throws(
      () => asBytes(value as unknown as io.Bytes, 'load'),
      (error: Error) =>
        error instanceof TypeError && /^load: \w+ holds no bytes; give/.test(error.message),
    );
});

test('models, checkpoints, vocabularies and tensors are read from all of them', async () => {
  const words = 'to be or not to be';
  const vocab = text.Vocab.fromText(words, { level: 'char' });
  const make = (model: lm.RecurrentLM) =>
    new train.Trainer(model, { optimizer: new optim.Adam(model.namedParameters()), steps: 1 });
  const model = new lm.RecurrentLM({ vocab, hiddenSize: 3 });
  const trainer = make(model);
  for (const [what, bytes] of Object.entries(forms(trainer.save()))) {
    const again = train.Trainer.load(bytes, file => make(lm.RecurrentLM.from(file)));
    assert.equal(again.save(), trainer.save(), what);
    again.restore(bytes);
    assert.is(io.readModel(bytes).kind, model.kind, what);
    const loaded = lm.RecurrentLM.load(bytes);
    assert.equal(loaded.save(), model.save(), what);
    for (const each of [loaded, again, again.model]) each.dispose();
  }
  for (const [what, bytes] of Object.entries(forms(new TextEncoder().encode(words)))) {
    assert.equal(text.Vocab.fromText(bytes, { level: 'char' }).toJSON(), vocab.toJSON(), what);
    assert.equal(vocab.encode(bytes), vocab.encode(words), what);
    assert.is(text.decodeUtf8(bytes, 'the text'), words);
  }
  const foreign = runInNewContext('Float32Array.of(1.5, 2.5)') as Float32Array<ArrayBuffer>;
  const x = tensor(foreign);
  assert.equal(x.toArray(), Float32Array.of(1.5, 2.5));
  const entry = { dtype: 'F32', shape: [2], data: foreign } as const;
  assert.equal(
    io.readSafetensors(io.writeSafetensors({ tensors: [['x', entry]] })).tensors.get('x')!.data,
    Float32Array.of(1.5, 2.5),
  );
  for (const each of [x, trainer, model]) each.dispose();
});

test('tensors of every dtype are written and read back', () => {
  const bytes = (n: number) => Uint8Array.from({ length: n }, (_, i) => 17 * i + 1);
  const entries: [string, io.SafetensorsEntry][] = [
    ...(['F8_E5M2', 'F8_E4M3', 'F8_E8M0', 'F8_E4M3FNUZ', 'F8_E5M2FNUZ', 'U8', 'BOOL'] as const).map(
      dtype => [dtype, { dtype, shape: [2, 3], data: bytes(6) }] as [string, io.SafetensorsEntry],
    ),
    ['F6_E2M3', { dtype: 'F6_E2M3', shape: [2, 4], data: bytes(6) }],
    ['F6_E3M2', { dtype: 'F6_E3M2', shape: [4], data: bytes(3) }],
    ['F4', { dtype: 'F4', shape: [2, 5], data: bytes(5) }],
    ['C64', { dtype: 'C64', shape: [3], data: Float32Array.of(1, -1, 2, -2, 3, -3) }],
    ['F64', { dtype: 'F64', shape: [], data: Float64Array.of(Math.PI) }],
    ['I64', { dtype: 'I64', shape: [1], data: BigInt64Array.of(-5n) }],
  ];
  const file = io.writeSafetensors({ tensors: entries, metadata: { a: 'b' } });
  assert.equal([...io.readSafetensors(file).tensors], entries);
  const { tensors, metadata, size } = io.readSafetensorsHeader(
    file.subarray(0, io.safetensorsHeaderSize(file.subarray(0, 8))),
  );
  assert.equal(
    tensors.map(({ name, dtype, shape }) => [name, dtype, shape]),
    entries.map(([name, { dtype, shape }]) => [name, dtype, shape]),
  );
  assert.equal([metadata.a, size], ['b', file.length]);
  assert.throws(
    () => io.writeSafetensors({ tensors: [['x', { dtype: 'F4', shape: [3], data: bytes(2) }]] }),
    /^writeSafetensors: tensor "x" has the shape \[3\] and 2 elements$/,
  );
});

test('files of other kinds are named for what they are, with what to do', () => {
  const pad = (start: string) => Uint8Array.from(start.padEnd(100, '\x01'), c => c.charCodeAt(0));
  for (const [start, sentence] of [
    [
      'PK\x03\x04',
      /this is a zip archive \(torch\.save writes \.pt files so.*; convert it in Python/,
    ],
    [
      'version https://git-lfs.github.com/spec/v1\noid',
      /a Git LFS pointer, not the file itself, not a safetensors file; fetch the file itself: git lfs pull/,
    ],
    ['\x80\x02ccollections', /a Python pickle/],
    ['\x89HDF\r\n\x1a\n', /an HDF5 file, as Keras writes/],
    ['GGUF\x03', /a GGUF file/],
    ['\x93NUMPY', /a NumPy array/],
    ['\x1f\x8b\x08', /a gzip file.*unpack it first: gunzip/],
  ] as const)
    assert.throws(
      () => io.readSafetensors(pad(start)),
      (error: Error) => error instanceof RangeError && sentence.test(error.message),
      start,
    );
});

test('a header whose length looks like the beginning of another file is none', () => {
  for (const length of [0x0280, 0x0380, 0x0480, 0x0580]) {
    const data = Float32Array.of(1);
    const bare = io.writeSafetensors({ tensors: [['x', { dtype: 'F32', shape: [1], data }]] });
    const metadata = { a: ' '.repeat(length) };
    let file = bare;
    for (let n = length; new DataView(file.buffer).getUint32(0, true) !== length; n--) {
      metadata.a = ' '.repeat(n);
      file = io.writeSafetensors({
        tensors: [['x', { dtype: 'F32', shape: [1], data }]],
        metadata,
      });
    }
    assert.equal([...file.subarray(0, 2)], [0x80, length >> 8]);
    assert.equal(io.readSafetensors(file).tensors.get('x')!.data, data);
  }
});

run();
