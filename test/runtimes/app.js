import { job } from './job.js';

job().then(
  result => (document.body.textContent = JSON.stringify(result)),
  error => (document.body.textContent = `${error}`),
);
