/** What all pictures of the command have. */
import { type Command, Option } from 'commander';
import { writeResult } from '../files.js';
import { whole } from '../options.js';
import { printTable } from '../output.js';

/** Flags that all have. */
export interface PictureFlags {
  out: string;
  title?: string;
  width?: number;
}

/** Adds what all pictures have. */
export function picture(command: Command, out: string): Command {
  return command
    .option('--title <text>', 'stands above the picture')
    .addOption(new Option('--width <n>', 'width in pixels (default: 480)').argParser(whole(120)))
    .option('--out <file>', 'SVG file to write', out);
}

export async function write(
  { out }: PictureFlags,
  svg: string,
  rows: [label: string, value: string][],
): Promise<void> {
  await writeResult(out, new TextEncoder().encode(svg), 'the picture');
  printTable([...rows, ['written', out]]);
}
