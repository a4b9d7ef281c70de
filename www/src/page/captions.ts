// What stands above the picture: that rows are queries and columns keys, what the rows sum to, and how many pairs are one block.

import type { Pool } from './engine.ts';
import { element } from '../views/parts/dom.ts';
import { phrase, type Language } from '../views/parts/text.ts';
import { text } from './text.ts';

export class Captions {
  readonly #rows = element('p', { class: 'axis-caption' });
  readonly #columns = element('p', { class: 'axis-caption' });
  readonly element = element('div', { class: 'axis-captions' }, this.#rows, this.#columns);
  /** What the rows sum to, once that is known. */
  sums = '';

  /** Says to assistive technology, and to tests, whether there is more to come. */
  set busy(busy: boolean) {
    this.element.setAttribute('aria-busy', String(busy));
  }

  /** Of a picture whose blocks are so many queries and keys. */
  show({ queries, keys }: { queries: number; keys: number }, pool: Pool, language: Language): void {
    const sentence = pool === 'mean' ? text.pooledMean : text.pooled;
    const note = queries > 1 || keys > 1 ? phrase(sentence, language, { rows: queries, columns: keys }) : '';
    this.#rows.textContent = joined(text.rows[language], this.sums);
    this.#columns.textContent = joined(text.columns[language], note);
  }

  /** Where there is no picture. */
  clear(language: Language): void {
    this.#rows.textContent = text.rows[language];
    this.#columns.textContent = text.columns[language];
  }

  /** Something stands there before there is a picture. */
  begin(language: Language): void {
    if (this.#rows.textContent === '') this.clear(language);
  }
}

function joined(...parts: string[]): string {
  return parts.filter(Boolean).join(' · ');
}
