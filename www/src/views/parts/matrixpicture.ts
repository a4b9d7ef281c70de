// The heat map as a picture for itself: what is in sight, with the names beside it, the scale below, and the current cell.

import { svg } from './dom.ts';
import { Sheet, words, type SheetStyle } from './sheet.ts';

/** Pixels of the picture around the plot. */
const GAP = 16;
const TITLE = 30;
const FOOT = 78;
const CHARACTER = 7;
export const SCALE = { width: 240, height: 8 };

/** A name beside the plot, and where its middle stands. */
export interface PlacedName {
  name: string;
  at: number;
}

/** What is drawn; places are in CSS pixels from the corner of the plot. */
export interface DrawnMatrix {
  title: string;
  caption: string;
  width: number;
  height: number;
  /** The plot, and the colours of the scale, as addresses. */
  plot: string;
  scale: string;
  numbers: readonly string[];
  rows: readonly PlacedName[];
  columns: readonly PlacedName[];
  cell: { x: number; y: number; width: number; height: number } | undefined;
}

export function drawnMatrix(drawn: DrawnMatrix, style: SheetStyle): SVGSVGElement {
  const [left, top] = [roomOf(drawn.rows) + GAP, TITLE + roomOf(drawn.columns) + GAP];
  const size = { width: Math.max(left + drawn.width, left + SCALE.width) + GAP, height: top + drawn.height + FOOT };
  const sheet = new Sheet();
  const plot = svg('g', { transform: `translate(${left} ${top})` });
  plot.append(
    sheet.image(drawn.plot, { width: drawn.width, height: drawn.height }),
    sheet.image(drawn.scale, { y: drawn.height + 18, ...SCALE }),
    ...drawn.rows.map(({ name, at }) => words(name, { x: -6, y: at + 4, 'text-anchor': 'end' })),
    ...drawn.columns.map(({ name, at }) => words(name, { transform: `translate(${at + 4} -6) rotate(-90)` })),
    ...frames(drawn.cell),
    ...legend(drawn, drawn.height + 18),
  );
  const title = words(drawn.title, { x: GAP, y: 22, 'font-size': 14, 'font-weight': 600 });
  return sheet.picture(size, style, [title, plot]);
}

/** Black around white: one of them is seen on any colour. */
function frames(cell: DrawnMatrix['cell']): SVGElement[] {
  if (!cell || cell.width <= 0 || cell.height <= 0) return [];
  const frame = (grown: number, stroke: string): SVGElement => {
    const { x, y, width, height } = cell;
    const box = { x: x - grown, y: y - grown, width: width + 2 * grown, height: height + 2 * grown };
    return svg('rect', { ...box, fill: 'none', stroke, 'stroke-width': 2 });
  };
  return [frame(0, 'white'), frame(2, 'black')];
}

/** What is said below the scale. */
export function legend({ numbers, caption }: Pick<DrawnMatrix, 'numbers' | 'caption'>, y: number): SVGElement[] {
  const { width, height } = SCALE;
  const anchors = ['start', 'middle', 'end'];
  return [
    ...numbers.map((number, at) =>
      words(number, { x: (at * width) / 2, y: y + height + 16, 'text-anchor': anchors[at] ?? 'start' }),
    ),
    words(caption, { x: 0, y: y + height + 40 }),
  ];
}

function roomOf(names: readonly PlacedName[]): number {
  return Math.min(200, CHARACTER * names.reduce((most, { name }) => Math.max(most, [...name].length), 2)) + 8;
}
