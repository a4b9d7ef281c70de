// The labels along one side of the plot: as many as fit, and always the one of the current item, in place of those it would cover.

import { element } from './dom.ts';
import { gutters, labelStride, type Gutter, type PlotSize } from './layout.ts';
import { widthOf } from './letters.ts';
import { nameElement } from './name.ts';
import { visibleToken } from './text.ts';

/** What one label needs across the axis, and what the mark of a range does, which has two lines; in sizes of their font. */
const ROOM = 1.25;
const RANGE = 7 / 3;
/** The size of that font, in pixels, as long as it is nowhere. */
const FONT = 12;
/** Above so many items an axis may be pooled, and names ranges: in two lines, of which the first ends with a dash. */
const POOLED = 512;

/** What of an axis is in sight: its first item, CSS pixels per item, and all CSS pixels. */
export interface Along {
  from: number;
  size: number;
  pixels: number;
}

/** One axis of labels. Rows run down the left side, columns along the top. */
export class Axis {
  readonly element: HTMLElement;
  readonly #current: HTMLElement;
  readonly #labels: HTMLElement;
  readonly #position: 'top' | 'left';
  /** The labels in sight by item; kept as long as they are what they would be. */
  #shown = new Map<number, HTMLElement>();
  #thinned = false;
  #tokens: readonly string[] | undefined;
  /** Which item stands at each place; undefined: they stand as they come. */
  #order: ArrayLike<number> | undefined;
  #count = 0;
  /** Of the longest name, in characters. */
  #length = 0;
  #font = FONT;
  #along: Along = { from: 0, size: 0, pixels: 0 };
  #marked: readonly [number, number] | undefined;

  constructor(side: 'rows' | 'columns') {
    this.#position = side === 'rows' ? 'top' : 'left';
    this.#labels = element('div', { class: 'axis-labels' });
    this.#current = element('span', { class: 'axis-label axis-current', hidden: true });
    this.element = element('div', { class: `axis axis-${side}`, 'aria-hidden': 'true' }, this.#labels, this.#current);
  }

  /** Takes `count` items, which stand in `order`; without tokens they go by their number. */
  set(count: number, tokens: readonly string[] | undefined, order?: ArrayLike<number>): void {
    const fitting = tokens?.length === count ? tokens : undefined;
    if (count !== this.#count || fitting !== this.#tokens || order !== this.#order) this.#shown.clear();
    if (fitting !== this.#tokens) this.#length = longestOf(fitting?.map(visibleToken) ?? []);
    this.#font = parseFloat(getComputedStyle(this.element).fontSize) || FONT;
    this.#count = count;
    this.#tokens = fitting;
    this.#order = order;
  }

  /** Draws the labels of what lies `along` the axis. */
  show(along: Along): void {
    this.#along = along;
    const { from, size, pixels } = along;
    const stride = labelStride(this.#count, size * this.#count, ROOM * this.#font);
    const thinned = stride > 1;
    if (thinned !== this.#thinned) this.#shown.clear();
    this.#thinned = thinned;
    const end = Math.min(this.#count, from + pixels / Math.max(size, Number.MIN_VALUE));
    const shown = new Map<number, HTMLElement>();
    for (let item = Math.ceil(Math.max(0, from - 0.5) / stride) * stride; item + 0.5 <= end; item += stride) {
      const label = this.#shown.get(item) ?? this.#label(item, thinned);
      this.#place(label, item + 0.5);
      shown.set(item, label);
    }
    const same = shown.size === this.#shown.size && [...shown.keys()].every((item) => this.#shown.has(item));
    if (!same || this.#labels.childElementCount !== shown.size) this.#labels.replaceChildren(...shown.values());
    this.#shown = shown;
    this.mark(this.#marked);
  }

  /**
   * The length of the longest label in characters, with all of the axis on `pixels`; wide ones count nearly twice. Every name has
   * room, and where only some are labelled, which begin with their numbers, those with theirs.
   */
  longest(pixels: number): number {
    const digits = String(Math.max(0, this.#count - 1)).length;
    if (!this.#tokens) return this.#count > POOLED ? digits + 1 : digits;
    const stride = labelStride(this.#count, pixels, ROOM * this.#font);
    if (stride === 1) return this.#length;
    const labels = Array.from({ length: Math.ceil(this.#count / stride) }, (_, at) =>
      this.#words(at * stride).join(' '),
    );
    return Math.max(this.#length, longestOf(labels));
  }

  /** Marks the items in [from, to), or none. What is out of sight has no mark. */
  mark(range: readonly [number, number] | undefined): void {
    this.#marked = range;
    const { from, size, pixels } = this.#along;
    const middle = range ? ((range[0] + range[1]) / 2 - from) * size : -1;
    this.#current.hidden = !range || middle < -0.5 || middle > pixels + 0.5;
    const isRange = range !== undefined && range[1] - range[0] > 1;
    const reach = this.#current.hidden ? 0 : ((ROOM + (isRange ? RANGE : ROOM)) / 2) * this.#font;
    for (const [item, label] of this.#shown) {
      const apart = Math.abs((item + 0.5 - from) * size - middle);
      label.classList.toggle('axis-covered', apart < reach);
    }
    if (!range || this.#current.hidden) return;
    this.#current.classList.toggle('axis-range', isRange);
    const text = isRange ? `${range[0]}–${range[1] - 1}` : this.name(range[0]);
    if (this.#current.textContent !== text) {
      this.#current.replaceChildren(isRange ? text : nameElement(text));
      this.#current.title = text;
    }
    this.#place(this.#current, (range[0] + range[1]) / 2);
  }

  /** The labels in sight, and where their middles stand. */
  get placed(): { name: string; at: number }[] {
    const { from, size } = this.#along;
    return [...this.#shown].map(([item, label]) => ({
      name: label.textContent ?? '',
      at: (item + 0.5 - from) * size,
    }));
  }

  /** The size of the labels, in pixels: whoever reads may have made it larger, or the site of a figure another. */
  get font(): number {
    return this.#font;
  }

  /** Whether its items have names. */
  get named(): boolean {
    return this.#tokens !== undefined;
  }

  /** What stands at place `index` is called: its token, or its number. */
  name(index: number): string {
    const item = this.#order?.[index] ?? index;
    const token = this.#tokens?.[item];
    return token === undefined ? String(item) : visibleToken(token);
  }

  #label(item: number, thinned: boolean): HTMLElement {
    const [number, name] = this.#words(item);
    const label = element('span', { class: 'axis-label', title: name });
    if (thinned && this.#tokens) label.append(element('i', {}, number), ' ');
    label.append(nameElement(name));
    return label;
  }

  /** The number and the name of what stands at a place. */
  #words(place: number): [number: string, name: string] {
    return [String(this.#order?.[place] ?? place), this.name(place)];
  }

  #place(label: HTMLElement, item: number): void {
    label.style[this.#position] = `${((item - this.#along.from) * this.#along.size).toFixed(2)}px`;
  }
}

const longestOf = (words: readonly string[]): number => words.reduce((most, word) => Math.max(most, widthOf(word)), 0);

/**
 * Room for the labels of `axes` in a frame `width` pixels wide, and for the plot, of which `plotBeside` says how large it is beside
 * that room. Which items are labelled goes by the plot: it is measured twice, first as large as it gets.
 */
export function roomOf(
  [rows, columns]: readonly [rows: Axis, columns: Axis],
  width: number,
  plotBeside: (gutter: Gutter) => PlotSize,
  [down, across]: readonly [rows: number, columns: number] = [0, 0],
): { gutter: Gutter; size: PlotSize } {
  const beside = (size: PlotSize): Gutter =>
    gutters(Math.max(rows.longest(size.height), down), Math.max(columns.longest(size.width), across), width, rows.font);
  const gutter = beside(plotBeside(beside(plotBeside(gutters(0, 0, width, rows.font)))));
  return { gutter, size: plotBeside(gutter) };
}
