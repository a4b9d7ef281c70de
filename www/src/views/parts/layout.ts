// Where things lie: pure arithmetic from counts and pixels to cells, labels and ranges.

/** The plot's size in CSS pixels. */
export interface PlotSize {
  width: number;
  height: number;
}

/** No cell is drawn larger than this: a 2 x 2 matrix is not a wall. */
const LARGEST_CELL = 112;
/** A short axis next to a long one keeps cells at least this thick, where there is room. */
const THINNEST_CELL = 20;

/** Room for labels beside a plot, in CSS pixels. */
export interface Gutter {
  left: number;
  top: number;
}

/** The most are in sizes of the font, the least in pixels, and the share is one of the frame's width. */
const GUTTER = { least: 44, share: 0.3, left: 12.5, top: 10 };
/** The width of a character, in sizes of its font. */
const LABEL_CHARACTER = 0.6;
const LABEL_MARGIN = 18;

/** Room for labels of `rows` and `columns` characters, `font` pixels high, beside a plot in a frame `width` pixels wide. */
export function gutters(rows: number, columns: number, width: number, font: number): Gutter {
  const fit = (characters: number, most: number): number =>
    Math.round(
      Math.max(
        GUTTER.least,
        Math.min(characters * LABEL_CHARACTER * font + LABEL_MARGIN, most * font, width * GUTTER.share),
      ),
    );
  return { left: fit(rows, GUTTER.left), top: fit(columns, GUTTER.top) };
}

/** Fits `queries` x `keys` cells into `width` x `height` pixels: square where that leaves both axes readable. */
export function plotSize(queries: number, keys: number, width: number, height: number): PlotSize {
  const square = Math.min(width / Math.max(1, keys), height / Math.max(1, queries), LARGEST_CELL);
  return {
    width: cellSize(square, width / Math.max(1, keys)) * keys,
    height: cellSize(square, height / Math.max(1, queries)) * queries,
  };
}

function cellSize(square: number, most: number): number {
  const size = Math.max(square, Math.min(most, THINNEST_CELL));
  return size >= 8 ? Math.floor(size) : size;
}

/** Every how many items a label fits, if one needs `room` pixels: 1, 2, 5, 10, 20, 50, … */
export function labelStride(count: number, pixels: number, room: number): number {
  const least = (count * room) / Math.max(1, pixels);
  if (least <= 1) return 1;
  const decade = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].find((factor) => factor * decade >= least) ?? 10;
  return step * decade;
}

/** The half-open range of the `size` items that cell `index` of `cells` stands for. The kernel pools by the same rule. */
export function cellRange(index: number, cells: number, size: number): [number, number] {
  const from = Math.floor((index * size) / cells);
  return [from, Math.max(from + 1, Math.floor(((index + 1) * size) / cells))];
}

/** The cell whose range holds `item`. */
export function cellOf(item: number, cells: number, size: number): number {
  let cell = Math.min(cells - 1, Math.floor((item * cells) / Math.max(1, size)));
  while (cell + 1 < cells && cellRange(cell, cells, size)[1] <= item) cell += 1;
  return cell;
}
