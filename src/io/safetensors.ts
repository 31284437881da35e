/**
 * The safetensors format, bytes ↔ plain data (github.com/huggingface/safetensors, README "Format"):
 * the length of the header as u64, the header as JSON, one buffer without holes; all little-endian,
 * tensors in C order.
 */

/**
 * The array that holds each kind of element. F16 and BF16 are kept as their bits, BOOL as bytes of
 * 0 and 1.
 */
const ARRAYS = {
  F64: Float64Array,
  F32: Float32Array,
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U64: BigUint64Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
  BOOL: Uint8Array,
} as const;

/** Kinds of elements that are read and written. */
export type Dtype = keyof typeof ARRAYS;

/**
 * A tensor as plain data: `data` has as many elements as `shape` multiplied out, one if `shape` is
 * [].
 */
export type SafetensorsEntry = {
  [D in Dtype]: { dtype: D; shape: readonly number[]; data: InstanceType<(typeof ARRAYS)[D]> };
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
  metadata?: Readonly<Record<string, string>>;
}

/** The reference implementation's MAX_HEADER_SIZE, bytes. */
const MAX_HEADER = 100_000_000;

/**
 * Reads a safetensors file; every array is a copy, independent of `bytes`.
 *
 * @throws RangeError, in one sentence, if the file is truncated, too long, or in any way not what
 *   the format says: nothing of a malformed file is returned
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  if (bytes.length < 8)
    throw malformed(
      `truncated: the file has ${bytes.length} bytes, the length of the header alone takes 8`,
    );
  const size = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (size > MAX_HEADER)
    throw malformed(
      `the header is said to have ${size} bytes, at most ${MAX_HEADER} are allowed; this may ` +
        'be no safetensors file',
    );
  const bufferStart = 8 + Number(size);
  if (bytes.length < bufferStart)
    throw malformed(
      `truncated: the file has ${bytes.length} bytes, its header alone takes ${bufferStart}`,
    );

  const header = parseHeader(bytes.subarray(8, bufferStart));
  const metadata = readMetadata(header.__metadata__);
  const infos = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, info]) => readInfo(name, info))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);

  const tensors = new Map<string, SafetensorsEntry>();
  let end = 0;
  for (const info of infos) {
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
  const length = bytes.length - bufferStart;
  if (length < end)
    throw malformed(`truncated: the buffer has ${length} bytes, its tensors take ${end}`);
  if (length > end)
    throw malformed(
      `the buffer has ${length} bytes, its tensors take ${end}; nothing may follow them`,
    );

  for (const { name, dtype, shape, begin, end } of infos) {
    const own = new Uint8Array(end - begin); // aligned, as a view of the file need not be
    own.set(bytes.subarray(bufferStart + begin, bufferStart + end));
    tensors.set(name, { dtype, shape, data: new ARRAYS[dtype](own.buffer) } as SafetensorsEntry);
  }
  return { tensors, metadata };
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
    if (!Object.hasOwn(ARRAYS, dtype))
      throw new RangeError(
        `writeSafetensors: tensor ${quoted} is of dtype ${JSON.stringify(dtype)}, expected one ` +
          `of ${Object.keys(ARRAYS).join(' ')}`,
      );
    if (!(data instanceof ARRAYS[dtype]))
      throw new TypeError(
        `writeSafetensors: tensor ${quoted} is of dtype ${dtype}, its data are ` +
          `${describe(data)}, expected ${ARRAYS[dtype].name}`,
      );
    if (!shape.every(isSize) || product(shape) !== data.length)
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

interface Info {
  name: string;
  dtype: Dtype;
  shape: readonly number[];
  begin: number;
  end: number;
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

function readInfo(name: string, info: unknown): Info {
  const tensor = `tensor ${JSON.stringify(name)}`;
  if (!isObject(info)) throw malformed(`${tensor} is ${describe(info)}, expected an object`);
  for (const field of ['dtype', 'shape', 'data_offsets'])
    if (!Object.hasOwn(info, field)) throw malformed(`${tensor} has no ${field}`);
  const { dtype, shape, data_offsets: offsets } = info;

  if (typeof dtype !== 'string' || !Object.hasOwn(ARRAYS, dtype)) {
    throw malformed(
      `${tensor} is of dtype ${JSON.stringify(dtype)}, expected one of ` +
        `${Object.keys(ARRAYS).join(' ')}`,
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
  const size = product(shape) * ARRAYS[dtype as Dtype].BYTES_PER_ELEMENT;
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

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null)
    return `${typeof value === 'string' ? 'the string ' : ''}${JSON.stringify(value) ?? typeof value}`;
  return Array.isArray(value) ? 'a list' : (value.constructor?.name ?? 'an object');
}
