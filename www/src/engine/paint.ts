/** Numbers to pixels: painted in the pool, handed back as a picture. */
import { catalog } from '../generated/catalog.ts';
import type { PaintOptions, Palette, Picture, Rgb } from './api.ts';
import { QkscopeError, show } from './error.ts';
import { gather } from './gather.ts';
import type { Part } from './gather.ts';
import { checkNames, finite, member, wholeNumber } from './options.ts';
import type { Pool } from './pool.ts';
import type { Canvas, Painted } from './protocol.ts';
import { copyData } from './tensor.ts';

/** The largest canvas of every browser (Safari's): 4096 x 4096. */
const LARGEST = 16_777_216;
const GREY: Rgb = [128, 128, 128];
const MAGENTA: Rgb = [255, 0, 255];
const CLEAR = [0, 0, 0, 0];
const colours = ['colormap', 'low', 'high', 'removed', 'invalid'];
const names = ['rows', 'columns', 'width', 'height', ...colours, 'signal'];

export async function paintPicture(pool: Pool, values: Float32Array, options: PaintOptions): Promise<Picture> {
  checkNames('options', options, names);
  const { signal, ...look } = options;
  const canvas = canvasOf(look);
  const data = copyData('values', values, [canvas.rows, canvas.columns]);
  const [picture] = await gather([paintPart(pool, data, canvas)], { signal });
  return picture!;
}

/** Painting as a part of a call; nobody writes to these numbers any more. */
export function paintPart(pool: Pool, values: Float32Array, canvas: Canvas): Part<Picture> {
  const read = (painted: Painted) => pictureOf(painted, canvas);
  const job = { kind: 'paint', values, canvas } as const;
  return { share: 1, start: () => pool.run<'paint', Picture>(job, { urgent: true }, read) };
}

/** The canvas on which each of `rows` x `columns` numbers gets a pixel. */
export function canvasOfTile([rows, columns]: readonly [number, number], palette: Palette): Canvas {
  checkNames('palette', palette, colours);
  return { rows, columns, width: columns, height: rows, palette: paletteOf(palette) };
}

/** What was painted, as a caller gets it. */
export function pictureOf(painted: Painted, { width, height }: Canvas): Picture {
  if (!ArrayBuffer.isView(painted)) return painted;
  if (typeof ImageData !== 'function') throw new QkscopeError('unsupported', 'ImageData', 'present', 'missing');
  const { buffer, byteOffset, length } = painted;
  return new ImageData(new Uint8ClampedArray(buffer as ArrayBuffer, byteOffset, length), width, height);
}

function canvasOf(options: PaintOptions): Canvas {
  const size = (name: 'rows' | 'columns' | 'width' | 'height') => wholeNumber(name, options[name], 1);
  const [rows, columns, width, height] = [size('rows'), size('columns'), size('width'), size('height')];
  if (width * height > LARGEST) {
    throw new QkscopeError('limit', 'width * height', `at most ${LARGEST}`, `${width * height}`);
  }
  return { rows, columns, width, height, palette: paletteOf(options) };
}

function paletteOf({ colormap, low, high, removed, invalid }: Palette): readonly number[] {
  const id = member('colormap', colormap ?? 'viridis', catalog.colormaps);
  return [
    catalog.colormaps.findIndex((map) => map.id === id),
    finite('low', low),
    finite('high', high),
    ...(removed === 'transparent' ? CLEAR : colour('removed', removed ?? GREY)),
    ...colour('invalid', invalid ?? MAGENTA),
  ];
}

/** Red, green, blue, and how opaque. */
function colour(subject: string, value: Rgb): readonly number[] {
  const isByte = (part: unknown) => Number.isInteger(part) && (part as number) >= 0 && (part as number) <= 255;
  if (Array.isArray(value) && value.length === 3 && value.every(isByte)) return [...value, 255];
  throw new QkscopeError('parameter', subject, 'three whole numbers from 0 to 255', show(value));
}
