// One row or one column of the matrix as a curve along its side of the plot, with the numbers of the kernel.

import { element } from './dom.ts';

/** The part of an axis that is in sight: its first item, CSS pixels per item, and all CSS pixels. */
export interface Along {
  from: number;
  size: number;
  pixels: number;
}

/** A strip beside the plot. A row's runs along its lower edge, a column's along its right one. */
export class Profile {
  readonly element = element('canvas', { class: 'profile', role: 'img', 'aria-hidden': 'true' });
  readonly #side: 'row' | 'column';
  #values: Float32Array | undefined;
  #range: readonly [number, number] = [0, 0];
  /** What is on the canvas: most frames change nothing here. */
  #drawn = '';
  /** In CSS pixels; undefined: not known. To ask for it in each frame would lay out the page each time. */
  #size: { clientWidth: number; clientHeight: number } | undefined;

  constructor(side: 'row' | 'column') {
    this.#side = side;
    this.element.classList.add(`profile-${side}`);
  }

  /** The numbers to draw, or none; `words` say what they are, or why there are none. */
  set(values: Float32Array | undefined, words: string): void {
    this.#drawn = '';
    this.#values = values;
    this.#range = values ? rangeOf(values) : [0, 0];
    this.element.title = words;
    this.element.setAttribute('aria-label', words);
    this.element.setAttribute('aria-hidden', String(!values));
  }

  /** The size or the colours of the strip are others: it is drawn anew with the next frame. */
  refresh(): void {
    this.#drawn = '';
    this.#size = undefined;
  }

  /** Draws what lies `along` the side that is in sight, and marks `item`. */
  show(along: Along, item: readonly [number, number] | undefined, ratio: number): void {
    const wanted = JSON.stringify([along, item, ratio]);
    if (wanted === this.#drawn) return;
    this.#drawn = wanted;
    const { clientWidth: width, clientHeight: height } = this.#size ?? this.element;
    this.#size = { clientWidth: width, clientHeight: height };
    const context = this.#fit(width, height, ratio);
    if (!context || !this.#values) return;
    const style = getComputedStyle(this.element);
    const depth = this.#side === 'row' ? height : width;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    // A column's is the row's, turned: x runs down, and away from the plot.
    if (this.#side === 'column') context.transform(0, 1, 1, 0, 0, 0);
    context.fillStyle = style.color;
    this.#bars(context, { values: this.#values, along, depth, ratio });
    if (!item) return;
    // The current item again, in the colour of what is chosen.
    context.beginPath();
    context.rect((item[0] - along.from) * along.size, 0, Math.max(1, (item[1] - item[0]) * along.size), depth);
    context.clip();
    context.fillStyle = style.borderTopColor;
    this.#bars(context, { values: this.#values, along, depth, ratio }, item);
  }

  #fit(clientWidth: number, clientHeight: number, ratio: number): CanvasRenderingContext2D | null {
    const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
    if (this.element.width !== width) this.element.width = width;
    if (this.element.height !== height) this.element.height = height;
    const context = this.element.getContext('2d');
    // The clip and the turn of the last frame go with it.
    context?.restore();
    context?.save();
    context?.clearRect(0, 0, width, height);
    return context;
  }

  /** A bar for each item, or where items are thinner than a pixel of the screen for each pixel: from its least to its most. */
  #bars(
    context: CanvasRenderingContext2D,
    { values, along, depth, ratio }: { values: Float32Array; along: Along; depth: number; ratio: number },
    [first, end]: readonly [number, number] = [0, values.length],
  ): void {
    const [low, high] = this.#range;
    const unit = (depth - 2) / (high - low || 1);
    const offset = (value: number): number => 1 + (value - low) * unit;
    const zero = offset(0);
    for (const { items, from, to } of barsOf(values.length, along, ratio)) {
      if (items[1] <= first || items[0] >= end) continue;
      const [least, most] = extent(values, ...items);
      if (least > most) continue;
      const [top, bottom] = [Math.min(zero, offset(least)), Math.max(zero, offset(most))];
      context.fillRect(from / ratio, top, (to - from) / ratio, Math.max(1 / ratio, bottom - top));
    }
  }
}

/** Bars narrower than this, in CSS pixels, touch each other. */
const LEAST_FOR_GAPS = 6;

/** The bars in sight: the items of each, and its pixels of the screen. None shares a pixel with another. */
function* barsOf(
  count: number,
  { from, size, pixels }: Along,
  ratio: number,
): Generator<{ items: [number, number]; from: number; to: number }> {
  const width = size * ratio;
  const gap = size >= LEAST_FOR_GAPS ? 1 : 0;
  if (width >= 1) {
    for (let item = Math.floor(from); item < Math.min(count, from + pixels / size); item += 1) {
      const [start, end] = [item, item + 1].map((edge) => Math.round((edge - from) * width)) as [number, number];
      yield { items: [item, item + 1], from: start, to: end - gap };
    }
    return;
  }
  for (let pixel = 0; pixel < Math.round(pixels * ratio); pixel += 1) {
    const first = Math.floor(from + pixel / width);
    if (first >= count) return;
    yield { items: [first, Math.max(first + 1, Math.floor(from + (pixel + 1) / width))], from: pixel, to: pixel + 1 };
  }
}

/** The finite range of values in `[from, to)`, with 0 in it; empty, from above to below, where none is finite. */
function extent(values: Float32Array, from: number, to: number): [number, number] {
  let [least, most] = [Infinity, -Infinity];
  for (let index = from; index < Math.min(to, values.length); index += 1) {
    const value = values[index] ?? NaN;
    if (!Number.isFinite(value)) continue;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

function rangeOf(values: Float32Array): [number, number] {
  const [least, most] = extent(values, 0, values.length);
  return [Math.min(0, least), Math.max(0, most)];
}
