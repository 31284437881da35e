/** Texts with labels: files of lines, or a folder with a file for each class. */
import { statSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { readLabelled } from '../io/pairs.js';
import { readTextBytes } from '../node/files.js';
import { textFiles } from '../node/text.js';
import type { ClassifierExample } from '../tasks/classifier.js';
import type { Display } from './display.js';
import { Refusal, refusing } from './errors.js';

/** How labels are read. */
export interface LabelOptions {
  /** A label ends before its first colon. */
  coarse: boolean;
  /** A text may have several labels, with commas between them. */
  several: boolean;
}

/** The text of a file; one that is not UTF-8 is read as Latin-1, as old data sets are. */
async function content(path: string, display: Display): Promise<string> {
  const bytes = await refusing(null, () => readTextBytes(path, 'the text'));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    display.note('warning', `${path}: is not UTF-8; it is read as Latin-1`);
    return new TextDecoder('latin1').decode(bytes);
  }
}

/** Reads a file of lines `label TAB text` or `label text`, or a folder of files named by class. */
export async function readExamples(
  path: string,
  { coarse, several }: LabelOptions,
  display: Display,
): Promise<ClassifierExample[]> {
  const folder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const examples: ClassifierExample[] = [];
  if (folder) {
    for (const file of await refusing(null, () => textFiles([path]))) {
      const label = basename(file.path, extname(file.path));
      for (const line of (await content(file.path, display)).split(/\r?\n/))
        if (line.trim() !== '') examples.push({ text: line.trim(), label });
    }
  } else {
    const text = await content(path, display);
    for (const { label, text: each } of await refusing(path, () => readLabelled(text)))
      examples.push({ text: each, label: several ? label.split(',').filter(Boolean) : label });
  }
  if (examples.length === 0) throw new Refusal(`${path}: has no texts with labels`);
  if (!coarse) return examples;
  const short = (label: string): string => label.replace(/:.*$/, '');
  return examples.map(({ text, label }) => ({
    text,
    label: typeof label === 'string' ? short(label) : label.map(short),
  }));
}
