// One query: a row for each key, with three scores of the same pair and the weights that one of them becomes.

import { BarCell, COSINES, SHARES, spanOf, type Span } from './barcell.ts';
import { element } from './dom.ts';
import { formulaText } from './formula.ts';
import { isWeight, type Column, type PlaneScene } from './planescene.ts';
import { formatScore, formatWeight, ranking } from './ranking.ts';
import { phrase, type Language } from './text.ts';
import { nameOf } from './vectors.ts';

const text = {
  scores: { en: 'The scores of each key.', zh: '各键的分数。' },
  shared: {
    en: 'Weights: softmax shares 1 among the keys. l is the underlined score ÷ temperature, e ≈ 2.718.',
    zh: '权重：softmax 把 1 分给各个键。l 是带下划线的分数 ÷ 温度，e ≈ 2.718。',
  },
  own: { en: 'sigmoid gives each its own, from 0 to 1.', zh: 'sigmoid 单独给每个键一个 0 到 1 的权重。' },
  key: { en: 'key', zh: '键' },
  dot: { en: 'dot product', zh: '点积' },
  scaled: { en: 'scaled', zh: '缩放点积' },
  cosine: { en: 'cosine', zh: '余弦' },
  softmax: { en: 'softmax', zh: 'softmax' },
  sigmoid: { en: 'sigmoid', zh: 'sigmoid' },
  sum: { en: 'sum', zh: '总和' },
  choose: { en: 'show {name} in the plane', zh: '在平面中显示 {name}' },
  largest: { en: 'the largest', zh: '最大' },
};

const FORMULAS: Record<Column, string> = {
  dot: 'q·k',
  scaled: 'q·k/√2',
  cosine: 'cos θ',
  softmax: 'e^{l}/Σe^{l}',
  sigmoid: '1/(1+e^{−l})',
};

/** How a number of a column is written. */
export function writtenIn(column: Column, value: number): string {
  return isWeight(column) ? formatWeight(value) : formatScore(value);
}

interface Row {
  element: HTMLTableRowElement;
  choose: HTMLButtonElement;
  cells: ReadonlyMap<Column, BarCell>;
}

/** The table. */
export class KeyTable {
  readonly element = element('table', { class: 'plane-table' });
  readonly #choose: (key: number) => void;
  readonly #body = element('tbody', {});
  readonly #head = element('thead', {});
  readonly #foot = element('tfoot', {});
  readonly #caption = element('caption', { class: 'plane-caption' });
  readonly #rows: Row[] = [];
  #said: string | undefined;
  /** Those that the rows have. */
  #columns = '';

  /** `choose` hears which key is to be looked at closely. */
  constructor(choose: (key: number) => void) {
    this.#choose = choose;
    this.element.append(this.#caption, this.#head, this.#body, this.#foot);
  }

  show(scene: PlaneScene, language: Language): void {
    const { columns } = scene;
    const fitting = this.#columns === columns.join() ? scene.keys.length : 0;
    this.#columns = columns.join();
    while (this.#rows.length > fitting) this.#rows.pop()?.element.remove();
    while (this.#rows.length < scene.keys.length) this.#addRow(this.#rows.length, columns);
    this.#say(scene, language);
    for (const column of columns) this.#showColumn(scene, column, language);
    this.#rows.forEach(({ element, choose }, key) => {
      element.classList.toggle('plane-row-chosen', key === scene.pair.key);
      choose.setAttribute('aria-pressed', String(key === scene.pair.key));
    });
    this.#foot.replaceChildren(...(columns.some(isWeight) ? [this.#sums(scene, language)] : []));
  }

  #addRow(key: number, columns: readonly Column[]): void {
    const choose = element(
      'button',
      { type: 'button', class: 'plane-choose', name: `choose-${key}` },
      nameOf('k', key),
    );
    choose.addEventListener('click', () => this.#choose(key));
    const cells = new Map(columns.map((column) => [column, new BarCell(`plane-${column}`)]));
    const name = element('th', { scope: 'row' }, choose);
    const row = element('tr', { 'data-key': key }, name, ...[...cells.values()].map(({ cell }) => cell));
    this.#rows.push({ element: row, choose, cells });
    this.#body.append(row);
  }

  /** Writes the words, where they are others than those that stand there. */
  #say(scene: PlaneScene, language: Language): void {
    const said = [language, scene.keys.length, scene.chosen, ...scene.columns].join();
    if (said === this.#said) return;
    this.#said = said;
    this.#caption.textContent = captionOf(scene, language);
    const heads = scene.columns.map((column) => this.#heading(column, scene, language));
    this.#head.replaceChildren(element('tr', {}, element('td', {}), ...heads));
    this.#rows.forEach(({ choose }, key) => {
      choose.title = phrase(text.choose, language, { name: nameOf('k', key) });
    });
  }

  #heading(column: Column, { chosen, columns }: PlaneScene, language: Language): HTMLElement {
    const head = element('th', { scope: 'col', class: `plane-${column}` });
    head.append(element('span', {}, text[column][language]), ' ', formulaText(FORMULAS[column]));
    if (column === chosen && columns.some(isWeight)) head.classList.add('plane-source');
    return head;
  }

  #showColumn(scene: PlaneScene, column: Column, language: Language): void {
    const values = scene.numbers?.[column];
    const first = ranking(values ?? [])[0] ?? [];
    const span = spanIn(column, scene);
    this.#rows.forEach(({ cells }, key) => {
      const value = values?.[key];
      const shown = cells.get(column);
      const largest = first.length < this.#rows.length && first.includes(key);
      shown?.show(value, value === undefined ? '' : writtenIn(column, value), span);
      shown?.cell.classList.toggle('plane-largest', largest);
      if (largest) shown?.cell.setAttribute('title', text.largest[language]);
      else shown?.cell.removeAttribute('title');
    });
  }

  #sums({ numbers, columns }: PlaneScene, language: Language): HTMLElement {
    const weights = columns.filter(isWeight);
    const colspan = columns.length - weights.length + 1;
    const label = element('th', { scope: 'row', colspan }, `Σ ${text.sum[language]}`);
    const sums = weights.map((column) => {
      const sum = numbers?.sums[column][0];
      return element('td', { class: `plane-${column}`, 'data-sum': column }, sum === undefined ? '' : formatScore(sum));
    });
    return element('tr', {}, label, ...sums);
  }
}

/** What the columns are: of weights only where there are any. */
function captionOf({ columns }: PlaneScene, language: Language): string {
  const said = [text.scores];
  if (columns.includes('softmax')) said.push(text.shared);
  if (columns.includes('sigmoid')) said.push(text.own);
  return said.map((one) => one[language]).join(language === 'zh' ? '' : ' ');
}

/** The room of a column's bars: the dot product and what it is scaled to share one, since the one is shorter than the other. */
export function spanIn(column: Column, { numbers }: PlaneScene): Span {
  if (column === 'cosine') return COSINES;
  return isWeight(column) ? SHARES : spanOf(numbers?.dot);
}
