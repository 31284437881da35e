import * as assert from 'uvu/assert';
import {
  readSafetensors,
  type SafetensorsEntry,
  type SafetensorsInput,
  toFloat32,
  writeSafetensors,
} from '../../src/io/safetensors.js';
import { TestRandom } from '../support/random.js';
import { suite } from '../support/suite.js';

const { test, run } = suite('safetensors');

/** A file from its header's text and its buffer; `size` overrides the header's true length. */
function file(
  header: string | Uint8Array,
  buffer: ArrayLike<number> = [],
  size?: bigint,
): Uint8Array {
  const text = typeof header === 'string' ? new TextEncoder().encode(header) : header;
  const bytes = new Uint8Array(8 + text.length + buffer.length);
  new DataView(bytes.buffer).setBigUint64(0, size ?? BigInt(text.length), true);
  bytes.set(text, 8);
  bytes.set(buffer, 8 + text.length);
  return bytes;
}

/** A file given as the reference implementation's tests give it: one byte per character. */
const literal = (text: string) => Uint8Array.from(text, c => c.charCodeAt(0));

const refuses = (bytes: Uint8Array, message: RegExp) =>
  assert.throws(
    () => readSafetensors(bytes),
    (e: unknown) => {
      if (
        !(e instanceof RangeError) ||
        !e.message.startsWith('readSafetensors: ') ||
        !message.test(e.message)
      )
        throw new Error(`expected ${message}, got ${e}`);
      return true;
    },
  );

const SAMPLE: SafetensorsInput = {
  tensors: new Map<string, SafetensorsEntry>([
    [
      'rnn.weight_ih_l0',
      { dtype: 'F32', shape: [2, 3], data: Float32Array.of(1, -2, 3.5, 0, -0, 1e-45) },
    ],
    ['step', { dtype: 'I32', shape: [], data: Int32Array.of(-7) }],
    ['mask', { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 0, 255) }],
    ['empty', { dtype: 'F32', shape: [2, 0], data: new Float32Array() }],
    ['exact', { dtype: 'F64', shape: [1, 2], data: Float64Array.of(Math.PI, -Infinity) }],
  ]),
  metadata: { model: 'LSTM', 'words "quoted"': 'é😀\n' },
};

test('a file goes there and back', () => {
  const { tensors, metadata } = readSafetensors(writeSafetensors(SAMPLE));
  assert.equal(tensors, SAMPLE.tensors);
  assert.equal({ ...metadata }, SAMPLE.metadata);
  assert.equal([...tensors.keys()], [...(SAMPLE.tensors as Map<string, unknown>).keys()]);
});

test('NaN and infinity keep their bits', () => {
  const data = new Float32Array(Uint32Array.of(0x7fc0dead, 0xff800000, 0x7f800001).buffer);
  const back = readSafetensors(
    writeSafetensors({ tensors: [['x', { dtype: 'F32', shape: [3], data }]] }),
  ).tensors.get('x')!;
  assert.equal([...new Uint32Array(back.data.buffer)], [0x7fc0dead, 0xff800000, 0x7f800001]);
});

test('every kind of element goes there and back', () => {
  const tensors: [string, SafetensorsEntry][] = [
    // one byte: all that follow are misaligned in the file
    ['b', { dtype: 'BOOL', shape: [1], data: Uint8Array.of(1) }],
    ['f64', { dtype: 'F64', shape: [1], data: Float64Array.of(0.1) }],
    ['f32', { dtype: 'F32', shape: [1], data: Float32Array.of(0.1) }],
    ['f16', { dtype: 'F16', shape: [1], data: Uint16Array.of(0x3c00) }],
    ['bf16', { dtype: 'BF16', shape: [1], data: Uint16Array.of(0x3f80) }],
    ['i64', { dtype: 'I64', shape: [2], data: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n) }],
    ['u64', { dtype: 'U64', shape: [1], data: BigUint64Array.of(2n ** 64n - 1n) }],
    ['i32', { dtype: 'I32', shape: [1], data: Int32Array.of(-(2 ** 31)) }],
    ['u32', { dtype: 'U32', shape: [1], data: Uint32Array.of(2 ** 32 - 1) }],
    ['i16', { dtype: 'I16', shape: [1], data: Int16Array.of(-32768) }],
    ['u16', { dtype: 'U16', shape: [1], data: Uint16Array.of(65535) }],
    ['i8', { dtype: 'I8', shape: [1], data: Int8Array.of(-128) }],
    ['u8', { dtype: 'U8', shape: [1], data: Uint8Array.of(255) }],
  ];
  assert.equal([...readSafetensors(writeSafetensors({ tensors })).tensors], tensors);
});

test('the bytes are the expected ones, and the same every time', () => {
  const header =
    '{"__metadata__":{"a":"b"},"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"s":{"dtype":"U8","shape":[],"data_offsets":[8,9]}}';
  const write = () =>
    writeSafetensors({
      tensors: [
        ['x', { dtype: 'F32', shape: [2], data: Float32Array.of(1, -2) }],
        ['s', { dtype: 'U8', shape: [], data: Uint8Array.of(5) }],
      ],
      metadata: { a: 'b' },
    });
  const padded = header.padEnd(Math.ceil(header.length / 8) * 8);
  assert.equal(write(), file(padded, [0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 5]));
  assert.equal(write(), write());
});

test('the header always ends at a multiple of 8', () => {
  for (let n = 0; n < 9; n++) {
    const bytes = writeSafetensors({ tensors: [], metadata: { k: 'x'.repeat(n) } });
    assert.is(bytes.length % 8, 0);
    assert.is(new DataView(bytes.buffer).getUint32(0, true), bytes.length - 8);
  }
});

test('a written file, read and written again, is the same', () => {
  const once = writeSafetensors(SAMPLE);
  assert.equal(writeSafetensors(readSafetensors(once)), once);
  const numbered = writeSafetensors({
    tensors: ['1', '0', 'a'].map(name => [
      name,
      { dtype: 'U8', shape: [1], data: Uint8Array.of(+name || 9) },
    ]),
  });
  assert.equal(writeSafetensors({ tensors: readSafetensors(numbered).tensors }), numbered);
  assert.equal([...readSafetensors(numbered).tensors.keys()], ['1', '0', 'a']);
});

test('what was read does not change with the bytes, wherever they lie', () => {
  const bytes = writeSafetensors(SAMPLE);
  for (let shift = 0; shift < 8; shift++) {
    const room = new Uint8Array(bytes.length + shift);
    room.set(bytes, shift);
    const { tensors } = readSafetensors(room.subarray(shift));
    room.fill(0);
    assert.equal(tensors, SAMPLE.tensors);
  }
  const { tensors } = readSafetensors(Buffer.from(bytes));
  assert.equal(tensors, SAMPLE.tensors);
});

test('names of object members are names like others', () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
  const metadata = JSON.parse('{"__proto__":"p","constructor":"c"}') as Record<string, string>;
  const bytes = writeSafetensors({
    tensors: names.map((name, i) => [name, { dtype: 'U8', shape: [1], data: Uint8Array.of(i) }]),
    metadata,
  });
  const back = readSafetensors(bytes);
  assert.equal(
    [...back.tensors].map(([name, { data }]) => [name, data[0]]),
    names.map((name, i) => [name, i]),
  );
  assert.equal(Object.entries(back.metadata), [
    ['__proto__', 'p'],
    ['constructor', 'c'],
  ]);
  assert.is(readSafetensors(file('{}')).metadata.constructor, undefined);
  assert.equal(writeSafetensors(back), bytes);
  refuses(
    file('{"x":{"__proto__":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}}'),
    /"x" has no dtype/,
  );
  refuses(
    file('{"x":{"dtype":"constructor","shape":[0],"data_offsets":[0,0]}}'),
    /dtype "constructor"/,
  );
});

test("the reference implementation's own cases are read or refused as there", () => {
  const i32 = (shape: string, offsets: string) =>
    `{"test":{"dtype":"I32","shape":${shape},"data_offsets":${offsets}}}`;
  const zeros = '\0'.repeat(16);
  assert.is(readSafetensors(literal('\x08\0\0\0\0\0\0\0{}      ')).tensors.size, 0);
  assert.equal(
    {
      ...readSafetensors(literal('(\0\0\0\0\0\0\0{"__metadata__":{"framework":"pt"}}     '))
        .metadata,
    },
    { framework: 'pt' },
  );
  assert.is(readSafetensors(literal('\x06\0\0\0\0\0\0\0{}\x0D\x20\x09\x0A')).tensors.size, 0);
  const whole = readSafetensors(literal(`<\0\0\0\0\0\0\0${i32('[2,2]', '[0,16]')}${zeros}`));
  assert.equal(whole.tensors.get('test'), { dtype: 'I32', shape: [2, 2], data: new Int32Array(4) });
  const empty = readSafetensors(literal(`<\0\0\0\0\0\0\0${i32('[2,0]', '[0, 0]')}`));
  assert.equal(empty.tensors.get('test'), { dtype: 'I32', shape: [2, 0], data: new Int32Array() });

  refuses(literal(''), /truncated: the file has 0 bytes/);
  refuses(literal('<\0\0\0\0\0\0\0'), /truncated: the file has 8 bytes, its header alone takes 68/);
  refuses(
    literal(`<\0\0\0\0\xff\xff\xff${i32('[2,2]', '[0,16]')}${zeros}`),
    /the header is said to have 18446742974197923900 bytes/,
  );
  refuses(literal('\x01\0\0\0\0\0\0\0\xff'), /does not begin with "{"/);
  refuses(literal('\x01\0\0\0\0\0\0\0{'), /not JSON/);
  refuses(literal('\x06\0\0\0\0\0\0\0\x09\x0A{}\x0D\x20'), /does not begin with "{"/);
  refuses(
    literal(`<\0\0\0\0\0\0\0${i32('[2,2]', '[0, 4]')}`),
    /takes 16 bytes, its data_offsets \[0, 4\] span 4/,
  );
  refuses(
    literal(`<\0\0\0\0\0\0\0${i32('[2,2]', '[0,16]')}${zeros}extra_bogus_data_for_polyglot_file`),
    /buffer has 50 bytes, its tensors take 16; nothing may follow/,
  );
  refuses(
    literal(`<\0\0\0\0\0\0\0${i32('[2,2]', '[0,16]')}${zeros.slice(2)}`),
    /truncated: the buffer has 14 bytes, its tensors take 16/,
  );
  refuses(
    literal(`O\0\0\0\0\0\0\0${i32('[2,18446744073709551614]', '[0,16]')}${zeros}`),
    /overflows/,
  );
  refuses(
    literal(`N\0\0\0\0\0\0\0${i32('[2,9223372036854775807]', '[0,16]')}${zeros}`),
    /overflows/,
  );
});

const tensor = (shape = '[2]', offsets = '[0,2]', dtype = '"U8"') =>
  `{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`;

test('a header that is no JSON object of the right form is refused', () => {
  refuses(file(''), /does not begin with "{"/);
  refuses(file('[]'), /does not begin with "{"/);
  refuses(file(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d)), /not UTF-8/);
  refuses(file('{"x":}'), /not JSON/);
  refuses(file('{}\0\0'), /not JSON/);
  refuses(file('{} {}'), /not JSON/);
  refuses(file('{', [], 100_000_001n), /said to have 100000001 bytes, at most 100000000/);
  refuses(file('{"x":3}'), /"x" is 3, expected an object/);
  refuses(file('{"x":null}'), /"x" is null/);
  refuses(file('{"x":[]}'), /"x" is a list/);
  refuses(file(`{"x":${'['.repeat(100_000)}`), /not JSON/);
});

test('a key that occurs twice is refused, at any depth and however it is spelled', () => {
  refuses(file(`{"x":${tensor()},"x":${tensor()}}`, [1, 2]), /the key "x" twice/);
  refuses(file(`{"x":${tensor()},"\\u0078" : ${tensor()}}`, [1, 2]), /the key "x" twice/);
  refuses(file('{"__metadata__":{"a":"1","a":"2"}}'), /the key "a" twice/);
  refuses(file('{"__metadata__":{},"__metadata__":{}}'), /the key "__metadata__" twice/);
  refuses(
    file('{"x":{"dtype":"U8","shape":[2],"shape":[2],"data_offsets":[0,2]}}', [1, 2]),
    /the key "shape" twice/,
  );
  const fine = readSafetensors(
    file(`{"__metadata__":{"a":"a","b":"a\\\\","c\\"":"{\\"a\\":"},"a":${tensor()}}`, [1, 2]),
  );
  assert.equal({ ...fine.metadata }, { a: 'a', b: 'a\\', 'c"': '{"a":' });
});

test('metadata other than strings are refused', () => {
  refuses(file('{"__metadata__":{"a":1}}'), /metadata "a" is 1, expected a string/);
  refuses(file('{"__metadata__":{"a":{}}}'), /metadata "a" is Object/);
  refuses(file('{"__metadata__":[]}'), /__metadata__ is a list/);
  refuses(file('{"__metadata__":"a"}'), /__metadata__ is the string "a"/);
});

test('a tensor that is not described in full is refused', () => {
  for (const field of ['dtype', 'shape', 'data_offsets']) {
    refuses(
      file(`{"x":${tensor().replace(`"${field}"`, '"other"')}}`, [1, 2]),
      RegExp(`"x" has no ${field}`),
    );
  }
  refuses(
    file(`{"x":${tensor('[2]', '[0,2]', '"F5"')}}`, [1, 2]),
    /dtype "F5", expected one of F64 F32 F16/,
  );
  refuses(file(`{"x":${tensor('[2]', '[0,2]', '8')}}`, [1, 2]), /dtype 8/);
  for (const shape of ['2', '[-2]', '[0.5]', '["2"]', '[null]', '{"0":2}'])
    refuses(file(`{"x":${tensor(shape)}}`, [1, 2]), /expected a list of whole numbers/);
  for (const shape of ['[3]', '[1]', '[]', '[2,2]', '[0]'])
    refuses(file(`{"x":${tensor(shape)}}`, [1, 2]), /span 2/);
  for (const offsets of [
    '2',
    '[0]',
    '[0,2,2]',
    '[2,0]',
    '[-2,0]',
    '[0,2.5]',
    '["0","2"]',
    '[9007199254740992,9007199254740994]',
  ]) {
    refuses(
      file(`{"x":${tensor('[2]', offsets)}}`, [1, 2]),
      /expected two ascending whole numbers/,
    );
  }
  for (const shape of [
    '[9007199254740993]',
    '[4294967296,4294967296]',
    '[1e300,1e300]',
    '[0,1e400]',
  ]) {
    refuses(file(`{"x":${tensor(shape)}}`, [1, 2]), /overflows|whole numbers/);
  }
});

test('holes, overlaps and bytes that no tensor owns are refused', () => {
  const two = (a: string, b: string) => `{"a":${tensor('[2]', a)},"b":${tensor('[2]', b)}}`;
  refuses(
    file(`{"x":${tensor('[2]', '[1,3]')}}`, [1, 2, 3]),
    /a hole of 1 bytes before tensor "x", at 0/,
  );
  refuses(
    file(two('[0,2]', '[3,5]'), [1, 2, 3, 4, 5]),
    /a hole of 1 bytes before tensor "b", at 2/,
  );
  refuses(
    file(two('[0,2]', '[1,3]'), [1, 2, 3]),
    /"b" begins at 1, within the tensor before it, which ends at 2/,
  );
  refuses(file(two('[0,2]', '[0,2]'), [1, 2]), /"b" begins at 0, within/);
  refuses(file(two('[0,2]', '[2,4]'), [1, 2, 3]), /buffer has 3 bytes, its tensors take 4/);
  refuses(file('{}', [0]), /buffer has 1 bytes, its tensors take 0/);
  assert.equal(
    [...readSafetensors(file(two('[2,4]', '[0,2]'), [1, 2, 3, 4])).tensors.keys()],
    ['b', 'a'],
  );
});

test('a file cut off after any byte is refused', () => {
  const bytes = writeSafetensors(SAMPLE);
  for (let length = 0; length < bytes.length; length++)
    refuses(bytes.subarray(0, length), /truncated/);
});

test('a file with any byte changed is read or refused in one sentence, never anything else', () => {
  const bytes = writeSafetensors(SAMPLE);
  const random = new TestRandom(1);
  let refused = 0;
  for (let i = 0; i < 5000; i++) {
    const broken = bytes.slice();
    broken[random.int(bytes.length - 60)] = random.int(256);
    try {
      readSafetensors(broken);
    } catch (e) {
      refused++;
      assert.ok(e instanceof RangeError && e.message.startsWith('readSafetensors: '), String(e));
    }
  }
  assert.ok(refused > 2000, `${refused} refused`);
});

test('what cannot be written is refused', () => {
  const f32: SafetensorsEntry = { dtype: 'F32', shape: [1], data: Float32Array.of(1) };
  const write =
    (entry: object, name = 'x') =>
    () =>
      writeSafetensors({ tensors: [[name, entry as SafetensorsEntry]] });
  const throws = (body: () => unknown, kind: new () => Error, message: RegExp) =>
    assert.throws(
      body,
      (e: unknown) => e instanceof kind && message.test(e.message),
      String(message),
    );
  throws(
    () =>
      writeSafetensors({
        tensors: [
          ['x', f32],
          ['x', f32],
        ],
      }),
    RangeError,
    /"x" is given twice/,
  );
  throws(write(f32, '__metadata__'), RangeError, /"__metadata__" is reserved/);
  throws(write({ ...f32, shape: [2] }), RangeError, /"x" has the shape \[2\] and 1 elements/);
  throws(write({ ...f32, shape: [-1, -1] }), RangeError, /shape \[-1,-1\]/);
  throws(write({ ...f32, shape: [0.5, 2] }), RangeError, /shape \[0.5,2\]/);
  throws(write({ ...f32, dtype: 'F8' }), RangeError, /dtype "F8"/);
  throws(
    write({ ...f32, data: Float64Array.of(1) }),
    TypeError,
    /its data are Float64Array, expected Float32Array/,
  );
  throws(write({ ...f32, data: [1] }), TypeError, /its data are a list/);
  throws(
    () => writeSafetensors({ tensors: [], metadata: { a: 1 as unknown as string } }),
    TypeError,
    /metadata "a" is 1, expected a string/,
  );
});

test('toFloat32 takes F32 as it is, rounds F64 and widens BF16', () => {
  const data = Float32Array.of(1, 2);
  assert.is(toFloat32({ dtype: 'F32', shape: [2], data }), data);
  assert.equal(
    toFloat32({ dtype: 'F64', shape: [2], data: Float64Array.of(0.1, 1e300) }),
    Float32Array.of(Math.fround(0.1), Infinity),
  );
  assert.equal(
    toFloat32({ dtype: 'BF16', shape: [4], data: Uint16Array.of(0x3f80, 0xc000, 0x7f80, 0x0001) }),
    Float32Array.of(1, -2, Infinity, 2 ** -133),
  );
  assert.ok(
    Number.isNaN(toFloat32({ dtype: 'BF16', shape: [1], data: Uint16Array.of(0x7fc0) })[0]),
  );
  assert.throws(
    () => toFloat32({ dtype: 'I32', shape: [1], data: Int32Array.of(1) }),
    /dtype I32, expected F32, F64, F16 or BF16/,
  );
});

test('toFloat32 knows every one of the 65,536 halves', () => {
  const halves = toFloat32({
    dtype: 'F16',
    shape: [65536],
    data: Uint16Array.from({ length: 65536 }, (_, i) => i),
  });
  assert.equal(
    [0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x03ff, 0x3555].map(i => halves[i]),
    [1, -2, 65504, 2 ** -14, 2 ** -24, 1023 * 2 ** -24, 1365 * 2 ** -12],
  );
  assert.ok(Object.is(halves[0], 0) && Object.is(halves[0x8000], -0));
  assert.equal([halves[0x7c00], halves[0xfc00]], [Infinity, -Infinity]);
  for (let i = 0; i < 0x8000; i++) {
    if (i > 0x7c00) assert.ok(Number.isNaN(halves[i]));
    else {
      // halves of one sign are ordered as their bits
      if (i > 0) assert.ok(halves[i]! > halves[i - 1]!);
      assert.ok(Object.is(halves[0x8000 + i], -halves[i]!));
    }
  }
});

run();
