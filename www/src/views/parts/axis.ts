// The labels along one side of the plot: as many as fit, and always the one of the current item.

import { element } from './dom.ts';
import { labelStride } from './layout.ts';
import { visibleToken } from './text.ts';

/** Pixels that one label needs across the axis. */
const ROOM = 15;

/** One axis of labels. Rows run down the left side, columns along the top. */
export class Axis {
  readonly element: HTMLElement;
  readonly #current: HTMLElement;
  readonly #labels: HTMLElement;
  readonly #position: 'top' | 'left';
  #tokens: readonly string[] | undefined;
  #count = 0;
  #pixels = 0;

  constructor(side: 'rows' | 'columns') {
    this.#position = side === 'rows' ? 'top' : 'left';
    this.#labels = element('div', { class: 'axis-labels' });
    this.#current = element('span', { class: 'axis-label axis-current', hidden: true });
    this.element = element('div', { class: `axis axis-${side}`, 'aria-hidden': 'true' }, this.#labels, this.#current);
  }

  /** Takes `count` items; without tokens they go by their number. */
  set(count: number, tokens: readonly string[] | undefined): void {
    this.#count = count;
    this.#tokens = tokens?.length === count ? tokens : undefined;
  }

  /** Draws the labels over `pixels` pixels. */
  show(pixels: number): void {
    this.#pixels = pixels;
    const count = this.#count;
    const stride = labelStride(count, pixels, ROOM);
    const shown = [];
    for (let item = 0; item < count; item += stride) shown.push(this.#label(item, stride > 1));
    this.#labels.replaceChildren(...shown);
  }

  /** The length of the longest label in characters; wide ones count twice. */
  get longest(): number {
    if (!this.#tokens) return String(Math.max(0, this.#count - 1)).length;
    return this.#tokens.reduce((most, token) => Math.max(most, widthOf(visibleToken(token))), 0);
  }

  /** Marks the items in [from, to), or none. */
  mark(range: readonly [number, number] | undefined): void {
    this.#current.hidden = range === undefined;
    if (!range) return;
    const [from, to] = range;
    const text = to - from > 1 ? `${from}–${to - 1}` : this.name(from);
    this.#current.textContent = text;
    this.#current.title = text;
    this.#place(this.#current, (from + to) / 2);
  }

  /** What item `index` is called: its token, or its number. */
  name(index: number): string {
    const token = this.#tokens?.[index];
    return token === undefined ? String(index) : visibleToken(token);
  }

  #label(item: number, thinned: boolean): HTMLElement {
    const label = element('span', { class: 'axis-label', title: this.name(item) });
    if (thinned && this.#tokens) label.append(element('i', {}, String(item)), ' ');
    label.append(this.name(item));
    this.#place(label, item + 0.5);
    return label;
  }

  #place(label: HTMLElement, item: number): void {
    label.style[this.#position] = `${(item / Math.max(1, this.#count)) * this.#pixels}px`;
  }
}

function widthOf(text: string): number {
  return [...text].reduce((width, character) => width + (character > '\u2e7f' ? 1.8 : 1), 0);
}
