// Which part of the matrix is in sight: pure arithmetic between cells and pixels. Each axis has a scale of its own, since
// a short axis is drawn with thicker cells than a long one.

/** A half-open range of queries or keys. */
export type Range = readonly [from: number, to: number];

/** A matrix and the plot that it is drawn on, in CSS pixels. */
export interface Box {
  queries: number;
  keys: number;
  width: number;
  height: number;
}

/** What is in sight: how much larger than the whole, and the query and key in the corner, fractions included. */
export interface View {
  zoom: number;
  top: number;
  left: number;
}

/** A point of the plot, or a way on it, in CSS pixels. */
export interface Point {
  x: number;
  y: number;
}

/** How far each axis is pooled: one texel is `2^rows` queries by `2^keys` keys. */
export interface Levels {
  rows: number;
  keys: number;
}

/** All of the matrix. */
export const WHOLE: View = { zoom: 1, top: 0, left: 0 };

/** No cell is drawn larger than this, unless the whole is. */
const LARGEST_CELL = 64;
/** Rounding must not make a level coarser. */
const SLACK = 1e-6;

/** CSS pixels of one cell. */
export function scaleOf({ queries, keys, width, height }: Box, zoom: number): Point {
  return { x: sideOf(width, keys, zoom), y: sideOf(height, queries, zoom) };
}

function sideOf(pixels: number, count: number, zoom: number): number {
  const whole = pixels / Math.max(1, count);
  return Math.min(whole * zoom, largest(pixels, whole));
}

function largest(pixels: number, whole: number): number {
  return Math.max(whole, Math.min(LARGEST_CELL, pixels));
}

/** The zoom beyond which nothing grows. */
export function deepest({ queries, keys, width, height }: Box): number {
  const most = (pixels: number, count: number): number => {
    const whole = pixels / Math.max(1, count);
    return whole > 0 ? largest(pixels, whole) / whole : 1;
  };
  return Math.max(1, most(width, keys), most(height, queries));
}

/** The zoom at which a cell is one pixel of the screen; below 1 where the whole is larger already. */
export function pixelZoom({ queries, keys, width, height }: Box, ratio: number): number {
  return Math.max(queries / Math.max(1, height), keys / Math.max(1, width)) / ratio;
}

/** The view moved and zoomed as far as there is something to see. */
export function clamped(box: Box, { zoom, top, left }: View): View {
  const within = Math.max(1, Math.min(deepest(box), zoom));
  const scale = scaleOf(box, within);
  const most = (count: number, pixels: number, size: number): number => Math.max(0, count - pixels / size);
  return {
    zoom: within,
    top: Math.max(0, Math.min(most(box.queries, box.height, scale.y), top)),
    left: Math.max(0, Math.min(most(box.keys, box.width, scale.x), left)),
  };
}

/** Zooms so that what is at `at` stays there. */
export function zoomed(box: Box, view: View, zoom: number, at: Point): View {
  const within = Math.max(1, Math.min(deepest(box), zoom));
  const [before, after] = [scaleOf(box, view.zoom), scaleOf(box, within)];
  return clamped(box, {
    zoom: within,
    top: view.top + at.y / before.y - at.y / after.y,
    left: view.left + at.x / before.x - at.x / after.x,
  });
}

/** Zooms so that the point `(key, query)` of the matrix is at `at`. */
export function placed(box: Box, zoom: number, { x: key, y: query }: Point, at: Point): View {
  const within = Math.max(1, Math.min(deepest(box), zoom));
  const scale = scaleOf(box, within);
  return clamped(box, { zoom: within, top: query - at.y / scale.y, left: key - at.x / scale.x });
}

/** Where the point `(key, query)` of the matrix is on the plot. */
export function placeOf(box: Box, { zoom, top, left }: View, { x: key, y: query }: Point): Point {
  const scale = scaleOf(box, zoom);
  return { x: (key - left) * scale.x, y: (query - top) * scale.y };
}

/** Moves what is in sight by `by`, as a hand moves paper. */
export function moved(box: Box, view: View, by: Point): View {
  const scale = scaleOf(box, view.zoom);
  return clamped(box, { ...view, top: view.top - by.y / scale.y, left: view.left - by.x / scale.x });
}

/** Brings a point of the matrix, in queries and keys, to the middle. */
export function centred(box: Box, view: View, query: number, key: number): View {
  const scale = scaleOf(box, view.zoom);
  return clamped(box, { ...view, top: query - box.height / scale.y / 2, left: key - box.width / scale.x / 2 });
}

/** Moves no further than it takes to have these queries and keys in sight. */
export function revealing(box: Box, view: View, queries: Range, keys: Range): View {
  const scale = scaleOf(box, view.zoom);
  const along = (from: number, [first, end]: Range, room: number): number =>
    Math.min(first, Math.max(from, end - room));
  return clamped(box, {
    ...view,
    top: along(view.top, queries, box.height / scale.y),
    left: along(view.left, keys, box.width / scale.x),
  });
}

/** The queries and keys of which something is in sight. */
export function inSight(box: Box, { zoom, top, left }: View): { queries: Range; keys: Range } {
  const scale = scaleOf(box, zoom);
  const range = (from: number, pixels: number, size: number, count: number): Range => {
    const first = Math.max(0, Math.min(count, Math.floor(from + SLACK)));
    return [first, Math.max(first, Math.min(count, Math.ceil(from + pixels / size - SLACK)))];
  };
  return {
    queries: range(top, box.height, scale.y, box.queries),
    keys: range(left, box.width, scale.x, box.keys),
  };
}

/**
 * The finest levels whose texels are at least one pixel of the screen: then every texel has a pixel, and a single bright
 * weight is seen however far out. `most` is the coarsest level there is.
 */
export function levelsOf(box: Box, { zoom }: View, ratio: number, most: number): Levels {
  const { x, y } = scaleOf(box, zoom);
  const level = (size: number): number => {
    const needed = size > 0 ? Math.ceil(-Math.log2(size * ratio) - SLACK) : most;
    return Math.max(0, Math.min(most, needed));
  };
  return { rows: level(y), keys: level(x) };
}

/** The query and key under a point of the plot, or the nearest. */
export function cellAt(box: Box, { zoom, top, left }: View, { x, y }: Point): { query: number; key: number } {
  const scale = scaleOf(box, zoom);
  const item = (from: number, pixels: number, size: number, count: number): number =>
    Math.max(0, Math.min(count - 1, Math.floor(from + pixels / size)));
  return { query: item(top, y, scale.y, box.queries), key: item(left, x, scale.x, box.keys) };
}

/** The block of a level that holds `item`, of `count` items. */
export function blockOf(item: number, level: number, count: number): [from: number, to: number] {
  const size = 2 ** level;
  const from = Math.floor(item / size) * size;
  return [from, Math.min(count, from + size)];
}
