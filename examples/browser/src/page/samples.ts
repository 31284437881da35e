/** What the model writes: samples as it learns, and on demand. */

import { count } from '../format.js';
import { byId, make } from './dom.js';

const KEPT = 30;

export class Samples {
  private readonly list = byId('samples');
  private readonly written = byId('written');

  begin(): void {
    this.list.replaceChildren();
    this.written.hidden = true;
    this.written.ariaBusy = 'false';
  }

  add(step: number, text: string): void {
    const item = make('li');
    item.append(make('span', `step ${count(step)}`, 'when'), make('p', text.trim()));
    this.list.prepend(item);
    while (this.list.children.length > KEPT) this.list.lastElementChild!.remove();
  }

  /** Announces that a text is being written, until its last piece is there. */
  await(): void {
    this.written.ariaBusy = 'true';
  }

  write({ piece, first, last }: { piece: string; first: boolean; last: boolean }): void {
    this.written.hidden = false;
    this.written.ariaBusy = String(!last);
    if (first) this.written.textContent = '';
    this.written.append(piece);
  }
}
