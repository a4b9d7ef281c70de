// A number from 0 to 1 for each row of a picture, as a bar at the row's height; the number itself where a row has room for it.

import { element, svg } from './dom.ts';
import { formatShare } from './format.ts';

/** Pixels of a row that has room for a number. */
const ROOM = 13;

/** The bars. A row's bar is as long as its number says; what is no number has none. */
export class RowBars {
  readonly #picture = svg('svg', { class: 'compare-bars-picture', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  readonly #path = svg('path', {});
  readonly #numbers = element('div', { class: 'compare-bars-numbers', 'aria-hidden': 'true' });
  readonly element = element('div', { class: 'compare-bars' }, this.#picture, this.#numbers);

  constructor() {
    this.#picture.append(this.#path);
  }

  /** Draws `values`, which lie over `height` pixels; of a block of rows the largest, in a bar as high as the block. */
  show(values: readonly number[], height: number): void {
    const count = Math.max(1, values.length);
    this.#picture.setAttribute('viewBox', `0 0 1 ${count}`);
    const gap = height / count >= 4 ? 0.18 : 0;
    const bar = (value: number, at: number): string =>
      value > 0 ? `M0 ${at + gap}h${value.toFixed(4)}v${(1 - 2 * gap).toFixed(2)}h${(-value).toFixed(4)}z` : '';
    this.#path.setAttribute('d', values.map(bar).join(''));
    const room = height / count >= ROOM;
    const numbers = room ? values.map((value, at) => this.#number(value, (at + 0.5) / count)) : [];
    this.#numbers.replaceChildren(...numbers);
  }

  #number(value: number, at: number): HTMLElement {
    const number = element('span', {}, formatDivergence(value));
    number.style.top = `${(100 * at).toFixed(3)}%`;
    return number;
  }
}

/** Bits to three decimals; a dash where a row has none. */
export function formatDivergence(bits: number): string {
  return Number.isNaN(bits) ? '–' : formatShare(bits);
}
