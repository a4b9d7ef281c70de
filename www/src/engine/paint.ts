/** Numbers to pixels: painted in the pool, handed back as a picture. */
import { catalog } from '../generated/catalog.ts';
import type { PaintOptions, Rgb } from './api.ts';
import { QkscopeError, show } from './error.ts';
import { gather } from './gather.ts';
import { checkNames, finite, member, wholeNumber } from './options.ts';
import type { Pool } from './pool.ts';
import type { Picture } from './protocol.ts';
import { copyTensor } from './tensor.ts';

/** The largest canvas of every browser (Safari's): 4096 x 4096. */
const LARGEST = 16_777_216;
const GREY: Rgb = [128, 128, 128];
const MAGENTA: Rgb = [255, 0, 255];
const names = ['rows', 'columns', 'width', 'height', 'colormap', 'low', 'high', 'removed', 'invalid', 'signal'];

export async function paintPicture(
  pool: Pool,
  values: Float32Array,
  options: PaintOptions,
): Promise<ImageBitmap | ImageData> {
  checkNames('options', options, names);
  const picture = pictureOf(values, options);
  const start = () => pool.run<'paint'>({ kind: 'paint', picture }, { urgent: true });
  const [painted] = await gather([{ share: 1, start }], { signal: options.signal });
  return ArrayBuffer.isView(painted) ? imageData(painted, picture) : painted!;
}

function pictureOf(values: Float32Array, options: PaintOptions): Picture {
  const size = (name: 'rows' | 'columns' | 'width' | 'height') => wholeNumber(name, options[name], 1);
  const [rows, columns, width, height] = [size('rows'), size('columns'), size('width'), size('height')];
  if (width * height > LARGEST) {
    throw new QkscopeError('limit', 'width * height', `at most ${LARGEST}`, `${width * height}`);
  }
  const { data } = copyTensor('values', { data: values, shape: [rows, columns] });
  return { values: data, rows, columns, width, height, palette: paletteOf(options) };
}

function paletteOf({ colormap, low, high, removed, invalid }: PaintOptions): Picture['palette'] {
  const id = member('colormap', colormap ?? 'viridis', catalog.colormaps);
  return [
    catalog.colormaps.findIndex((map) => map.id === id),
    finite('low', low),
    finite('high', high),
    ...colour('removed', removed ?? GREY),
    ...colour('invalid', invalid ?? MAGENTA),
  ];
}

function colour(subject: string, value: Rgb): Rgb {
  const isByte = (part: unknown) => Number.isInteger(part) && (part as number) >= 0 && (part as number) <= 255;
  if (Array.isArray(value) && value.length === 3 && value.every(isByte)) return value;
  throw new QkscopeError('parameter', subject, 'three whole numbers from 0 to 255', show(value));
}

function imageData(pixels: Uint8Array, { width, height }: Picture): ImageData {
  if (typeof ImageData !== 'function') throw new QkscopeError('unsupported', 'ImageData', 'present', 'missing');
  return new ImageData(
    new Uint8ClampedArray(pixels.buffer as ArrayBuffer, pixels.byteOffset, pixels.length),
    width,
    height,
  );
}
