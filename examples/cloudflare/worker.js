/**
 * A Cloudflare Worker whose Durable Objects each learn a text: posted once, trained a slice at each
 * alarm, read as it learns.
 *
 *   POST   /NAME            the text → { step, steps }; training begins
 *   GET    /NAME            { step, steps, bits }
 *   GET    /NAME/sample     what it writes, streamed; ?prompt= &length= &temperature= &seed=
 *   GET    /NAME/model      the model's file
 *   DELETE /NAME            forgets all
 */
import { Learner } from './learner.js';

export { Learner };

export default {
  async fetch(request, env) {
    const [, name] = new URL(request.url).pathname.split('/');
    if (!name)
      return new Response('POST a text to /NAME, then GET /NAME and /NAME/sample\n', {
        status: 404,
      });
    return env.LEARNER.get(env.LEARNER.idFromName(name)).fetch(request);
  },
};
