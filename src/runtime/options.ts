/** Named options: a misspelt one is refused, never ignored. */

/**
 * Refuses options that nobody reads.
 *
 * @param who the function or class, as errors name it
 * @param options what the caller passed
 * @param known every option of the interface `O`; the compiler insists that none is missing
 * @throws TypeError naming every unknown option, and the known ones
 */
export function checkOptions<O extends object>(
  who: string,
  options: O,
  known: { readonly [Name in keyof Required<O>]: unknown },
): void {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${who}: the options are ${String(options)}, expected an object`);
  }
  const unknown = Object.keys(options).filter(name => !Object.hasOwn(known, name));
  if (unknown.length === 0) return;
  throw new TypeError(
    `${who}: unknown option ${quoted(unknown)}; expected ${quoted(Object.keys(known))}`,
  );
}

/**
 * Throws for the options that remain once the known ones were taken out: nobody reads them.
 *
 * @param who the function or class, as errors name it
 * @param rest the options that nobody reads
 * @throws TypeError naming them
 */
export function noOthers(who: string, rest: object): void {
  const names = Object.keys(rest);
  if (names.length > 0) throw new TypeError(`${who}: unknown option ${quoted(names)}`);
}

function quoted(names: readonly string[]): string {
  return names.map(name => `"${name}"`).join(', ');
}
