// MATRIX: scores or weights as a heat map, queries down, keys across.
//
// Typed properties go in (`picture`, `tokens`, `language`), events come out (`point`, `lock`, `resolution`). The view
// knows no engine: a painter given at construction turns numbers into pixels, and whoever listens to `point` looks up
// what else there is to say about a cell.

import { Axis } from './parts/axis.ts';
import { element } from './parts/dom.ts';
import { hatchRemoved, ruleCells } from './parts/hatch.ts';
import { cellOf, cellRange, gutters, plotSize } from './parts/layout.ts';
import { Legend } from './parts/legend.ts';
import { isDark, neutralTones, putPicture, release, type Painter } from './parts/palette.ts';
import { phrase, type Language } from './parts/text.ts';

/** What is drawn. `values` may be pooled: `rows` x `columns` cells that stand for `queries` x `keys` pairs. */
export interface MatrixPicture {
  queries: number;
  keys: number;
  rows: number;
  columns: number;
  /** Row-major; -Infinity is a removed key, NaN is no number. */
  values: Float32Array;
  /** The colour scale: the values of its two ends, and the map's id. */
  low: number;
  high: number;
  colormap: string;
  /** What the values are, for the legend: `Weights`. */
  name: string;
}

/** A cell of the picture, and the queries and keys that it stands for, as half-open ranges. */
export interface MatrixCell {
  row: number;
  column: number;
  queries: [number, number];
  keys: [number, number];
  /** The value drawn there. */
  value: number;
  /** Whether the cell was reached by keyboard, so that it should be announced. */
  byKeyboard: boolean;
}

const text = {
  label: {
    en: 'Heat map of {name}, {queries} queries by {keys} keys. Arrow keys move, Enter locks, Escape unlocks.',
    zh: '{name}热图，{queries} 个查询 × {keys} 个键。方向键移动，回车锁定，Esc 解锁。',
  },
  empty: {
    en: 'There is nothing to draw: {queries} queries, {keys} keys.',
    zh: '没有可画的内容：{queries} 个查询，{keys} 个键。',
  },
};

/** The plot leaves some of the window to what stands around it, but never gets lower than this. */
const LEAST_HEIGHT = 320;
/** Canvas sides stay under this, far below what browsers allow. */
const LARGEST_SIDE = 4096;

/** The heat map. Events: `point` (MatrixCell), `lock` (boolean), `resolution` (the cells per side that fit). */
export class MatrixView extends EventTarget {
  readonly #host: HTMLElement;
  readonly #paint: Painter;
  readonly #canvas = element('canvas', { class: 'plot-canvas', 'aria-hidden': 'true' });
  readonly #cursor = element('div', { class: 'plot-cursor', role: 'gridcell', tabindex: '0', hidden: true });
  readonly #row = element('div', { role: 'row', class: 'plot-row' }, this.#cursor);
  readonly #plot = element('div', { class: 'plot plot-waiting', role: 'grid' }, this.#canvas, this.#row);
  readonly #empty = element('p', { class: 'plot-empty', hidden: true });
  /** Says aloud where the keyboard is. It belongs outside of what is marked as busy, where it would not be heard. */
  readonly live = element('p', { class: 'visually-hidden', 'aria-live': 'polite' });
  readonly #rows = new Axis('rows');
  readonly #columns = new Axis('columns');
  readonly #frame = element(
    'div',
    { class: 'frame' },
    this.#columns.element,
    this.#rows.element,
    this.#plot,
    this.#empty,
  );
  readonly #legend: Legend;
  readonly #observer: ResizeObserver;
  #picture: MatrixPicture | undefined;
  #tokens: { queries?: readonly string[] | undefined; keys?: readonly string[] | undefined } = {};
  #counts = { queries: 1, keys: 1 };
  #expected: readonly [number, number] = [0, 0];
  #at = { row: 0, column: 0 };
  #locked = false;
  #language: Language = 'en';
  #start: readonly [number, number] | undefined;
  #drawing = 0;
  #drawn: Promise<void> = Promise.resolve();
  #resolution = 0;

  constructor(host: HTMLElement, paint: Painter) {
    super();
    this.#host = host;
    this.#paint = paint;
    this.#legend = new Legend(paint);
    this.#legend.language = this.#language;
    host.append(this.#frame, this.#legend.element);
    this.#listen();
    this.#observer = new ResizeObserver(() => requestAnimationFrame(() => this.#resize()));
    this.#observer.observe(this.#frame);
  }

  /**
   * Takes room for a matrix of this size before its values are there, with labels of so many characters, so that
   * nothing moves when they come.
   */
  reserve(queries: number, keys: number, longest: readonly [number, number]): void {
    if (this.#picture) return;
    this.#counts = { queries, keys };
    this.#expected = longest;
    this.#layout();
  }

  /** The names of queries and keys; without them they go by number. */
  set tokens(tokens: { queries?: readonly string[] | undefined; keys?: readonly string[] | undefined }) {
    this.#tokens = tokens;
  }

  /** What to say in place of a picture; empty says nothing. */
  set message(message: string) {
    this.#empty.hidden = message === '';
    this.#empty.textContent = message;
  }

  /** The query and key that the next picture starts at; without it, its largest value. */
  set start(at: readonly [number, number] | undefined) {
    this.#start = at;
  }

  set language(language: Language) {
    this.#language = language;
    this.#legend.language = language;
    if (this.#picture) this.#redraw();
  }

  /** Draws a picture; undefined clears the plot and keeps its room. */
  set picture(picture: MatrixPicture | undefined) {
    const before = this.#picture;
    this.#picture = picture;
    if (!picture) {
      this.#clear();
      return;
    }
    const sameSize = before?.queries === picture.queries && before.keys === picture.keys;
    if (!sameSize || !before || this.#start) this.#restart(picture);
    else this.#keepPlace(before, picture);
    this.#counts = { queries: picture.queries, keys: picture.keys };
    this.#layout();
    this.#redraw();
    this.#point(false);
  }

  /** Settles when the last picture is on the canvas; rejects when it could not be painted. */
  get drawn(): Promise<void> {
    return this.#drawn;
  }

  /** The current cell, if there is a picture. */
  get cell(): MatrixCell | undefined {
    return this.#picture && this.#cell(false);
  }

  get locked(): boolean {
    return this.#locked;
  }

  /** How many cells per side the plot can show one by one. */
  get resolution(): number {
    return this.#resolution || 512;
  }

  /** What query `index` and key `index` are called. */
  name(index: number, axis: 'queries' | 'keys'): string {
    return (axis === 'queries' ? this.#rows : this.#columns).name(index);
  }

  /** Says `message` to screen readers, and names the current cell by it. */
  announce(message: string, aloud: boolean): void {
    this.#cursor.setAttribute('aria-label', message);
    if (aloud) this.live.textContent = message;
  }

  /** Takes the focus to the current cell, if there is one. */
  focus(): boolean {
    if (this.#cursor.hidden) return false;
    this.#cursor.focus({ preventScroll: true });
    return true;
  }

  /** Draws again in the colours of the page as they are now. */
  repaint(): void {
    if (this.#picture) this.#redraw();
  }

  // ---- drawing

  #clear(): void {
    this.#drawing += 1;
    this.#canvas.width = 0;
    this.#cursor.hidden = true;
    this.#rows.mark(undefined);
    this.#columns.mark(undefined);
    this.#plot.classList.add('plot-waiting');
  }

  #resize(): void {
    const before = this.#resolution;
    this.#layout();
    if (this.#picture) this.#redraw();
    if (before && before !== this.#resolution) this.dispatchEvent(new CustomEvent('resolution'));
  }

  #layout(): void {
    const width = this.#frame.clientWidth;
    if (!width) return;
    const { queries, keys } = this.#counts;
    this.#rows.set(queries, this.#tokens.queries);
    this.#columns.set(keys, this.#tokens.keys);
    const longest = this.#picture ? [this.#rows.longest, this.#columns.longest] : this.#expected;
    const gutter = gutters(longest[0] ?? 0, longest[1] ?? 0, width);
    const room = width - gutter.left - 1;
    const size = plotSize(queries, keys, room, Math.min(room, Math.max(LEAST_HEIGHT, innerHeight * 0.6)));
    this.#host.style.setProperty('--gutter-left', `${gutter.left}px`);
    this.#host.style.setProperty('--gutter-top', `${gutter.top}px`);
    this.#plot.style.width = `${size.width}px`;
    this.#plot.style.height = `${Math.max(size.height, queries && keys ? 0 : 120)}px`;
    this.#resolution = Math.min(1024, Math.max(16, Math.floor(room * Math.min(2, devicePixelRatio))));
    this.#rows.show(size.height);
    this.#columns.show(size.width);
    this.#markCell();
  }

  /** Whoever awaits `drawn` hears of a failure; nobody has to. */
  #redraw(): void {
    this.#drawn = this.#draw();
    this.#drawn.catch(() => undefined);
  }

  async #draw(): Promise<void> {
    const picture = this.#picture;
    if (!picture) return;
    const turn = (this.#drawing += 1);
    const { rows, columns, values, name } = picture;
    this.#describe(picture);
    if (!rows || !columns) return;
    const tones = neutralTones(isDark(this.#host));
    const { low, high, colormap } = picture;
    const palette = { low, high, colormap, removed: tones.removed, invalid: tones.invalid };
    const painted = await this.#paint(values, { ...palette, ...this.#canvasSize(), rows, columns });
    const context = this.#canvas.getContext('2d');
    if (turn !== this.#drawing || !context) return release(painted);
    putPicture(context, painted);
    hatchRemoved(context, values, rows, columns, tones.ink);
    ruleCells(context, rows, columns, tones.paper);
    this.#plot.classList.remove('plot-waiting');
    const occurs = { removed: values.includes(-Infinity), invalid: values.includes(NaN) };
    await this.#legend.show(palette, name, occurs);
  }

  #canvasSize(): { width: number; height: number } {
    const side = (pixels: number): number => Math.max(1, Math.min(LARGEST_SIDE, Math.round(pixels * devicePixelRatio)));
    return { width: side(this.#plot.clientWidth), height: side(this.#plot.clientHeight) };
  }

  #describe({ queries, keys, name }: MatrixPicture): void {
    const values = { queries, keys, name };
    this.#plot.setAttribute('aria-label', phrase(text.label, this.#language, values));
    this.#plot.setAttribute('aria-rowcount', String(queries));
    this.#plot.setAttribute('aria-colcount', String(keys));
    this.message = queries > 0 && keys > 0 ? '' : phrase(text.empty, this.#language, values);
    this.#cursor.hidden = !this.#empty.hidden;
    this.#plot.classList.toggle('plot-nothing', !this.#empty.hidden);
  }

  // ---- the current cell

  #restart(picture: MatrixPicture): void {
    const largest = indexOfLargest(picture.values);
    const columns = Math.max(1, picture.columns);
    this.#at = { row: Math.floor(largest / columns), column: largest % columns };
    const [query, key] = this.#start ?? [];
    if (query !== undefined && key !== undefined && query < picture.queries && key < picture.keys) {
      this.#at = {
        row: cellOf(query, picture.rows, picture.queries),
        column: cellOf(key, picture.columns, picture.keys),
      };
    }
    this.#start = undefined;
    this.#setLocked(false);
  }

  #keepPlace(before: MatrixPicture, now: MatrixPicture): void {
    const item = (cell: number, cells: number, size: number): number => cellRange(cell, cells, size)[0];
    this.#at = {
      row: cellOf(item(this.#at.row, before.rows, now.queries), now.rows, now.queries),
      column: cellOf(item(this.#at.column, before.columns, now.keys), now.columns, now.keys),
    };
  }

  #cell(byKeyboard: boolean): MatrixCell | undefined {
    const picture = this.#picture;
    if (!picture || !picture.rows || !picture.columns) return undefined;
    const { row, column } = this.#at;
    return {
      row,
      column,
      queries: cellRange(row, picture.rows, picture.queries),
      keys: cellRange(column, picture.columns, picture.keys),
      value: picture.values[row * picture.columns + column] ?? NaN,
      byKeyboard,
    };
  }

  #point(byKeyboard: boolean): void {
    this.#markCell();
    const cell = this.#cell(byKeyboard);
    if (cell) this.dispatchEvent(new CustomEvent<MatrixCell>('point', { detail: cell }));
  }

  #markCell(): void {
    const cell = this.#cell(false);
    this.#rows.mark(cell?.queries);
    this.#columns.mark(cell?.keys);
    if (!cell || !this.#picture) return;
    const { rows, columns } = this.#picture;
    this.#row.setAttribute('aria-rowindex', String(cell.queries[0] + 1));
    this.#cursor.setAttribute('aria-colindex', String(cell.keys[0] + 1));
    Object.assign(this.#cursor.style, {
      left: `${(cell.column / columns) * 100}%`,
      top: `${(cell.row / rows) * 100}%`,
      width: `${100 / columns}%`,
      height: `${100 / rows}%`,
    });
  }

  #move(row: number, column: number, byKeyboard: boolean): void {
    const picture = this.#picture;
    if (!picture) return;
    const next = { row: clamp(row, picture.rows), column: clamp(column, picture.columns) };
    if (!byKeyboard && next.row === this.#at.row && next.column === this.#at.column) return;
    this.#at = next;
    this.#point(byKeyboard);
  }

  #setLocked(locked: boolean): void {
    this.#locked = locked;
    this.#cursor.classList.toggle('plot-locked', locked);
    this.#cursor.setAttribute('aria-selected', String(locked));
    this.dispatchEvent(new CustomEvent('lock', { detail: locked }));
  }

  // ---- mouse, touch, keys

  #listen(): void {
    this.#plot.addEventListener('pointermove', (event) => {
      if (!this.#locked && event.pointerType !== 'touch') this.#pointer(event);
    });
    this.#plot.addEventListener('click', (event) => this.#click(event));
    this.#cursor.addEventListener('keydown', (event) => this.#key(event));
  }

  #pointer(event: MouseEvent): { row: number; column: number } {
    const box = this.#plot.getBoundingClientRect();
    const { rows = 1, columns = 1 } = this.#picture ?? {};
    const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    this.#move(row, column, false);
    return this.#at;
  }

  #click(event: MouseEvent): void {
    const { row, column } = this.#at;
    const now = this.#pointer(event);
    const again = this.#locked && now.row === row && now.column === column;
    this.#setLocked(!again);
    this.#cursor.focus({ preventScroll: true });
  }

  #key(event: KeyboardEvent): void {
    if (event.altKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === ' ') this.#setLocked(!this.#locked);
    else if (event.key === 'Escape') this.#setLocked(false);
    else {
      const target = this.#target(event);
      if (!target) return;
      this.#move(target.row, target.column, true);
    }
    event.preventDefault();
  }

  #target({ key, ctrlKey }: KeyboardEvent): { row: number; column: number } | undefined {
    const { rows = 1, columns = 1 } = this.#picture ?? {};
    const { row, column } = this.#at;
    const page = Math.max(1, Math.round(rows / 8));
    switch (key) {
      case 'ArrowUp':
        return { row: row - 1, column };
      case 'ArrowDown':
        return { row: row + 1, column };
      case 'ArrowLeft':
        return { row, column: column - 1 };
      case 'ArrowRight':
        return { row, column: column + 1 };
      case 'Home':
        return { row: ctrlKey ? 0 : row, column: 0 };
      case 'End':
        return { row: ctrlKey ? rows - 1 : row, column: columns - 1 };
      case 'PageUp':
        return { row: row - page, column };
      case 'PageDown':
        return { row: row + page, column };
      default:
        return undefined;
    }
  }
}

function clamp(index: number, count: number): number {
  return Math.max(0, Math.min(count - 1, index));
}

function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let index = 1; index < values.length; index += 1) {
    if ((values[index] ?? NaN) > (values[best] ?? NaN) || Number.isNaN(values[best])) best = index;
  }
  return best;
}
