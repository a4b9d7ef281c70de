// All heads as one picture: their small maps as they stand, with names.

import { svg } from './dom.ts';
import { legend, SCALE } from './matrixpicture.ts';
import { widthOf } from './letters.ts';
import { Sheet, words, type SheetStyle } from './sheet.ts';

/** Pixels of the picture. */
const MARGIN = 8;
const NAME = 16;
const TITLE = 32;
const FOOT = 66;
/** Of the title, and of the words below. */
const CHARACTER = { title: 8, caption: 7 };

/** A small map, where it is there, and what it is called. */
export interface DrawnHead {
  name: string;
  map: HTMLCanvasElement | undefined;
}

/** What is said of all: a title, and below the maps their colours. */
export interface HeadsWords {
  title: string;
  caption: string;
  /** The colours of the scale, as an address, and its numbers. */
  scale: string;
  numbers: readonly string[];
}

/** The maps in their lines, each `side` pixels wide and high. */
export function drawnHeads(
  lines: readonly (readonly DrawnHead[])[],
  side: number,
  { title, caption, scale, numbers }: HeadsWords,
  style: SheetStyle,
): SVGSVGElement {
  const step = { x: side + MARGIN, y: side + MARGIN + NAME };
  const sheet = new Sheet();
  const parts = lines.flatMap((heads, row) =>
    heads.flatMap(({ name, map }, column) => {
      const [x, y] = [MARGIN + column * step.x, TITLE + MARGIN + row * step.y];
      const image = map ? [sheet.cells(map.toDataURL(), { x, y, width: side, height: side })] : [];
      return [...image, words(name, { x, y: y + side + 12 })];
    }),
  );
  const foot = TITLE + MARGIN + step.y * Math.max(1, lines.length) + 8;
  const below = svg('g', { transform: `translate(${MARGIN} ${foot})` }, sheet.image(scale, SCALE));
  below.append(...legend({ numbers, caption }, 0));
  const head = words(title, { x: MARGIN, y: 22, 'font-size': 14, 'font-weight': 600 });
  const rooms = [step.x * Math.max(1, ...lines.map((heads) => heads.length)), widthOf(title) * CHARACTER.title];
  const width = MARGIN + Math.max(...rooms, widthOf(caption) * CHARACTER.caption, SCALE.width) + MARGIN;
  return sheet.picture({ width, height: foot + FOOT }, style, [head, ...parts, below]);
}
