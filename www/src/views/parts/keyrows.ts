// A number for each of a few keys: a bar from zero in a row of its own, the key's name before it and the number behind it.
//
// The bars stay the same elements from one set of numbers to the next, so that a style sheet may let them slide. Over each row
// lies the radio button that chooses its key.

import { element, svg, uniqueId } from './dom.ts';
import { lettering } from './lettering.ts';
import { clip, visibleToken } from './text.ts';

/** The height of a row, and the room of a number. */
export const ROW = 26;
const NUMBER = 76;
const CHARACTER = 7.6;
const LONGEST = 14;

/** A key by its index and its name. */
export interface ShownKey {
  index: number;
  name: string;
}

/** What the rows show. */
export interface KeyBars {
  keys: readonly ShownKey[];
  /** One for each key; minus infinity: the key is removed. */
  values: Float32Array;
  /** The ends of the axis; 0 lies between them. */
  span: readonly [low: number, high: number];
  /** The place of the chosen key among `keys`. */
  chosen: number;
  write: (value: number) => string;
}

/** The axis for `values`: from 0 or the least of them to 0 or the greatest. */
export function spanOfBars(values: Float32Array): [number, number] {
  const finite = values.filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...finite), Math.max(0, ...finite)];
  return low === high ? [0, 1] : [low, high];
}

/** The axis for shares of one: up to one, unless the largest would hardly be seen on it. */
export function spanOfShares(values: Float32Array): [number, number] {
  const [low, high] = spanOfBars(values);
  return [low, high > 0.2 ? Math.max(1, high) : high];
}

/** The strip of rows. */
export class KeyRows {
  readonly element: HTMLElement;
  readonly #picture = svg('svg', { class: 'steps-picture', 'aria-hidden': 'true' });
  readonly #radios: HTMLElement;
  readonly #choose: (place: number) => void;
  readonly #group = uniqueId('steps-key');
  #rows: SVGGElement[] = [];
  #names = '';

  /** `choose` hears the place of a key. */
  constructor(choose: (place: number) => void) {
    this.#choose = choose;
    this.#radios = element('div', { class: 'steps-radios', role: 'radiogroup' });
    this.element = element('div', { class: 'steps-strip' }, this.#picture, this.#radios);
  }

  /** What the rows are called. */
  set label(label: string) {
    this.#radios.setAttribute('aria-label', label);
  }

  show(bars: KeyBars): void {
    const names = bars.keys.map(({ index, name }) => `${index} ${name}`).join('\n');
    if (names !== this.#names) this.#build(bars.keys);
    this.#names = names;
    const width = this.#picture.clientWidth || 480;
    this.#picture.setAttribute('viewBox', `0 0 ${width} ${ROW * bars.keys.length}`);
    bars.keys.forEach((key, place) => {
      const row = this.#rows[place];
      if (row) drawRow(row, key, bars, place, width);
    });
    this.#radios.querySelectorAll('input').forEach((radio, place) => {
      radio.checked = place === bars.chosen;
      const value = bars.values[place] ?? NaN;
      radio.setAttribute('aria-label', `${visibleToken(bars.keys[place]?.name ?? '')}: ${bars.write(value)}`);
    });
  }

  #build(keys: readonly ShownKey[]): void {
    this.element.style.height = `${ROW * keys.length}px`;
    this.#rows = keys.map(() => rowParts());
    this.#picture.replaceChildren(...this.#rows);
    const radios = keys.map(({ name }, place) => {
      const radio = element('input', { type: 'radio', name: this.#group, value: place, class: 'visually-hidden' });
      radio.addEventListener('change', () => this.#choose(place));
      return element('label', { class: 'steps-radio', title: visibleToken(name) }, radio);
    });
    this.#radios.replaceChildren(...radios);
  }
}

/** The rows as a picture of their own, `width` wide. */
export function drawRows(bars: KeyBars, width: number): SVGElement[] {
  return bars.keys.map((key, place) => {
    const row = rowParts();
    drawRow(row, key, bars, place, width);
    return row;
  });
}

function rowParts(): SVGGElement {
  return svg(
    'g',
    {},
    svg('rect', { class: 'steps-chosen', x: 0, height: ROW, rx: 4 }),
    lettering('', { x: 0, y: 0 }, 'steps-name', 'end'),
    svg('rect', { class: 'steps-bar', height: ROW - 10 }),
    svg('path', { class: 'steps-zero' }),
    lettering('', { x: 0, y: 0 }, 'steps-number', 'end'),
  );
}

function drawRow(row: SVGGElement, key: ShownKey, bars: KeyBars, place: number, width: number): void {
  const { left, right } = sidesOf(bars.keys, width);
  const [low, high] = bars.span;
  const at = (value: number): number => left + ((right - left) * (value - low)) / (high - low);
  const value = bars.values[place] ?? NaN;
  const end = Number.isFinite(value) ? Math.max(low, Math.min(high, value)) : 0;
  const [from, to] = [at(Math.min(0, end)), at(Math.max(0, end))];
  const top = place * ROW;
  const chosen = place === bars.chosen;
  const [ground, name, bar, zero, number] = row.children;
  write(ground, { y: top, width, opacity: chosen ? 1 : 0 });
  write(name, { x: left - 10, y: top + 17, class: chosen ? 'steps-name steps-name-chosen' : 'steps-name' });
  write(bar, { class: value < 0 ? 'steps-bar steps-bar-negative' : 'steps-bar', x: from.toFixed(2), y: top + 5 });
  write(bar, { width: (to - from).toFixed(2) });
  write(zero, { d: `M${at(0).toFixed(1)} ${top + 3}v${ROW - 6}` });
  write(number, { x: width - 6, y: top + 17 });
  if (name) name.textContent = shortened(key.name);
  if (number) number.textContent = bars.write(value);
}

function write(part: Element | undefined, attributes: Record<string, string | number>): void {
  for (const [name, value] of Object.entries(attributes)) part?.setAttribute(name, String(value));
}

function sidesOf(keys: readonly ShownKey[], width: number): { left: number; right: number } {
  const longest = Math.max(...keys.map(({ name }) => lengthOf(shortened(name))), 3);
  const left = Math.min(longest * CHARACTER + 20, width * 0.36);
  return { left, right: Math.max(left + 1, width - NUMBER) };
}

function shortened(name: string): string {
  return clip(visibleToken(name), LONGEST);
}

/** In narrow characters: those of Chinese, Japanese and Korean are wide. */
function lengthOf(text: string): number {
  return [...text].reduce((length, character) => length + (character > '\u2e7f' ? 1.8 : 1), 0);
}
