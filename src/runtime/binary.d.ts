/** `#binary`, `#words`, `#cells`, `#tasks`: made by the build and chosen by package conditions. */
import type { Build, Packed } from './unpack.js';

/**
 * Both builds inline, or compiled modules where a runtime imports them as files: both, or `simd`
 * alone.
 */
export declare const builds:
  | Packed
  | ({ simd: WebAssembly.Module } & Partial<Record<Build, WebAssembly.Module>>);
