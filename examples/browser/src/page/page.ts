/** The page: a form, a worker, and what the worker tells. */

import { about, count, duration } from '../format.js';
import type { Begun, FromWorker, Phase, ToWorker } from '../messages.js';
import { nameOf } from '../recipe.js';
import { byId } from './dom.js';
import { GradientPlot } from './gradient.js';
import { LossPlot } from './loss.js';
import { Samples } from './samples.js';
import { readSettings, showSettings } from './settings.js';
import { complain, download, say, showResults, startWorker, submitByKey } from './shell.js';
import { TextSource } from './source.js';

const form = byId<HTMLFormElement>('setup');
const primary = byId<HTMLButtonElement>('primary');
const progress = byId<HTMLProgressElement>('progress');
const loss = new LossPlot();
const gradient = new GradientPlot();
const samples = new Samples();
const source = new TextSource({ name: 'Dictionary', file: 'sample.txt', refuse: complain });

let worker: Worker | null = null;
let phase: Phase = 'idle';
let begun: Begun | null = null;

const send = (message: ToWorker): void => worker?.postMessage(message);

/** A worker for each run: nothing of the last one stays. */
function freshWorker(): void {
  worker?.terminate();
  worker = startWorker<FromWorker>('worker.js', hear);
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
  if (phase !== 'training')
    document.title = phase === 'paused' ? 'paused · throughtime' : 'throughtime';
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
      return begin(message);
    case 'opened':
      return allowWriting(true);
    case 'step':
      loss.step(message.step, message.bits);
      return showNumbers(message);
    case 'valid':
      return loss.validated(message.step, message.bits);
    case 'gradient':
      return gradient.show(begun!.recipe.cell, nameOf(begun!.recipe), message.reach);
    case 'sample':
      return samples.add(message.step, message.text);
    case 'written':
      return samples.write(message);
    case 'file':
      return download(message.name, message.bytes);
  }
}

function begin(run: Begun): void {
  begun = run;
  showSettings(run.recipe);
  loss.begin(nameOf(run.recipe), run.steps);
  samples.begin();
  allowWriting(true);
  byId('even').textContent = Math.log2(run.vocabulary).toFixed(2);
  progress.value = run.step / run.steps;
  byId('n-step').textContent = `${count(run.step)} / ${count(run.steps)}`;
  const rows =
    run.rows < run.recipe.batch ? ` The text fills ${run.rows} of ${run.recipe.batch} rows.` : '';
  say(
    `${nameOf(run.recipe)}, ${count(run.parameters)} parameters, learns from ` +
      `${count(run.characters)} characters (${run.vocabulary} different ones).${rows}`,
  );
}

function showNumbers({
  step,
  bits,
  perSecond,
  secondsLeft,
}: Extract<FromWorker, { type: 'step' }>): void {
  const { steps } = begun!;
  progress.value = step / steps;
  byId('n-step').textContent = `${count(step)} / ${count(steps)}`;
  byId('n-bits').textContent = bits.toFixed(2);
  byId('n-speed').textContent = perSecond === null ? '–' : about(perSecond);
  byId('n-eta').textContent = secondsLeft === null ? '–' : duration(secondsLeft);
  if (phase === 'training') document.title = `${Math.floor((100 * step) / steps)} % · throughtime`;
}

function allowWriting(allowed: boolean): void {
  byId<HTMLButtonElement>('write').disabled = !allowed;
  byId<HTMLButtonElement>('save-model').disabled = !allowed;
  byId<HTMLButtonElement>('save-checkpoint').disabled = !allowed || begun === null;
}

async function train(): Promise<void> {
  complain(null);
  const recipe = readSettings(); // while the form is enabled
  enter('preparing', 'Reading the text…');
  begun = null;
  allowWriting(false);
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
byId('save-model').addEventListener('click', () => send({ type: 'save', what: 'model' }));
byId('save-checkpoint').addEventListener('click', () => send({ type: 'save', what: 'checkpoint' }));

byId('open').addEventListener('change', ({ target }) => {
  const input = target as HTMLInputElement;
  const file = input.files?.[0];
  input.value = '';
  if (!file) return;
  complain(null);
  begun = null;
  allowWriting(false);
  // A checkpoint goes on with the text that is chosen; without one it can still write.
  source
    .get()
    .catch(() => ({ name: 'Your text', text: '' }))
    .then(text => {
      freshWorker();
      send({ type: 'open', file, source: text });
    });
});

byId('writing').addEventListener('submit', event => {
  event.preventDefault();
  const temperature = Number(byId<HTMLInputElement>('temperature').value);
  samples.await();
  send({
    type: 'write',
    prompt: byId<HTMLInputElement>('prompt').value,
    temperature,
    seed: Math.floor(Math.random() * 2 ** 31),
  });
});
byId('temperature').addEventListener(
  'input',
  ({ target }) =>
    (byId('temperature-value').textContent = Number((target as HTMLInputElement).value).toFixed(1)),
);

submitByKey(form);

enter('idle', '');
