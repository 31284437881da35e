/**
 * The safetensors format, bytes ↔ plain data (github.com/huggingface/safetensors, README "Format"):
 * the length of the header as u64, the header as JSON, one buffer without holes; all little-endian,
 * tensors in C order.
 */
import { asBytes, type Bytes } from './bytes.js';
import { kindOfFile } from './kind.js';

/**
 * The array that holds each kind of element, and the bits of one element. F16 and BF16 are kept as
 * their bits, F8 as bytes, F6 and F4 packed as in the file, BOOL as bytes of 0 and 1, complex
 * numbers as pairs: real part, imaginary part.
 */
const DTYPES = {
  F64: [Float64Array, 64],
  F32: [Float32Array, 32],
  F16: [Uint16Array, 16],
  BF16: [Uint16Array, 16],
  F8_E5M2: [Uint8Array, 8],
  F8_E4M3: [Uint8Array, 8],
  F8_E8M0: [Uint8Array, 8],
  F8_E4M3FNUZ: [Uint8Array, 8],
  F8_E5M2FNUZ: [Uint8Array, 8],
  F6_E2M3: [Uint8Array, 6],
  F6_E3M2: [Uint8Array, 6],
  F4: [Uint8Array, 4],
  C64: [Float32Array, 64],
  I64: [BigInt64Array, 64],
  I32: [Int32Array, 32],
  I16: [Int16Array, 16],
  I8: [Int8Array, 8],
  U64: [BigUint64Array, 64],
  U32: [Uint32Array, 32],
  U16: [Uint16Array, 16],
  U8: [Uint8Array, 8],
  BOOL: [Uint8Array, 8],
} as const;

/** Kinds of elements that are read and written. */
export type Dtype = keyof typeof DTYPES;

/**
 * A tensor as plain data: `data` holds as many elements as `shape` multiplied out, one if `shape`
 * is []. Of C64 it has two numbers an element, of F6 and F4 less than a byte.
 */
export type SafetensorsEntry = {
  [D in Dtype]: {
    /** Kind of its elements. */
    dtype: D;
    /** Its axes, outermost first; [] for a single number. */
    shape: readonly number[];
    /** Its elements, the last axis fastest. */
    data: InstanceType<(typeof DTYPES)[D][0]>;
  };
}[Dtype];

/** What a file holds. */
export interface Safetensors {
  /** By name, in the order of the file's buffer. */
  tensors: Map<string, SafetensorsEntry>;
  /** Without a prototype: any name is a plain member. */
  metadata: Record<string, string>;
}

/** What goes into a file. */
export interface SafetensorsInput {
  /** In the order in which they are to be written: a Map, or pairs. */
  tensors: Iterable<readonly [string, SafetensorsEntry]>;
  /** Texts by name, kept in the header. Default: none. */
  metadata?: Readonly<Record<string, string>>;
}

/** The reference implementation's MAX_HEADER_SIZE, bytes. */
const MAX_HEADER = 100_000_000;

/** What the header says of a tensor. */
export interface TensorInfo {
  /** The tensor's name. */
  name: string;
  /** Kind of its elements. */
  dtype: Dtype;
  /** Its axes, outermost first; [] for a single number. */
  shape: readonly number[];
  /** Where its bytes are in the buffer that follows the header. */
  begin: number;
  /** The byte after its last one. */
  end: number;
}

/** What stands before the tensors' data. */
export interface SafetensorsHeader {
  /** In the order of the file's buffer. */
  tensors: TensorInfo[];
  /** Without a prototype: any name is a plain member. */
  metadata: Record<string, string>;
  /** Where the buffer begins in the file. */
  start: number;
  /** Bytes of the whole file. */
  size: number;
}

/**
 * Bytes of the header, the eight of its length among them: what `readSafetensorsHeader` needs.
 *
 * @param bytes the first bytes of the file, at least 8; of more it tells other kinds of files apart
 * @throws RangeError for what is no safetensors file, saying what it is where that is known
 */
export function safetensorsHeaderSize(bytes: Bytes): number {
  const view = asBytes(bytes, 'safetensorsHeaderSize');
  if (view.length < 8)
    throw malformed(
      `truncated: the file has ${view.length} bytes, the length of the header alone takes 8`,
    );
  const size = new DataView(view.buffer, view.byteOffset).getBigUint64(0, true);
  // the length may look like the beginning of another kind of file
  const kind = size > MAX_HEADER || (view[8] ?? 0x7b) !== 0x7b ? kindOfFile(view) : null;
  if (kind) throw malformed(`this is ${kind.name}, not a safetensors file; ${kind.asTensors}`);
  if (size > MAX_HEADER)
    throw malformed(
      `the header is said to have ${size} bytes, at most ${MAX_HEADER} are allowed; this may ` +
        'be no safetensors file',
    );
  return 8 + Number(size);
}

/**
 * Reads what a file says of its tensors, without their data: of files of any size the first bytes
 * are enough.
 *
 * @param bytes at least the first `safetensorsHeaderSize` bytes
 * @throws RangeError as `readSafetensors`, but for data that are cut off
 */
export function readSafetensorsHeader(bytes: Bytes): SafetensorsHeader {
  const view = asBytes(bytes, 'readSafetensorsHeader');
  const start = safetensorsHeaderSize(view);
  if (view.length < start)
    throw malformed(
      `truncated: the file has ${view.length} bytes, its header alone takes ${start}`,
    );
  const header = parseHeader(view.subarray(8, start));
  const metadata = readMetadata(header.__metadata__);
  const tensors = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, info]) => readInfo(name, info))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const info of tensors) {
    const name = JSON.stringify(info.name);
    if (info.begin > end)
      throw malformed(
        `there is a hole of ${info.begin - end} bytes before tensor ${name}, at ${end} of the ` +
          'buffer',
      );
    if (info.begin < end)
      throw malformed(
        `tensor ${name} begins at ${info.begin}, within the tensor before it, which ends at ${end}`,
      );
    end = info.end;
  }
  return { tensors, metadata, start, size: start + end };
}

/** Refuses a file of another size than its header says. */
export function checkSafetensorsSize({ start, size }: SafetensorsHeader, bytes: number): void {
  const [length, end] = [bytes - start, size - start];
  if (length < end)
    throw malformed(`truncated: the buffer has ${length} bytes, its tensors take ${end}`);
  if (length > end)
    throw malformed(
      `the buffer has ${length} bytes, its tensors take ${end}; nothing may follow them`,
    );
}

/**
 * Reads a safetensors file; every array is a copy, independent of `bytes`.
 *
 * @throws RangeError, in one sentence, if the file is truncated, too long, or in any way not what
 *   the format says: nothing of a malformed file is returned. TypeError for what holds no bytes
 */
export function readSafetensors(bytes: Bytes): Safetensors {
  const view = asBytes(bytes, 'readSafetensors');
  const header = readSafetensorsHeader(view);
  checkSafetensorsSize(header, view.length);
  const tensors = new Map<string, SafetensorsEntry>();
  for (const { name, dtype, shape, begin, end } of header.tensors) {
    const own = new Uint8Array(end - begin); // aligned, as a view of the file need not be
    own.set(view.subarray(header.start + begin, header.start + end));
    const data = new DTYPES[dtype][0](own.buffer);
    tensors.set(name, { dtype, shape, data } as SafetensorsEntry);
  }
  return { tensors, metadata: header.metadata };
}

/**
 * Writes a safetensors file. The same input gives the same bytes: tensors keep their order, the
 * header is padded with spaces so that the buffer starts at a multiple of 8.
 *
 * @throws RangeError if a name is doubled or data do not fill their shape; TypeError if data or
 *   metadata are of another kind than they should be
 */
export function writeSafetensors({ tensors, metadata }: SafetensorsInput): Uint8Array {
  const fields: string[] = [];
  if (metadata !== undefined) {
    for (const [key, value] of Object.entries(metadata)) {
      if (typeof value !== 'string')
        throw new TypeError(
          `writeSafetensors: metadata ${JSON.stringify(key)} is ${describe(value)}, expected a ` +
            'string',
        );
    }
    fields.push(`"__metadata__":${JSON.stringify(metadata)}`);
  }
  const parts: Uint8Array[] = [];
  const names = new Set(['__metadata__']);
  let end = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    const quoted = JSON.stringify(name);
    if (names.has(name))
      throw new RangeError(
        `writeSafetensors: the name ${quoted} is ` +
          `${name === '__metadata__' ? 'reserved' : 'given twice'}`,
      );
    names.add(name);
    if (!Object.hasOwn(DTYPES, dtype))
      throw new RangeError(
        `writeSafetensors: tensor ${quoted} is of dtype ${JSON.stringify(dtype)}, expected one ` +
          `of ${Object.keys(DTYPES).join(' ')}`,
      );
    const [{ name: wanted }, bits] = DTYPES[dtype];
    if (!isArray(data, wanted))
      throw new TypeError(
        `writeSafetensors: tensor ${quoted} is of dtype ${dtype}, its data are ` +
          `${describe(data)}, expected ${wanted}`,
      );
    if (!shape.every(isSize) || product(shape) * bits !== 8 * data.byteLength)
      throw new RangeError(
        `writeSafetensors: tensor ${quoted} has the shape [${shape}] and ${data.length} elements`,
      );
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    fields.push(
      `${quoted}:{"dtype":"${dtype}","shape":[${shape}],"data_offsets":[${end},${(end += data.byteLength)}]}`,
    );
  }

  const header = new TextEncoder().encode(`{${fields.join(',')}}`);
  const padded = Math.ceil(header.length / 8) * 8;
  if (padded > MAX_HEADER)
    throw new RangeError(
      `writeSafetensors: the header takes ${padded} bytes, at most ${MAX_HEADER} are allowed; ` +
        'shorten the metadata',
    );
  const bytes = new Uint8Array(8 + padded + end);
  new DataView(bytes.buffer).setUint32(0, padded, true);
  bytes.set(header, 8);
  bytes.fill(0x20, 8 + header.length, 8 + padded);
  let at = 8 + padded;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * The data of a floating-point tensor as f32: F32 as it is, not copied, F16 and BF16 exactly, F64
 * rounded.
 *
 * @throws TypeError if the tensor holds whole numbers or booleans
 */
export function toFloat32(entry: SafetensorsEntry): Float32Array {
  switch (entry.dtype) {
    case 'F32':
      return entry.data;
    case 'F64':
      return Float32Array.from(entry.data);
    case 'BF16': // the upper half of an f32
      return new Float32Array(Uint32Array.from(entry.data, bits => bits << 16).buffer);
    case 'F16':
      return Float32Array.from(entry.data, half);
    default:
      throw new TypeError(
        `toFloat32: the tensor is of dtype ${entry.dtype}, expected F32, F64, F16 or BF16`,
      );
  }
}

/** The value of IEEE 754 binary16: 1 bit of sign, 5 of exponent (bias 15), 10 of fraction. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  // (1 + fraction/2¹⁰) · 2^(exponent − 15)
  return (sign * (0x400 + fraction) * (1 << exponent)) / 2 ** 25;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  if (bytes[0] !== 0x7b)
    throw malformed('the header does not begin with "{"; this may be no safetensors file');
  let json: string;
  try {
    json = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed('the header is not UTF-8');
  }
  let header: Record<string, unknown>;
  try {
    header = JSON.parse(json) as Record<string, unknown>;
  } catch (cause) {
    throw malformed(`the header is not JSON: ${(cause as Error).message}`);
  }
  refuseDuplicates(json);
  return Object.assign(Object.create(null) as Record<string, unknown>, header);
}

/** JSON.parse keeps the last of several equal keys and says nothing. `json` is valid already. */
function refuseDuplicates(json: string): void {
  const open: Set<string>[] = [];
  for (let i = 0; i < json.length; i++) {
    const c = json[i];
    if (c === '{') open.push(new Set());
    else if (c === '}') open.pop();
    else if (c === '"') {
      const start = i++;
      while (json[i] !== '"') i += json[i] === '\\' ? 2 : 1;
      let after = i + 1;
      while (json.charCodeAt(after) <= 0x20) after++;
      if (json[after] !== ':') continue;
      const key = JSON.parse(json.slice(start, i + 1)) as string;
      const keys = open.at(-1)!;
      if (keys.has(key)) throw malformed(`the header has the key ${JSON.stringify(key)} twice`);
      keys.add(key);
    }
  }
}

function readMetadata(value: unknown = {}): Record<string, string> {
  if (!isObject(value)) throw malformed(`__metadata__ is ${describe(value)}, expected an object`);
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string')
      throw malformed(`metadata ${JSON.stringify(key)} is ${describe(text)}, expected a string`);
  }
  return Object.assign(Object.create(null) as Record<string, string>, value);
}

function readInfo(name: string, info: unknown): TensorInfo {
  const tensor = `tensor ${JSON.stringify(name)}`;
  if (!isObject(info)) throw malformed(`${tensor} is ${describe(info)}, expected an object`);
  for (const field of ['dtype', 'shape', 'data_offsets'])
    if (!Object.hasOwn(info, field)) throw malformed(`${tensor} has no ${field}`);
  const { dtype, shape, data_offsets: offsets } = info;

  if (typeof dtype !== 'string' || !Object.hasOwn(DTYPES, dtype)) {
    throw malformed(
      `${tensor} is of dtype ${JSON.stringify(dtype)}, expected one of ` +
        `${Object.keys(DTYPES).join(' ')}`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isCount))
    throw malformed(
      `${tensor} has the shape ${JSON.stringify(shape)}, expected a list of whole numbers from 0`,
    );
  if (!shape.every(isSize))
    throw malformed(`${tensor} has the shape ${JSON.stringify(shape)}, which overflows`);
  if (
    !Array.isArray(offsets) ||
    offsets.length !== 2 ||
    !offsets.every(isSize) ||
    offsets[0]! > offsets[1]!
  ) {
    throw malformed(
      `${tensor} has the data_offsets ${JSON.stringify(offsets)}, expected two ascending whole ` +
        'numbers from 0',
    );
  }
  const [begin, end] = offsets as [number, number];
  const size = (product(shape) * DTYPES[dtype as Dtype][1]) / 8;
  if (!isSize(size))
    throw malformed(`${tensor} has the shape ${JSON.stringify(shape)}, which overflows`);
  if (size !== end - begin)
    throw malformed(
      `${tensor} of ${dtype} [${shape}] takes ${size} bytes, its data_offsets [${begin}, ` +
        `${end}] span ${end - begin}`,
    );
  return { name, dtype: dtype as Dtype, shape: shape as number[], begin, end };
}

function malformed(what: string): RangeError {
  return new RangeError(`readSafetensors: ${what}`);
}

function product(shape: readonly number[]): number {
  return shape.reduce((size, dimension) => size * dimension, 1);
}

/** A whole number from 0, perhaps too large to be exact. */
function isCount(n: unknown): n is number {
  return Number.isInteger(n) && (n as number) >= 0;
}

function isSize(n: unknown): n is number {
  return isCount(n) && Number.isSafeInteger(n);
}

/** Whether it is a typed array of this name, of whatever realm. */
export function isArray(value: unknown, name: string): boolean {
  return Object.prototype.toString.call(value) === `[object ${name}]`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null)
    return `${typeof value === 'string' ? 'the string ' : ''}${JSON.stringify(value) ?? typeof value}`;
  return Array.isArray(value) ? 'a list' : (value.constructor?.name ?? 'an object');
}
