// What two matrices say of one pair and its row, in numbers: both weights, the keys of the row that differ most, and the rows
// that are furthest apart.

import type { Text } from '../../generated/catalog.ts';
import { rankedKeys, type Spot } from './comparing.ts';
import { element } from './dom.ts';
import { formatNumber, formatShare } from './format.ts';
import { cutMiddle, nameElement } from './name.ts';
import { isTouch } from './pointer.ts';
import { formatDivergence } from './rowbars.ts';
import { phrase, type Language } from './text.ts';

/** What the sheet needs of the two matrices. */
export interface SheetScene {
  queries: number;
  keys: number;
  /** Row-major; -Infinity is a removed key. */
  a: Float32Array;
  b: Float32Array;
  /** A less B; -Infinity where the key is removed in both. */
  difference: Float32Array;
  /** Of each row, in bits from 0 to 1; NaN: there is none. */
  divergence: Float32Array;
}

/** So many keys and rows are listed. */
const LISTED = 8;
/** Characters of a name in a sentence. */
export const LONGEST = 24;

export const text = {
  a: { en: 'Weight in A', zh: 'A 中的权重' },
  b: { en: 'Weight in B', zh: 'B 中的权重' },
  difference: { en: 'A − B', zh: 'A − B' },
  divergence: { en: 'Divergence of the row', zh: '该行的散度' },
  bits: { en: '{bits} bits', zh: '{bits} 比特' },
  removed: { en: 'removed', zh: '已去除' },
  row: { en: 'Query {query}, {name}', zh: '查询 {query}，{name}' },
  pair: { en: 'Query {query}, {name} → key {key}, {other}', zh: '查询 {query}，{name} → 键 {key}，{other}' },
  hint: { en: 'Point at a cell or a bar; a click locks it.', zh: '指向格子或条形可看数值；点击可锁定。' },
  hintTouch: { en: 'Tap a cell or a bar to lock it.', zh: '轻触格子或条形可将其锁定。' },
  locked: { en: 'Locked. Escape, or a second click, unlocks.', zh: '已锁定；按 Esc 或再次点击可解锁。' },
  lockedTouch: { en: 'Locked. A second tap unlocks.', zh: '已锁定；再次轻触可解锁。' },
  keysOf: { en: 'Where this row differs most', zh: '该行差异最大之处' },
  key: { en: 'Key', zh: '键' },
  rows: { en: 'Rows furthest apart', zh: '相距最远的行' },
} satisfies Record<string, Text>;

/** Made once, then told what to say. */
export class CompareSheet {
  readonly #title = element('h3', { class: 'compare-sheet-title' });
  readonly #hint = element('p', { class: 'compare-hint' });
  readonly #numbers = element('dl', { class: 'compare-numbers' });
  readonly #keysTitle = element('h3', { class: 'compare-sheet-title' });
  readonly #keys = element('table', { class: 'compare-keys' });
  readonly #rowsTitle = element('h3', { class: 'compare-sheet-title' });
  readonly #rows = element('ol', { class: 'compare-rows' });
  readonly element = element(
    'div',
    { class: 'compare-sheet' },
    element('div', { class: 'compare-spot' }, this.#title, this.#hint, this.#numbers),
    element('div', { class: 'compare-row' }, this.#keysTitle, this.#keys),
    element('div', { class: 'compare-far' }, this.#rowsTitle, this.#rows),
  );
  readonly #lock: (query: number) => void;

  /** `lock` hears which row of the list was chosen. */
  constructor(lock: (query: number) => void) {
    this.#lock = lock;
  }

  /** Keeps room for the lists of a matrix of this size. */
  reserve(queries: number, keys: number): void {
    this.element.style.setProperty('--compare-keys', String(Math.min(LISTED, keys)));
    this.element.style.setProperty('--compare-rows', String(Math.min(LISTED, queries)));
  }

  /** Says what stands at `spot`; undefined: nothing is there yet. */
  show(scene: SheetScene | undefined, spot: Spot | undefined, locked: boolean, names: Named, language: Language): void {
    this.#keysTitle.textContent = text.keysOf[language];
    this.#hint.textContent = text[`${locked ? 'locked' : 'hint'}${isTouch() ? 'Touch' : ''}` as const][language];
    if (!scene || !spot) {
      this.#title.textContent = '';
      this.#numbers.replaceChildren();
      this.#keys.replaceChildren();
      return;
    }
    this.#title.replaceChildren(...titleNodes(spot, names, language));
    const lines = numbersOf(scene, spot, language);
    this.#numbers.replaceChildren(
      ...lines.map(([id, number]) =>
        element('div', {}, element('dt', {}, text[id][language]), element('dd', { 'data-compare': id }, number)),
      ),
    );
    this.#showKeys(scene, spot.query, names, language);
  }

  /** Lists the rows of `scene` in `order`, the furthest apart first. */
  rank(scene: SheetScene | undefined, order: Uint32Array, names: Named, language: Language): void {
    this.#rowsTitle.textContent = text.rows[language];
    const listed = scene ? [...order.subarray(0, LISTED)] : [];
    this.#rows.replaceChildren(...listed.map((query) => this.#row(query, scene?.divergence[query] ?? NaN, names)));
    this.#rows.setAttribute('aria-label', text.rows[language]);
  }

  #showKeys(scene: SheetScene, query: number, names: Named, language: Language): void {
    const { keys, difference } = scene;
    const ranked = rankedKeys(difference.subarray(query * keys, (query + 1) * keys), LISTED);
    const head = [text.key[language], 'A', 'B', text.difference[language]];
    const rows = ranked.map((key) => {
      const [a, b, less] = valuesAt(scene, query * keys + key, language);
      const name = element('th', { scope: 'row', title: names.key(key) }, nameElement(names.key(key)));
      return element('tr', {}, name, ...[a, b, less].map((number) => element('td', {}, number)));
    });
    this.#keys.replaceChildren(
      element('thead', {}, element('tr', {}, ...head.map((words) => element('th', { scope: 'col' }, words)))),
      element('tbody', {}, ...rows),
    );
  }

  #row(query: number, bits: number, names: Named): HTMLElement {
    const bar = element('i', { 'aria-hidden': 'true' });
    bar.style.setProperty('--share', `${Number.isNaN(bits) ? 0 : 100 * bits}%`);
    const number = element('span', {}, String(query));
    const name = element('span', { class: 'compare-rows-name' }, number, ' ', nameElement(names.query(query)));
    const button = element(
      'button',
      { type: 'button', 'data-query': query },
      name,
      bar,
      element('b', {}, formatDivergence(bits)),
    );
    button.addEventListener('click', () => this.#lock(query));
    return element('li', {}, button);
  }
}

/** What queries and keys are called. */
export interface Named {
  query(index: number): string;
  key(index: number): string;
}

export function titleOf({ query, key }: Spot, names: Named, language: Language): string {
  const values = { query, name: cutMiddle(names.query(query), LONGEST) };
  if (key === undefined) return phrase(text.row, language, values);
  return phrase(text.pair, language, { ...values, key, other: cutMiddle(names.key(key), LONGEST) });
}

/** The same with names that give way where there is no room for them. */
function titleNodes(spot: Spot, names: Named, language: Language): (string | HTMLElement)[] {
  const between = titleOf(spot, { query: () => '\n', key: () => '\n' }, language).split('\n');
  const named = [names.query(spot.query), ...(spot.key === undefined ? [] : [names.key(spot.key)])];
  return between.flatMap((words, at) => [words, ...named.slice(at, at + 1).map((name) => nameElement(name))]);
}

/** The numbers of a pair and its row, or of a row alone. */
export function numbersOf(scene: SheetScene, { query, key }: Spot, language: Language) {
  const bits = phrase(text.bits, language, { bits: formatDivergence(scene.divergence[query] ?? NaN) });
  const [a = '–', b = '–', difference = '–'] =
    key === undefined ? [] : valuesAt(scene, query * scene.keys + key, language);
  return [
    ['a', a],
    ['b', b],
    ['difference', difference],
    ['divergence', bits],
  ] as const;
}

function valuesAt({ a, b, difference }: SheetScene, at: number, language: Language): [string, string, string] {
  const weight = (value = NaN): string => (value === -Infinity ? text.removed[language] : formatShare(value));
  return [weight(a[at]), weight(b[at]), signed(difference[at])];
}

/** With its sign, plus too: which of the two is the larger. */
export function signed(value = NaN): string {
  if (value === -Infinity) return formatNumber(0);
  return value > 0 ? `+${formatShare(value)}` : formatShare(value);
}
