/** Names the format of a file that is neither a text nor ours, by its first bytes. */

/** A kind of file, and what to do with it. */
export interface FileKind {
  /** With its article: "a zip archive". */
  name: string;
  /** What to do where a text was expected. */
  asText: string;
  /** What to do where tensors were expected. */
  asTensors: string;
}

const UNPACK = 'unpack it first';
const CONVERT =
  'convert it in Python: safetensors.torch.save_file(torch.load(file, weights_only=True), ' +
  "'weights.safetensors')";
const FETCH = 'fetch the file itself: git lfs pull';

const KINDS: [start: string, kind: FileKind][] = [
  [
    'PK\x03\x04',
    {
      name: 'a zip archive (torch.save writes .pt files so; .npz and .docx are ones too)',
      asText: UNPACK,
      asTensors: CONVERT,
    },
  ],
  [
    'version https://git-lfs',
    { name: 'a Git LFS pointer, not the file itself', asText: FETCH, asTensors: FETCH },
  ],
  ['\x80\x02', { name: 'a Python pickle', asText: 'name a text', asTensors: CONVERT }],
  ['\x80\x03', { name: 'a Python pickle', asText: 'name a text', asTensors: CONVERT }],
  ['\x80\x04', { name: 'a Python pickle', asText: 'name a text', asTensors: CONVERT }],
  ['\x80\x05', { name: 'a Python pickle', asText: 'name a text', asTensors: CONVERT }],
  [
    '\x89HDF\r\n\x1a\n',
    {
      name: 'an HDF5 file, as Keras writes (.h5)',
      asText: 'name a text',
      asTensors: 'save its weights as safetensors',
    },
  ],
  [
    'GGUF',
    {
      name: 'a GGUF file',
      asText: 'name a text',
      asTensors: 'take the safetensors of that model',
    },
  ],
  [
    '\x93NUMPY',
    {
      name: 'a NumPy array (.npy)',
      asText: 'name a text',
      asTensors: 'save it as safetensors: safetensors.numpy.save_file',
    },
  ],
  ['\x1f\x8b', { name: 'a gzip file', asText: UNPACK, asTensors: 'unpack it first: gunzip' }],
  ['BZh', { name: 'a bzip2 file', asText: 'unpack it first: bunzip2', asTensors: UNPACK }],
  ['\xfd7zXZ\0', { name: 'an xz file', asText: 'unpack it first: unxz', asTensors: UNPACK }],
  [
    '\x28\xb5\x2f\xfd',
    { name: 'a Zstandard file', asText: 'unpack it first: unzstd', asTensors: UNPACK },
  ],
  ['7z\xbc\xaf\x27\x1c', { name: 'a 7z archive', asText: UNPACK, asTensors: UNPACK }],
  ['Rar!\x1a\x07', { name: 'a RAR archive', asText: UNPACK, asTensors: UNPACK }],
  ['%PDF-', { name: 'a PDF', asText: 'take its text: pdftotext', asTensors: 'name another file' }],
  [
    '\xd0\xcf\x11\xe0',
    {
      name: 'an old Office document',
      asText: 'save it as plain text',
      asTensors: 'name another file',
    },
  ],
  ['\x89PNG', { name: 'a picture', asText: 'name a text', asTensors: 'name another file' }],
];

/** What the file that begins with these bytes is; null where it is none of the known kinds. */
export function kindOfFile(bytes: Uint8Array): FileKind | null {
  const starts = (start: string): boolean =>
    bytes.length >= start.length && [...start].every((c, i) => bytes[i] === c.charCodeAt(0));
  return KINDS.find(([start]) => starts(start))?.[1] ?? null;
}
