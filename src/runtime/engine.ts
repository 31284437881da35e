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

/**
 * Switches V8's 256-bit instructions on, for what this process compiles from now on; whether this
 * engine has them.
 */
export function widen(): boolean {
  const v8 = builtin<{ setFlagsFromString(flags: string): void }>('node:v8');
  if (v8 === undefined || host().arch !== 'x64' || !(nodeV8() >= 13)) return false;
  v8.setFlagsFromString('--experimental-wasm-revectorize');
  return true;
}
