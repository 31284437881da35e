/** `#binary`, made by the build and chosen by package conditions. */
import type { Build, Packed } from './unpack.js';

/** Both builds inline, or compiled modules where a runtime imports them as files. */
export declare const builds: Packed | Record<Build, WebAssembly.Module>;
