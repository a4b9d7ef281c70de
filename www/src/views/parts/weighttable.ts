// All weights of one table as numbers, for those who ask for them.

import type { Text } from '../../generated/catalog.ts';
import { element } from './dom.ts';
import { formatShare } from './format.ts';
import type { Language } from './text.ts';

const text = {
  name: { en: 'All weights as a table', zh: '以表格显示全部权重' },
  corner: { en: 'Student ↓, teacher →', zh: '学生 ↓，教师 →' },
} satisfies Record<string, Text>;

/** What is shown. */
export interface WeightTableScene {
  rows: readonly string[];
  columns: readonly string[];
  /** Row by row; undefined: not known yet. */
  weights: Float32Array | undefined;
  title: string;
}

export class WeightTable {
  readonly element: HTMLDetailsElement;
  readonly #summary = element('summary', { class: 'story-fold' });
  readonly #room = element('div', { class: 'student-scroll', tabindex: 0, role: 'region' });
  #scene: WeightTableScene | undefined;
  #language: Language = 'en';

  /** `toggled` hears that somebody has opened or closed it. */
  constructor(toggled: () => void) {
    this.element = element('details', { class: 'student-all' }, this.#summary, this.#room);
    this.element.addEventListener('toggle', () => {
      this.#render();
      toggled();
    });
  }

  get isOpen(): boolean {
    return this.element.open;
  }

  set isOpen(open: boolean) {
    this.element.open = open;
  }

  show(scene: WeightTableScene, language: Language): void {
    [this.#scene, this.#language] = [scene, language];
    this.#summary.textContent = text.name[language];
    this.#room.setAttribute('aria-label', text.name[language]);
    this.#render();
  }

  /** Thousands of cells are made only for those who look at them. */
  #render(): void {
    const { rows, columns, weights, title } = this.#scene ?? {};
    if (!this.isOpen || !rows || !columns || title === undefined) return this.#room.replaceChildren();
    const corner = element('th', { scope: 'col' }, text.corner[this.#language]);
    const heads = columns.map((name) => element('th', { scope: 'col' }, element('bdi', {}, name)));
    const body = rows.map((name, row) => {
      const cells = columns.map((_, column) => {
        const weight = weights?.[row * columns.length + column];
        return element('td', {}, weight === undefined ? '' : formatShare(weight));
      });
      return element('tr', {}, element('th', { scope: 'row' }, element('bdi', {}, name)), ...cells);
    });
    const head = element('thead', {}, element('tr', {}, corner, ...heads));
    const caption = element('caption', {}, title);
    this.#room.replaceChildren(
      element('table', { class: 'student-table' }, caption, head, element('tbody', {}, ...body)),
    );
  }
}
