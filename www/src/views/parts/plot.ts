// One frame of the heat map: tiles as they are at hand, hatching over removed keys, lines and numbers where there is room.

import { LEAST_FOR_LINES, hatchPattern } from './hatch.ts';
import { formatAlike } from './format.ts';
import { TILE, tilesInSight } from './tilegrid.ts';
import type { Tile, Tiles } from './tiles.ts';
import { inSight, scaleOf, type Box, type Levels, type View } from './viewport.ts';

/** The smallest cell that has room for its number, in CSS pixels. */
const ROOM = { width: 36, height: 16 };
/** Numbers may be smaller than they are asked to be, down to this share of it; where they do not fit, down to so many pixels. */
const LEAST_SHARE = 10 / 13;
const LEAST_FONT = 10;
/** Beside its number a cell keeps so much free, on both sides together: it must not read on into the next. */
const MARGIN = 6;

/** What a frame shows. */
export interface Frame {
  box: Box;
  view: View;
  levels: Levels;
  /** Device pixels per CSS pixel. */
  ratio: number;
}

/** The tones around the numbers. */
export interface Tones {
  removed: readonly [number, number, number];
  ink: string;
  paper: string;
}

/** Draws tiles, those later in the list over those before. */
export function drawTiles(context: CanvasRenderingContext2D, drawn: readonly Tile[], frame: Frame, tones: Tones): void {
  const { width, height } = context.canvas;
  context.globalCompositeOperation = 'source-over';
  context.clearRect(0, 0, width, height);
  context.imageSmoothingEnabled = false;
  for (const tile of drawn) {
    const place = placed(tile, frame);
    if (!place) continue;
    // Through what is removed nothing may be seen of the tiles that stood in for it.
    if (tile.removed) context.clearRect(...place.to);
    context.drawImage(tile.picture, ...place.from, ...place.to);
  }
  if (drawn.some(({ removed }) => removed)) fillRemoved(context, drawn, frame, tones);
  rule(context, frame, tones.paper);
}

/**
 * The tiles to draw, so that each covers what stands in for it: coarser ones first, then the next finer ones, then those
 * of the frame's own levels. Where these are all at hand they are all that is drawn.
 */
export function tilesFor(tiles: Tiles, { box, view, levels }: Frame): Tile[] {
  const own = tilesInSight(box, view, levels);
  const coarseness = ({ at }: Tile): number => at.levels.rows + at.levels.keys - levels.rows - levels.keys;
  const exact = [...tiles.all].filter(
    (tile) => tile.at.levels.rows === levels.rows && tile.at.levels.keys === levels.keys,
  );
  const there = new Set(exact.map(({ at }) => `${at.row}/${at.column}`));
  const at = exact.filter((tile) => touches(tile, box, view));
  if (own.every(({ row, column }) => there.has(`${row}/${column}`))) return at;
  const others = [...tiles.all].filter((tile) => !exact.includes(tile) && touches(tile, box, view));
  const coarser = others.filter((tile) => coarseness(tile) > 0).sort((a, b) => coarseness(b) - coarseness(a));
  const finer = others.filter((tile) => coarseness(tile) <= 0 && coarseness(tile) >= -2);
  return [...coarser, ...finer, ...at];
}

function touches({ rows, keys }: Tile, box: Box, view: View): boolean {
  const sight = inSight(box, view);
  return rows[0] < sight.queries[1] && sight.queries[0] < rows[1] && keys[0] < sight.keys[1] && sight.keys[0] < keys[1];
}

/** A part of a tile, in texels, and where it lies on the canvas, in pixels. */
interface Place {
  from: [x: number, y: number, width: number, height: number];
  to: [x: number, y: number, width: number, height: number];
}

/** The texels in sight alone: a tile may be many times as large as the plot. */
function placed({ at, rows, keys, grid }: Tile, { box, view, ratio }: Frame): Place | undefined {
  const scale = scaleOf(box, view.zoom);
  const along = (start: number, texel: number, count: number, from: number, size: number, pixels: number) => {
    const first = Math.max(0, Math.floor((from - start) / texel));
    const end = Math.min(count, Math.ceil((from + pixels / size - start) / texel));
    const pixel = (index: number): number => Math.round((start + index * texel - from) * size * ratio);
    return { first, count: end - first, at: pixel(first), length: pixel(end) - pixel(first) };
  };
  const y = along(rows[0], 2 ** at.levels.rows, grid.rows, view.top, scale.y, box.height);
  const x = along(keys[0], 2 ** at.levels.keys, grid.columns, view.left, scale.x, box.width);
  if (x.count <= 0 || y.count <= 0) return undefined;
  return { from: [x.first, y.first, x.count, y.count], to: [x.at, y.at, x.length, y.length] };
}

/** Hatching shows through where keys are removed. It moves with the matrix. */
function fillRemoved(context: CanvasRenderingContext2D, drawn: readonly Tile[], frame: Frame, tones: Tones): void {
  const { box, view, ratio } = frame;
  const scale = scaleOf(box, view.zoom);
  const shift = { x: -Math.round(view.left * scale.x * ratio), y: -Math.round(view.top * scale.y * ratio) };
  context.globalCompositeOperation = 'destination-over';
  context.fillStyle = hatchPattern(context, tones, shift);
  for (const tile of drawn) {
    const place = tile.removed ? placed(tile, frame) : undefined;
    if (place) context.fillRect(...place.to);
  }
  context.globalCompositeOperation = 'source-over';
}

/** Lines between cells that are large enough. */
function rule(context: CanvasRenderingContext2D, { box, view, ratio }: Frame, paper: string): void {
  const scale = scaleOf(box, view.zoom);
  if (scale.x * ratio < LEAST_FOR_LINES || scale.y * ratio < LEAST_FOR_LINES) return;
  const { width, height } = context.canvas;
  const { queries, keys } = inSight(box, view);
  context.fillStyle = paper;
  for (let key = keys[0] + 1; key < keys[1]; key += 1) {
    context.fillRect(Math.round((key - view.left) * scale.x * ratio), 0, 1, height);
  }
  for (let query = queries[0] + 1; query < queries[1]; query += 1) {
    context.fillRect(0, Math.round((query - view.top) * scale.y * ratio), width, 1);
  }
}

/** Whether cells have room for their numbers. */
export function hasRoom({ box, view, levels }: Frame): boolean {
  const { x, y } = scaleOf(box, view.zoom);
  return levels.rows === 0 && levels.keys === 0 && x >= ROOM.width && y >= ROOM.height;
}

/** Writes each cell's number into it, all alike, at most `size` pixels high; `isLight` says of a value whether its colour is light. */
export function drawNumbers(
  context: CanvasRenderingContext2D,
  tiles: readonly Tile[],
  frame: Frame,
  look: { font: string; size: number; isLight: (value: number) => boolean },
): void {
  const { box, view, ratio } = frame;
  const scale = scaleOf(box, view.zoom);
  const size = Math.min(look.size, Math.max(look.size * LEAST_SHARE, scale.x / 4), scale.y * 0.75);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, box.width, box.height);
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  const cells = cellsIn(tiles, frame);
  const write = writeInto(
    context,
    cells.map(({ value }) => value),
    [size, Math.min(size, LEAST_FONT)].map((pixels) => `${pixels}px ${look.font}`),
    scale.x - MARGIN,
  );
  for (const { query, key, value } of cells) {
    context.fillStyle = look.isLight(value) ? 'rgb(16 19 26)' : 'rgb(255 255 255)';
    context.fillText(write(value), (key + 0.5 - view.left) * scale.x, (query + 0.5 - view.top) * scale.y);
  }
}

/** How values are written in `room` pixels each: in the first of the fonts in which none is left out, or in the last. */
function writeInto(
  context: CanvasRenderingContext2D,
  values: readonly number[],
  fonts: readonly string[],
  room: number,
): (value: number) => string {
  const fits = (text: string): boolean => context.measureText(text).width <= room;
  const [font = '', ...others] = fonts;
  context.font = font;
  const write = formatAlike(values, fits);
  return others.length === 0 || values.every(write) ? write : writeInto(context, values, others, room);
}

/** The cells of which something is in sight, without removed ones. */
function cellsIn(tiles: readonly Tile[], { box, view }: Frame): { query: number; key: number; value: number }[] {
  const sight = inSight(box, view);
  const cells = [];
  for (const { at, rows, keys, grid } of tiles) {
    if (at.levels.rows > 0 || at.levels.keys > 0) continue;
    for (let query = Math.max(rows[0], sight.queries[0]); query < Math.min(rows[1], sight.queries[1]); query += 1) {
      for (let key = Math.max(keys[0], sight.keys[0]); key < Math.min(keys[1], sight.keys[1]); key += 1) {
        const value = grid.values[(query % TILE) * grid.columns + (key % TILE)] ?? NaN;
        if (value !== -Infinity) cells.push({ query, key, value });
      }
    }
  }
  return cells;
}
