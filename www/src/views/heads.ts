// HEADS: every head of every layer as a small map, arranged or coloured by one of its numbers; one of them is opened.
//
// Layers come in one by one; the view keeps room for those that are to come.

import type { Text } from '../generated/catalog.ts';
import { element, uniqueId } from './parts/dom.ts';
import { formatHeadNumber, HeadDetail } from './parts/headdetail.ts';
import { HeadGrid, type HeadColors, type SeenHead } from './parts/headgrid.ts';
import { ORDERS, PAINTS, headKey, readChoices, writeChoices } from './parts/headorder.ts';
import type { HeadAt, HeadChoices } from './parts/headorder.ts';
import { drawnHeads, type HeadsWords } from './parts/headspicture.ts';
import { HeadTable } from './parts/headtable.ts';
import { Legend } from './parts/legend.ts';
import type { Painter } from './parts/palette.ts';
import { isTouch } from './parts/pointer.ts';
import { phrase, type Language } from './parts/text.ts';

export type { HeadColors, HeadMap, SeenHead } from './parts/headgrid.ts';
export type { HeadAt } from './parts/headorder.ts';

/** One kind of number that heads have, as a list has it. */
export interface HeadMeasure {
  id: string;
  label: Text;
  about: Text;
  formula: string;
  /** What it takes, where not every head that is open has it. */
  takes?: Text | undefined;
}

/** How far the heads are. */
export type HeadsState =
  /** `done` layers of all are there; others are computed now, or when the view is in sight again. */
  | { is: 'computing'; done: number; running: boolean }
  | { is: 'complete' }
  | { is: 'empty' }
  /** A sentence on why there is nothing, or nothing more. */
  | { is: 'refused'; reason: Text };

const text = {
  label: {
    en: 'Heads as small maps of their weights. Arrow keys move, Enter opens the head.',
    zh: '各个头的注意力权重小图。方向键移动，回车打开该头。',
  },
  layer: { en: 'Layer {layer}', zh: '第 {layer} 层' },
  title: { en: 'Layer {layer}, head {head}', zh: '第 {layer} 层，第 {head} 个头' },
  head: { en: 'Layer {layer}, head {head}: {name} {value}', zh: '第 {layer} 层，第 {head} 个头：{name} {value}' },
  missing: { en: 'Layer {layer}, head {head}, not computed', zh: '第 {layer} 层，第 {head} 个头，没有计算' },
  waiting: { en: 'Layer {layer}, head {head}, not computed yet', zh: '第 {layer} 层，第 {head} 个头，尚未计算' },
  number: { en: 'Number', zh: '数值' },
  order: { en: 'Order', zh: '排列' },
  paint: { en: 'Colours', zh: '配色' },
  open: { en: 'Click or Enter opens it.', zh: '点击或按回车打开。' },
  openTouch: { en: 'Tap it to open it.', zh: '轻触即可打开。' },
  opened: { en: 'This head is open.', zh: '此头已打开。' },
  isOpen: { en: 'Layer {layer}, head {head} is open.', zh: '第 {layer} 层第 {head} 个头已打开。' },
  see: { en: 'See the matrix ↑', zh: '查看矩阵 ↑' },
  none: { en: 'Point at a head.', zh: '指向一个头。' },
  noneTouch: { en: 'Tap a head.', zh: '轻触一个头。' },
  computing: { en: '{done} of {layers} layers', zh: '{layers} 层中的 {done} 层' },
  // Short, as it must not take a second line on a phone: what is below would move.
  paused: { en: '{done} of {layers} layers, paused', zh: '{layers} 层中的 {done} 层，已暂停' },
  complete: { en: '{heads} heads in {layers} layers', zh: '{layers} 层，共 {heads} 个头' },
  oneLayer: { en: '{heads} heads in one layer', zh: '1 层，共 {heads} 个头' },
  oneHead: { en: 'One head', zh: '共 1 个头' },
  empty: { en: 'Nothing is open.', zh: '尚未打开任何内容。' },
  absent: { en: '{name}: no head has it here. {takes}', zh: '{name}：这里没有任何头有此数值。{takes}' },
  weights: { en: 'Weight', zh: '权重' },
  each: { en: 'largest of each', zh: '各头的最大值' },
  called: { en: '{scale}. Heads are called layer·head.', zh: '{scale}。各头的名称为“层·头”。' },
  ownScale: { en: 'Weight in layer {layer}, head {head}', zh: '第 {layer} 层第 {head} 个头的权重' },
  pooled: {
    en: 'Rows are queries, columns keys. A picture has at most {most} a side: each of its cells is the largest weight below it.',
    zh: '行为查询，列为键。每张图每边至多 {most} 格，每格取其中最大的权重。',
  },
};

const ORDER_NAMES: Record<(typeof ORDERS)[number], Text> = {
  model: { en: 'By layer', zh: '按层' },
  high: { en: 'Largest first', zh: '从大到小' },
  low: { en: 'Smallest first', zh: '从小到大' },
};

const PAINT_NAMES: Record<(typeof PAINTS)[number], Text> = {
  weights: { en: 'Weights, one scale', zh: '权重，统一色标' },
  own: { en: 'Weights, a scale each', zh: '权重，各自色标' },
  number: { en: 'The number', zh: '所选数值' },
};

/** What the view is made with. */
export interface HeadsSetup {
  paint: Painter;
  colors: HeadColors;
  /** The kinds of numbers, in the order in which they are offered. */
  measures: readonly HeadMeasure[];
  /** The kind to begin with. */
  first: string;
  /** The most cells that a picture has a side. */
  most: number;
}

/** The small maps. Events: `open` (HeadAt), `see` (the open one is wanted where it is shown), `state` (a choice was made). */
export class HeadsView extends EventTarget {
  readonly #setup: HeadsSetup;
  readonly #start: HeadChoices;
  readonly #grid: HeadGrid;
  readonly #detail = new HeadDetail();
  readonly #legend: Legend;
  readonly #controls = element('div', { class: 'heads-controls' });
  readonly #status = element('p', { class: 'heads-status', role: 'status' });
  readonly #isOpen = element('p', { class: 'heads-open', role: 'status' });
  readonly #see = element('button', { type: 'button', class: 'button quiet', name: 'heads-see' });
  readonly #progress = element('progress', { class: 'heads-progress', max: 1, value: 0 });
  readonly #scaleName = element('p', { class: 'heads-scale' });
  readonly #caption = element('p', { class: 'heads-caption' });
  readonly #absent = element('p', { class: 'heads-absent', role: 'status' });
  readonly #table: HeadTable;
  readonly #room: HTMLElement;
  #choices: HeadChoices;
  #layers: readonly string[] = [];
  #state: HeadsState = { is: 'empty' };
  #pointed: HeadAt | undefined;
  #opened: HeadAt | undefined;
  #language: Language = 'en';

  constructor(host: HTMLElement, setup: HeadsSetup) {
    super();
    this.#setup = setup;
    this.#start = { number: setup.first, order: 'model', paint: 'weights', table: false };
    this.#choices = this.#start;
    this.#legend = new Legend(setup.paint);
    this.#grid = new HeadGrid(setup.paint, setup.colors, this.#choices, {
      point: (at) => this.#point(at),
      open: (at) => this.dispatchEvent(new CustomEvent<HeadAt>('open', { detail: at })),
      painted: () => this.#painted(),
    });
    this.#table = new HeadTable(() => this.#choose({ table: this.#table.open }));
    this.#see.addEventListener('click', () => this.dispatchEvent(new CustomEvent('see')));
    const way = element('div', { class: 'heads-way' }, this.#isOpen, this.#see);
    const line = element('div', { class: 'heads-progress-line' }, this.#status, this.#progress, way);
    const foot = element('div', { class: 'heads-foot' }, this.#caption, this.#scaleName, this.#legend.element);
    const main = element('div', { class: 'heads-main' }, line, this.#grid.element, foot);
    this.#room = element('div', { class: 'heads-room' }, main, this.#detail.element);
    host.append(
      element(
        'div',
        { class: 'heads' },
        this.#controls,
        this.#absent,
        this.#room,
        this.#detail.meaning,
        this.#table.element,
      ),
    );
    this.#render();
  }

  /** Makes room for layers with these names, of so many heads each. */
  expect(layers: readonly string[], counts: readonly number[]): void {
    this.#layers = layers;
    this.#pointed = undefined;
    this.#grid.expect(layers, counts);
    this.#show();
  }

  /** Takes the heads of a layer. */
  put(layer: number, heads: readonly SeenHead[]): void {
    this.#grid.put(layer, heads);
    this.#pointed ??= this.#opened && this.#grid.seen(this.#opened) ? this.#opened : undefined;
    this.#show();
  }

  /** Says how far it is. */
  set state(state: HeadsState) {
    this.#state = state;
    this.#show();
  }

  /** The head that the page shows. */
  set opened(at: HeadAt | undefined) {
    this.#opened = at;
    this.#grid.opened = at;
    if (at && this.#grid.seen(at)) this.#pointed = at;
    this.#sheet();
  }

  set language(language: Language) {
    this.#language = language;
    this.#render();
  }

  /** What would bring back what the visitor has chosen; '' for the view as it comes. */
  get written(): string {
    return writeChoices(this.#choices, this.#start);
  }

  set written(written: string) {
    const ids = this.#setup.measures.map(({ id }) => id);
    this.#choices = readChoices(written, this.#start, ids);
    this.#table.open = this.#choices.table;
    this.#render();
  }

  repaint(): void {
    this.#grid.repaint();
    this.#showLegend();
  }

  /** The heads that are there, in the order in which they stand. */
  get heads(): SeenHead[] {
    return this.#grid.ordered;
  }

  /** The pictures side by side as they stand, with names, as a picture of their own. */
  get picture(): SVGSVGElement {
    const { backgroundColor: paper, color: ink, fontFamily: font } = getComputedStyle(this.#room.ownerDocument.body);
    const lines = this.#grid.lines.map(({ heads }) =>
      heads.map((at) => ({ name: `${this.#layers[at.layer] ?? ''}·${at.head}`, map: this.#grid.canvasOf(at) })),
    );
    return drawnHeads(lines, this.#setup.most, this.#words, { ink, paper, font });
  }

  /** What a picture of them says of itself. */
  get #words(): HeadsWords {
    const { order, paint } = this.#choices;
    const ordered = ORDER_NAMES[order][this.#language];
    const { scale, numbers } = this.#legend.taken;
    const own = paint === 'own';
    const title = [
      this.#counted(this.heads.length, this.#layers.length),
      order === 'model' ? ordered : `${ordered}: ${this.#name}`,
      PAINT_NAMES[paint][this.#language],
    ];
    return {
      title: title.join(' · '),
      caption: this.#say('called', { scale: paint === 'number' ? this.#name : this.#say('weights') }),
      scale,
      numbers: own ? ['0', '', this.#say('each')] : numbers,
    };
  }

  #say(key: keyof typeof text, values: Record<string, string | number> = {}): string {
    return phrase(text[key], this.#language, values);
  }

  #choose(change: Partial<HeadChoices>): void {
    const before = this.written;
    this.#choices = { ...this.#choices, ...change };
    this.#show();
    if (this.written !== before) this.dispatchEvent(new CustomEvent('state'));
  }

  #point(at: HeadAt): void {
    this.#pointed = at;
    this.#sheet();
    if (this.#choices.paint === 'own') this.#showLegend();
  }

  /** Writes everything anew, the controls too. */
  #render(): void {
    const { measures } = this.#setup;
    const named = (names: Record<string, Text>): (readonly [string, Text])[] => Object.entries(names);
    this.#controls.replaceChildren(
      this.#menu(
        'number',
        measures.map(({ id, label }) => [id, label] as const),
      ),
      this.#menu('order', named(ORDER_NAMES)),
      this.#menu('paint', named(PAINT_NAMES)),
    );
    this.#legend.language = this.#language;
    this.#detail.explain(this.#columns, this.#language);
    this.#caption.textContent = this.#say('pooled', { most: this.#setup.most });
    this.#show();
  }

  #menu(name: 'number' | 'order' | 'paint', options: readonly (readonly [string, Text])[]): HTMLElement {
    const id = uniqueId('heads');
    const menu = element('select', { id, name: `heads-${name}` });
    for (const [value, label] of options) menu.append(element('option', { value }, label[this.#language]));
    menu.value = this.#choices[name];
    menu.addEventListener('change', () => this.#choose({ [name]: menu.value }));
    return element('div', { class: 'heads-field' }, element('label', { for: id }, this.#say(name)), menu);
  }

  #show(): void {
    const name = this.#name;
    this.#grid.show(this.#choices, {
      label: this.#say('label'),
      layer: (layer) => this.#say('layer', { layer }),
      head: (at, seen) => {
        const values = this.#names(at);
        if (!seen) return this.#say(this.#state.is === 'refused' ? 'missing' : 'waiting', values);
        return this.#say('head', {
          ...values,
          name,
          value: formatHeadNumber(seen.numbers[this.#choices.number] ?? NaN),
        });
      },
    });
    this.#grid.opened = this.#opened;
    this.#showState();
    this.#showAbsent();
    this.#sheet();
    this.#showLegend();
    this.#table.show(this.heads, this.#layers, this.#columns, this.#language);
  }

  get #measure(): HeadMeasure | undefined {
    return this.#setup.measures.find(({ id }) => id === this.#choices.number);
  }

  get #name(): string {
    return this.#measure?.label[this.#language] ?? '';
  }

  /** Says why an order by the chosen number changes nothing, where no head has it. */
  #showAbsent(): void {
    const { heads } = this;
    const isAbsent =
      heads.length > 0 && heads.every(({ numbers }) => Number.isNaN(numbers[this.#choices.number] ?? NaN));
    const takes = this.#measure?.takes?.[this.#language] ?? '';
    const words = isAbsent ? this.#say('absent', { name: this.#name, takes }).trim() : '';
    if (this.#absent.textContent !== words) this.#absent.textContent = words;
  }

  get #columns() {
    return this.#setup.measures.map(({ id, label, about }) => ({
      id,
      label: label[this.#language],
      about: about[this.#language],
    }));
  }

  #names({ layer, head }: HeadAt): { layer: string; head: number } {
    return { layer: this.#layers[layer] ?? '', head };
  }

  #showState(): void {
    const state = this.#state;
    const computing = state.is === 'computing';
    const layers = this.#layers.length;
    this.#progress.hidden = !computing;
    this.#progress.setAttribute('aria-label', this.#say('computing', { done: 0, layers }));
    if (computing) this.#progress.value = layers ? state.done / layers : 0;
    this.#status.textContent = this.#sentence(state, layers);
    this.#busy();
  }

  #sentence(state: HeadsState, layers: number): string {
    switch (state.is) {
      case 'computing':
        return this.#say(state.running ? 'computing' : 'paused', { done: state.done, layers });
      case 'complete':
        return this.#counted(this.heads.length, layers);
      case 'empty':
        return this.#say('empty');
      case 'refused':
        return state.reason[this.#language];
    }
  }

  /** Says to assistive technology, and to tests, whether pictures are about to change. */
  #busy(): void {
    const busy = (this.#state.is === 'computing' && this.#state.running) || !this.#grid.settled;
    this.#grid.element.setAttribute('aria-busy', String(busy));
  }

  /** Whether there is a place where the open head is shown. */
  set leads(leads: boolean) {
    this.#see.hidden = !leads;
  }

  #painted(): void {
    this.#busy();
    if (this.#pointed) this.#detail.draw(this.#grid.canvasOf(this.#pointed));
  }

  /** Says which head is open, and how to get to it. */
  #showOpen(): void {
    const at = this.#opened;
    this.#see.textContent = this.#say('see');
    this.#see.classList.toggle('heads-unseen', !at);
    const words = at ? this.#say('isOpen', this.#names(at)) : '';
    if (this.#isOpen.textContent !== words) this.#isOpen.textContent = words;
  }

  #counted(heads: number, layers: number): string {
    if (heads === 1) return this.#say('oneHead');
    return this.#say(layers === 1 ? 'oneLayer' : 'complete', { heads, layers });
  }

  /** Shows the head that is pointed at from close by. */
  #sheet(): void {
    this.#showOpen();
    const at = this.#pointed;
    const seen = at && this.#grid.seen(at);
    const isOpen = at && this.#opened && headKey(at) === headKey(this.#opened);
    this.#detail.show({
      title: at ? this.#say('title', this.#names(at)) : this.#say(isTouch() ? 'noneTouch' : 'none'),
      hint: !at ? '' : this.#say(isOpen ? 'opened' : isTouch() ? 'openTouch' : 'open'),
      picture: at && this.#grid.canvasOf(at),
      chosen: this.#choices.number,
      numbers: this.#setup.measures.map(({ id, label, about, formula }) => ({
        id,
        label: label[this.#language],
        about: about[this.#language],
        formula,
        value: seen?.numbers[id] ?? NaN,
      })),
    });
  }

  #showLegend(): void {
    const { paint } = this.#choices;
    const at = this.#pointed ?? this.#grid.at;
    const seen = this.#grid.seen(at);
    const name = paint === 'number' ? this.#name : this.#weightName(at);
    const removed = this.heads.some(({ map }) => map.values.includes(-Infinity));
    const invalid = this.heads.some(({ map }) => map.values.includes(NaN));
    this.#legend.mark(paint === 'number' ? { removed: false, invalid: false } : { removed, invalid });
    // A scale that could not be painted is as it was.
    this.#legend.show(this.#grid.paletteOf(seen), name).catch(() => undefined);
    this.#scaleName.textContent = name;
  }

  #weightName(at: HeadAt): string {
    return this.#choices.paint === 'own' ? this.#say('ownScale', this.#names(at)) : this.#say('weights');
  }
}
