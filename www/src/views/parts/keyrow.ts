// A row of a picture: a name, a bar from zero or a vector as columns around zero, and a number.

import { svg } from './dom.ts';
import { lettering } from './lettering.ts';
import { isTouch } from './pointer.ts';

/** The height of a row, which is pressed, and of a bar in it. */
export const ROW = isTouch() ? 44 : 26;
const BAR = 16;

/** Where the bars of all rows begin and end, and how wide a row is. */
export interface RowSides {
  left: number;
  right: number;
  width: number;
}

/** What a row shows. */
export interface RowShown {
  name: string;
  number: string;
  chosen: boolean;
  /** A bar on an axis with these ends, between which 0 lies; or a vector, `most` of which reaches an edge of the row. */
  drawn: { bar: number; span: readonly [low: number, high: number] } | { vector: Float32Array; most: number };
}

/** The parts are made once, so that a style sheet may let the bar slide. */
export class KeyRow {
  readonly #ground = svg('rect', { class: 'steps-chosen', x: 0, height: ROW, rx: 4 });
  readonly #name = lettering('', { x: 0, y: 0 }, 'steps-name', 'end');
  readonly #bar = svg('rect', { class: 'steps-bar', height: BAR });
  readonly #above = svg('path', { class: 'steps-bar' });
  readonly #below = svg('path', { class: 'steps-bar steps-bar-negative' });
  readonly #zero = svg('path', { class: 'steps-zero' });
  readonly #number = lettering('', { x: 0, y: 0 }, 'steps-number', 'end');
  readonly element = svg(
    'g',
    {},
    ...[this.#ground, this.#name, this.#bar, this.#above, this.#below, this.#zero, this.#number],
  );

  /** Draws the row at `place`, counted from the top. */
  draw({ name, number, chosen, drawn }: RowShown, place: number, sides: RowSides): void {
    const top = place * ROW;
    write(this.#ground, { y: top, width: sides.width, opacity: chosen ? 1 : 0 });
    write(this.#name, {
      x: sides.left - 10,
      y: top + ROW / 2 + 4,
      class: `steps-name${chosen ? ' steps-name-chosen' : ''}`,
    });
    write(this.#number, { x: sides.width - 6, y: top + ROW / 2 + 4 });
    this.#name.textContent = name;
    this.#number.textContent = number;
    this.#drawBar('bar' in drawn ? drawn : { bar: 0, span: [0, 1] }, top, sides);
    const paths = 'vector' in drawn ? vectorPaths(drawn, top, sides) : { above: '', below: '' };
    write(this.#above, { d: paths.above });
    write(this.#below, { d: paths.below });
    if ('vector' in drawn) this.#drawZero(`M${sides.left.toFixed(1)} ${top + ROW / 2}H${sides.right.toFixed(1)}`, 0.4);
  }

  #drawBar({ bar, span: [low, high] }: { bar: number; span: readonly [number, number] }, top: number, sides: RowSides) {
    const at = (value: number): number => sides.left + ((sides.right - sides.left) * (value - low)) / (high - low);
    const end = Number.isFinite(bar) ? Math.max(low, Math.min(high, bar)) : 0;
    const [from, to] = [at(Math.min(0, end)), at(Math.max(0, end))];
    write(this.#bar, { class: bar < 0 ? 'steps-bar steps-bar-negative' : 'steps-bar', y: top + (ROW - BAR) / 2 });
    write(this.#bar, { x: from.toFixed(2), width: (to - from).toFixed(2) });
    this.#drawZero(`M${at(0).toFixed(1)} ${top + ROW / 2 - 10}v20`, 1);
  }

  #drawZero(d: string, opacity: number): void {
    write(this.#zero, { d, 'stroke-opacity': opacity });
  }
}

/** The columns above the middle of a row, and those below it. What is no number has none. */
function vectorPaths({ vector, most }: { vector: Float32Array; most: number }, top: number, { left, right }: RowSides) {
  const step = (right - left) / Math.max(1, vector.length);
  const unit = (ROW / 2 - 1) / most;
  const paths = { above: '', below: '' };
  vector.forEach((value, at) => {
    if (!Number.isFinite(value) || value === 0) return;
    const [x, wide, high] = [left + (at + 0.12) * step, 0.76 * step, -value * unit].map((number) => number.toFixed(2));
    paths[value < 0 ? 'below' : 'above'] += `M${x} ${top + ROW / 2}h${wide}v${high}h-${wide}z`;
  });
  return paths;
}

function write(part: Element, attributes: Record<string, string | number>): void {
  for (const [name, value] of Object.entries(attributes)) part.setAttribute(name, String(value));
}
