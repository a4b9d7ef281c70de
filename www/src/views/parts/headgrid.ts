// Heads as small pictures in lines: what is drawn in each, which one the keyboard is at, and which one is open.

import { element, focusedBeside, onResize } from './dom.ts';
import { headKey, linesByLayer, linesByNumber, steppedTo, tiling } from './headorder.ts';
import type { HeadAt, HeadChoices, HeadLine } from './headorder.ts';
import { isDark, neutralTones, release, type Painter, type Palette } from './palette.ts';

/** The weights of a head, pooled to a small picture; -Infinity is a removed key. */
export interface HeadMap {
  /** `rows * columns` numbers. */
  values: Float32Array;
  rows: number;
  columns: number;
  /** The largest finite one. */
  high: number;
}

/** A head that was computed: its picture, and its numbers by their ids. */
export interface SeenHead extends HeadAt {
  map: HeadMap;
  numbers: Readonly<Record<string, number>>;
}

/** The names of colour maps, for weights and for any number. */
export interface HeadColors {
  weights: string;
  number: string;
}

/** Who is told what happens in the grid. */
interface Listener {
  /** The mouse or the keyboard is at a head. */
  point(at: HeadAt): void;
  open(at: HeadAt): void;
  /** Pictures were painted. */
  painted(): void;
}

/** What the grid says of a head, which depends on the language. */
export interface HeadWords {
  label: string;
  /** Of a line's first place. */
  layer(name: string): string;
  /** Of one head, with its number. */
  head(at: HeadAt, seen: SeenHead | undefined): string;
}

/** A picture's side, in CSS pixels, and the space between; the least is what a finger hits. */
const SIDE = { least: 24, most: 64, gap: 4 };
/** In an order of their own heads carry a name, which takes more room. */
const NAMED_LEAST = 48;
/** What the layers' names take at the left. */
const NAMES = 32;

interface Tile {
  at: HeadAt;
  cell: HTMLElement;
  canvas: HTMLCanvasElement;
  bar: HTMLElement;
  seen: SeenHead | undefined;
}

export class HeadGrid {
  readonly element = element('div', { class: 'heads-grid' });
  readonly #paint: Painter;
  readonly #colors: HeadColors;
  readonly #listener: Listener;
  readonly #tiles = new Map<string, Tile>();
  #layers: readonly string[] = [];
  #counts: readonly number[] = [];
  #lines: readonly HeadLine[] = [];
  #choices: HeadChoices;
  #words: HeadWords = { label: '', layer: String, head: () => '' };
  #at: HeadAt = { layer: 0, head: 0 };
  #opened: HeadAt | undefined;
  #width = 0;
  /** Counts whole repaints: pictures of an earlier one are dropped. */
  #round = 0;
  #painting = 0;

  constructor(paint: Painter, colors: HeadColors, choices: HeadChoices, listener: Listener) {
    this.#paint = paint;
    this.#colors = colors;
    this.#choices = choices;
    this.#listener = listener;
    this.element.addEventListener('keydown', (event) => this.#key(event));
    onResize(this.element, () => this.#resize(this.element.clientWidth));
  }

  /** Makes room for layers of so many heads each, all of which are yet to come. */
  expect(layers: readonly string[], counts: readonly number[]): void {
    this.#layers = layers;
    this.#counts = counts;
    this.#tiles.clear();
    this.#round += 1;
    for (const { heads } of linesByLayer(counts, Infinity)) for (const at of heads) this.#add(at);
    if (!this.#tiles.has(headKey(this.#at))) this.#at = { layer: 0, head: 0 };
    this.#layOut();
  }

  /** Takes the heads of a layer, which may be more or fewer than were expected. */
  put(layer: number, heads: readonly SeenHead[]): void {
    const before = this.#high;
    if (this.#counts[layer] !== heads.length) this.#recount(layer, heads.length);
    for (const seen of heads) {
      const tile = this.#tiles.get(headKey(seen));
      if (tile) tile.seen = seen;
    }
    const wider = this.#choices.paint === 'number' || (this.#choices.paint === 'weights' && this.#high !== before);
    if (wider) this.repaint();
    else void this.#paintAll(heads.flatMap((seen) => this.#tiles.get(headKey(seen)) ?? []));
    if (this.#choices.order !== 'model') this.#layOut();
    this.#say();
  }

  /** Other choices, or other words. */
  show(choices: HeadChoices, words: HeadWords): void {
    const before = this.#choices;
    this.#choices = choices;
    this.#words = words;
    const ordered = choices.order !== before.order || (choices.order !== 'model' && choices.number !== before.number);
    if (ordered) this.#layOut();
    if (choices.paint !== before.paint || (choices.paint === 'number' && choices.number !== before.number))
      this.repaint();
    this.#say();
  }

  /** Marks the head that is open elsewhere. */
  set opened(at: HeadAt | undefined) {
    this.#opened = at;
    for (const tile of this.#tiles.values()) this.#mark(tile);
  }

  /** Where the keyboard is. */
  get at(): HeadAt {
    return this.#at;
  }

  seen(at: HeadAt): SeenHead | undefined {
    return this.#tiles.get(headKey(at))?.seen;
  }

  /** The heads that are there, in the order in which they stand. */
  get ordered(): SeenHead[] {
    return this.#lines.flatMap(({ heads }) => heads.flatMap((at) => this.seen(at) ?? []));
  }

  /** The lines of pictures, as they stand. */
  get lines(): readonly HeadLine[] {
    return this.#lines;
  }

  /** The picture of a head. */
  canvasOf(at: HeadAt): HTMLCanvasElement | undefined {
    const tile = this.#tiles.get(headKey(at));
    return tile?.seen && tile.canvas;
  }

  /** Whether the picture of every head that is there is painted. */
  get settled(): boolean {
    return this.#painting === 0;
  }

  /** How a head is coloured now. */
  paletteOf(seen: SeenHead | undefined): Palette {
    const { removed, invalid } = neutralTones(isDark(this.element));
    const tones = { removed, invalid };
    const { weights, number } = this.#colors;
    if (this.#choices.paint === 'number') return { colormap: number, ...this.#range, ...tones };
    const high = this.#choices.paint === 'own' ? (seen?.map.high ?? 1) : this.#high;
    return { colormap: weights, low: 0, high: high > 0 ? high : 1, ...tones };
  }

  repaint(): void {
    this.#round += 1;
    void this.#paintAll([...this.#tiles.values()]);
  }

  /** The largest weight of all. */
  get #high(): number {
    return this.#all.reduce((most, { map }) => Math.max(most, map.high), 0);
  }

  get #all(): SeenHead[] {
    return [...this.#tiles.values()].flatMap(({ seen }) => seen ?? []);
  }

  /** What bars and colours of the chosen number run over: from 0, or from below it. */
  get #range(): { low: number; high: number } {
    const values = this.#all.map((seen) => this.#number(seen)).filter(Number.isFinite);
    const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
    return { low, high: high > low ? high : low + 1 };
  }

  #number(seen: SeenHead | undefined): number {
    return seen?.numbers[this.#choices.number] ?? NaN;
  }

  #recount(layer: number, count: number): void {
    const before = this.#counts[layer] ?? 0;
    for (let head = count; head < before; head += 1) this.#tiles.delete(headKey({ layer, head }));
    for (let head = before; head < count; head += 1) this.#add({ layer, head });
    this.#counts = this.#counts.map((one, at) => (at === layer ? count : one));
    if (!this.#tiles.has(headKey(this.#at))) this.#at = { layer: 0, head: 0 };
    this.#layOut();
  }

  #add(at: HeadAt): void {
    const canvas = element('canvas', { class: 'heads-map', width: 1, height: 1, 'aria-hidden': 'true' });
    const bar = element('span', { class: 'heads-bar', 'aria-hidden': 'true' }, element('i'));
    const cell = element('div', { class: 'heads-cell', role: 'gridcell', tabindex: -1 }, canvas, bar);
    const tile: Tile = { at, cell, canvas, bar: bar.firstElementChild as HTMLElement, seen: undefined };
    cell.addEventListener('pointerenter', () => tile.seen && this.#listener.point(at));
    cell.addEventListener('focus', () => this.#enter(at));
    cell.addEventListener('click', () => tile.seen && this.#listener.open(at));
    this.#tiles.set(headKey(at), tile);
    this.#mark(tile);
  }

  #enter(at: HeadAt): void {
    this.#tiles.get(headKey(this.#at))?.cell.setAttribute('tabindex', '-1');
    this.#at = at;
    this.#tiles.get(headKey(at))?.cell.setAttribute('tabindex', '0');
    this.#listener.point(at);
  }

  #key(event: KeyboardEvent): void {
    const { key, altKey, metaKey, ctrlKey } = event;
    if (altKey || metaKey) return;
    const tile = this.#tiles.get(headKey(this.#at));
    if ((key === 'Enter' || key === ' ') && !ctrlKey) {
      event.preventDefault();
      if (tile?.seen) this.#listener.open(this.#at);
      return;
    }
    const to = steppedTo(key, ctrlKey, this.#lines, this.#standing);
    if (!to) return;
    event.preventDefault();
    const at = this.#lines[to.line]?.heads[to.place];
    if (at) this.#tiles.get(headKey(at))?.cell.focus();
  }

  get #standing(): { line: number; place: number } {
    const key = headKey(this.#at);
    const line = this.#lines.findIndex(({ heads }) => heads.some((at) => headKey(at) === key));
    return { line, place: this.#lines[line]?.heads.findIndex((at) => headKey(at) === key) ?? 0 };
  }

  #resize(width: number): void {
    if (Math.abs(width - this.#width) < 1) return;
    this.#width = width;
    this.#layOut();
  }

  /** Puts the pictures in their lines; the focus stays where it is. */
  #layOut(): void {
    const { order } = this.#choices;
    // The first time nobody has said it yet.
    this.#width ||= this.element.clientWidth;
    const most = order === 'model' ? Math.max(1, ...this.#counts) : this.#tiles.size;
    const room = Math.max(0, this.#width - (order === 'model' ? NAMES : 0));
    const least = order === 'model' ? SIDE.least : NAMED_LEAST;
    const { columns, side } = tiling(room, most, { ...SIDE, least });
    const numberOf = (at: HeadAt): number => this.#number(this.seen(at));
    this.#lines =
      order === 'model' ? linesByLayer(this.#counts, columns) : linesByNumber(this.#counts, columns, order, numberOf);
    this.element.style.setProperty('--heads-side', `${side}px`);
    const focused = this.element.contains(focusedBeside(this.element));
    this.element.replaceChildren(...this.#lines.map((line) => this.#row(line)));
    // Without rows it would be a grid of nothing.
    if (this.#lines.length > 0) this.element.setAttribute('role', 'grid');
    else this.element.removeAttribute('role');
    for (const { at, cell } of this.#tiles.values()) {
      cell.setAttribute('tabindex', headKey(at) === headKey(this.#at) ? '0' : '-1');
    }
    if (focused) this.#tiles.get(headKey(this.#at))?.cell.focus({ preventScroll: true });
    this.#say();
  }

  #row({ layer, heads }: HeadLine): HTMLElement {
    const name = layer === undefined ? '' : (this.#layers[layer] ?? '');
    const head = element('div', { class: 'heads-layer', role: name ? 'rowheader' : undefined }, name);
    const cells = heads.flatMap((at) => this.#tiles.get(headKey(at))?.cell ?? []);
    return element(
      'div',
      { class: 'heads-line', role: 'row' },
      ...(this.#choices.order === 'model' ? [head] : []),
      ...cells,
    );
  }

  /** Writes names and bars. */
  #say(): void {
    const { low, high } = this.#range;
    if (this.#lines.length > 0) this.element.setAttribute('aria-label', this.#words.label);
    else this.element.removeAttribute('aria-label');
    this.#lines.forEach(({ layer }, at) => {
      const head = this.element.children[at]?.querySelector('.heads-layer');
      if (head && layer !== undefined) head.setAttribute('aria-label', this.#words.layer(this.#layers[layer] ?? ''));
    });
    for (const { at, cell, bar, seen } of this.#tiles.values()) {
      const share = (this.#number(seen) - low) / (high - low);
      bar.style.width = Number.isFinite(share) ? `${(100 * share).toFixed(1)}%` : '0';
      cell.setAttribute('aria-label', this.#words.head(at, seen));
      const sorted = this.#choices.order !== 'model';
      cell.dataset['name'] = sorted ? `${this.#layers[at.layer] ?? ''}·${at.head}` : String(at.head);
      cell.classList.toggle('heads-waiting', !seen);
    }
  }

  #mark({ at, cell }: Tile): void {
    const open = this.#opened !== undefined && headKey(this.#opened) === headKey(at);
    if (open) cell.setAttribute('aria-current', 'true');
    else cell.removeAttribute('aria-current');
  }

  async #paintAll(tiles: readonly Tile[]): Promise<void> {
    const round = this.#round;
    this.#painting += 1;
    // One that cannot be painted stays as it was.
    await Promise.allSettled(this.#strips(tiles).map((strip) => this.#paintStrip(strip, round)));
    this.#painting -= 1;
    this.#listener.painted();
  }

  /** Pictures of one size and one scale are painted as one, which saves a way to the workers and back for each. */
  #strips(tiles: readonly Tile[]): Strip[] {
    const strips = new Map<string, Strip>();
    for (const { seen, canvas } of tiles) {
      if (!seen) continue;
      const map = this.#drawn(seen);
      const palette = this.paletteOf(seen);
      const key = [map.rows, map.columns, palette.low, palette.high].join();
      const strip = strips.get(key) ?? { palette, rows: map.rows, columns: map.columns, parts: [] };
      strip.parts.push({ values: map.values, canvas });
      strips.set(key, strip);
    }
    return [...strips.values()];
  }

  /** What the picture of a head is made of. */
  #drawn(seen: SeenHead): Pick<HeadMap, 'values' | 'rows' | 'columns'> {
    if (this.#choices.paint !== 'number') return seen.map;
    const number = this.#number(seen);
    // A head without an answer has the tone of what is not there.
    return { values: Float32Array.of(Number.isNaN(number) ? -Infinity : number), rows: 1, columns: 1 };
  }

  async #paintStrip({ palette, rows, columns, parts }: Strip, round: number): Promise<void> {
    const all = new Float32Array(parts.length * rows * columns);
    parts.forEach(({ values }, at) => all.set(values, at * rows * columns));
    const size = { rows: parts.length * rows, columns, width: columns, height: parts.length * rows };
    const picture = await this.#paint(all, { ...size, ...palette });
    if (round === this.#round)
      parts.forEach(({ canvas }, at) => putPart(canvas, picture, at * rows, { rows, columns }));
    release(picture);
  }
}

/** Pictures below each other, painted at once. */
interface Strip {
  palette: Palette;
  rows: number;
  columns: number;
  parts: { values: Float32Array; canvas: HTMLCanvasElement }[];
}

/** Puts the rows of `picture` from `top` on onto a canvas. */
function putPart(
  canvas: HTMLCanvasElement,
  picture: ImageBitmap | ImageData,
  top: number,
  { rows, columns }: { rows: number; columns: number },
): void {
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext('2d');
  if (picture instanceof ImageData) context?.putImageData(picture, 0, -top);
  else context?.drawImage(picture, 0, -top);
}
