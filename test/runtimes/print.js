/** The job, with the options of `init` that the first argument holds, in JSON. */
import { argv } from 'node:process';
import { job } from './job.js';

console.log(JSON.stringify(await job(JSON.parse(argv[2] ?? '{}'))));
