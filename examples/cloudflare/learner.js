/**
 * A Durable Object that learns a text. Its storage holds text and checkpoint; whatever is in memory
 * can be made again from them.
 */
import { DurableObject } from 'cloudflare:workers';
import { init, lm, optim, text, train } from 'throughtime';
import { readBytes, writeBytes } from './chunks.js';

/** Steps of the whole training, and of one alarm: about a second of CPU. */
const STEPS = 1000;
const SLICE = 50;
const SHORTEST = 1000;
const LONGEST = 2_000_000;

const json = (value, status = 200) => Response.json(value, { status });

const make = model =>
  new train.Trainer(model, {
    optimizer: new optim.Adam(model.namedParameters(), { lr: 3e-3 }),
    schedule: optim.cosine({ min: 3e-5 }),
    clipNorm: 1,
    bptt: 64,
    steps: STEPS,
    reportEvery: SLICE,
  });

export class Learner extends DurableObject {
  /** { trainer, data }; null after the object was evicted, and before a text came. */
  #run = null;
  #last = Promise.resolve();

  async fetch(request) {
    const url = new URL(request.url);
    const what = url.pathname.split('/')[2] ?? '';
    if (request.method === 'POST' && what === '') {
      const corpus = await request.text();
      return this.#alone(() => this.#begin(corpus));
    }
    if (request.method === 'DELETE' && what === '') return this.#alone(() => this.#forget());
    const run = await this.#alone(() => this.#load());
    if (run === null) return json({ error: 'there is no text yet; POST one' }, 404);
    if (what === '')
      return json({
        step: run.trainer.step,
        steps: STEPS,
        ...(await this.ctx.storage.get('report')),
      });
    if (what === 'sample') return this.#sample(run.trainer.model, url.searchParams);
    if (what === 'model')
      return new Response(run.trainer.model.save(), {
        headers: { 'content-type': 'application/octet-stream' },
      });
    return json({ error: `there is no ${what}` }, 404);
  }

  async #begin(corpus) {
    if (corpus.length < SHORTEST || corpus.length > LONGEST) {
      return json(
        { error: `the text has ${corpus.length} characters; ${SHORTEST} to ${LONGEST} are taken` },
        400,
      );
    }
    await this.#forget();
    await init();
    const vocab = text.Vocab.fromText(corpus, { level: 'char', maxSize: 512 });
    const trainer = make(
      new lm.RecurrentLM({ vocab, cell: 'lstm', embeddingSize: 64, hiddenSize: 128 }),
    );
    this.#run = { trainer, data: columns(vocab, corpus) };
    await writeBytes(this.ctx.storage, 'text', new TextEncoder().encode(corpus));
    await writeBytes(this.ctx.storage, 'checkpoint', trainer.save());
    await this.ctx.storage.setAlarm(Date.now());
    return json({ step: 0, steps: STEPS });
  }

  /**
   * One slice; the next alarm does the next. An alarm that fails is called again, and goes on from
   * the checkpoint.
   */
  alarm() {
    return this.#alone(() => this.#slice());
  }

  /**
   * What changes the run waits for what changed it before: while one awaits, other events come in.
   */
  #alone(work) {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #slice() {
    const run = await this.#load();
    if (run === null) return;
    let more = false;
    try {
      for await (const report of run.trainer.run(run.data, { steps: SLICE })) {
        if (report.type === 'step')
          await this.ctx.storage.put('report', { bits: report.loss / Math.LN2 });
        if (report.type === 'end') more = report.reason === 'budget';
      }
    } catch (error) {
      this.#release();
      throw error;
    }
    await writeBytes(this.ctx.storage, 'checkpoint', run.trainer.save());
    if (more) await this.ctx.storage.setAlarm(Date.now());
  }

  /** What is in memory, or is made again from the storage. */
  async #load() {
    if (this.#run) return this.#run;
    const bytes = await readBytes(this.ctx.storage, 'checkpoint');
    if (bytes === null) return null;
    await init();
    const corpus = new TextDecoder().decode(await readBytes(this.ctx.storage, 'text'));
    const trainer = train.Trainer.load(bytes, file => make(lm.RecurrentLM.from(file)));
    return (this.#run = { trainer, data: columns(trainer.model.vocab, corpus) });
  }

  #sample(model, query) {
    const prompt = model.vocab.decode(
      model.vocab.encode(query.get('prompt') ?? '', { unknown: 'skip' }),
    );
    const number = (name, otherwise) => Number(query.get(name) ?? otherwise);
    const pieces = model.sample({
      prompt,
      length: Math.min(number('length', 300), 5000),
      temperature: number('temperature', 0.7),
      seed: number('seed', 0),
    });
    const encoder = new TextEncoder();
    const body = new ReadableStream({
      async pull(controller) {
        const { value, done } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
      },
      cancel: () => pieces.return(),
    });
    return new Response(body, { headers: { 'content-type': 'text/plain; charset=utf-8' } });
  }

  async #forget() {
    this.#release();
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
    return json({ forgotten: true });
  }

  /** Objects of one Worker can share its 128 MB: what is not needed is given back. */
  #release() {
    this.#run?.trainer.dispose();
    this.#run?.trainer.model.dispose();
    this.#run = null;
  }
}

const columns = (vocab, corpus) => text.columns(vocab.encode(corpus), { batchSize: 8 });
