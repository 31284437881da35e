/**
 * What the engine's compiler makes of the kernels, where that is known and matters. Measured:
 * assembly/README.md.
 */
import { builtin } from './builtin.js';

interface Process {
  arch?: string;
  versions?: Partial<Record<'v8' | 'bun' | 'deno', string>>;
}

const host = (): Process => (globalThis as { process?: Process }).process ?? {};

/** V8's major version in Node (Bun names one too, but has none); NaN elsewhere. */
function nodeV8(): number {
  const { v8 = '', bun, deno } = host().versions ?? {};
  return bun || deno ? NaN : Number.parseInt(v8, 10);
}

/**
 * Whether fused multiply-add pays: JavaScriptCore (Bun) gains nothing by it on x64, and products of
 * the simd build are a sixth faster there.
 */
export function fuses(): boolean {
  const { arch, versions } = host();
  return !(versions?.bun && arch === 'x64');
}

/**
 * The tile of a fused matrix product that fits this engine's registers: rows, and panels, of
 * `gemm_tile`.
 */
export type Tile = readonly [rows: number, panels: number];

/** With six rows V8 before 13 (Node 22) takes twice as long as with four. */
export function tile(wide: boolean): Tile {
  if (wide) return [6, 2];
  return nodeV8() < 13 ? [4, 1] : [6, 1];
}

/** V8's major versions that all our tests run in with 256-bit instructions: Node 24 and 26. */
const TESTED = [13, 14];

/** Whether this engine makes 256-bit instructions; 'auto': and whether our tests run with them. */
export function canWiden(asked: boolean | 'auto'): boolean {
  if (!asked || host().arch !== 'x64' || builtin('node:v8') === undefined) return false;
  return asked === 'auto' ? TESTED.includes(nodeV8()) : nodeV8() >= TESTED[0]!;
}

/** Switches V8's 256-bit instructions on or off, for what this process compiles from now on. */
export function setWide(on: boolean): void {
  const v8 = builtin<{ setFlagsFromString(flags: string): void }>('node:v8')!;
  v8.setFlagsFromString(`--${on ? '' : 'no-'}experimental-wasm-revectorize`);
}
