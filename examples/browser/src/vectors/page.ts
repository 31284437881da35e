/** The page of word vectors: a form, a worker, a map, questions. */
import { about, duration } from '../format.js';
import type { Phase } from '../messages.js';
import { byId, make } from '../page/dom.js';
import { complain, download, say, showResults, startWorker, submitByKey } from '../page/shell.js';
import { TextSource } from '../page/source.js';
import { MapView } from './map.js';
import type { FromWorker, Neighbour, Question, Recipe, ToWorker } from './messages.js';

const form = byId<HTMLFormElement>('setup');
const primary = byId<HTMLButtonElement>('primary');
const progress = byId<HTMLProgressElement>('progress');
const asked = byId<HTMLInputElement>('word');
const source = new TextSource({
  name: 'Dictionary',
  file: 'dictionary.txt',
  refuse: complain,
});
const map = new MapView(word => {
  asked.value = word;
  ask();
});

let worker: Worker | null = null;
let phase: Phase = 'idle';
let epochs = 0;
/** A question is on its way: the next map asks no other one. */
let waiting = false;

const send = (message: ToWorker): void => worker?.postMessage(message);

function freshWorker(): void {
  worker?.terminate();
  waiting = false;
  worker = startWorker<FromWorker>('vectors-worker.js', hear);
}

function enter(next: Phase, note: string): void {
  phase = next;
  const active = phase === 'preparing' || phase === 'training' || phase === 'paused';
  document.body.dataset['phase'] = phase;
  byId<HTMLFieldSetElement>('settings').disabled = active;
  byId<HTMLInputElement>('open').disabled = active;
  primary.textContent = {
    idle: 'Train',
    preparing: 'Preparing…',
    training: 'Pause',
    paused: 'Resume',
    done: 'Train anew',
  }[phase];
  primary.disabled = phase === 'preparing';
  byId<HTMLButtonElement>('stop').disabled = !active;
  if (phase === 'preparing') progress.removeAttribute('value');
  if (phase === 'done') byId('n-eta').textContent = '–';
  if (note) say(note);
}

function hear(message: FromWorker): void {
  switch (message.type) {
    case 'phase':
      return enter(message.phase, message.note);
    case 'problem':
      progress.value = 0;
      return complain(message.message);
    case 'reading':
      progress.value = message.share;
      return say(`Reading the text: ${Math.floor(100 * message.share)} %`);
    case 'begun':
      epochs = message.epochs;
      map.begin(message.names);
      byId('known').replaceChildren(...message.names.map(name => make('option', name)));
      allowAsking(true);
      return say(message.note);
    case 'step':
      progress.value = message.epoch / epochs;
      byId('n-epoch').textContent = `${message.epoch.toFixed(1)} / ${epochs}`;
      byId('n-loss').textContent = message.loss.toFixed(3);
      byId('n-speed').textContent = message.perSecond === null ? '–' : about(message.perSecond);
      byId('n-eta').textContent =
        message.secondsLeft === null ? '–' : duration(message.secondsLeft);
      return;
    case 'map':
      map.show(message.positions);
      if (!waiting && asked.value.trim() !== '') ask();
      return;
    case 'answer':
      waiting = false;
      return answered(message.question, message);
    case 'file':
      return download(message.name, message.bytes);
  }
}

function allowAsking(allowed: boolean): void {
  for (const id of ['ask', 'solve', 'save']) byId<HTMLButtonElement>(id).disabled = !allowed;
}

function ask(): void {
  waiting = true;
  send({ type: 'ask', question: { about: 'nearest', word: asked.value } });
}

function answered(
  question: Question,
  { neighbours, unknown }: { neighbours: Neighbour[]; unknown: string[] },
): void {
  const nearest = question.about === 'nearest';
  const list = byId(nearest ? 'neighbours' : 'solutions');
  if (unknown.length > 0) {
    const names = unknown.map(word => `“${word}”`).join(', ');
    list.replaceChildren(make('li', `The text does not have ${names} often enough.`, 'empty'));
    if (nearest) map.highlight('', []);
    return;
  }
  list.replaceChildren(
    ...neighbours.map(({ word, similarity }) => {
      const item = make('li');
      const button = make('button', word, 'word');
      button.type = 'button';
      button.addEventListener('click', () => {
        asked.value = word;
        ask();
      });
      const bar = make('div', '', 'bar');
      const filled = make('span');
      filled.style.width = `${100 * Math.max(0, similarity)}%`;
      bar.append(filled);
      item.append(button, bar, make('output', similarity.toFixed(2)));
      return item;
    }),
  );
  if (nearest) map.highlight(question.word.trim().toLowerCase(), neighbours.map(({ word }) => word)); // biome-ignore format: one line
}

function readRecipe(): Recipe {
  const data = new FormData(form);
  const number = (name: string): number => Number(data.get(name));
  return {
    algorithm: data.get('algorithm') as Recipe['algorithm'],
    size: number('size'),
    window: number('window'),
    epochs: number('epochs'),
    minCount: number('minCount'),
    seed: number('seed'),
    deterministic: data.has('deterministic'),
  };
}

async function train(): Promise<void> {
  complain(null);
  const recipe = readRecipe(); // while the form is enabled
  enter('preparing', 'Reading the text…');
  allowAsking(false);
  try {
    const text = await source.get();
    freshWorker();
    send({ type: 'train', source: text, recipe });
    showResults();
  } catch (error) {
    enter('idle', 'Nothing has been trained.');
    progress.value = 0;
    complain(error instanceof Error ? error.message : String(error));
  }
}

form.addEventListener('submit', event => {
  event.preventDefault();
  if (phase === 'training') send({ type: 'pause' });
  else if (phase === 'paused') send({ type: 'resume' });
  else void train();
});
byId('stop').addEventListener('click', () => send({ type: 'stop' }));
byId('save').addEventListener('click', () => send({ type: 'save' }));
byId('open').addEventListener('change', ({ target }) => {
  const input = target as HTMLInputElement;
  const file = input.files?.[0];
  input.value = '';
  if (!file) return;
  complain(null);
  enter('preparing', `Opening ${file.name}…`);
  allowAsking(false);
  freshWorker();
  send({ type: 'open', file });
});
byId('asking').addEventListener('submit', event => {
  event.preventDefault();
  ask();
});
byId('solving').addEventListener('submit', event => {
  event.preventDefault();
  const [a, b, c] = ['a', 'b', 'c'].map(id => byId<HTMLInputElement>(id).value) as [string, string, string]; // biome-ignore format: one line
  send({ type: 'ask', question: { about: 'analogy', a, b, c } });
});
submitByKey(form);

enter('idle', '');
