// What the colours leave out: hatching over removed keys, and thin lines between cells that are large enough.

import type { Rgb } from './palette.ts';

/** Cells smaller than this, in device pixels, touch each other. */
export const LEAST_FOR_LINES = 10;

/** From one line of the hatching to the next, in device pixels. */
const STRIPES = 8;

/** Draws diagonal lines in `ink` over every cell whose value is -Infinity. */
export function hatchRemoved(
  context: CanvasRenderingContext2D,
  values: Float32Array,
  rows: number,
  columns: number,
  ink: string,
): void {
  const cells = new ImageData(columns, rows);
  let removed = false;
  values.forEach((value, index) => {
    if (value !== -Infinity) return;
    removed = true;
    cells.data[4 * index + 3] = 255;
  });
  if (!removed) return;
  const { width, height } = context.canvas;
  const layer = scratch(width, height);
  layer.imageSmoothingEnabled = false;
  const small = scratch(columns, rows);
  small.putImageData(cells, 0, 0);
  layer.drawImage(small.canvas, 0, 0, width, height);
  layer.globalCompositeOperation = 'source-in';
  layer.fillStyle = stripes(layer, ink);
  layer.fillRect(0, 0, width, height);
  context.drawImage(layer.canvas, 0, 0);
}

/** Draws lines in `paper` between the cells, where there is room for them. */
export function ruleCells(context: CanvasRenderingContext2D, rows: number, columns: number, paper: string): void {
  const { width, height } = context.canvas;
  if (width / columns < LEAST_FOR_LINES || height / rows < LEAST_FOR_LINES) return;
  context.fillStyle = paper;
  for (let column = 1; column < columns; column += 1) {
    context.fillRect(Math.round((column * width) / columns), 0, 1, height);
  }
  for (let row = 1; row < rows; row += 1) context.fillRect(0, Math.round((row * height) / rows), width, 1);
}

/** The tone of removed keys with its lines, to fill with; `shift` is where the pattern begins. */
export function hatchPattern(
  context: CanvasRenderingContext2D,
  { removed, ink }: { removed: Rgb; ink: string },
  shift: { x: number; y: number },
): CanvasPattern | string {
  const tone = `rgb(${removed.join(' ')})`;
  const pattern = context.createPattern(hatchTile(tone, ink), 'repeat');
  pattern?.setTransform(new DOMMatrix([1, 0, 0, 1, shift.x % STRIPES, shift.y % STRIPES]));
  return pattern ?? tone;
}

/** The last tile of the hatching: every frame wants it, and it changes with the theme alone. */
let hatch: { tone: string; ink: string; canvas: HTMLCanvasElement } | undefined;

function hatchTile(tone: string, ink: string): HTMLCanvasElement {
  if (hatch?.tone === tone && hatch.ink === ink) return hatch.canvas;
  const tile = scratch(STRIPES, STRIPES);
  for (const style of [tone, stripes(tile, ink)]) {
    tile.fillStyle = style;
    tile.fillRect(0, 0, STRIPES, STRIPES);
  }
  hatch = { tone, ink, canvas: tile.canvas };
  return tile.canvas;
}

function stripes(context: CanvasRenderingContext2D, ink: string): CanvasPattern | string {
  const size = STRIPES;
  const tile = scratch(size, size);
  tile.strokeStyle = ink;
  tile.lineWidth = 1.4;
  tile.beginPath();
  for (const shift of [-size, 0, size]) {
    tile.moveTo(shift - 1, size + 1);
    tile.lineTo(shift + size + 1, -1);
  }
  tile.stroke();
  return context.createPattern(tile.canvas, 'repeat') ?? ink;
}

function scratch(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser gives no canvas to draw on');
  return context;
}
