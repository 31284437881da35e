/** The job, with as many threads as the first argument says. */
import { argv } from 'node:process';
import { job } from './job.js';

console.log(JSON.stringify(await job(Number(argv[2] ?? 1))));
