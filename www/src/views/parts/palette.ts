// Which colours a picture gets, and how a canvas is filled with them.

/** A colour as red, green, blue from 0 to 255. */
export type Rgb = readonly [number, number, number];

/** The name of a colour map on each ground. */
export type ColormapOf = Readonly<Record<'light' | 'dark', string>>;

/** How values become colours: `low` to `high` through a named colour map, and two tones beside it. */
export interface Palette {
  colormap: string;
  low: number;
  high: number;
  /** Of removed keys; `transparent` shows what lies behind the picture. */
  removed: Rgb | 'transparent';
  invalid: Rgb;
}

/** Paints `rows` x `columns` values, row-major, as `width` x `height` pixels. */
export type Painter = (
  values: Float32Array,
  size: { rows: number; columns: number; width: number; height: number } & Palette,
) => Promise<ImageBitmap | ImageData>;

/** The tone under the hatching of removed keys, and that of values that are no number; both differ from every map. */
export function neutralTones(dark: boolean): { removed: Rgb; invalid: Rgb; ink: string; paper: string } {
  return dark
    ? { removed: [44, 47, 54], invalid: [255, 0, 170], ink: 'rgb(120 126 138)', paper: 'rgb(20 22 27)' }
    : { removed: [236, 238, 241], invalid: [255, 0, 170], ink: 'rgb(150 156 166)', paper: 'rgb(253 253 252)' };
}

/** The colour map for the ground that `node` stands on. */
export function colormapAt(node: Element, colormap: ColormapOf): string {
  return colormap[isDark(node) ? 'dark' : 'light'];
}

/** Puts a painted picture on a canvas of its size, and lets go of it. */
export function putPicture(context: CanvasRenderingContext2D, picture: ImageBitmap | ImageData): void {
  context.canvas.width = picture.width;
  context.canvas.height = picture.height;
  if (picture instanceof ImageData) {
    context.putImageData(picture, 0, 0);
    return;
  }
  context.drawImage(picture, 0, 0);
  release(picture);
}

/** Lets go of a picture that is not needed any more: a bitmap holds memory that no collector sees. */
export function release(picture: ImageBitmap | ImageData): void {
  if ('close' in picture) picture.close();
}

/** Whether the page shows dark colours where `node` stands. */
export function isDark(node: Element): boolean {
  const scheme = getComputedStyle(node).colorScheme;
  if (scheme === 'dark' || scheme === 'light') return scheme === 'dark';
  return matchMedia('(prefers-color-scheme: dark)').matches;
}
