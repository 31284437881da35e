/**
 * The process of init.bench.ts, run as `node start.js THREADS [--cpu]`: prints how many ms `init()`
 * takes right after the import.
 */
import { init } from '../src/index.js';
import { now } from './case.js';

const threads = Number(process.argv[2]);
const begin = now();
await init({ threads });
console.log(now() - begin);
