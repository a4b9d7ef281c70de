// A number for each of a few keys: a bar from zero in a row of its own, the key's name before it and the number behind it. Where
// the number is the length of a vector, that is drawn in place of the bar, and below the rows the sum of all.
//
// The bars stay the same elements from one set of numbers to the next, so that a style sheet may let them slide. Over each row
// lies the radio button that chooses its key.

import { element, svg, uniqueId } from './dom.ts';
import { KeyRow, ROW, type RowShown, type RowSides } from './keyrow.ts';
import { lettering } from './lettering.ts';
import { widthOf } from './letters.ts';
import { cutMiddle } from './name.ts';
import { visibleToken } from './text.ts';

/** The room of a number, and of a name: its margins, its characters, and the share of a row that it may take. */
const NUMBER = 88;
const NAME = { margin: 20, character: 8, most: 28, share: 0.4 };

/** A key by its index and its name. */
export interface ShownKey {
  index: number;
  name: string;
}

/** A vector for each key, and their sum, which is drawn on the same scale. */
export interface KeyVectors {
  each: readonly Float32Array[];
  /** What stands above their lengths. */
  heading: string;
  sum: { name: string; vector: Float32Array; length: number };
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
  /** What the values are the lengths of; undefined: of nothing. */
  vectors?: KeyVectors | undefined;
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
  #rows: KeyRow[] = [];
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
    this.#picture.replaceChildren(...drawInto(this.#rows, bars, width));
    this.#radios.querySelectorAll('input').forEach((radio, place) => {
      radio.checked = place === bars.chosen;
      const value = bars.values[place] ?? NaN;
      radio.setAttribute('aria-label', `${visibleToken(bars.keys[place]?.name ?? '')}: ${bars.write(value)}`);
    });
  }

  #build(keys: readonly ShownKey[]): void {
    this.element.style.height = `${ROW * keys.length}px`;
    this.element.style.setProperty('--steps-row', `${ROW}px`);
    // One more for the sum.
    this.#rows = [...keys, undefined].map(() => new KeyRow());
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
  return drawInto(
    [...bars.keys, undefined].map(() => new KeyRow()),
    bars,
    width,
  );
}

/** Draws a row for each key and, where there are vectors, one for their sum; returns those that are drawn. */
function drawInto(rows: readonly KeyRow[], bars: KeyBars, width: number): SVGElement[] {
  const room = Math.min(NAME.most, (NAME.share * width - NAME.margin) / NAME.character);
  const shown = shownRows(bars, room);
  const sides = sidesOf(shown, width);
  const drawn = shown.flatMap((one, place) => {
    rows[place]?.draw(one, place, sides);
    return rows[place]?.element ?? [];
  });
  return bars.vectors ? [...drawn, ...frameOf(bars.vectors, bars.keys.length, width)] : drawn;
}

/** What the numbers are, above them, and the line above the sum. */
function frameOf({ heading }: KeyVectors, count: number, width: number): SVGElement[] {
  return [
    lettering(heading, { x: width - 6, y: -4 }, 'steps-column', 'end'),
    svg('path', { class: 'steps-zero', d: `M0 ${ROW * count}H${width}` }),
  ];
}

/** The rows, whose names have room for so many characters. */
function shownRows({ keys, values, span, chosen, write, vectors }: KeyBars, room: number): RowShown[] {
  const most = vectors ? mostOf([...vectors.each, vectors.sum.vector]) : 1;
  const rows = keys.map(({ name }, place): RowShown => {
    const value = values[place] ?? NaN;
    const vector = vectors?.each[place];
    const drawn = vector ? { vector, most } : { bar: value, span };
    return { name: cutMiddle(visibleToken(name), room), number: write(value), chosen: place === chosen, drawn };
  });
  if (!vectors) return rows;
  const { name, vector, length } = vectors.sum;
  return [...rows, { name, number: write(length), chosen: false, drawn: { vector, most } }];
}

/** The largest size of any number in `vectors`; 1 where there is none. */
function mostOf(vectors: readonly Float32Array[]): number {
  const sizes = vectors.map((vector) => {
    const finite = vector.filter(Number.isFinite);
    return finite.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  });
  return Math.max(0, ...sizes) || 1;
}

function sidesOf(rows: readonly RowShown[], width: number): RowSides {
  const longest = Math.max(...rows.map(({ name }) => widthOf(name)), 3);
  const left = longest * NAME.character + NAME.margin;
  return { left, right: Math.max(left + 1, width - NUMBER), width };
}
