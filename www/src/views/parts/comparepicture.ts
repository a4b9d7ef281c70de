// Two matrices and their difference as one picture, with names and bars in it, for those who take it along.

import { element } from './dom.ts';
import { formatNumber } from './format.ts';

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
/** The most room of names, beside and above. */
const NAMES = 120;
const FONT = 12;
/** What a scale takes, with its name and its numbers. */
const SCALE = 60;

export function drawnComparison(
  { panels, bars, rows, columns, scales, lines }: DrawnComparison,
  style: { ink: string; bar: string; paper: string; font: string },
): HTMLCanvasElement {
  const canvas = element('canvas');
  const context = canvas.getContext('2d');
  if (!context) return canvas;
  const font = `${FONT}px ${style.font}`;
  context.font = font;
  const { width, height } = sizeOf(panels);
  const room = (names: readonly string[], each: number): number =>
    each < NAME
      ? 0
      : Math.min(NAMES, Math.ceil(Math.max(0, ...names.map((name) => context.measureText(name).width)))) + 8;
  const [left, top] = [room(rows, height / rows.length), room(columns, width / columns.length)];
  const plot = { left: MARGIN + left, top: MARGIN + TITLE + top };
  const across = plot.left + panels.length * (width + GAP) + BARS + MARGIN;
  const wrapped = lines.flatMap((line) => brokenTo(context, line, across - 2 * MARGIN));
  canvas.width = Math.ceil(across);
  const below = plot.top + height + MARGIN + SCALE;
  canvas.height = Math.ceil(below + (wrapped.length + 1) * LINE);
  context.fillStyle = style.paper;
  context.fillRect(0, 0, canvas.width, canvas.height);
  Object.assign(context, { font, fillStyle: style.ink, imageSmoothingEnabled: false, textBaseline: 'middle' });
  panels.forEach((panel, at) => {
    const x = plot.left + at * (width + GAP);
    context.drawImage(panel.canvas, x, plot.top, width, height);
    context.fillText(panel.title, x, MARGIN + TITLE / 2 - 4, width + GAP - 8);
    if (top > 0)
      columns.forEach((name, key) => upright(context, name, x + ((key + 0.5) * width) / columns.length, plot.top - 6));
  });
  context.textAlign = 'right';
  if (left > 0)
    rows.forEach((name, row) =>
      context.fillText(name, plot.left - 6, plot.top + ((row + 0.5) * height) / rows.length, NAMES),
    );
  context.textAlign = 'left';
  drawBars(context, bars, { x: plot.left + panels.length * (width + GAP) - GAP + 12, y: plot.top, height }, style);
  for (const scale of scales) {
    const x = plot.left + scale.below * (width + GAP);
    drawScale(context, scale, { x, y: plot.top + height + MARGIN, width: Math.min(width, 320) });
  }
  wrapped.forEach((line, at) => context.fillText(line, MARGIN, below + (at + 0.5) * LINE));
  return canvas;
}

function sizeOf(panels: DrawnComparison['panels']): { width: number; height: number } {
  const { width = 1, height = 1 } = panels[0]?.canvas ?? {};
  // Small ones are enlarged by a whole number, so that cells stay even.
  const factor = Math.max(1, Math.ceil(160 / Math.max(width, height)));
  return { width: width * factor, height: height * factor };
}

function upright(context: CanvasRenderingContext2D, name: string, x: number, y: number): void {
  context.save();
  context.translate(x, y);
  context.rotate(-Math.PI / 2);
  context.fillText(name, 0, 0, NAMES);
  context.restore();
}

function drawBars(
  context: CanvasRenderingContext2D,
  { title, values }: DrawnComparison['bars'],
  at: { x: number; y: number; height: number },
  { ink, bar }: { ink: string; bar: string },
): void {
  const each = at.height / Math.max(1, values.length);
  const numbers = each >= NAME;
  const gap = each >= 4 ? 0.18 : 0;
  const room = BARS - (numbers ? 40 : 0);
  context.fillText(title, at.x, at.y - 10, BARS);
  values.forEach((value, row) => {
    context.fillStyle = bar;
    if (value > 0) context.fillRect(at.x, at.y + (row + gap) * each, value * room, each * (1 - 2 * gap));
    context.fillStyle = ink;
    if (numbers)
      context.fillText(Number.isNaN(value) ? '–' : value.toFixed(3), at.x + room + 6, at.y + (row + 0.5) * each);
  });
}

function drawScale(
  context: CanvasRenderingContext2D,
  { canvas, name, low, high }: DrawnComparison['scales'][number],
  at: { x: number; y: number; width: number },
): void {
  context.fillText(name, at.x, at.y, at.width);
  context.drawImage(canvas, at.x, at.y + 10, at.width, 12);
  context.fillText(formatNumber(low), at.x, at.y + 32);
  context.textAlign = 'right';
  context.fillText(formatNumber(high), at.x + at.width, at.y + 32);
  context.textAlign = 'left';
}

/** A sentence in lines that fit. */
function brokenTo(context: CanvasRenderingContext2D, sentence: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  // Chinese has no spaces to break at: it breaks at any character.
  for (const part of sentence.match(/[\u2e80-\uffff]|[^\s\u2e80-\uffff]+\s*|\s+/g) ?? []) {
    if (line !== '' && context.measureText(line + part).width > width) {
      lines.push(line.trim());
      line = '';
    }
    line += part;
  }
  return line === '' ? lines : [...lines, line.trim()];
}
