// How a mask looks: three tones, hatching over what a rule removes, and a legend that names them.

import { element } from './dom.ts';
import { hatchRemoved, ruleCells } from './hatch.ts';
import { isDark, neutralTones, type Rgb } from './palette.ts';
import type { PooledMask } from './rules.ts';
import { phrase, type Language } from './text.ts';

const text = {
  allowed: { en: 'may be seen', zh: '可见' },
  removed: { en: 'removed by a rule', zh: '被规则去除' },
  painted: { en: 'painted away', zh: '被涂去' },
  mixed: { en: 'in part', zh: '部分可见' },
  empty: { en: 'query without a key', zh: '没有键的查询' },
};

interface Tones {
  allowed: Rgb;
  painted: Rgb;
  removed: Rgb;
  ink: string;
  paper: string;
}

/** The tones of what is left and of what was painted away; both go with blue and orange elsewhere. */
function tonesOf(dark: boolean): Tones {
  const { removed, ink, paper } = neutralTones(dark);
  return dark
    ? { allowed: [64, 92, 160], painted: [214, 150, 66], removed, ink, paper }
    : { allowed: [146, 175, 236], painted: [196, 118, 22], removed, ink, paper };
}

/** Draws the cells over the whole of `canvas`, in device pixels. */
export function drawMask(canvas: HTMLCanvasElement, { rows, columns, size, allowed, painted }: PooledMask): void {
  const pixels = (side: number): number => Math.max(1, Math.round(side * devicePixelRatio));
  canvas.width = pixels(canvas.clientWidth);
  canvas.height = pixels(canvas.clientHeight);
  const context = canvas.getContext('2d');
  const small = document.createElement('canvas');
  small.width = columns;
  small.height = rows;
  const cells = small.getContext('2d');
  if (!context || !cells) return;
  const tones = tonesOf(isDark(canvas));
  const picture = new ImageData(columns, rows);
  const hatched = new Float32Array(rows * columns);
  size.forEach((count, cell) => {
    const [left, taken] = [(allowed[cell] ?? 0) / count, (painted[cell] ?? 0) / count];
    mix(picture.data, 4 * cell, tones, left, taken);
    if (left + taken === 0) hatched[cell] = -Infinity;
  });
  cells.putImageData(picture, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  hatchRemoved(context, hatched, rows, columns, tones.ink);
  ruleCells(context, rows, columns, tones.paper);
}

/** Writes the colour of a cell of which these shares are left and painted away to four bytes at `at`. */
function mix(pixels: Uint8ClampedArray, at: number, tones: Tones, allowed: number, painted: number): void {
  const rest = 1 - allowed - painted;
  for (let channel = 0; channel < 3; channel += 1) {
    const tone = (of: Rgb): number => of[channel] ?? 0;
    pixels[at + channel] = tone(tones.allowed) * allowed + tone(tones.painted) * painted + tone(tones.removed) * rest;
  }
  pixels[at + 3] = 255;
}

/** Names the tones. What may come with the next stroke has its room already, so that nothing moves under the brush. */
export class MaskLegend {
  readonly element = element('div', { class: 'mask-legend' });

  show({ size, allowed, empty }: PooledMask, language: Language): void {
    let mixed = false;
    size.forEach((count, cell) => {
      const left = allowed[cell] ?? 0;
      mixed ||= left > 0 && left < count;
    });
    const tones = tonesOf(isDark(this.element));
    const notes = [swatch(tones, [1, 0], phrase(text.allowed, language))];
    if (size.some((count) => count > 1)) {
      notes.push(shownIf(mixed, swatch(tones, [0.5, 0], phrase(text.mixed, language))));
    }
    notes.push(swatch(tones, [0, 0], phrase(text.removed, language)));
    notes.push(swatch(tones, [0, 1], phrase(text.painted, language)));
    const mark = element('span', { class: 'mask-empty-sign', 'aria-hidden': 'true' });
    const without = element('span', { class: 'legend-note' }, mark, phrase(text.empty, language));
    const isEmpty = empty.some((count) => count > 0);
    notes.push(shownIf(isEmpty, without));
    this.element.replaceChildren(...notes);
  }
}

function shownIf(occurs: boolean, note: HTMLElement): HTMLElement {
  note.classList.toggle('legend-absent', !occurs);
  return note;
}

function swatch(tones: Tones, [allowed, painted]: readonly [number, number], name: string): HTMLElement {
  const canvas = element('canvas', { width: 20, height: 20, class: 'legend-swatch', 'aria-hidden': 'true' });
  const context = canvas.getContext('2d');
  if (context) {
    const pixel = new Uint8ClampedArray(4);
    mix(pixel, 0, tones, allowed, painted);
    context.fillStyle = `rgb(${pixel[0]} ${pixel[1]} ${pixel[2]})`;
    context.fillRect(0, 0, 20, 20);
    if (allowed + painted === 0) hatchRemoved(context, new Float32Array([-Infinity]), 1, 1, tones.ink);
  }
  return element('span', { class: 'legend-note' }, canvas, name);
}
