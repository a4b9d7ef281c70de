// The numbers of all heads as a table, made when somebody asks for it.

import type { HeadNumber } from '../head.ts';
import { element } from './dom.ts';
import { formatHeadNumber } from './headdetail.ts';
import { headKey } from './headorder.ts';
import type { SeenHead } from './headgrid.ts';
import type { Language } from './text.ts';

const text = {
  show: { en: 'All numbers as a table', zh: '以表格列出全部数值' },
  layer: { en: 'Layer', zh: '层' },
  head: { en: 'Head', zh: '头' },
};

/** A column: one of a head's numbers. */
export type HeadColumn = Pick<HeadNumber, 'id' | 'label' | 'about'>;

export class HeadTable {
  readonly #summary = element('summary', { class: 'section-summary' });
  readonly #name = element('span', { class: 'section-name' });
  // It scrolls sideways on its own, so the keyboard has to reach it.
  readonly #room = element('div', { class: 'heads-sheet', tabindex: 0, role: 'region' });
  readonly element = element('details', { class: 'section-details heads-table' }, this.#summary, this.#room);

  constructor(toggled: () => void) {
    this.#summary.append(this.#name);
    this.element.addEventListener('toggle', toggled);
  }

  get open(): boolean {
    return this.element.open;
  }

  set open(open: boolean) {
    this.element.open = open;
  }

  /** Writes the heads in this order; `layers` has the names of the layers. */
  show(
    heads: readonly SeenHead[],
    layers: readonly string[],
    columns: readonly HeadColumn[],
    language: Language,
  ): void {
    this.#name.textContent = text.show[language];
    this.#room.setAttribute('aria-label', text.show[language]);
    if (!this.open) return this.#room.replaceChildren();
    const top = [text.layer[language], text.head[language], ...columns.map(({ label }) => label)];
    const titles = [undefined, undefined, ...columns.map(({ about }) => about)];
    const head = top.map((words, at) => element('th', { scope: 'col', title: titles[at] }, words));
    const rows = heads.map((seen) => {
      const cells = columns.map(({ id }) => element('td', {}, formatHeadNumber(seen.numbers[id] ?? NaN)));
      const names = [layers[seen.layer] ?? '', String(seen.head)];
      return element(
        'tr',
        { 'data-head': headKey(seen) },
        ...names.map((name) => element('th', { scope: 'row' }, name)),
        ...cells,
      );
    });
    const table = element('table', {}, element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows));
    this.#room.replaceChildren(table);
  }
}
