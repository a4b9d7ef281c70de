// A section's picture in pixels. An <img> would draw it as well, from a blob: address; but a policy of 'self' alone, which many hosts
// send, forbids such an address to images. So the few shapes that pictures are made of are drawn here, by their attributes alone.

import { LOOKS } from '../../views/parts/standalone.ts';

/** What a shape is drawn with: what it says itself, and what it has from around it. */
type Look = Readonly<Record<string, string>>;

/** All but what a group has as a whole. */
const INHERITED = LOOKS.filter((name) => name !== 'opacity');

/** The initial values of SVG 2. */
const INITIAL: Look = {
  fill: 'black',
  stroke: 'none',
  'stroke-width': '1',
  'font-size': '16px',
  'font-family': 'sans-serif',
};

/** Where it is drawn, and the pixels of the images in it. */
interface Sheet {
  context: CanvasRenderingContext2D;
  /** Pixels of the canvas for one of the picture. */
  scale: number;
  images: ReadonlyMap<Element, ImageBitmap>;
}

/** Draws `picture`, which has a `viewBox`, so that it fills the canvas. */
export async function rasterize(picture: SVGSVGElement, context: CanvasRenderingContext2D): Promise<void> {
  const { x, y, width, height } = picture.viewBox.baseVal;
  const images = await imagesOf(picture);
  try {
    const scale = context.canvas.width / width;
    context.scale(scale, context.canvas.height / height);
    context.translate(-x, -y);
    drawChildren(picture, { context, scale, images }, lookOf(picture, INITIAL));
  } finally {
    for (const image of images.values()) image.close();
  }
}

/** The images of a picture, which it carries itself. */
async function imagesOf(picture: SVGSVGElement): Promise<Map<Element, ImageBitmap>> {
  const read = async (image: SVGImageElement): Promise<[Element, ImageBitmap]> => {
    const [, type, base64] = /^data:([^;,]+);base64,(.*)$/s.exec(image.href.baseVal) ?? [];
    if (type === undefined || base64 === undefined) throw new Error('<image> without its pixels');
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    return [image, await createImageBitmap(new Blob([bytes], { type }))];
  };
  return new Map(await Promise.all([...picture.querySelectorAll('image')].map(read)));
}

function drawChildren(parent: Element, sheet: Sheet, look: Look): void {
  for (const child of parent.children) if (child instanceof SVGGraphicsElement) draw(child, sheet, look);
}

function draw(shape: SVGGraphicsElement, sheet: Sheet, around: Look): void {
  const { context } = sheet;
  const look = lookOf(shape, around);
  context.save();
  context.globalAlpha *= number(shape.getAttribute('opacity'), 1);
  const moved = shape.transform.baseVal.consolidate()?.matrix;
  if (moved) context.transform(moved.a, moved.b, moved.c, moved.d, moved.e, moved.f);
  if (shape instanceof SVGTextElement) drawText(shape, context, look);
  else if (shape instanceof SVGGElement) drawChildren(shape, sheet, look);
  else if (shape instanceof SVGSVGElement) drawWindow(shape, sheet, look);
  else if (shape instanceof SVGImageElement) drawImage(shape, sheet);
  else drawPath(pathOf(shape), sheet, look);
  context.restore();
}

/** A picture in the picture: what leaves it is not seen. One with a `viewBox` is stretched to its room. */
function drawWindow(window: SVGSVGElement, sheet: Sheet, look: Look): void {
  const { context } = sheet;
  const at = (name: string): number => number(window.getAttribute(name), 0);
  context.translate(at('x'), at('y'));
  const clip = new Path2D();
  clip.rect(0, 0, at('width'), at('height'));
  context.clip(clip);
  const { x, y, width, height } = window.viewBox.baseVal ?? {};
  if (width && height) {
    context.scale(at('width') / width, at('height') / height);
    context.translate(-x, -y);
  }
  drawChildren(window, sheet, look);
}

/** Stretched, as `preserveAspectRatio="none"` says. Pixels made larger are cells, which have edges. */
function drawImage(image: SVGImageElement, { context, images }: Sheet): void {
  const pixels = images.get(image);
  if (!pixels) return;
  const [x, y, width, height] = ['x', 'y', 'width', 'height'].map((name) => number(image.getAttribute(name), 0));
  context.imageSmoothingEnabled = pixels.width > width! * context.getTransform().a;
  context.imageSmoothingQuality = 'high';
  context.drawImage(pixels, x!, y!, width!, height!);
}

function pathOf(shape: SVGGraphicsElement): Path2D {
  const at = (name: string): number => number(shape.getAttribute(name), 0);
  const path = new Path2D(shape instanceof SVGPathElement ? (shape.getAttribute('d') ?? '') : '');
  if (shape instanceof SVGRectElement) path.roundRect(at('x'), at('y'), at('width'), at('height'), at('rx'));
  else if (shape instanceof SVGCircleElement) path.arc(at('cx'), at('cy'), at('r'), 0, 2 * Math.PI);
  else if (!(shape instanceof SVGPathElement)) throw new Error(`<${shape.localName}> has no pixels`);
  return path;
}

function drawPath(path: Path2D, { context, scale }: Sheet, look: Look): void {
  withInk(context, look, 'fill', () => context.fill(path));
  withInk(context, look, 'stroke', () => {
    if (look['vector-effect'] !== 'non-scaling-stroke') return context.stroke(path);
    // As thick as it is said to be, however what it goes around is stretched.
    const stretched = new Path2D();
    stretched.addPath(path, context.getTransform());
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const back = new Path2D();
    back.addPath(stretched, context.getTransform().inverse());
    context.stroke(back);
  });
}

const ALIGNED: Record<string, CanvasTextAlign> = { start: 'left', middle: 'center', end: 'right' };

function drawText(shape: SVGTextElement, context: CanvasRenderingContext2D, look: Look): void {
  const words = shape.textContent.replace(/\s+/g, ' ').trim();
  const at = (name: string): number => number(shape.getAttribute(name), 0);
  context.font = `${look['font-weight'] ?? 400} ${number(look['font-size'], 16)}px ${look['font-family']}`;
  context.textAlign = ALIGNED[look['text-anchor'] ?? ''] ?? 'left';
  // A canvas has a middle of its own, which is another one.
  const { fontBoundingBoxAscent: above, fontBoundingBoxDescent: below } = context.measureText(words);
  const foot = at('y') + (look['dominant-baseline'] === 'central' ? (above - below) / 2 : 0);
  const inks = {
    fill: () => context.fillText(words, at('x'), foot),
    stroke: () => context.strokeText(words, at('x'), foot),
  };
  const order = look['paint-order']?.startsWith('stroke')
    ? (['stroke', 'fill'] as const)
    : (['fill', 'stroke'] as const);
  for (const kind of order) withInk(context, look, kind, inks[kind]);
}

function withInk(context: CanvasRenderingContext2D, look: Look, kind: 'fill' | 'stroke', drawn: () => void): void {
  const ink = look[kind] ?? 'none';
  if (ink === 'none') return;
  context.save();
  context.globalAlpha *= number(look[`${kind}-opacity`], 1);
  context[`${kind}Style`] = ink;
  context.lineWidth = number(look['stroke-width'], 1);
  context.lineJoin = (look['stroke-linejoin'] ?? 'miter') as CanvasLineJoin;
  context.lineCap = (look['stroke-linecap'] ?? 'butt') as CanvasLineCap;
  context.miterLimit = 4;
  context.setLineDash((look['stroke-dasharray'] ?? '').match(/[\d.]+/g)?.map(Number) ?? []);
  drawn();
  context.restore();
}

function lookOf(shape: Element, around: Look): Look {
  const own = INHERITED.flatMap((name) => {
    const value = shape.getAttribute(name);
    return value === null ? [] : [[name, value]];
  });
  return { ...around, ...Object.fromEntries(own) };
}

/** The number that a length or a share begins with: all lengths of these pictures are in pixels. */
function number(text: string | null | undefined, otherwise: number): number {
  const value = Number.parseFloat(text ?? '');
  return Number.isFinite(value) ? value : otherwise;
}
