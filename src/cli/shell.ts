/** Commands to paste into a shell. */

/** One argument, quoted where a POSIX shell would read it otherwise. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) && !argument.startsWith('~')
    ? argument
    : `'${argument.replaceAll("'", "'\\''")}'`;
}

/** A file's name as an argument, which no leading dash turns into an option. */
export function fileArgument(path: string): string {
  return quoted(path.startsWith('-') ? `./${path}` : path);
}
