// HEAD: the numbers of one head, each with what it means and how it is worked out.

import { element } from './parts/dom.ts';
import { formulaText } from './parts/formula.ts';
import { formatNumber } from './parts/format.ts';

/** One number of a head. */
export interface HeadNumber {
  id: string;
  label: string;
  /** One sentence: what it says. */
  about: string;
  formula: string;
  /** NaN: the head has no answer, as `about` says. */
  value: number;
}

/** A table of numbers. */
export class HeadView {
  readonly #list = element('dl', { class: 'ledger head-ledger' });

  constructor(host: HTMLElement) {
    host.append(this.#list);
  }

  show(numbers: readonly HeadNumber[]): void {
    this.#list.replaceChildren(...numbers.map(row));
  }
}

function row({ id, label, about, formula, value }: HeadNumber): HTMLElement {
  const number = Number.isNaN(value) ? '–' : formatNumber(value);
  return element(
    'div',
    { class: 'ledger-row' },
    element('dt', {}, label, ' ', formulaText(formula)),
    element('dd', { class: 'ledger-value', 'data-head-number': id }, number),
    element('dd', { class: 'ledger-detail' }, about),
  );
}
