/** The worker of the page of word vectors. The page makes a new one for the next run. */
import { init, io, type words } from 'throughtime';
import { readText } from '../worker/corpus.js';
import { Inbox, post } from '../worker/inbox.js';
import type { FromWorker, ToWorker } from './messages.js';
import { answer, readFile, Training, WordMap } from './session.js';

const inbox = new Inbox<ToWorker>();
const tell: (message: FromWorker, transfer?: Transferable[]) => void = post;

let training: Training | null = null;
/** Vectors opened from a file. */
let opened: words.Vectors | null = null;
let running = false;

async function live(): Promise<never> {
  for (;;) {
    const message = inbox.take();
    try {
      if (message) await handle(message);
      else if (running && training) await advance(training);
      else await inbox.wait();
    } catch (error) {
      running = false;
      tell({ type: 'problem', message: error instanceof Error ? error.message : String(error) });
      tell({ type: 'phase', phase: training || opened ? 'done' : 'idle', note: '' });
    }
  }
}

async function advance(training: Training): Promise<void> {
  if (!(await training.advance(inbox.signal))) return;
  running = false;
  tell({ type: 'phase', phase: 'done', note: 'Finished.' });
}

async function handle(message: ToWorker): Promise<void> {
  switch (message.type) {
    case 'train': {
      const { source, recipe } = message;
      await init({ deterministic: recipe.deterministic });
      const content = await readText(source, share => tell({ type: 'reading', share }));
      training = await Training.begin(source.name, content, recipe, tell);
      running = true;
      return tell({ type: 'phase', phase: 'training', note: '' });
    }
    case 'open':
      return open(message.file);
    case 'pause':
      if (!running) return;
      running = false;
      return tell({ type: 'phase', phase: 'paused', note: 'Paused.' });
    case 'resume':
      if (!training) return;
      running = true;
      return tell({ type: 'phase', phase: 'training', note: '' });
    case 'stop':
      running = false;
      return tell({ type: 'phase', phase: 'done', note: 'Stopped.' });
    case 'ask':
      return ask(message.question);
    case 'save':
      return save();
  }
}

async function open(file: File): Promise<void> {
  await init();
  opened = readFile(file.name, new Uint8Array(await file.arrayBuffer()));
  const map = new WordMap(opened);
  map.renew(opened);
  const { length, size } = opened;
  tell({
    type: 'begun',
    words: length,
    epochs: 0,
    names: [...map.names],
    note: `${file.name}: ${length.toLocaleString('en')} words of ${size} numbers.`,
  });
  tell({ type: 'map', positions: map.positions });
  tell({ type: 'phase', phase: 'done', note: '' });
}

async function ask(question: Extract<ToWorker, { type: 'ask' }>['question']): Promise<void> {
  const vectors = opened ?? training?.vectors();
  if (!vectors) return;
  tell({ type: 'answer', question, ...(await answer(vectors, question)) });
  if (vectors !== opened) vectors.dispose(); // those of a training are a copy
}

function save(): void {
  const vectors = opened ?? training?.vectors();
  if (!vectors) return;
  const bytes = new Uint8Array(io.writeVectors(vectors, 'safetensors'));
  tell({ type: 'file', name: `vectors-${vectors.length}x${vectors.size}.safetensors`, bytes }, [bytes.buffer]); // biome-ignore format: one line
}

void live();
