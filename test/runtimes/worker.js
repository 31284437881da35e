/**
 * The job in a Worker that keeps nothing between requests: each gets a checkpoint and gives one
 * back.
 */
import { init, lm, optim, runtimeInfo, text, train } from 'throughtime';
import { advance, open, outcome } from './job.js';

/** Calls that were given bytes, not a module. */
const compiled = [];
for (const name of ['compile', 'compileStreaming', 'instantiate', 'instantiateStreaming']) {
  const original = WebAssembly[name];
  WebAssembly[name] = (source, ...rest) => {
    if (!(source instanceof WebAssembly.Module)) compiled.push(name);
    return original.call(WebAssembly, source, ...rest);
  };
}

const EMPTY = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

const routes = {
  async slice(checkpoint, { searchParams }) {
    return advance(await open(checkpoint), Number(searchParams.get('steps')));
  },

  async outcome(checkpoint) {
    return JSON.stringify({ ...(await outcome(checkpoint)), build: runtimeInfo().build, compiled });
  },

  /**
   * Bytes of WebAssembly memory after training, a checkpoint and training from it: 2 layers of 256,
   * 16 rows, windows of 64.
   */
  async memory() {
    await init({ deterministic: true });
    const ids = Int32Array.from({ length: 16 * 64 * 4 }, (_, i) => (i * i) % 256);
    const data = text.columns(ids, { batchSize: 16 });
    const make = model =>
      new train.Trainer(model, {
        optimizer: new optim.Adam(model.namedParameters()),
        bptt: 64,
        clipNorm: 1,
        steps: 4,
      });
    const first = make(
      new lm.RecurrentLM({
        vocab: text.Vocab.fromText('', { level: 'byte' }),
        hiddenSize: 256,
        layers: 2,
        dropout: 0.2,
      }),
    );
    for await (const report of first.run(data, { steps: 2 })) void report;
    const checkpoint = first.save();
    first.dispose();
    first.model.dispose();
    const second = train.Trainer.load(checkpoint, file => make(lm.RecurrentLM.from(file)));
    for await (const report of second.run(data)) void report;
    return JSON.stringify({ step: second.step, bytes: runtimeInfo().memory.total });
  },

  /** What the runtime says to bytes: the proof that the checks above prove something. */
  async bytes() {
    const said = [];
    for (const compile of [
      () => WebAssembly.compile(EMPTY),
      () => WebAssembly.instantiate(EMPTY),
      () => new WebAssembly.Module(EMPTY),
    ]) {
      try {
        await compile();
        said.push('compiled');
      } catch {
        said.push('refused');
      }
    }
    return JSON.stringify(said);
  },
};

export default {
  async fetch(request) {
    const url = new URL(request.url);
    const body = new Uint8Array(await request.arrayBuffer());
    try {
      return new Response(
        await routes[url.pathname.slice(1)](body.length > 0 ? body : undefined, url),
      );
    } catch (error) {
      return new Response(error.stack, { status: 500 });
    }
  },
};
