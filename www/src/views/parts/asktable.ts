// Every vector asks every other: a table of all scores, or of all weights, in which a pair and its mirror are marked.

import { BarCell, COSINES, SHARES, spanOf, type Span } from './barcell.ts';
import { element } from './dom.ts';
import { writtenIn } from './keytable.ts';
import { placeOf, type Column, type Pair, type PlaneScene } from './planescene.ts';
import { formatScore } from './ranking.ts';
import { phrase, type Language } from './text.ts';
import { nameOf } from './vectors.ts';

const text = {
  score: { en: 'Scores: who asks (rows), who is asked (columns)', zh: '分数：行为提问方，列为被问方' },
  softmax: { en: 'Softmax weights: each row sums to one', zh: 'softmax 权重：每行总和为 1' },
  asks: { en: '{name} asks', zh: '{name} 提问' },
  asked: { en: '{name} is asked', zh: '{name} 被问' },
  sum: { en: 'sum', zh: '总和' },
};

/** The table of one kind of number. */
export class AskTable {
  readonly element = element('table', { class: 'plane-table plane-asks' });
  readonly #kind: 'score' | 'softmax';
  readonly #choose: (pair: Partial<Pair>) => void;
  #cells: BarCell[] = [];
  #said: string | undefined;

  constructor(kind: 'score' | 'softmax', choose: (pair: Partial<Pair>) => void) {
    this.#kind = kind;
    this.#choose = choose;
  }

  show(scene: PlaneScene, language: Language): void {
    this.#build(scene, language);
    const column: Column = this.#kind === 'score' ? scene.chosen : 'softmax';
    const { numbers, pair, keys } = scene;
    const span = this.#span(scene);
    const [at, mirror] = [placeOf(scene, pair), placeOf(scene, { query: pair.key, key: pair.query })];
    this.#cells.forEach(({ cell }, place) => {
      const value = numbers?.[column][place];
      this.#cells[place]?.show(value, value === undefined ? '' : writtenIn(column, value), span);
      cell.classList.toggle('plane-pair', place === at);
      cell.classList.toggle('plane-mirror', place === mirror && place !== at);
    });
    this.element.querySelectorAll('button').forEach((button, index) => {
      const pressed = index < keys.length ? index === pair.key : index - keys.length === pair.query;
      button.setAttribute('aria-pressed', String(pressed));
    });
    this.element.querySelectorAll('[data-sum]').forEach((cell, row) => {
      const sum = numbers?.sums.softmax[row];
      cell.textContent = sum === undefined ? '' : formatScore(sum);
    });
  }

  #span({ numbers, chosen }: PlaneScene): Span {
    if (this.#kind === 'softmax') return SHARES;
    return chosen === 'cosine' ? COSINES : spanOf(numbers?.[chosen]);
  }

  /** Makes the cells and the words, where they are others than those that stand there. */
  #build({ keys }: PlaneScene, language: Language): void {
    const said = [language, keys.length].join();
    if (said === this.#said) return;
    this.#said = said;
    const count = keys.length;
    this.#cells = Array.from({ length: count * count }, () => new BarCell());
    const caption = element('caption', { class: 'plane-caption' }, text[this.#kind][language]);
    const heads = keys.map((_, key) => element('th', { scope: 'col' }, this.#button({ key }, language)));
    const sum = this.#kind === 'softmax' ? [element('th', { scope: 'col' }, `Σ ${text.sum[language]}`)] : [];
    const head = element('thead', {}, element('tr', {}, element('td', {}), ...heads, ...sum));
    const rows = keys.map((_, query) => this.#row(query, count, language));
    this.element.replaceChildren(caption, head, element('tbody', {}, ...rows));
  }

  #row(query: number, count: number, language: Language): HTMLElement {
    const cells = this.#cells.slice(query * count, (query + 1) * count);
    cells.forEach(({ cell }, key) => cell.addEventListener('click', () => this.#choose({ query, key })));
    const row = element('tr', {}, element('th', { scope: 'row' }, this.#button({ query }, language)));
    row.append(...cells.map(({ cell }) => cell));
    if (this.#kind === 'softmax') row.append(element('td', { 'data-sum': query }));
    return row;
  }

  #button(part: { query: number } | { key: number }, language: Language): HTMLElement {
    const [of, how] = 'query' in part ? [part.query, text.asks] : [part.key, text.asked];
    const letter = 'query' in part ? 'q' : 'k';
    const says = phrase(how, language, { name: nameOf('x', of) });
    const made = element(
      'button',
      { type: 'button', class: 'plane-choose', name: `${this.#kind}-${letter}-${of}`, title: says, 'data-key': of },
      nameOf(letter, of),
    );
    made.setAttribute('aria-label', `${nameOf(letter, of)}: ${says}`);
    made.addEventListener('click', () => this.#choose(part));
    return made;
  }
}
