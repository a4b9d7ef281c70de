// How a level is cut into tiles: which ones are in sight, and what each covers.

import { inSight, scaleOf, type Box, type Levels, type Range, type View } from './viewport.ts';

/** Texels along a side of a tile. */
export const TILE = 256;

/** A tile of the grid of its levels, counted from the corner of the matrix. */
export interface TileAt {
  levels: Levels;
  row: number;
  column: number;
}

/** A name of its own for each tile. */
export function keyOf({ levels, row, column }: TileAt): string {
  return `${levels.rows}/${levels.keys}/${row}/${column}`;
}

/** The queries and keys under a tile. */
export function coverOf({ levels, row, column }: TileAt, queries: number, keys: number): { rows: Range; keys: Range } {
  const range = (index: number, level: number, count: number): Range => {
    const size = TILE * 2 ** level;
    return [index * size, Math.min(count, (index + 1) * size)];
  };
  return { rows: range(row, levels.rows, queries), keys: range(column, levels.keys, keys) };
}

/** The tile that holds a pair. */
export function tileOf(levels: Levels, query: number, key: number): TileAt {
  const index = (item: number, level: number): number => Math.floor(item / (TILE * 2 ** level));
  return { levels, row: index(query, levels.rows), column: index(key, levels.keys) };
}

/** The tiles of these levels that are in sight, those nearest the middle first. */
export function tilesInSight(box: Box, view: View, levels: Levels): TileAt[] {
  const { queries, keys } = inSight(box, view);
  const indices = ([from, to]: Range, level: number): number[] => {
    const size = TILE * 2 ** level;
    const [first, end] = [Math.floor(from / size), Math.ceil(to / size)];
    return Array.from({ length: Math.max(0, end - first) }, (_, step) => first + step);
  };
  const columns = indices(keys, levels.keys);
  const tiles = indices(queries, levels.rows).flatMap((row) => columns.map((column) => ({ levels, row, column })));
  const distances = new Map(tiles.map((tile) => [tile, distance(tile, box, view)]));
  return tiles.sort((a, b) => (distances.get(a) ?? 0) - (distances.get(b) ?? 0));
}

/** From the middle of the plot to the middle of a tile, squared, in CSS pixels. */
function distance(tile: TileAt, box: Box, { zoom, top, left }: View): number {
  const scale = scaleOf(box, zoom);
  const cover = coverOf(tile, box.queries, box.keys);
  const middle = ([from, to]: Range): number => (from + to) / 2;
  const y = (middle(cover.rows) - top) * scale.y - box.height / 2;
  const x = (middle(cover.keys) - left) * scale.x - box.width / 2;
  return y * y + x * x;
}
