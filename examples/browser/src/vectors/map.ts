/** The map of words: points that move, with labels where there is room. */
import { placeLabels } from 'throughtime/plot';
import { byId } from '../page/dom.js';

const SVG = 'http://www.w3.org/2000/svg';
const FONT = '13px system-ui, sans-serif';
const LABEL_HEIGHT = 16;
const EDGE = 12;

interface Mark {
  group: SVGGElement;
  label: SVGTextElement;
  width: number;
}

export class MapView {
  private readonly host = byId('map');
  private readonly svg = document.createElementNS(SVG, 'svg');
  private names: readonly string[] = [];
  private marks: Mark[] = [];
  private positions: ArrayLike<number> = [];

  /** @param choose is told the word that was clicked */
  constructor(private readonly choose: (word: string) => void) {
    this.svg.setAttribute('aria-hidden', 'true');
    this.host.append(this.svg);
    new ResizeObserver(() => this.draw()).observe(this.host);
  }

  /** New words, at no place yet. */
  begin(names: readonly string[]): void {
    this.names = names;
    this.positions = [];
    const measure = document.createElement('canvas').getContext('2d')!;
    measure.font = FONT;
    this.marks = names.map(name => {
      const group = document.createElementNS(SVG, 'g');
      const dot = document.createElementNS(SVG, 'circle');
      dot.setAttribute('r', '2.5');
      const label = document.createElementNS(SVG, 'text');
      label.textContent = name;
      const title = document.createElementNS(SVG, 'title');
      title.textContent = name;
      group.append(title, label, dot);
      group.addEventListener('click', () => this.choose(name));
      return { group, label, width: measure.measureText(name).width };
    });
    this.svg.replaceChildren(...this.marks.map(({ group }) => group));
    this.host.setAttribute('aria-label', `Map of ${names.length} words: nothing yet`);
  }

  /** [names, 2] where the words go. */
  show(positions: ArrayLike<number>): void {
    this.positions = positions;
    this.draw();
    const centre = Math.floor(this.names.length / 2);
    this.host.setAttribute(
      'aria-label',
      `Map of ${this.names.length} words, such as ${this.names.slice(0, 5).join(', ')} and ${this.names[centre]}: words that are near each other mean similar things`,
    );
  }

  /** Marks a word and its neighbours. */
  highlight(word: string, near: readonly string[]): void {
    this.names.forEach((name, i) => {
      const { group } = this.marks[i]!;
      group.classList.toggle('chosen', name === word);
      group.classList.toggle('near', near.includes(name));
      if (name === word) this.svg.append(group); // above the others
    });
  }

  private draw(): void {
    const { positions } = this;
    const width = this.host.clientWidth;
    const height = Math.round(Math.min(560, Math.max(320, width * 0.72)));
    this.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    if (positions.length === 0 || width === 0) return;
    const places = this.placed(width, height);
    const labels = placeLabels(places, {
      bounds: { left: 2, top: 2, right: width - 2, bottom: height - 2 },
      height: LABEL_HEIGHT,
    });
    const placeOf = new Map(labels.map(label => [label.index, label]));
    this.marks.forEach(({ group, label }, i) => {
      const { x, y } = places[i]!;
      group.style.transform = `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px)`;
      const at = placeOf.get(i);
      group.classList.toggle('unnamed', at === undefined);
      if (at === undefined) return;
      label.setAttribute('x', (at.x - x).toFixed(1));
      label.setAttribute('y', (at.y - y + 4.5).toFixed(1));
    });
  }

  /** Positions in pixels: all of them inside the picture, one unit as long across as upwards. */
  private placed(width: number, height: number): { x: number; y: number; width: number }[] {
    const { positions } = this;
    const range = (axis: 0 | 1): [middle: number, size: number] => {
      let [least, most] = [Infinity, -Infinity];
      for (let i = axis; i < positions.length; i += 2) {
        least = Math.min(least, positions[i]!);
        most = Math.max(most, positions[i]!);
      }
      return [(least + most) / 2, most - least || 1];
    };
    const [[mx, sx], [my, sy]] = [range(0), range(1)];
    const scale = Math.min((width - 2 * EDGE - 50) / sx, (height - 2 * EDGE) / sy);
    return this.marks.map((mark, i) => ({
      x: width / 2 + (positions[2 * i]! - mx) * scale,
      y: height / 2 - (positions[2 * i + 1]! - my) * scale,
      width: mark.width,
    }));
  }
}
