// PLANE: a query and keys as arrows that can be dragged, and what their dot products, cosines and weights are.
//
// The view changes nothing itself: it says what the visitor does (PlaneListener), and whoever listens shows the next scene.

import { drawPlane } from './parts/arrows.ts';
import { AskTable } from './parts/asktable.ts';
import { element, onResize, svg, uniqueId } from './parts/dom.ts';
import { Handles, type HandlesHeard } from './parts/handles.ts';
import { KeyTable } from './parts/keytable.ts';
import { PairLedger } from './parts/pairledger.ts';
import { PlaneProducts } from './parts/planeproducts.ts';
import { equationOf, planeSheet } from './parts/planesheet.ts';
import { endOf, queriesOf, SCORES, WEIGHTS, type Pair, type PlaneScene } from './parts/planescene.ts';
import { isTouch } from './parts/pointer.ts';
import { standalone } from './parts/standalone.ts';
import { type Language } from './parts/text.ts';
import { QUERY, nameOf } from './parts/vectors.ts';

export type { Column, Pair, PlaneNumbers, PlaneScene, ScoreColumn, WeightColumn } from './parts/planescene.ts';

/** What the visitor does with the plane. */
export interface PlaneListener extends Omit<HandlesHeard, 'hold'> {
  /** The pair to look at closely; what is left out stays. */
  choose(pair: Partial<Pair>): void;
}

const text = {
  picture: { en: 'Arrows in the plane', zh: '平面中的箭头' },
  hint: { en: 'Drag the tips. ', zh: '拖动箭头尖端。' },
  keys: {
    en: 'Keys: arrows move (Shift: by 1), + and − change the length, Delete removes; on a slider PageUp and PageDown go further.',
    zh: '键盘：方向键移动（Shift：每次 1），+ 与 − 改变长度，Delete 移除。在滑块上，PageUp 与 PageDown 每次移动更多。',
  },
};

/** The plane, its tables and the ledger of one pair; they are put into the page by whoever makes them. */
export class PlaneView {
  readonly plane: HTMLElement;
  readonly tables = element('div', { class: 'plane-tables' });
  readonly ledger: HTMLElement;
  /** The two sliders of lengths. */
  readonly lengths: HTMLElement;
  /** Right below the arrows: room for what changes them. */
  readonly control = element('div', { class: 'plane-control' });
  readonly #stage = element('div', { class: 'plane-stage', role: 'group' });
  readonly #picture = svg('svg', { class: 'plane-picture', 'aria-hidden': 'true' });
  readonly #products = new PlaneProducts();
  readonly #equation = element('p', { class: 'plane-equation' });
  readonly #hint = element('p', { class: 'plane-hint', id: uniqueId('plane-hint') });
  readonly #handles: Handles;
  readonly #keys: KeyTable;
  readonly #asks: readonly AskTable[];
  readonly #ledger: PairLedger;
  #scene: PlaneScene | undefined;
  /** Of the stage, kept since to ask for it lays out the page. */
  #size = 0;
  #language: Language = 'en';

  constructor(heard: PlaneListener) {
    this.#stage.append(this.#picture);
    const product = element('div', { class: 'plane-product' }, this.#products.element, this.#equation);
    this.plane = element('div', { class: 'plane-plane' }, this.#stage, this.control, product, this.#hint);
    const hold = (of: number): void => {
      if (of !== QUERY) heard.choose(this.#held(of));
    };
    this.#handles = new Handles(this.#stage, { ...heard, hold }, this.#hint.id);
    this.#keys = new KeyTable((key) => heard.choose({ key }));
    this.#asks = (['score', 'softmax'] as const).map((kind) => new AskTable(kind, (pair) => heard.choose(pair)));
    this.#ledger = new PairLedger((of, to, stroke) => heard.move(of, to, stroke), this.#hint.id);
    this.ledger = this.#ledger.element;
    this.lengths = this.#ledger.lengths;
    onResize(this.#stage, () => {
      this.#size = this.#stage.clientWidth;
      this.#draw();
    });
  }

  /** Shows `scene`: the arrows and, where they are known, the numbers of these arrows. */
  show(scene: PlaneScene, language: Language): void {
    [this.#scene, this.#language] = [scene, language];
    this.#stage.setAttribute('aria-label', text.picture[language]);
    // Where a finger points, only those who hear the page are told of keys.
    const keys = element('span', { class: isTouch() ? 'visually-hidden' : undefined }, text.keys[language]);
    this.#hint.replaceChildren(text.hint[language], keys);
    const tables = scene.query ? [this.#keys] : this.#asks;
    for (const table of tables) table.show(scene, language);
    if (this.tables.firstChild !== tables[0]?.element) this.tables.replaceChildren(...tables.map((one) => one.element));
    this.tables.setAttribute('aria-busy', String(!scene.numbers));
    this.#ledger.show(scene, language);
    this.#products.show(scene, language);
    const parts = equationOf(scene).map((part) => element('span', {}, part));
    this.#equation.replaceChildren(...parts.flatMap((part) => [part, ' ']));
    this.#draw();
  }

  /** The numbers are on their way, and those that stand there still are of what stands there. */
  wait(): void {
    this.tables.setAttribute('aria-busy', 'true');
  }

  /** What is seen as a picture of its own; `ground` is behind it. */
  picture(ground: string): SVGSVGElement {
    if (!this.#scene) return svg('svg');
    const sheet = planeSheet(this.#scene);
    sheet.classList.add('plane-hidden');
    return standalone(sheet, this.#stage, ground);
  }

  /** What a held vector is in the chosen pair: the key, or where all of them ask, the one that does. */
  #held(of: number): Partial<Pair> {
    return this.#scene?.query ? { key: of } : { query: of };
  }

  #draw(): void {
    const size = this.#size;
    if (!this.#scene || size === 0) return;
    drawPlane(this.#picture, this.#scene, size);
    this.#handles.show(this.#scene, size, this.#language);
  }
}

/** The numbers of a scene as rows: one for each query and key. */
export function planeRows(scene: PlaneScene): { columns: string[]; rows: (number | string)[][] } {
  const columns = ['query', 'key', 'query_x', 'query_y', 'x', 'y', ...SCORES, ...WEIGHTS];
  const { numbers, keys } = scene;
  if (!numbers) return { columns, rows: [] };
  const rows = Array.from({ length: queriesOf(scene) * keys.length }, (_, place) => {
    const [query, key] = [Math.floor(place / keys.length), place % keys.length];
    const ends = [...endOf(numbers.queryEnds, query), ...endOf(numbers.keyEnds, key)];
    const values = [...SCORES, ...WEIGHTS].map((column) => numbers[column][place] ?? NaN);
    return [scene.query ? 'q' : nameOf('q', query), nameOf('k', key), ...ends, ...values];
  });
  return { columns, rows };
}
