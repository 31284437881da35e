/**
 * The job with two threads wanted: in the page itself where its address ends in #page, else in a
 * Worker of it.
 */
import { job } from './job.js';

const said = () => job({ threads: 2 }).then(JSON.stringify, String);

if (typeof document === 'undefined') postMessage(await said());
else if (location.hash === '#page') document.body.textContent = await said();
else
  new Worker(import.meta.url, { type: 'module' }).onmessage = ({ data }) =>
    (document.body.textContent = data);
