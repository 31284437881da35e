/** Model files and checkpoints: safetensors whose metadata says what the tensors are. */
import type { Bytes } from './bytes.js';
import {
  isArray,
  readSafetensors,
  type SafetensorsEntry,
  toFloat32,
  writeSafetensors,
} from './safetensors.js';

/** The version of the layout; another one is refused. */
export const FORMAT = 'throughtime/1';

/** What a model file or checkpoint holds, as plain data. */
export interface ModelFile {
  /** What the model is: `lm.recurrent`, … */
  kind: string;
  /** Sizes and options, plain data. */
  config: unknown;
  /** The vocabulary, plain data; null where there is none. */
  vocab: unknown;
  /** Tensors by PyTorch's names. */
  state: Map<
    string,
    {
      /** Its axes, outermost first. */
      shape: readonly number[];
      /** Its elements, the last axis fastest. */
      data: Float32Array;
    }
  >;
  /** 8-bit tensors, beside which `state` has a `.scale` for each row: only in quantised models. */
  int8?: Map<
    string,
    {
      /** [rows, columns] */
      shape: readonly number[];
      /** Whole numbers from −127 to 127; times its row's scale they are the weights. */
      data: Int8Array;
    }
  >;
  /** Arrays of bits, for models that are no matrices: counts, tries. */
  uint32?: Map<
    string,
    {
      /** [words] */
      shape: readonly number[];
      /** Words of 32 bits. */
      data: Uint32Array;
    }
  >;
  /** Training state, plain data: only in checkpoints. */
  trainer?: unknown;
}

/**
 * The bytes of a model file, or of a checkpoint where `trainer` is given. The same contents give
 * the same bytes.
 */
export function writeModel({
  kind,
  config,
  vocab,
  state,
  int8 = new Map(),
  uint32 = new Map(),
  trainer,
}: ModelFile): Uint8Array {
  const metadata: Record<string, string> = {
    format: FORMAT,
    kind,
    config: JSON.stringify(config),
    vocab: JSON.stringify(vocab),
  };
  if (trainer !== undefined) metadata['trainer'] = JSON.stringify(trainer);
  const entries = [...state, ...int8, ...uint32];
  const dtype = (data: ArrayBufferView): string =>
    isArray(data, 'Int8Array') ? 'I8' : isArray(data, 'Uint32Array') ? 'U32' : 'F32';
  return writeSafetensors({
    tensors: entries.map(([name, { shape, data }]) => [
      name,
      { dtype: dtype(data), shape, data } as SafetensorsEntry,
    ]),
    metadata,
  });
}

/**
 * Reads a model file or checkpoint.
 *
 * @throws RangeError for bytes that are no safetensors file, or not one of ours
 */
export function readModel(bytes: Bytes): ModelFile {
  const { tensors, metadata } = readSafetensors(bytes);
  if (metadata['format'] !== FORMAT) {
    throw new RangeError(
      `load: the file's format is ${JSON.stringify(metadata['format'] ?? null)}, expected ` +
        `"${FORMAT}"; for plain weights use io.readSafetensors and loadStateDict`,
    );
  }
  const parse = (key: string): unknown => {
    const text = metadata[key];
    if (text === undefined) throw new RangeError(`load: the metadata lacks "${key}"`);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new RangeError(`load: the metadata's "${key}" is not JSON`, { cause });
    }
  };
  const { kind } = metadata;
  if (kind === undefined) throw new RangeError('load: the metadata lacks "kind"');
  const file: ModelFile = {
    kind,
    config: parse('config'),
    vocab: parse('vocab'),
    state: new Map(),
    int8: new Map(),
    uint32: new Map(),
  };
  for (const [name, entry] of tensors) {
    const { shape } = entry;
    if (entry.dtype === 'I8') file.int8!.set(name, { shape, data: entry.data });
    else if (entry.dtype === 'U32') file.uint32!.set(name, { shape, data: entry.data });
    else file.state.set(name, { shape, data: toFloat32(entry) });
  }
  if (metadata['trainer'] !== undefined) file.trainer = parse('trainer');
  return file;
}

/**
 * @internal The config that a file of this kind holds.
 *
 * @throws RangeError for another kind of file, or a config that is no object
 */
export function configOf({ kind, config }: ModelFile, expected: string): object {
  if (kind !== expected)
    throw new RangeError(`load: the file holds a model of kind "${kind}", expected "${expected}"`);
  if (typeof config !== 'object' || config === null)
    throw new RangeError('load: the config is not an object');
  return config;
}
