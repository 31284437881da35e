/**
 * The worker of one run: messages in a queue, and training whenever it is empty. A message
 * interrupts training between two steps, so that nothing is saved in the middle of one. The page
 * makes a new worker for the next run.
 */
import { init, io, lm } from 'throughtime';
import type { FromWorker, ToWorker } from '../messages.js';
import { nameOf } from '../recipe.js';
import { corpusOf, readText } from './corpus.js';
import { Inbox, post } from './inbox.js';
import { recipeIn, Session } from './session.js';

const inbox = new Inbox<ToWorker>();
const tell: (message: FromWorker, transfer?: Transferable[]) => void = post;

let session: Session | null = null;
/** A model alone, opened from a file. */
let opened: lm.RecurrentLM | null = null;
let running = false;

async function live(): Promise<never> {
  for (;;) {
    const message = inbox.take();
    try {
      if (message) await handle(message);
      else if (running && session) await train(session);
      else await inbox.wait();
    } catch (error) {
      running = false;
      tell({ type: 'problem', message: error instanceof Error ? error.message : String(error) });
      tell({ type: 'phase', phase: session ? 'done' : 'idle', note: '' });
    }
  }
}

async function train(session: Session): Promise<void> {
  if (!(await session.advance(inbox.signal))) return;
  running = false;
  tell({ type: 'phase', phase: 'done', note: 'Finished.' });
}

async function handle(message: ToWorker): Promise<void> {
  switch (message.type) {
    case 'train': {
      tell({ type: 'phase', phase: 'preparing', note: 'Reading the text…' });
      const { source, recipe } = message;
      await init({ deterministic: recipe.deterministic });
      const content = await readText(source, share => tell({ type: 'reading', share }));
      session = new Session(recipe, corpusOf(source.name, content), tell);
      begin('training');
      return;
    }
    case 'open':
      return open(message);
    case 'pause':
      if (!running) return;
      running = false;
      return tell({ type: 'phase', phase: 'paused', note: 'Paused.' });
    case 'resume':
      if (!session) return;
      running = true;
      return tell({ type: 'phase', phase: 'training', note: '' });
    case 'stop':
      running = false;
      return tell({ type: 'phase', phase: 'done', note: 'Stopped.' });
    case 'write':
      return write(message);
    case 'save':
      return save(message.what);
  }
}

function begin(phase: 'training' | 'paused', note = ''): void {
  running = phase === 'training';
  tell({ type: 'begun', ...session!.describe() });
  tell({ type: 'phase', phase, note });
}

/** Continues a checkpoint whose text is there; of all other files takes the model. */
async function open({ file, source }: Extract<ToWorker, { type: 'open' }>): Promise<void> {
  tell({ type: 'phase', phase: 'preparing', note: `Opening ${file.name}…` });
  const bytes = new Uint8Array(await file.arrayBuffer());
  const { contents, model } = await read(file.name, bytes);
  const recipe = recipeIn(contents);
  let note = 'Opened: it can write.';
  if (recipe) {
    try {
      const corpus = corpusOf(
        source.name,
        await readText(source, share => tell({ type: 'reading', share })),
        model.vocab,
      );
      session = Session.restore(bytes, recipe, { corpus, model, tell });
      return begin('paused', 'Opened: it can go on.');
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      note =
        'Opened: it can write. To go on training, choose the text it was trained on and open ' +
        'it again.';
    }
  }
  opened = model;
  const { cell, layers, hiddenSize: hidden } = model.config;
  tell({ type: 'opened', name: nameOf({ cell, layers, hidden }) });
  tell({ type: 'phase', phase: 'done', note });
}

async function read(
  name: string,
  bytes: Uint8Array,
): Promise<{ contents: io.ModelFile; model: lm.RecurrentLM }> {
  try {
    const contents = io.readModel(bytes);
    await init({ deterministic: recipeIn(contents)?.deterministic ?? false });
    return { contents, model: lm.RecurrentLM.from(contents) };
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new RangeError(`“${name}” is not a model or checkpoint of throughtime.`);
  }
}

async function write({
  prompt,
  temperature,
  seed,
}: Extract<ToWorker, { type: 'write' }>): Promise<void> {
  const model = session?.model ?? opened;
  if (!model) return;
  let first = true;
  const known =
    model.vocab.unknown >= 0
      ? prompt
      : model.vocab.decode(model.vocab.encode(prompt, { unknown: 'skip' }));
  try {
    for await (const piece of model.sample({ prompt: known, temperature, seed, length: 400 })) {
      tell({ type: 'written', piece: first ? known + piece : piece, first, last: false });
      first = false;
      if (inbox.waiting) break;
    }
  } finally {
    tell({ type: 'written', piece: '', first, last: true });
  }
}

function save(what: 'model' | 'checkpoint'): void {
  const bytes = session?.save(what) ?? opened?.save();
  if (!bytes) return;
  const { cell, layers, hiddenSize } = (session?.model ?? opened!).config;
  const name = `${cell}-${layers}x${hiddenSize}${session ? `-${session.step}` : ''}.${what === 'model' ? '' : 'checkpoint.'}safetensors`;
  const copy = new Uint8Array(bytes);
  tell({ type: 'file', name, bytes: copy }, [copy.buffer]);
}

void live();
