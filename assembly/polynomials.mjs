/**
 * AssemblyScript has log and pow in two forms: with tables, 10 KB that no compression makes
 * smaller, and with polynomials. The shrink level chooses; but it would make Binaryen save code
 * everywhere, and matrix products on V8 11 lose a fifth of their speed. This transform has the
 * standard library see shrink level 1, and Binaryen none.
 */
export default class {
  afterParse() {
    this.program.options.shrinkLevelHint = 1;
  }
}
