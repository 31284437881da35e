/** The worker of the page of completions: counts a text, then says which words may come next. */
import { init, lm, text } from 'throughtime';
import { about, duration } from '../format.js';
import { readText } from '../worker/corpus.js';
import { Inbox, post } from '../worker/inbox.js';
import type { FromWorker, Suggestion, ToWorker } from './messages.js';

const inbox = new Inbox<ToWorker>();
const tell: (message: FromWorker) => void = post;
const SUGGESTIONS = 5;

let model: lm.NgramLM | null = null;

/** Words apart from punctuation, as the model counts them; lines stay lines. */
const spaced = (written: string): string => written.replace(/([.,;:!?()[\]"“”…])/g, ' $1 ');

async function learn({ source, order }: Extract<ToWorker, { type: 'learn' }>): Promise<void> {
  await init();
  const content = spaced(await readText(source, share => tell({ type: 'reading', share })));
  const began = performance.now();
  const vocab = text.Vocab.fromText(content, { level: 'word' });
  model = await lm.NgramLM.train(vocab.encode(content), { vocab, order });
  const seconds = (performance.now() - began) / 1000;
  const [words = 0, ...longer] = model.config.counts;
  const ngrams = longer.reduce((sum, n) => sum + n, words);
  tell({
    type: 'learnt',
    words: words - 3, // without the beginning and the end of a line, and the unknown word
    ngrams,
    bytes: model.bytes,
    seconds,
    note: `${source.name}: ${about(ngrams)} n-grams in ${duration(seconds)}. Now write.`,
  });
}

/** The words that most probably come next, or end the word that was begun. */
function complete(model: lm.NgramLM, typed: string): { list: Suggestion[]; context: number } {
  const line = spaced(typed.slice(typed.lastIndexOf('\n') + 1));
  const begun = /\S*$/.exec(line)![0];
  const before = line.slice(0, line.length - begun.length).trim();
  const { vocab } = model;
  const context = before === '' ? new Int32Array() : vocab.encode(before);
  const logits = model.logits(model.advance(context, model.start()));
  const wanted = begun.toLowerCase();
  const best: { id: number; logp: number }[] = [];
  logits.forEach((logp, id) => {
    if (best.length === SUGGESTIONS && logp <= best.at(-1)!.logp) return;
    const word = vocab.tokenOf(id);
    if (word === '<eos>' || word === '<unk>' || word === begun) return;
    if (!word.toLowerCase().startsWith(wanted)) return;
    best.push({ id, logp });
    best.sort((a, b) => b.logp - a.logp);
    if (best.length > SUGGESTIONS) best.pop();
  });
  const list = best.map(({ id, logp }) => ({ word: vocab.tokenOf(id), p: Math.exp(logp) }));
  return { list, context: Math.min(context.length, model.config.order - 1) };
}

async function live(): Promise<never> {
  for (;;) {
    const message = inbox.take();
    try {
      if (message?.type === 'learn') await learn(message);
      else if (message && model) {
        // of several texts that wait only the last one matters
        if (inbox.waiting) continue;
        tell({ type: 'suggestions', number: message.number, ...complete(model, message.text) });
      } else if (!message) await inbox.wait();
    } catch (error) {
      tell({ type: 'problem', message: error instanceof Error ? error.message : String(error) });
    }
  }
}

void live();
