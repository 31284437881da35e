/** The text to train on: the built-in one, pasted, or a file. */

import { size } from '../format.js';
import type { Source } from '../messages.js';
import { byId } from './dom.js';

const LARGEST = 64e6;
/** Longer pasted texts are kept as files: browsers take minutes to show a book in a text area. */
const LONG = 20_000;

export class TextSource {
  private readonly pasted = byId<HTMLTextAreaElement>('pasted');
  private file: File | null = null;

  private readonly refuse: (why: string | null) => void;

  /**
   * @param options name and file of the built-in text; `refuse` is told why a file cannot be taken
   */
  constructor(
    private readonly options: {
      name: string;
      file: string;
      refuse: (why: string | null) => void;
    },
  ) {
    this.refuse = options.refuse;
    for (const radio of document.querySelectorAll<HTMLInputElement>('[name=source]'))
      radio.addEventListener('change', () => this.choose(radio.value as 'sample' | 'own'));
    const input = byId<HTMLInputElement>('file');
    input.addEventListener('change', () => {
      if (input.files?.[0]) this.take(input.files[0]);
      input.value = '';
    });
    this.pasted.addEventListener('paste', event => {
      const text = event.clipboardData?.getData('text/plain') ?? '';
      if (text.length < LONG) return;
      event.preventDefault();
      this.take(new File([text], 'Pasted text'));
    });
    byId('forget').addEventListener('click', () => {
      this.file = null;
      this.draw();
      this.pasted.focus();
    });
    addEventListener('dragover', event => {
      event.preventDefault();
      document.body.classList.add('dropping');
    });
    addEventListener(
      'dragleave',
      event => event.relatedTarget === null && document.body.classList.remove('dropping'),
    );
    addEventListener('drop', event => {
      event.preventDefault();
      document.body.classList.remove('dropping');
      const file = event.dataTransfer?.files[0];
      const text = event.dataTransfer?.getData('text/plain');
      if (byId<HTMLFieldSetElement>('settings').disabled) return;
      if (file) this.take(file);
      else if (text && text.length >= LONG) this.take(new File([text], 'Dropped text'));
      else if (text) {
        this.pasted.value = text;
        this.file = null;
        this.choose('own');
      }
    });
  }

  /** @throws RangeError with a sentence for the user */
  async get(): Promise<Source> {
    if (document.querySelector<HTMLInputElement>('[name=source][value=sample]')!.checked) {
      const response = await fetch(this.options.file);
      if (!response.ok)
        throw new RangeError(
          'The built-in text could not be loaded; check the connection, or use a text of your own.',
        );
      return { name: this.options.name, text: await response.blob() };
    }
    if (this.file) return { name: this.file.name, text: this.file };
    if (this.pasted.value.trim() === '')
      throw new RangeError('There is no text yet; paste one or choose a file.');
    return { name: 'Your text', text: this.pasted.value };
  }

  private take(file: File): void {
    if (file.size === 0)
      return this.refuse(`“${file.name}” is empty; choose a file with text in it.`);
    if (file.size > LARGEST)
      return this.refuse(
        `“${file.name}” has ${size(file.size)}; this page takes up to ${size(LARGEST)}.`,
      );
    this.refuse(null);
    this.file = file;
    this.choose('own');
  }

  private choose(which: 'sample' | 'own'): void {
    document.querySelector<HTMLInputElement>(`[name=source][value=${which}]`)!.checked = true;
    byId('own').hidden = which !== 'own';
    byId('sample-note').hidden = which !== 'sample';
    this.draw();
  }

  private draw(): void {
    byId('chosen').hidden = this.file === null;
    this.pasted.hidden = this.file !== null;
    if (this.file) byId('chosen-name').textContent = `${this.file.name} · ${size(this.file.size)}`;
  }
}
