// MATRIX: scores or weights as a heat map, queries down, keys across, at every scale.
//
// A source, its colours and its names go in, events come out (`point`, `lock`, `levels`, `stop`, `resume`). The view knows
// no engine: a painter given at construction turns numbers into pixels, and whoever listens to `point` looks up what else
// there is to say about a cell. Each frame is drawn from tiles that are at hand; missing ones are asked for, and coarser
// ones stand in until they come.

import { Axis, roomOf } from './parts/axis.ts';
import { Camera, type Sight } from './parts/camera.ts';
import { element, focusedBeside, onResize, paperUnder } from './parts/dom.ts';
import { formatCount } from './parts/format.ts';
import { Gestures, type Gestured } from './parts/gestures.ts';
import { actionOf } from './parts/keys.ts';
import { plotSize, type Gutter, type PlotSize } from './parts/layout.ts';
import { Legend } from './parts/legend.ts';
import { drawnMatrix } from './parts/matrixpicture.ts';
import { Minimap } from './parts/minimap.ts';
import type { Painter } from './parts/palette.ts';
import { PassMark, type Pass } from './parts/passmark.ts';
import { LARGEST_SIDE, Picture, type MatrixLook } from './parts/picture.ts';
import { isTouch } from './parts/pointer.ts';
import type { Pooling } from './parts/pooling.ts';
import { Profiles, type Pair } from './parts/profiles.ts';
import type { MatrixSource } from './parts/source.ts';
import { phrase, type Language } from './parts/text.ts';
import type { Tile } from './parts/tiles.ts';
import { blockOf, cellAt, inSight, type Levels, type Point, type Range } from './parts/viewport.ts';
import { ZoomBar, type Zoom } from './parts/zoombar.ts';

export type { MatrixLook } from './parts/picture.ts';
export type { MatrixSource } from './parts/source.ts';
export type { Pass } from './parts/passmark.ts';
export type { Pooling } from './parts/pooling.ts';

/** A cell as it is drawn: the queries and keys that it stands for, as half-open ranges. */
export interface MatrixCell {
  queries: [number, number];
  keys: [number, number];
  /** The value drawn there; NaN where it is no number, or not at hand for a single pair. */
  value: number;
  /** Whether the cell was reached by keyboard, so that it should be announced. */
  byKeyboard: boolean;
}

/** What queries and keys are called; without names they go by number. */
export interface Tokens {
  queries?: readonly string[] | undefined;
  keys?: readonly string[] | undefined;
}

const text = {
  label: {
    en: 'Heat map of {name}, {queries} queries by {keys} keys. Arrow keys move, Enter locks, Escape unlocks; plus and minus zoom, Shift with arrow keys moves what is in sight.',
    zh: '{name}热图，{queries} 个查询 × {keys} 个键。方向键移动，回车锁定，Esc 解锁；加减号缩放，Shift 加方向键平移。',
  },
  empty: {
    en: 'There is nothing to draw: {queries} queries, {keys} keys.',
    zh: '没有可画的内容：{queries} 个查询，{keys} 个键。',
  },
  hint: { en: 'Click, then scroll to zoom; drag to move', zh: '点击后滚动缩放，拖动平移' },
  hintTouch: { en: 'Pinch to zoom; drag to move', zh: '双指缩放，拖动平移' },
};

/** The plot leaves some of the window to what stands around it, but never gets lower than this. */
const LEAST_HEIGHT = 320;
/** What an empty plot has room for. */
const EMPTY_HEIGHT = 120;
/** Room for the profile of a column, with the gap before it; less on a phone. */
const STRIP = { wide: 40, narrow: 28, from: 480 };
/** The corner between the axes holds the minimap, with some air around it. */
const CORNER = { least: 40, most: 96, air: 10 };
/** A picture that is taken along is drawn so much finer than on a plain screen, for those who print it. */
const TAKEN_RATIO = 4;

/** What is in sight: blocks of queries and keys, and a value for each two. */
export interface SeenMatrix {
  queries: readonly Range[];
  keys: readonly Range[];
  values: Float32Array;
  /** The current cell. */
  cell: MatrixCell | undefined;
}

/** Where a picture starts. */
export interface MatrixStart {
  /** The query and key of the current cell; without it, the largest value. */
  cell?: readonly [query: number, key: number] | undefined;
  /** The query and key of a cell that is locked; where there is no such one, it is as if it had not been said. */
  lock?: readonly [query: number, key: number] | undefined;
  /** The part in sight; without it, all. */
  sight?: Sight | undefined;
}

/** The heat map. Events: `point` (MatrixCell), `lock` (boolean), `levels`, `sight`, `stop` and `resume` (the pass). */
export class MatrixView extends EventTarget {
  readonly #host: HTMLElement;
  readonly #legend: Legend;
  readonly #picture: Picture;
  readonly #cursor = element('div', { class: 'plot-cursor', role: 'gridcell', tabindex: '0', hidden: true });
  readonly #row = element('div', { role: 'row', class: 'plot-row' }, this.#cursor);
  readonly #plot = element('div', { class: 'plot plot-waiting', role: 'grid' });
  readonly #empty = element('p', { class: 'plot-empty', hidden: true });
  /** Says aloud where the keyboard is. It belongs outside of what is marked as busy, where it would not be heard. */
  readonly live = element('p', { class: 'visually-hidden', 'aria-live': 'polite' });
  readonly #rows = new Axis('rows');
  readonly #columns = new Axis('columns');
  readonly #camera = new Camera(() => this.#moved());
  readonly #minimap = new Minimap({
    jump: (at) => this.#jump(() => this.#centre(at)),
    drag: (at) => this.#centre(at),
    step: (by) => this.#jump(() => this.#camera.step(by)),
    // What the map led to is worth a closer look, not the cell that was left behind.
    zoom: (to) => this.#camera.zoomTo(to, this.#camera.middle),
  });
  readonly #passMark = new PassMark({
    stop: () => this.dispatchEvent(new CustomEvent('stop')),
    resume: () => this.dispatchEvent(new CustomEvent('resume')),
  });
  readonly #profiles = new Profiles(() => this.#invalidate());
  readonly #frame = element(
    'div',
    { class: 'frame' },
    this.#columns.element,
    this.#rows.element,
    this.#plot,
    ...this.#profiles.elements,
    this.#minimap.element,
    this.#passMark.element,
    this.#empty,
  );
  readonly #zoomBar = new ZoomBar((zoom) => this.#zoom(zoom));
  readonly #hint = element('p', { class: 'plot-hint' });
  readonly #gestures: Gestures;
  #name = '';
  #tokens: Tokens = {};
  #counts = { queries: 1, keys: 1 };
  #expected: readonly [number, number] = [0, 0];
  #levels: Levels = { rows: 0, keys: 0 };
  #at: Pair = { query: 0, key: 0 };
  /** The pair whose row and column are shown: the current cell's, or the one that stands out in its block. */
  #pair: Pair | undefined;
  #told: MatrixCell | undefined;
  #locked = false;
  #language: Language = 'en';
  #start: MatrixStart | undefined;
  #restarts = false;
  #pass: Pass | undefined;
  #scheduled = false;
  /**
   * Whether the next frame is left to the workers, after a jump: drawn anew, with all labels, it would take the time in which they
   * make most of the tiles. The frame after it shows these, and does not wait for others.
   */
  #skips = false;

  constructor(host: HTMLElement, paint: Painter) {
    super();
    this.#host = host;
    this.#legend = new Legend(paint);
    this.#picture = new Picture(paint, this.#legend, () => this.#invalidate());
    this.#plot.append(...this.#picture.elements, this.#row);
    const foot = element('div', { class: 'matrix-foot' }, this.#legend.element, this.#zoomBar.element, this.#hint);
    host.append(this.#frame, foot, this.#passMark.status);
    this.#gestures = new Gestures(this.#plot, this.#gestured());
    this.#cursor.addEventListener('keydown', (event) => this.#key(event));
    this.language = this.#language;
    onResize(this.#frame, () => this.#resize());
  }

  /**
   * Takes room for a matrix of this size before its values are there, with labels of so many characters, so that
   * nothing moves when they come. That is with the next frame: who makes a page would wait for all of it to be laid out.
   */
  reserve(queries: number, keys: number, longest: readonly [number, number]): void {
    if (this.#picture.source) return;
    this.#counts = { queries, keys };
    this.#expected = longest;
    requestAnimationFrame(() => this.#layout());
  }

  /** Takes the room at once, for who must know where things stand. */
  settle(): void {
    this.#layout();
  }

  /** The names of queries and keys. */
  set tokens(tokens: Tokens) {
    this.#tokens = tokens;
  }

  /** What to say in place of a picture; empty says nothing. */
  set message(message: string) {
    this.#empty.hidden = message === '';
    this.#empty.textContent = message;
  }

  /** Where the next picture starts; without it, one of another size starts whole, at its largest value. */
  set start(start: MatrixStart | undefined) {
    this.#start = start;
  }

  set language(language: Language) {
    this.#language = language;
    this.#legend.language = language;
    this.#zoomBar.language = language;
    this.#minimap.language = language;
    this.#hint.textContent = phrase(isTouch() ? text.hintTouch : text.hint, language);
    this.#passMark.show(this.#pass, language);
    this.#profiles.language = language;
    this.#invalidate();
  }

  /** The pass that makes the picture whole, while it is under way or stopped. */
  set pass(pass: Pass | undefined) {
    this.#pass = pass;
    this.#passMark.show(pass, this.#language);
  }

  /** Draws a source. What was drawn before stays until all that is in sight is there. */
  show(source: MatrixSource, look: MatrixLook, pooling: Pooling = 'max'): void {
    const { queries, keys } = source;
    const before = this.#picture.source;
    const sameSize = before?.queries === queries && before.keys === keys;
    // What was expected of another matrix says nothing of this one.
    if (this.#counts.queries !== queries || this.#counts.keys !== keys) this.#expected = [0, 0];
    this.#counts = { queries, keys };
    this.#name = look.name;
    this.#camera.coarsest = Math.max(0, source.levels - 1);
    const sight = this.#start?.sight;
    if (!sameSize || this.#start) this.#restart();
    this.#picture.show(source, look, pooling);
    this.#describe();
    this.#layout();
    if (sight) this.#camera.look(sight);
  }

  /** Other colours for the same numbers. */
  set look(look: MatrixLook) {
    this.#name = look.name;
    this.#describe();
    this.#picture.repaint(look);
  }

  /** The rows `[from, to)` are known now. */
  refresh(rows: readonly [number, number]): void {
    this.#picture.refresh(rows);
  }

  /** Clears the plot and keeps its room. */
  clear(): void {
    this.#picture.clear();
    this.pass = undefined;
    this.#cursor.hidden = true;
    this.#minimap.element.hidden = true;
    this.#setPair(undefined);
    this.#rows.mark(undefined);
    this.#columns.mark(undefined);
    this.#plot.classList.add('plot-waiting');
  }

  /** Settles when the last picture is on the canvas; rejects when it could not be painted. */
  get drawn(): Promise<void> {
    return this.#picture.drawn;
  }

  /** The current cell, if there is a picture. */
  get cell(): MatrixCell | undefined {
    return this.#cell(false);
  }

  /** How many queries and keys a cell stands for. */
  get blocks(): { queries: number; keys: number } {
    const { queries, keys } = this.#counts;
    return { queries: Math.min(queries, 2 ** this.#levels.rows), keys: Math.min(keys, 2 ** this.#levels.keys) };
  }

  get locked(): boolean {
    return this.#locked;
  }

  /** The query and key of the locked cell; undefined where none is locked. Of a picture that is to come, where it starts. */
  get lockedPair(): readonly [query: number, key: number] | undefined {
    if (this.#start) return this.#start.lock;
    return this.#locked ? [this.#at.query, this.#at.key] : undefined;
  }

  /** The part in sight; undefined: all of it. Of a picture that is to come, where it starts. */
  get sight(): Sight | undefined {
    return this.#start ? this.#start.sight : this.#camera.sight;
  }

  /** The pair that gave the current cell its value, if one did: its row and column are shown, and it is zoomed in on. */
  set pair(pair: readonly [query: number, key: number] | undefined) {
    this.#setPair(pair && { query: pair[0], key: pair[1] });
  }

  /** Whether queries, or keys, have names of their own. */
  isNamed(axis: 'queries' | 'keys'): boolean {
    return (axis === 'queries' ? this.#rows : this.#columns).named;
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

  /** The numbers in sight, as they are drawn; undefined as long as they are not all there. */
  get seen(): SeenMatrix | undefined {
    const { box, view, levels, gliding } = this.#camera;
    if (!this.#picture.arrived || !this.#picture.current || gliding) return undefined;
    const sight = inSight(box, view);
    const queries = blocksIn(sight.queries, levels.rows, box.queries);
    const keys = blocksIn(sight.keys, levels.keys, box.keys);
    const values = new Float32Array(queries.length * keys.length);
    queries.forEach(([query], row) =>
      keys.forEach(([key], column) => {
        values[row * keys.length + column] = this.#picture.valueAt(levels, { query, key }) ?? NaN;
      }),
    );
    return { queries, keys, values, cell: this.#cell(false) };
  }

  /** What is in sight as a picture for itself, under a title, with a line below. */
  picture(title: string, caption: string): SVGSVGElement {
    const { box, view, levels } = this.#camera;
    const ratio = Math.min(TAKEN_RATIO, LARGEST_SIDE / Math.max(box.width, box.height));
    const [x, y, width, height] = (['left', 'top', 'width', 'height'] as const).map((side) =>
      parseFloat(this.#cursor.style[side]),
    );
    const away = this.#cursor.hidden || this.#cursor.classList.contains('plot-cursor-away');
    const { color, fontFamily: font } = getComputedStyle(this.#host);
    const paper = paperUnder(this.#host);
    return drawnMatrix(
      {
        title,
        caption,
        ...box,
        plot: this.#picture.taken({ box, view, levels, ratio }).toDataURL(),
        ...this.#legend.taken,
        rows: this.#rows.placed,
        columns: this.#columns.placed,
        cell: away ? undefined : { x: x ?? 0, y: y ?? 0, width: width ?? 0, height: height ?? 0 },
      },
      { ink: color, paper, font },
    );
  }

  /** Draws again in the colours of the page as they are now. */
  repaint(): void {
    this.#profiles.refresh();
    this.#picture.repaint();
  }

  // ---- the picture

  #describe(): void {
    const { queries, keys } = this.#counts;
    const written = (count: number): string => formatCount(count, this.#language);
    const values = { queries: written(queries), keys: written(keys), name: this.#name };
    this.#plot.setAttribute('aria-label', phrase(text.label, this.#language, values));
    this.#plot.setAttribute('aria-rowcount', String(queries));
    this.#plot.setAttribute('aria-colcount', String(keys));
    this.message = queries > 0 && keys > 0 ? '' : phrase(text.empty, this.#language, values);
    this.#cursor.hidden = !this.#empty.hidden;
    this.#plot.classList.toggle('plot-nothing', !this.#empty.hidden);
  }

  #resize(): void {
    this.#layout();
    this.#invalidate();
  }

  #layout(): void {
    const width = this.#frame.clientWidth;
    if (!width) return;
    const { queries, keys } = this.#counts;
    this.#rows.set(queries, this.#tokens.queries);
    this.#columns.set(keys, this.#tokens.keys);
    const plotBeside = ({ left }: Gutter): PlotSize => {
      const room = width - left - 1 - (width < STRIP.from ? STRIP.narrow : STRIP.wide);
      return plotSize(queries, keys, room, Math.min(room, Math.max(LEAST_HEIGHT, innerHeight * 0.6)));
    };
    const { gutter, size } = roomOf([this.#rows, this.#columns], width, plotBeside, this.#expected);
    for (const [name, pixels] of Object.entries({
      'gutter-left': gutter.left,
      'gutter-top': gutter.top,
      'plot-width': size.width,
      'plot-height': Math.max(size.height, queries && keys ? 0 : EMPTY_HEIGHT),
    })) {
      this.#host.style.setProperty(`--${name}`, `${pixels}px`);
    }
    this.#camera.box = { queries, keys, ...size };
    const corner = Math.min(gutter.left, gutter.top) - CORNER.air;
    this.#profiles.refresh();
    this.#minimap.layout(this.#camera.box, Math.max(CORNER.least, Math.min(CORNER.most, corner)));
    this.#showAxes();
  }

  /** What is in sight is about to be another part. */
  #moved(): void {
    this.#plot.setAttribute('aria-busy', 'true');
    this.#invalidate();
    this.dispatchEvent(new CustomEvent('sight'));
  }

  /** Draws with the next frame, whatever else changes until then. */
  #invalidate(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame((time) => {
      this.#scheduled = false;
      if (this.#skips) {
        this.#skips = false;
        return this.#invalidate();
      }
      this.#camera.advance(time);
      this.#render();
    });
  }

  #render(): void {
    if (!this.#picture.source) return;
    const { box, view, levels, scale, coarsest } = this.#camera;
    this.#setLevels(levels);
    const arrived = this.#picture.render({ box, view, levels, ratio: devicePixelRatio }, coarsest);
    if (arrived) this.#arrive(arrived);
    this.#plot.setAttribute('aria-busy', String(!this.#picture.current || this.#camera.gliding));
    this.#plot.classList.toggle('plot-zoomed', this.#camera.zoomed);
    this.#zoomBar.show(this.#camera.able);
    this.#minimap.show(box, view, this.#language, (context) => this.#picture.renderWhole(context, box, coarsest));
    this.#showAxes();
    this.#profiles.draw({ ...box, view, scale }, this.#cell(false));
    if (this.#picture.arrived) this.#tell(false, false);
  }

  /** A new source is on the canvas. */
  #arrive(inSight: readonly Tile[]): void {
    this.#plot.classList.remove('plot-waiting');
    if (this.#restarts) this.#at = startOf(inSight);
    this.#restarts = false;
    this.#told = undefined;
    this.#pair = undefined;
  }

  // ---- zoom

  #setLevels(levels: Levels): void {
    const before = this.#levels;
    this.#levels = levels;
    if (before.rows !== levels.rows || before.keys !== levels.keys) this.dispatchEvent(new CustomEvent('levels'));
  }

  #zoom(to: Zoom): void {
    if (!this.#picture.source) return;
    // What stands out in a block is what is worth looking at more closely.
    if (to !== 'out' && to !== 'whole' && this.#pair && !this.#isSingle()) this.#at = this.#pair;
    this.#camera.zoomTo(to, { x: this.#at.key + 0.5, y: this.#at.query + 0.5 });
  }

  #centre({ x, y }: Point): void {
    this.#camera.centre(y * this.#counts.queries, x * this.#counts.keys);
  }

  /** A move that may lead far away: what is missing there is asked for at once. */
  #jump(move: () => void): void {
    const before = this.#camera.view;
    move();
    const { box, view, levels, coarsest } = this.#camera;
    // Where it leads nowhere, no frame is there to be left out: it would be the next one, whatever that is to show.
    if (view === before) return;
    this.#skips = this.#picture.ask({ box, view, levels, ratio: devicePixelRatio }, coarsest);
  }

  // ---- the current cell

  #restart(): void {
    this.#restarts = true;
    this.#camera.reset();
    const { queries, keys } = this.#counts;
    const existing = (pair: readonly [query: number, key: number] | undefined): Pair | undefined =>
      pair && pair[0] < queries && pair[1] < keys ? { query: pair[0], key: pair[1] } : undefined;
    const lock = existing(this.#start?.lock);
    const at = lock ?? existing(this.#start?.cell);
    if (at) {
      this.#at = at;
      this.#restarts = false;
    }
    this.#start = undefined;
    this.#setLocked(lock !== undefined);
  }

  #cell(byKeyboard: boolean): MatrixCell | undefined {
    const { queries, keys } = this.#counts;
    if (!this.#picture.source || !queries || !keys) return undefined;
    const { query, key } = this.#at;
    return {
      queries: blockOf(query, this.#levels.rows, queries),
      keys: blockOf(key, this.#levels.keys, keys),
      value: this.#picture.valueAt(this.#levels, this.#at) ?? NaN,
      byKeyboard,
    };
  }

  #isSingle(): boolean {
    return this.#levels.rows === 0 && this.#levels.keys === 0;
  }

  /** Says which cell is current, if that is news; of a pooled one its value is part of that. */
  #tell(byKeyboard: boolean, always: boolean): void {
    this.#markCell();
    const cell = this.#cell(byKeyboard);
    const known = this.#isSingle() || this.#picture.valueAt(this.#levels, this.#at) !== undefined;
    if (!cell || !known || this.#gestures.dragging) return;
    const told = this.#told;
    const same =
      told?.queries[0] === cell.queries[0] &&
      told.queries[1] === cell.queries[1] &&
      told.keys[0] === cell.keys[0] &&
      told.keys[1] === cell.keys[1] &&
      (this.#isSingle() || Object.is(told.value, cell.value));
    if (same && !always) return;
    this.#told = cell;
    // Of a block it has to be found; the profiles of the last one stay until then.
    if (this.#isSingle()) this.#setPair(this.#at);
    else this.#pair = undefined;
    this.dispatchEvent(new CustomEvent<MatrixCell>('point', { detail: cell }));
  }

  #markCell(): void {
    const cell = this.#cell(false);
    this.#rows.mark(cell?.queries);
    this.#columns.mark(cell?.keys);
    if (!cell) return;
    this.#row.setAttribute('aria-rowindex', String(cell.queries[0] + 1));
    this.#cursor.setAttribute('aria-colindex', String(cell.keys[0] + 1));
    const { box, view, scale } = this.#camera;
    const along = ([from, to]: Range, first: number, size: number, pixels: number) => {
      const start = Math.max(0, Math.min(pixels, (from - first) * size));
      return { start, length: Math.max(0, Math.min(pixels, (to - first) * size)) - start };
    };
    const y = along(cell.queries, view.top, scale.y, box.height);
    const x = along(cell.keys, view.left, scale.x, box.width);
    this.#cursor.classList.toggle('plot-cursor-away', x.length <= 0 || y.length <= 0);
    Object.assign(this.#cursor.style, {
      left: `${x.start}px`,
      top: `${y.start}px`,
      width: `${x.length}px`,
      height: `${y.length}px`,
    });
  }

  #move(query: number, key: number, byKeyboard: boolean): void {
    if (!this.#picture.source) return;
    const { queries, keys } = this.#counts;
    this.#at = { query: clamp(query, queries), key: clamp(key, keys) };
    if (byKeyboard) this.#reveal();
    this.#tell(byKeyboard, byKeyboard);
    this.#invalidate();
  }

  /** Brings the current cell into sight. */
  #reveal(): void {
    const cell = this.#cell(true);
    if (cell) this.#jump(() => this.#camera.reveal(cell.queries, cell.keys));
  }

  #setLocked(locked: boolean): void {
    this.#locked = locked;
    this.#cursor.classList.toggle('plot-locked', locked);
    this.#cursor.setAttribute('aria-selected', String(locked));
    this.dispatchEvent(new CustomEvent('lock', { detail: locked }));
  }

  #setPair(pair: Pair | undefined): void {
    this.#pair = pair;
    const { source } = this.#picture;
    if (pair && source) this.#profiles.show(pair, source, (index, axis) => this.name(index, axis));
    else this.#profiles.clear();
  }

  #showAxes(): void {
    const { box, view, scale } = this.#camera;
    this.#rows.show({ from: view.top, size: scale.y, pixels: box.height });
    this.#columns.show({ from: view.left, size: scale.x, pixels: box.width });
    this.#markCell();
  }

  // ---- mouse, touch, keys

  #gestured(): Gestured {
    const [camera, cursor] = [this.#camera, this.#cursor];
    return {
      point: (at) => {
        if (!this.#locked) this.#pointAt(at);
      },
      press: (at) => this.#click(at),
      move: (by) => camera.move(by),
      zoom: (factor, at) => camera.zoomAt(factor, at),
      get movable() {
        return camera.zoomed;
      },
      get focused() {
        return focusedBeside(cursor) === cursor;
      },
    };
  }

  #pointAt(at: Point): void {
    const { query, key } = cellAt(this.#camera.box, this.#camera.view, at);
    const cell = this.#cell(false);
    const within = ([from, to]: Range, item: number): boolean => from <= item && item < to;
    const same = cell !== undefined && within(cell.queries, query) && within(cell.keys, key);
    this.#at = { query, key };
    if (!same) this.#move(query, key, false);
  }

  #click(at: Point): void {
    const before = this.#cell(false);
    this.#pointAt(at);
    const now = this.#cell(false);
    const same = before?.queries[0] === now?.queries[0] && before?.keys[0] === now?.keys[0];
    this.#setLocked(!(this.#locked && same));
    this.#cursor.focus({ preventScroll: true });
  }

  #key(event: KeyboardEvent): void {
    const { box, scale } = this.#camera;
    const { queries, keys } = this.#counts;
    const standing = { at: this.#at, levels: this.#levels, queries, keys, height: box.height / scale.y };
    const action = actionOf(event, standing);
    // Where nothing is locked Escape is free for others.
    if (!action || (action.does === 'unlock' && !this.#locked)) return;
    event.preventDefault();
    switch (action.does) {
      case 'zoom':
        return this.#zoom(action.zoom);
      case 'lock':
        return this.#setLocked(!this.#locked);
      case 'unlock':
        return this.#setLocked(false);
      case 'pan':
        this.#jump(() => this.#camera.step(action.by));
        return this.#follow();
      case 'go':
        return this.#move(action.to.query, action.to.key, true);
    }
  }

  /** After a move of what is in sight, the current cell is the nearest one that still is; a locked one stays. */
  #follow(): void {
    if (this.#locked) return;
    const { box, view, scale } = this.#camera;
    const inside = (pixel: number, side: number): number => Math.max(0.5, Math.min(side - 0.5, pixel));
    const at = {
      x: inside((this.#at.key + 0.5 - view.left) * scale.x, box.width),
      y: inside((this.#at.query + 0.5 - view.top) * scale.y, box.height),
    };
    const { query, key } = cellAt(box, view, at);
    this.#at = { query, key };
    this.#tell(true, false);
  }
}

/** The blocks of a level that a range touches. */
function blocksIn([from, to]: Range, level: number, count: number): Range[] {
  const size = 2 ** level;
  const first = Math.floor(from / size);
  return Array.from({ length: Math.ceil(to / size) - first }, (_, at) => blockOf((first + at) * size, level, count));
}

function clamp(index: number, count: number): number {
  return Math.max(0, Math.min(count - 1, index));
}

/** The pair, or the first of the block, with the largest value. */
function startOf(tiles: readonly Tile[]): { query: number; key: number } {
  let [best, found] = [NaN, { query: 0, key: 0 }];
  for (const { at, rows, keys, grid } of tiles) {
    grid.values.forEach((value, index) => {
      if (!(value > best) && !(Number.isNaN(best) && !Number.isNaN(value))) return;
      best = value;
      found = {
        query: rows[0] + Math.floor(index / grid.columns) * 2 ** at.levels.rows,
        key: keys[0] + (index % grid.columns) * 2 ** at.levels.keys,
      };
    });
  }
  return found;
}
