// The picture on the plot: the tiles of a source, and those of the one before as long as the new ones are not there.

import { element } from './dom.ts';
import type { Legend } from './legend.ts';
import { colormapAt, isDark, neutralTones, type ColormapOf, type Painter, type Palette } from './palette.ts';
import { drawNumbers, drawTiles, hasRoom, tilesFor, type Frame, type Tones } from './plot.ts';
import type { Pooling } from './pooling.ts';
import type { Pair } from './profiles.ts';
import type { MatrixSource } from './source.ts';
import { coverOf, keyOf, tilesInSight, type TileAt } from './tilegrid.ts';
import { Tiles, type Tile } from './tiles.ts';
import { WHOLE, levelsOf, type Box, type Levels } from './viewport.ts';

/** Canvas sides stay under this, far below what browsers allow. */
export const LARGEST_SIDE = 4096;

/** How values become colours, and what they are called in the legend: `Weights`. */
export interface MatrixLook {
  /** The values at the two ends of the scale. */
  low: number;
  high: number;
  colormap: ColormapOf;
  name: string;
}

/** Draws a source. `changed` hears that there is something new to draw. */
export class Picture {
  readonly #canvas = element('canvas', { class: 'plot-canvas', 'aria-hidden': 'true' });
  readonly #numbers = element('canvas', { class: 'plot-numbers', 'aria-hidden': 'true', hidden: true });
  readonly #paint: Painter;
  readonly #legend: Legend;
  readonly #changed: () => void;
  #tiles: Tiles | undefined;
  /** The tiles of which the whole is drawn elsewhere: coarser ones than those that stand in for the plot's own. */
  #overview: readonly TileAt[] = [];
  /** What is drawn there by now, and how large; undefined: nothing that can stay. */
  #whole: { drawn: readonly Tile[]; width: number; height: number } | undefined;
  /** The tiles of the picture before, as long as the new one is not there. */
  #before: Tiles | undefined;
  #look: MatrixLook = { low: 0, high: 1, colormap: { light: '', dark: '' }, name: '' };
  #palette: Palette = { low: 0, high: 1, colormap: '', removed: 'transparent', invalid: [0, 0, 0] };
  /** As the page's colours were when the palette was made: to ask for them in each frame would settle its styles each time. */
  #tones: Tones = neutralTones(false);
  #drawn: Promise<void> = Promise.resolve();
  /** Settles `drawn`; there as long as it is not settled. */
  #settle: { resolve: () => void; reject: (error: unknown) => void } | undefined;

  constructor(paint: Painter, legend: Legend, changed: () => void) {
    this.#paint = paint;
    this.#legend = legend;
    this.#changed = changed;
  }

  get elements(): HTMLElement[] {
    return [this.#canvas, this.#numbers];
  }

  get source(): MatrixSource | undefined {
    return this.#tiles?.source;
  }

  /** Settles when the last source is on the canvas; rejects when it could not be painted. Nobody has to listen. */
  get drawn(): Promise<void> {
    return this.#drawn;
  }

  /** Whether the last source is on the canvas. */
  get arrived(): boolean {
    return this.#tiles !== undefined && this.#settle === undefined;
  }

  /** Whether all that is in sight is drawn as it should be. */
  get current(): boolean {
    return this.#tiles?.current ?? true;
  }

  /** Draws `source` from here on; what was drawn before stays until all that is in sight is there. */
  show(source: MatrixSource, look: MatrixLook, pooling: Pooling): void {
    this.#look = look;
    this.#palette = this.#paletteOf(look);
    if (this.#tiles?.source === source && this.#tiles.pooling === pooling) this.#tiles.palette = this.#palette;
    else this.#replace(source, pooling);
    this.#settle?.resolve();
    this.#drawn = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    this.#drawn.catch(() => undefined);
    this.#changed();
  }

  /** Other colours for the same numbers; without a look, those of the page as they are now. */
  repaint(look = this.#look): void {
    if (!this.#tiles) return;
    this.#look = look;
    this.#palette = this.#paletteOf(look);
    this.#tiles.palette = this.#palette;
    // What could not be painted once more is as it was.
    this.#showLegend().catch(() => undefined);
    this.#changed();
  }

  /** The rows `[from, to)` are known now. */
  refresh(rows: readonly [number, number]): void {
    this.#tiles?.outdate(rows);
  }

  clear(): void {
    this.#tiles?.close();
    this.#before?.close();
    this.#tiles = this.#before = undefined;
    this.#settle?.resolve();
    this.#settle = undefined;
    this.#canvas.width = 0;
    this.#numbers.hidden = true;
  }

  /** Asks for what is missing in a part that has just come into sight, ahead of its first frame. Returns whether something is. */
  ask(frame: Frame, coarsest: number): boolean {
    this.#want(frame, coarsest);
    return this.#tiles?.complete === false;
  }

  /**
   * Draws what is in sight, as it is at hand, and asks for what is missing. `coarsest` is the last level there is. Returns
   * the tiles in sight once: when all of a new source's are there.
   */
  render(frame: Frame, coarsest: number): Tile[] | undefined {
    const tiles = this.#tiles;
    if (!tiles) return undefined;
    this.#want(frame, coarsest);
    const arrives = this.#settle !== undefined && tiles.complete && this.#arrive(tiles);
    const source = this.#settle ? this.#before : tiles;
    if (source) this.#draw(source, frame);
    return arrives ? inSightOf(tiles, frame) : undefined;
  }

  /** A frame on a canvas of its own, with the numbers where there is room for them. */
  taken(frame: Frame): HTMLCanvasElement {
    const canvas = element('canvas');
    const context = fitted(canvas, frame);
    if (!context || !this.#tiles) return canvas;
    const drawn = tilesFor(this.#tiles, frame);
    drawTiles(context, drawn, frame, this.#tones);
    const above = hasRoom(frame) ? fitted(element('canvas'), frame) : null;
    if (above) {
      this.#write(above, drawn, frame);
      context.drawImage(above.canvas, 0, 0);
    }
    return canvas;
  }

  /** Draws the whole over all of another canvas, where it is another than before; what is missing is asked for with the next frame. */
  renderWhole(context: CanvasRenderingContext2D, { queries, keys }: Box, coarsest: number): void {
    if (!this.#tiles) return;
    const box = { queries, keys, width: context.canvas.width, height: context.canvas.height };
    const levels = levelsOf(box, WHOLE, 1, coarsest);
    const wanted = tilesInSight(box, WHOLE, levels);
    const isNew = wanted.map(keyOf).join() !== this.#overview.map(keyOf).join();
    this.#overview = wanted;
    if (isNew) this.#changed();
    const frame = { box, view: WHOLE, levels, ratio: 1 };
    const drawn = tilesFor(this.#tiles, frame);
    const { width, height } = box;
    const before = this.#whole?.width === width && this.#whole.height === height ? this.#whole.drawn : [];
    if (drawn.length === before.length && drawn.every((tile, index) => tile === before[index])) return;
    this.#whole = { drawn, width, height };
    drawTiles(context, drawn, frame, this.#tones);
  }

  /** The value drawn at a pair; undefined where its tile is not at hand. */
  valueAt(levels: Levels, { query, key }: Pair): number | undefined {
    const tile = this.#tiles?.holding(levels, query, key);
    if (!tile) return undefined;
    const row = Math.floor((query - tile.rows[0]) / 2 ** levels.rows);
    const column = Math.floor((key - tile.keys[0]) / 2 ** levels.keys);
    return tile.grid.values[row * tile.grid.columns + column];
  }

  #paletteOf({ low, high, colormap }: MatrixLook): Palette {
    const { invalid, ...tones } = neutralTones(isDark(this.#canvas));
    this.#tones = tones;
    this.#whole = undefined;
    return { low, high, colormap: colormapAt(this.#canvas, colormap), removed: 'transparent', invalid };
  }

  /** Keeps the old tiles to draw from, where they fit, until the new ones are there. */
  #replace(source: MatrixSource, pooling: Pooling): void {
    const old = this.#before ?? this.#tiles;
    if (this.#before) this.#tiles?.close();
    const fits = old?.source.queries === source.queries && old.source.keys === source.keys;
    if (!fits) old?.close();
    this.#before = fits ? old : undefined;
    const tiles = new Tiles(source, { paint: this.#paint, palette: this.#palette, pooling }, () => {
      if (this.#tiles === tiles) this.#changed();
    });
    this.#tiles = tiles;
    this.#overview = [];
    this.#whole = undefined;
  }

  /** All that is in sight of a new source is at hand: from here on it is what is drawn. Returns whether it could be. */
  #arrive(tiles: Tiles): boolean {
    const settle = this.#settle;
    this.#settle = undefined;
    if (tiles.error) {
      settle?.reject(tiles.error);
      return false;
    }
    this.#before?.close();
    this.#before = undefined;
    this.#showLegend().then(settle?.resolve, settle?.reject);
    return true;
  }

  /** Asks for all that is to be drawn: requests for anything else are dropped. */
  #want(frame: Frame, coarsest: number): void {
    this.#tiles?.want(distinct([...wantedIn(frame, coarsest), ...this.#overview]));
  }

  #draw(tiles: Tiles, frame: Frame): void {
    const context = fitted(this.#canvas, frame);
    if (!context) return;
    const drawn = tilesFor(tiles, frame);
    drawTiles(context, drawn, frame, this.#tones);
    this.#legend.mark({
      removed: drawn.some(({ removed }) => removed),
      invalid: drawn.some(({ invalid }) => invalid),
    });
    this.#drawNumbers(drawn, frame);
  }

  #drawNumbers(drawn: readonly Tile[], frame: Frame): void {
    const room = hasRoom(frame);
    this.#numbers.hidden = !room;
    const context = room ? fitted(this.#numbers, frame) : null;
    if (context) this.#write(context, drawn, frame);
  }

  #write(context: CanvasRenderingContext2D, drawn: readonly Tile[], frame: Frame): void {
    const { fontFamily: font, fontSize } = getComputedStyle(this.#numbers);
    drawNumbers(context, drawn, frame, {
      font,
      size: parseFloat(fontSize),
      isLight: (value) => this.#legend.isLight(value),
    });
  }

  #showLegend(): Promise<void> {
    return this.#legend.show(this.#palette, this.#look.name).then(() => this.#changed());
  }
}

/** The canvas at the size of the plot. */
function fitted(canvas: HTMLCanvasElement, { box, ratio }: Frame): CanvasRenderingContext2D | null {
  const side = (pixels: number): number => Math.max(1, Math.min(LARGEST_SIDE, Math.round(pixels * ratio)));
  if (canvas.width !== side(box.width)) canvas.width = side(box.width);
  if (canvas.height !== side(box.height)) canvas.height = side(box.height);
  return canvas.getContext('2d');
}

/** The tiles in sight, and behind them those of the whole: they stand in wherever somebody goes. */
function wantedIn({ box, view, levels, ratio }: Frame, coarsest: number): TileAt[] {
  const coarse = levelsOf(box, WHOLE, Math.min(1, ratio), coarsest);
  return distinct([...tilesInSight(box, view, levels), ...tilesInSight(box, WHOLE, coarse)]);
}

const distinct = (tiles: readonly TileAt[]): TileAt[] => [...new Map(tiles.map((at) => [keyOf(at), at])).values()];

function inSightOf(tiles: Tiles, { box, view, levels }: Frame): Tile[] {
  return tilesInSight(box, view, levels).flatMap((at) => {
    const { rows, keys } = coverOf(at, box.queries, box.keys);
    return tiles.holding(levels, rows[0], keys[0]) ?? [];
  });
}
