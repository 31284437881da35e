/** The page of completions: a text to learn from, a place to write, and the words that may come. */
import { about, size } from '../format.js';
import { byId, make } from '../page/dom.js';
import { complain, say, showResults, startWorker } from '../page/shell.js';
import { TextSource } from '../page/source.js';
import type { FromWorker, Suggestion, ToWorker } from './messages.js';

const form = byId<HTMLFormElement>('setup');
const primary = byId<HTMLButtonElement>('primary');
const progress = byId<HTMLProgressElement>('progress');
const writing = byId<HTMLTextAreaElement>('writing');
const list = byId('suggestions');
const source = new TextSource({ name: 'Dictionary', file: 'sample.txt', refuse: complain });

let worker: Worker | null = null;
let shown: Suggestion[] = [];
/** Of the last question: older answers come too late. */
let asked = 0;

const send = (message: ToWorker): void => worker?.postMessage(message);

function settle(phase: 'idle' | 'preparing' | 'done'): void {
  document.body.dataset['phase'] = phase;
  byId<HTMLFieldSetElement>('settings').disabled = phase === 'preparing';
  primary.disabled = phase === 'preparing';
  primary.textContent = { idle: 'Learn', preparing: 'Learning…', done: 'Learn anew' }[phase];
  writing.disabled = phase !== 'done';
  if (phase === 'preparing') progress.removeAttribute('value');
  else progress.value = phase === 'done' ? 1 : 0;
}

function hear(message: FromWorker): void {
  switch (message.type) {
    case 'problem':
      settle('idle');
      say('Nothing has been learnt.');
      return complain(message.message);
    case 'reading':
      progress.value = message.share;
      return say(`Reading the text: ${Math.floor(100 * message.share)} %`);
    case 'learnt':
      settle('done');
      byId('n-words').textContent = about(message.words);
      byId('n-ngrams').textContent = about(message.ngrams);
      byId('n-memory').textContent = size(message.bytes);
      say(message.note);
      showResults();
      writing.focus();
      return ask();
    case 'suggestions':
      if (message.number === asked) show(message.list, message.context);
      return;
  }
}

function ask(): void {
  asked++;
  send({
    type: 'complete',
    text: writing.value.slice(0, writing.selectionStart),
    number: asked,
  });
}

function show(suggestions: Suggestion[], context: number): void {
  shown = suggestions;
  const from =
    context === 0 ? 'how a line begins' : `the last ${context === 1 ? 'word' : `${context} words`}`;
  byId('context').textContent = `From ${from}. Tab takes the first.`;
  if (suggestions.length === 0) {
    list.replaceChildren(make('li', 'The text has no word that begins so.', 'empty'));
    return;
  }
  list.replaceChildren(
    ...suggestions.map(({ word, p }) => {
      const item = make('li');
      const button = make('button', word, 'word');
      button.type = 'button';
      button.addEventListener('click', () => take(word));
      const bar = make('div', '', 'bar');
      const filled = make('span');
      filled.style.width = `${100 * p}%`;
      bar.append(filled);
      item.append(button, bar, make('output', `${(100 * p).toFixed(1)} %`));
      return item;
    }),
  );
}

/** Puts a word in the place of what was begun. */
function take(word: string): void {
  const { value, selectionStart } = writing;
  const begun = /[^\s.,;:!?()[\]"“”…]*$/.exec(value.slice(0, selectionStart))![0];
  const closes = /^[.,;:!?)\]”…]$/.test(word);
  let start = selectionStart - begun.length;
  if (closes && value[start - 1] === ' ') start--;
  writing.setRangeText(`${word} `, start, selectionStart, 'end');
  writing.focus();
  ask();
}

form.addEventListener('submit', event => {
  event.preventDefault();
  complain(null);
  const order = Number(new FormData(form).get('order'));
  settle('preparing');
  source.get().then(
    text => {
      worker?.terminate();
      worker = startWorker<FromWorker>('completion-worker.js', hear);
      send({ type: 'learn', source: text, order });
    },
    (error: unknown) => {
      settle('idle');
      complain(error instanceof Error ? error.message : String(error));
    },
  );
});
writing.addEventListener('input', ask);
writing.addEventListener('click', ask);
writing.addEventListener('keydown', event => {
  const first = shown[0];
  if (event.key !== 'Tab' || event.shiftKey || !first) return;
  event.preventDefault();
  take(first.word);
});

settle('idle');
