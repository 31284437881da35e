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
  }

  add(step: number, text: string): void {
    const item = make('li');
    item.append(make('span', `step ${count(step)}`, 'when'), make('p', text.trim()));
    this.list.prepend(item);
    while (this.list.children.length > KEPT) this.list.lastElementChild!.remove();
  }

  write(piece: string, first: boolean): void {
    this.written.hidden = false;
    if (first) this.written.textContent = '';
    this.written.append(piece);
  }
}
