// All heads as one picture: their small maps as they stand, with names.

import { Sheet, words, type SheetStyle } from './sheet.ts';

/** Pixels of the picture. */
const MARGIN = 8;
const NAME = 16;

/** A small map, where it is there, and what it is called. */
export interface DrawnHead {
  name: string;
  map: HTMLCanvasElement | undefined;
}

/** The maps in their lines, each `side` pixels wide and high. */
export function drawnHeads(lines: readonly (readonly DrawnHead[])[], side: number, style: SheetStyle): SVGSVGElement {
  const step = { x: side + MARGIN, y: side + MARGIN + NAME };
  const sheet = new Sheet();
  const parts = lines.flatMap((heads, row) =>
    heads.flatMap(({ name, map }, column) => {
      const [x, y] = [MARGIN + column * step.x, MARGIN + row * step.y];
      const image = map ? [sheet.cells(map.toDataURL(), { x, y, width: side, height: side })] : [];
      return [...image, words(name, { x, y: y + side + 12 })];
    }),
  );
  const width = MARGIN + step.x * Math.max(1, ...lines.map((heads) => heads.length));
  return sheet.picture({ width, height: MARGIN + step.y * Math.max(1, lines.length) }, style, parts);
}
