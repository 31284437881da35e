/** Formats of files of word vectors, by their names. */
import { extname } from 'node:path';
import type { VectorsFormat } from '../io/vectors.js';

const FORMATS: Record<string, VectorsFormat> = {
  '.bin': 'binary',
  '.txt': 'text',
  '.vec': 'text',
  '.glove': 'glove',
};

/** The format of a file of vectors, by its name. */
export const formatOf = (path: string): VectorsFormat => FORMATS[extname(path)] ?? 'safetensors';
