// Two matrices and their difference as one picture, with names and bars in it, for those who take it along.

import { element, svg } from './dom.ts';
import { formatNumber } from './format.ts';
import { Sheet, words, type SheetStyle } from './sheet.ts';
import { cutMiddle } from './name.ts';

/** What is drawn: canvases as they are in sight, all of one size. */
export interface DrawnComparison {
  panels: readonly { title: string; canvas: HTMLCanvasElement }[];
  bars: { title: string; values: readonly number[] };
  rows: readonly string[];
  columns: readonly string[];
  /** Colour scales, each below the panel at this place. */
  scales: readonly { canvas: HTMLCanvasElement; below: number; name: string; low: number; high: number }[];
  /** Sentences below. */
  lines: readonly string[];
}

const MARGIN = 16;
const GAP = 24;
const TITLE = 28;
const LINE = 18;
const BARS = 120;
/** The least room of a name. */
const NAME = 13;
/** The most characters of a name. */
const LONGEST = 18;
/** What a scale takes, with its name and its numbers. */
const SCALE = 60;

/** Where the plots lie. */
interface Layout {
  left: number;
  top: number;
  width: number;
  height: number;
}

export function drawnComparison(
  { panels, bars, rows, columns, scales, lines }: DrawnComparison,
  style: SheetStyle & { bar: string },
): SVGSVGElement {
  const measure = measureIn(style.font);
  const { width, height } = sizeOf(panels);
  const [down, across] = [namesIn(rows, height), namesIn(columns, width)];
  const room = (names: readonly string[]): number =>
    names.length > 0 ? Math.ceil(Math.max(...names.map(measure))) + 8 : 0;
  const plot: Layout = { left: MARGIN + room(down), top: MARGIN + TITLE + room(across), width, height };
  const end = Math.ceil(plot.left + panels.length * (width + GAP) + BARS + MARGIN);
  const below = plot.top + height + MARGIN + SCALE;
  const wrapped = lines.flatMap((line) => brokenTo(measure, line, end - 2 * MARGIN));
  const sheet = new Sheet();
  const at = (place: number): number => plot.left + place * (width + GAP);
  const parts = [
    ...panels.flatMap(({ title, canvas }, place) => [
      words(title, { x: at(place), y: MARGIN + 14, 'font-weight': 600 }),
      sheet.cells(canvas.toDataURL(), { x: at(place), y: plot.top, width, height }),
      ...across.map((name, key) => upright(name, at(place) + ((key + 0.5) * width) / across.length, plot.top - 6)),
    ]),
    ...down.map((name, row) => {
      const y = plot.top + ((row + 0.5) * height) / down.length + 4;
      return words(name, { x: plot.left - 6, y, 'text-anchor': 'end' });
    }),
    ...drawnBars(bars, { x: at(panels.length) - GAP + 12, y: plot.top, height }, style.bar),
    ...scales.flatMap((scale) => drawnScale(sheet, scale, at(scale.below), plot)),
    ...wrapped.map((line, place) => words(line, { x: MARGIN, y: below + (place + 0.7) * LINE })),
  ];
  return sheet.picture({ width: end, height: Math.ceil(below + (wrapped.length + 1) * LINE) }, style, parts);
}

function sizeOf(panels: DrawnComparison['panels']): { width: number; height: number } {
  const { width = 1, height = 1 } = panels[0]?.canvas ?? {};
  // Small ones are enlarged by a whole number, so that cells stay even.
  const factor = Math.max(1, Math.ceil(160 / Math.max(width, height)));
  return { width: width * factor, height: height * factor };
}

/** The names, where there is room for all of them along so many pixels. */
function namesIn(names: readonly string[], pixels: number): string[] {
  return pixels / names.length < NAME ? [] : names.map((name) => cutMiddle(name, LONGEST));
}

function upright(name: string, x: number, y: number): SVGTextElement {
  return words(name, { transform: `translate(${x + 4} ${y}) rotate(-90)` });
}

function drawnBars(
  { title, values }: DrawnComparison['bars'],
  at: { x: number; y: number; height: number },
  fill: string,
): SVGElement[] {
  const each = at.height / Math.max(1, values.length);
  const numbers = each >= NAME;
  const gap = each >= 4 ? 0.18 : 0;
  const room = BARS - (numbers ? 40 : 0);
  const bars = values.flatMap((value, row) => {
    const y = at.y + row * each;
    const box = { x: at.x, y: y + gap * each, width: value * room, height: each * (1 - 2 * gap) };
    const number = { x: at.x + room + 6, y: y + each / 2 + 4 };
    return [
      ...(value > 0 ? [svg('rect', { ...box, fill })] : []),
      ...(numbers ? [words(Number.isNaN(value) ? '–' : value.toFixed(3), number)] : []),
    ];
  });
  return [words(title, { x: at.x, y: at.y - 8, 'font-size': 11 }), ...bars];
}

function drawnScale(
  sheet: Sheet,
  { canvas, name, low, high }: DrawnComparison['scales'][number],
  x: number,
  plot: Layout,
): SVGElement[] {
  const [width, y] = [Math.min(plot.width, 320), plot.top + plot.height + MARGIN];
  return [
    words(name, { x, y: y + 4 }),
    sheet.image(canvas.toDataURL(), { x, y: y + 10, width, height: 12 }),
    words(formatNumber(low), { x, y: y + 36 }),
    words(formatNumber(high), { x: x + width, y: y + 36, 'text-anchor': 'end' }),
  ];
}

/** How wide words are in the picture. */
function measureIn(font: string): (words: string) => number {
  const context = element('canvas').getContext('2d');
  if (context) context.font = `12px ${font}`;
  return (words) => context?.measureText(words).width ?? 7 * words.length;
}

/** A sentence in lines that fit. */
function brokenTo(measure: (words: string) => number, sentence: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  // Chinese has no spaces to break at: it breaks at any character.
  for (const part of sentence.match(/[\u2e80-\uffff]|[^\s\u2e80-\uffff]+\s*|\s+/g) ?? []) {
    if (line !== '' && measure(line + part) > width) {
      lines.push(line.trim());
      line = '';
    }
    line += part;
  }
  return line === '' ? lines : [...lines, line.trim()];
}
