// What a section can be saved as: its numbers as tables, its picture as it is or in pixels. Fetched with the first menu that is opened.

import type { Text } from '../../generated/catalog.ts';
import { element } from '../../views/parts/dom.ts';
import { PageError } from '../reason.ts';
import { rasterize } from './raster.ts';
import type { Entry, Exported } from './section.ts';

export { sheetOf } from './sheet.ts';

const text = {
  canvas: { en: 'the browser gives no canvas', zh: '浏览器不提供画布' },
  pixels: {
    en: 'the browser makes no picture of {width} × {height} pixels',
    zh: '浏览器无法生成 {width} × {height} 像素的图片',
  },
} satisfies Record<string, Text>;

/** A kind of file. */
export interface Format {
  id: string;
  label: Text;
  /** What the file's name ends in. */
  ending: string;
  file(taken: Exported): Blob | Promise<Blob>;
}

const same = (name: string): Text => ({ en: name, zh: name });
const SCALES = [1, 2, 3, 4];

/** All that a section can be saved as, in the order of the menu. */
export const FORMATS: readonly Format[] = [
  { id: 'csv', label: same('CSV'), ending: '.csv', file: (taken) => new Blob([csvOf(taken)], { type: 'text/csv' }) },
  {
    id: 'json',
    label: same('JSON'),
    ending: '.json',
    file: (taken) => new Blob([jsonOf(taken)], { type: 'application/json' }),
  },
  {
    id: 'svg',
    label: same('SVG'),
    ending: '.svg',
    file: (taken) => svgOf(pictureOf(taken)),
  },
  ...SCALES.map((scale) => ({
    id: `png-${scale}`,
    label: same(`PNG ${scale}×`),
    ending: scale === 1 ? '.png' : `@${scale}x.png`,
    file: (taken: Exported) => pngOf(pictureOf(taken), scale),
  })),
];

/** A table that spreadsheets open. Text that one would take for a formula is marked as text; numbers are as they are. */
export function csvOf({ columns, rows }: Pick<Exported, 'columns' | 'rows'>): string {
  const cell = (value: Entry): string => {
    if (typeof value !== 'string') return String(value ?? '');
    const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
  };
  return [columns, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

/**
 * Each row as an object. Numbers that JSON has no word for, NaN and the infinities, go as text, wherever they stand; null is where
 * there is no number.
 */
export function jsonOf({ name, about, columns, rows }: Omit<Exported, 'picture'>): string {
  const plain = (_: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
  const objects = rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]])));
  return `${JSON.stringify({ name, ...about, rows: objects }, plain, 1)}\n`;
}

function svgOf(picture: SVGSVGElement): Blob {
  return new Blob([new XMLSerializer().serializeToString(picture)], { type: 'image/svg+xml' });
}

function pictureOf({ picture }: Exported): SVGSVGElement {
  return typeof picture === 'function' ? picture() : picture;
}

async function pngOf(picture: SVGSVGElement, scale: number): Promise<Blob> {
  const { width, height } = picture.viewBox.baseVal;
  const canvas = element('canvas', { width: Math.ceil(width * scale), height: Math.ceil(height * scale) });
  const context = canvas.getContext('2d');
  if (!context) throw new PageError(text.canvas);
  await rasterize(picture, context);
  const file = await new Promise<Blob | null>((done) => canvas.toBlob(done));
  if (!file) throw new PageError(text.pixels, { width: canvas.width, height: canvas.height });
  return file;
}

/** A name that every system takes: where it is from, then what it is of. */
export function fileName(name: string, ending: string): string {
  const safe = name.replace(/[^a-z0-9]+/gi, '-').replace(/^-+|-+$/g, '');
  return `qkscope-${safe.slice(0, 80)}`.replace(/-$/, '') + ending;
}
