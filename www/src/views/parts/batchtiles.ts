// The tables of a batch as small heat maps on one scale, one of which is chosen: radio buttons with pictures.

import type { Text } from '../../generated/catalog.ts';
import { element, uniqueId } from './dom.ts';
import { Legend } from './legend.ts';
import { nameElement } from './name.ts';
import { isDark, neutralTones, release, type Painter, type Palette } from './palette.ts';
import { phrase, type Language } from './text.ts';

/** Pixels: the longer side of a small map, and the most that a cell of it has. */
const SIDE = 72;
const CELL = 14;

const text = {
  group: { en: 'One small map for each batch item', zh: '每个批次项一张小图' },
  about: {
    en: 'Rows are students, columns teachers. Choose one to see it large.',
    zh: '行为学生，列为教师。选择一张可放大查看。',
  },
  weight: { en: 'Weight', zh: '权重' },
} satisfies Record<string, Text>;

/** What is drawn. */
export interface Tiles {
  names: readonly string[];
  rows: number;
  columns: number;
  /** `rows * columns` for each name; undefined: not known yet. */
  weights: readonly Float32Array[] | undefined;
  chosen: number;
  language: Language;
}

interface Tile {
  label: HTMLElement;
  radio: HTMLInputElement;
  canvas: HTMLCanvasElement;
  name: HTMLElement;
}

export class BatchTiles {
  readonly element: HTMLElement;
  readonly #paint: Painter;
  readonly #colormap: string;
  readonly #choose: (tile: number) => void;
  readonly #legend: Legend;
  readonly #legendName = element('p', { class: 'student-scale' });
  readonly #title = element('legend', { class: 'student-head' });
  readonly #about = element('p', { class: 'student-about' });
  readonly #list = element('div', { class: 'student-tiles' });
  readonly #group = uniqueId('student-item');
  #tiles: Tile[] = [];
  #shown: Tiles | undefined;
  /** Counts paintings: one that a later one has overtaken is dropped. */
  #round = 0;

  constructor(paint: Painter, colormap: string, choose: (tile: number) => void) {
    this.#paint = paint;
    this.#colormap = colormap;
    this.#choose = choose;
    this.#legend = new Legend(paint);
    const group = element('fieldset', { class: 'student-batch' }, this.#title, this.#about, this.#list);
    this.element = element('div', { class: 'student-side' }, group, this.#legendName, this.#legend.element);
  }

  show(tiles: Tiles): void {
    const before = this.#shown;
    this.#shown = tiles;
    const { names, rows, columns, weights, chosen, language } = tiles;
    this.#title.textContent = text.group[language];
    this.#about.textContent = text.about[language];
    this.#legendName.textContent = text.weight[language];
    this.#legend.language = language;
    this.#fit(names.length);
    const cell = Math.min(CELL, SIDE / Math.max(rows, columns));
    this.#tiles.forEach(({ radio, canvas, name }, at) => {
      name.replaceChildren(nameElement(names[at] ?? ''));
      name.title = names[at] ?? '';
      radio.checked = at === chosen;
      Object.assign(canvas.style, { width: `${columns * cell}px`, height: `${rows * cell}px` });
    });
    if (weights !== before?.weights || language !== before?.language) this.repaint();
  }

  /** Paints all of them in the colours of the page. */
  repaint(): void {
    const { weights, rows, columns, language } = this.#shown ?? {};
    if (!weights || !rows || !columns || !language) return;
    const all = new Float32Array(weights.length * rows * columns);
    weights.forEach((one, at) => all.set(one, at * rows * columns));
    // A colour is a weight, however the others are; beyond 1 is rounding.
    const high = all.reduce((most, weight) => Math.max(most, weight || 0), 1);
    const { invalid } = neutralTones(isDark(this.element));
    const palette: Palette = { colormap: this.#colormap, low: 0, high, removed: 'transparent', invalid };
    this.#legend.mark({ removed: false, invalid: all.some((weight) => !Number.isFinite(weight)) });
    this.#round += 1;
    void this.#legend.show(palette, phrase(text.weight, language));
    void this.#paintAll(all, { rows, columns }, palette, this.#round);
  }

  /** All in one picture below each other, which saves a way to the workers and back for each. */
  async #paintAll(
    all: Float32Array,
    { rows, columns }: { rows: number; columns: number },
    palette: Palette,
    round: number,
  ): Promise<void> {
    const size = { rows: all.length / columns, columns, width: columns, height: all.length / columns };
    const picture = await this.#paint(all, { ...size, ...palette });
    if (round !== this.#round) return release(picture);
    this.#tiles.forEach(({ canvas }, at) => {
      [canvas.width, canvas.height] = [columns, rows];
      const context = canvas.getContext('2d');
      if (picture instanceof ImageData) context?.putImageData(picture, 0, -at * rows);
      else context?.drawImage(picture, 0, -at * rows);
    });
    release(picture);
  }

  #fit(count: number): void {
    while (this.#tiles.length > count) this.#tiles.pop()?.label.remove();
    while (this.#tiles.length < count) {
      const tile = this.#tile(this.#tiles.length);
      this.#tiles.push(tile);
      this.#list.append(tile.label);
    }
  }

  #tile(at: number): Tile {
    const radio = element('input', { type: 'radio', name: this.#group, value: at, class: 'visually-hidden' });
    radio.addEventListener('change', () => this.#choose(at));
    const canvas = element('canvas', { class: 'student-map', width: 1, height: 1, 'aria-hidden': 'true' });
    const name = element('span', { class: 'student-name' });
    return { label: element('label', { class: 'student-tile' }, radio, canvas, name), radio, canvas, name };
  }
}
