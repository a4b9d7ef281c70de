// Tiles of one matrix, numbers and pictures: a bounded store, and the requests that fill it.

import { release, type Painter, type Palette } from './palette.ts';
import { pooledColumns, pooledRows, type Grid, type Pooling } from './pooling.ts';
import type { MatrixSource } from './source.ts';
import { coverOf, keyOf, tileOf, type TileAt } from './tilegrid.ts';
import type { Levels, Range } from './viewport.ts';

/** What tiles may take together, in bytes, as long as more of them are not in sight at once. */
const BYTES = 64 * 2 ** 20;
/**
 * Requests under way at a time: what is in sight of a large plot at once, since after a click a browser draws a frame before it
 * hands on what workers have sent. Workers take them in their order, the middle first, and what is out of sight is dropped.
 */
const ABREAST = 12;
/** Tiles whose rows have become known are made anew after this: rows come many times a second. */
const REST_MS = 120;

/** A tile at hand. */
export interface Tile {
  at: TileAt;
  rows: Range;
  keys: Range;
  grid: Grid;
  picture: CanvasImageSource;
  /** Whether keys are removed in it: its picture is transparent there. */
  removed: boolean;
  /** Whether it holds what is no number. */
  invalid: boolean;
  /** The palette that it was painted with. */
  palette: Palette;
  /** Whether its rows were sampled, and are known by now. */
  outdated: boolean;
}

type Painted = ImageBitmap | ImageData;

interface Running {
  controller: AbortController;
  outdated: boolean;
}

/** The tiles of one source. `changed` hears that there is something new to draw. */
export class Tiles {
  readonly source: MatrixSource;
  readonly pooling: Pooling;
  readonly #paint: Painter;
  readonly #changed: () => void;

  /** The oldest first: what was drawn last is put back at the end. */
  readonly #tiles = new Map<string, Tile>();
  readonly #running = new Map<string, Running>();
  readonly #failed = new Set<string>();
  #wanted: readonly TileAt[] = [];
  #palette: Palette;
  #bytes = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #closed = false;
  /** Why a tile could not be had. */
  error: unknown;

  constructor(source: MatrixSource, how: { paint: Painter; palette: Palette; pooling: Pooling }, changed: () => void) {
    this.source = source;
    this.#paint = how.paint;
    this.#palette = how.palette;
    this.pooling = how.pooling;
    this.#changed = changed;
  }

  /** The colours to paint with from here on; pictures in others stand in until theirs are there. */
  set palette(palette: Palette) {
    this.#palette = palette;
    this.#pump();
  }

  /** How many bytes the tiles take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Every tile at hand. */
  get all(): Iterable<Tile> {
    return this.#tiles.values();
  }

  /** The tile that holds a pair, if it is at hand. */
  holding(levels: Levels, query: number, key: number): Tile | undefined {
    return this.#tiles.get(keyOf(tileOf(levels, query, key)));
  }

  /** Whether every tile that is wanted is at hand; one that cannot be had is not waited for. */
  get complete(): boolean {
    return this.#wanted.every((at) => this.#failed.has(keyOf(at)) || this.#tiles.has(keyOf(at)));
  }

  /** Whether they also are as they should be. */
  get current(): boolean {
    return this.#wanted.every((at) => this.#failed.has(keyOf(at)) || this.#isCurrent(keyOf(at)));
  }

  /** Asks for these tiles, the first ones first; requests for others are dropped. */
  want(tiles: readonly TileAt[]): void {
    this.#wanted = tiles;
    const keys = new Set(tiles.map(keyOf));
    for (const [key, { controller }] of this.#running) if (!keys.has(key)) controller.abort();
    for (const key of keys) this.#touch(key);
    this.#pump();
  }

  /** The rows `[from, to)` are known now: kept levels have better numbers for them. */
  outdate([from, to]: Range): void {
    const touches = ({ levels, row }: TileAt): boolean => {
      if (Math.min(levels.rows, levels.keys) < this.source.kept) return false;
      const { rows } = coverOf({ levels, row, column: 0 }, this.source.queries, this.source.keys);
      return rows[0] < to && from < rows[1];
    };
    for (const tile of this.#tiles.values()) tile.outdated ||= touches(tile.at);
    for (const at of this.#wanted) {
      const running = this.#running.get(keyOf(at));
      if (running && touches(at)) running.outdated = true;
    }
    this.#rest ??= setTimeout(() => {
      this.#rest = undefined;
      this.#pump();
    }, REST_MS);
  }

  /** Gives everything back. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#rest);
    for (const { controller } of this.#running.values()) controller.abort();
    for (const key of [...this.#tiles.keys()]) this.#drop(key);
  }

  #isCurrent(key: string): boolean {
    const tile = this.#tiles.get(key);
    return tile !== undefined && !tile.outdated && tile.palette === this.#palette;
  }

  #pump(): void {
    if (this.#closed) return;
    for (const at of this.#wanted) {
      if (this.#running.size >= ABREAST) return;
      const key = keyOf(at);
      const waits = this.#rest !== undefined && this.#tiles.get(key)?.outdated === true;
      if (waits || this.#isCurrent(key) || this.#running.has(key) || this.#failed.has(key)) continue;
      void this.#load(at, key);
    }
  }

  async #load(at: TileAt, key: string): Promise<void> {
    const running = { controller: new AbortController(), outdated: false };
    const { signal } = running.controller;
    this.#running.set(key, running);
    try {
      const before = this.#tiles.get(key);
      const palette = this.#palette;
      const kept = before && !before.outdated ? { grid: before.grid, picture: null } : undefined;
      const { grid, picture } = kept ?? (await this.#read(at, palette, signal));
      const painted = picture ?? (await this.#paintGrid(grid, palette));
      if (this.#closed) return release(painted);
      this.#keep(key, at, { grid, palette, picture: painted, outdated: running.outdated });
    } catch (error) {
      if (!signal.aborted) {
        this.#failed.add(key);
        this.error ??= error;
      }
    } finally {
      this.#running.delete(key);
    }
    this.#pump();
    if (!this.#closed) this.#changed();
  }

  /** The numbers of a tile, with their picture where they are drawn as they come. */
  async #read(at: TileAt, palette: Palette, signal: AbortSignal): Promise<{ grid: Grid; picture: Painted | null }> {
    const { queries, keys, tile } = this.source;
    const cover = coverOf(at, queries, keys);
    const level = Math.min(at.levels.rows, at.levels.keys);
    const across = at.levels.keys - level;
    const down = at.levels.rows - level;
    const wanted = across === 0 && down === 0 ? palette : undefined;
    const { values, picture } = await tile({ level, ...cover, pool: this.pooling, palette: wanted }, signal);
    const count = ([from, to]: Range): number => Math.ceil((to - from) / 2 ** level);
    const grid = { values, rows: count(cover.rows), columns: count(cover.keys) };
    if (across > 0) return { grid: pooledColumns(grid, 2 ** across, this.pooling), picture };
    if (down > 0) return { grid: pooledRows(grid, 2 ** down, this.pooling), picture };
    return { grid, picture };
  }

  #paintGrid({ values, rows, columns }: Grid, palette: Palette): Promise<Painted> {
    return this.#paint(values, { ...palette, rows, columns, width: columns, height: rows });
  }

  #keep(key: string, at: TileAt, made: Pick<Tile, 'grid' | 'palette' | 'outdated'> & { picture: Painted }): void {
    const { grid, picture } = made;
    this.#drop(key);
    const { rows, keys } = coverOf(at, this.source.queries, this.source.keys);
    const tile = {
      ...made,
      at,
      rows,
      keys,
      picture: picture instanceof ImageData ? canvasOf(picture) : picture,
      removed: grid.values.includes(-Infinity),
      invalid: grid.values.includes(NaN),
    };
    this.#tiles.set(key, tile);
    this.#bytes += bytesOf(tile);
    this.#shrink();
  }

  #touch(key: string): void {
    const tile = this.#tiles.get(key);
    if (!tile) return;
    this.#tiles.delete(key);
    this.#tiles.set(key, tile);
  }

  /** Lets go of what was not in sight for longest. */
  #shrink(): void {
    const wanted = new Set(this.#wanted.map(keyOf));
    for (const key of [...this.#tiles.keys()]) {
      if (this.#bytes <= BYTES) return;
      if (!wanted.has(key)) this.#drop(key);
    }
  }

  #drop(key: string): void {
    const tile = this.#tiles.get(key);
    if (!tile) return;
    this.#tiles.delete(key);
    this.#bytes -= bytesOf(tile);
    if (tile.picture instanceof ImageBitmap) tile.picture.close();
  }
}

/** Four bytes a number, and four a pixel. */
function bytesOf({ grid }: Tile): number {
  return 2 * grid.values.byteLength;
}

function canvasOf(picture: ImageData): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext('2d')?.putImageData(picture, 0, 0);
  return canvas;
}
