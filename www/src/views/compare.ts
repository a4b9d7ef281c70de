// COMPARE: two matrices of weights side by side in the same colours, their difference, and how far apart each row is.
//
// A scene goes in, which whoever has an engine has computed; nothing is worked out here but what stands where.

import type { Text } from '../generated/catalog.ts';
import {
  arranged,
  blocksFor,
  largestAt,
  meanDivergence,
  orderOf,
  pooled,
  readCompared,
  SORTS,
  writeCompared,
  type CompareChoices,
  type Spot,
} from './parts/comparing.ts';
import { drawnComparison } from './parts/comparepicture.ts';
import {
  CompareSheet,
  numbersOf,
  text as sheetText,
  LONGEST,
  titleOf,
  type Named,
  type SheetScene,
} from './parts/comparesheet.ts';
import { roomOf } from './parts/axis.ts';
import { element, onResize, uniqueId } from './parts/dom.ts';
import { formatShare } from './parts/format.ts';
import { HeatPlot, type PlotMark, type PlotRoom } from './parts/heatplot.ts';
import { plotSize, type Gutter, type PlotSize } from './parts/layout.ts';
import { Legend } from './parts/legend.ts';
import { cutMiddle } from './parts/name.ts';
import { colormapAt, isDark, neutralTones, type ColormapOf, type Painter } from './parts/palette.ts';
import { formatDivergence, RowBars } from './parts/rowbars.ts';
import { phrase, visibleToken, type Language } from './parts/text.ts';

/** Two matrices, A and B, and what they were found to differ by. */
export interface ComparedScene extends SheetScene {
  /** What A and B are. */
  titles: { a: Text; b: Text };
  /** What else to know of them. */
  note: Text;
}

/** The size and the names of what is to come. */
export interface ComparedFrame {
  queries: number;
  keys: number;
  queryTokens?: readonly string[] | undefined;
  keyTokens?: readonly string[] | undefined;
  /** The longest names in characters, where they are not there yet. */
  longest?: readonly [rows: number, columns: number] | undefined;
}

const text = {
  a: { en: 'A: {name}', zh: 'A：{name}' },
  b: { en: 'B: {name}', zh: 'B：{name}' },
  difference: { en: 'A − B', zh: 'A − B' },
  bars: { en: 'Divergence, 0–1 bit', zh: '散度，0–1 比特' },
  weight: { en: 'Weight in A and B', zh: 'A 与 B 中的权重' },
  less: { en: 'Difference: left of 0 B is larger, right of it A', zh: '差：0 以左 B 较大，以右 A 较大' },
  sort: { en: 'Rows', zh: '行的排列' },
  mean: {
    en: 'On average the rows are {mean} bits apart; the row of query {query}, {name}, most: {most}.',
    zh: '各行平均相距 {mean} 比特；查询 {query}（{name}）的一行相距最远：{most}。',
  },
  none: { en: 'No row has a divergence.', zh: '没有可求散度的行。' },
  without: { en: '{count} rows without weights have no divergence.', zh: '{count} 行没有权重，因而没有散度。' },
  largest: {
    en: 'The largest difference: query {query}, {name}, gives key {key}, {other}, a weight of {a} in A and {b} in B.',
    zh: '最大的差：查询 {query}（{name}）给键 {key}（{other}）的权重，在 A 中为 {a}，在 B 中为 {b}。',
  },
  same: { en: 'The two matrices are the same: 0 bits in every row.', zh: '两个矩阵完全相同：每行都是 0 比特。' },
  axes: { en: 'Rows are queries, columns keys.', zh: '行为查询，列为键。' },
  pooled: {
    en: 'Each cell shows the largest of {rows} × {columns} pairs; pointing at one names the pair that differs most.',
    zh: '每格显示 {rows} × {columns} 对中的最大者；指向一格会给出其中差异最大的一对。',
  },
  picture: { en: 'Heat map of {name}', zh: '{name} 的热图' },
  grid: {
    en: 'A − B, {queries} queries by {keys} keys, and behind the last key the divergence of the row. Arrow keys move, Enter locks, Escape unlocks.',
    zh: 'A − B，{queries} 个查询 × {keys} 个键，最后一个键之后是该行的散度。方向键移动，回车锁定，Esc 解锁。',
  },
  said: { en: '{title}. {numbers}', zh: '{title}。{numbers}' },
} satisfies Record<string, Text>;

const SORT_NAMES: Record<(typeof SORTS)[number], Text> = {
  sequence: { en: 'As they come', zh: '按序列' },
  divergence: { en: 'Furthest apart first', zh: '散度从大到小' },
};

/** From which width on two, and all three, stand side by side; and what lies between them. */
const WIDTHS = { two: 600, three: 1080 };
const GAP = 28;
/** What the bars take at the least. */
const BARS = { wide: 120, narrow: 72 };
const BEFORE_BARS = 12;
const MOST_HEIGHT = 420;

export interface CompareColors {
  weights: ColormapOf;
  difference: ColormapOf;
}

/** The view. Event: `state` (order or lock are others). */
export class CompareView extends EventTarget {
  readonly #colors: CompareColors;
  readonly #host: HTMLElement;
  readonly #panels: { name: 'a' | 'b' | 'difference'; title: HTMLElement; plot: HeatPlot }[];
  readonly #bars = new RowBars();
  readonly #barsTitle = element('p', { class: 'compare-bars-title' });
  readonly #cursor = element('div', { class: 'compare-cursor', role: 'gridcell', tabindex: 0 });
  readonly #cursorRow = element('div', { role: 'row' }, this.#cursor);
  readonly #live = element('p', { class: 'visually-hidden', 'aria-live': 'polite' });
  readonly #summary = element('p', { class: 'compare-summary', role: 'status' });
  readonly #note = element('p', { class: 'compare-note' });
  readonly #plots = element('div', { class: 'compare-plots' });
  readonly #legends: { weights: Legend; difference: Legend };
  readonly #scales = {
    weights: element('p', { class: 'compare-scale' }),
    difference: element('p', { class: 'compare-scale' }),
  };
  readonly #sheet = new CompareSheet((query) => this.#press({ query }));
  readonly #sortLabel = element('label', { for: uniqueId('compare') });
  readonly #sort = element('select', { name: 'compare-sort', id: this.#sortLabel.htmlFor });
  /** Around what is drawn: signs of what is under way belong here. */
  readonly room = element('div', { class: 'compare-room' });
  #frame: ComparedFrame = { queries: 0, keys: 0 };
  #scene: ComparedScene | undefined;
  #facts: Facts = NOTHING;
  #choices: CompareChoices = readCompared('');
  #order: Uint32Array = new Uint32Array();
  #furthest: Uint32Array = new Uint32Array();
  #blocks = { rows: 1, columns: 1 };
  #pointed: Spot | undefined;
  #start: Spot | undefined;
  #width = 0;
  #language: Language = 'en';
  /** Counts pictures: one that another has taken the place of is given up. */
  #round = 0;
  #drawing = false;
  #busy = false;

  constructor(host: HTMLElement, paint: Painter, colors: CompareColors) {
    super();
    this.#colors = colors;
    const listener = {
      point: (at: { x: number; y: number }) => this.#point(this.#spotAt(at)),
      press: (at: { x: number; y: number }) => this.#press(this.#spotAt(at)),
      leave: () => this.#point(undefined),
    };
    this.#panels = (['a', 'b', 'difference'] as const).map((name) => ({
      name,
      title: element('figcaption', { class: 'compare-title' }),
      plot: new HeatPlot(paint, listener),
    }));
    this.#legends = { weights: new Legend(paint), difference: new Legend(paint) };
    this.#sort.addEventListener('change', () => this.#choose({ sort: this.#sort.value as CompareChoices['sort'] }));
    this.#host = element('div', { class: 'compare' }, ...this.#parts());
    this.#listenToBars();
    this.#cursor.addEventListener('keydown', (event) => this.#key(event));
    this.#cursor.addEventListener('focus', () => this.#showSpot());
    host.append(this.#host);
    onResize(this.#host, () => this.#resize());
    this.#render();
  }

  set language(language: Language) {
    this.#language = language;
    this.#render();
    // A scale that could not be painted is as it was.
    if (this.#scene) this.#showLegends().catch(() => undefined);
  }

  /** What would bring back what the visitor has chosen; '' for the view as it comes. */
  get written(): string {
    return writeCompared(this.#choices);
  }

  /** Takes what it knows of a state. */
  set written(written: string) {
    this.#choices = readCompared(written);
    this.#arrange();
  }

  /** Makes room for two matrices, and names their rows and columns. */
  expect(frame: ComparedFrame): void {
    const { queries, keys, queryTokens, keyTokens } = this.#frame;
    const same = frame.queries === queries && frame.keys === keys;
    if (same && frame.queryTokens === queryTokens && frame.keyTokens === keyTokens) return;
    this.#frame = frame;
    this.#scene = undefined;
    this.#facts = NOTHING;
    this.#sheet.reserve(frame.queries, frame.keys);
    this.#arrange();
  }

  /** Draws; undefined: nothing. */
  show(scene: ComparedScene | undefined): void {
    this.#scene = scene;
    this.#facts = scene ? factsOf(scene) : NOTHING;
    this.#pointed = undefined;
    this.#arrange();
  }

  /** There is no comparison, and none is under way: without a picture no room is kept for one. */
  refuse(): void {
    this.show(undefined);
    this.#host.hidden = true;
  }

  /** Another comparison is under way. */
  set busy(busy: boolean) {
    this.#busy = busy;
    if (busy) this.#host.hidden = false;
    this.#settle();
  }

  repaint(): void {
    void this.#draw();
  }

  /** The scene with its rows in the order in which they stand. */
  get compared(): { scene: ComparedScene; order: Uint32Array } | undefined {
    return this.#scene && { scene: this.#scene, order: this.#order };
  }

  /** What a query or a key is called. */
  get names(): Named {
    const { queries, keys, queryTokens, keyTokens } = this.#frame;
    const named = (tokens: readonly string[] | undefined, count: number) => (index: number) => {
      const token = tokens?.length === count ? tokens[index] : undefined;
      return token === undefined ? String(index) : visibleToken(token);
    };
    return { query: named(queryTokens, queries), key: named(keyTokens, keys) };
  }

  /** All of it as a picture of its own. */
  get picture(): SVGSVGElement {
    const { query, key } = this.names;
    const style = getComputedStyle(this.#host);
    const bar = getComputedStyle(this.#bars.element);
    return drawnComparison(
      {
        panels: this.#panels.map(({ title, plot }) => ({ title: title.textContent, canvas: plot.canvas })),
        bars: { title: this.#say('bars'), values: this.#barValues },
        rows: [...this.#order].map(query),
        columns: Array.from({ length: this.#frame.keys }, (_, at) => key(at)),
        scales: this.#drawnScales,
        lines: [this.#summary.textContent, this.#note.textContent].filter(Boolean),
      },
      {
        ink: style.color,
        bar: bar.color,
        font: style.fontFamily,
        paper: getComputedStyle(document.body).backgroundColor,
      },
    );
  }

  /** Each scale below the plot that it is of: that of the weights below A. */
  get #drawnScales() {
    return (
      [
        ['weights', 0],
        ['difference', 2],
      ] as const
    ).map(([name, below]) => {
      const { low, high } = this.#scaleOf(name === 'weights' ? 'a' : name);
      return { canvas: this.#legends[name].scale, below, name: this.#scales[name].textContent, low, high };
    });
  }

  #say(key: keyof typeof text, values: Record<string, string | number> = {}): string {
    return phrase(text[key], this.#language, values);
  }

  #parts(): HTMLElement[] {
    for (const { name, title, plot } of this.#panels) {
      const bars =
        name === 'difference' ? [element('div', { class: 'compare-strip' }, this.#barsTitle, this.#bars.element)] : [];
      const body = element('div', { class: 'compare-body' }, plot.element, ...bars);
      this.#plots.append(element('figure', { class: `compare-panel compare-panel-${name}` }, title, body));
    }
    const [a, b, difference] = this.#panels;
    for (const panel of [a, b]) panel?.plot.plot.setAttribute('role', 'img');
    difference?.plot.plot.setAttribute('role', 'grid');
    difference?.plot.plot.append(this.#cursorRow);
    const sort = element('div', { class: 'compare-field' }, this.#sortLabel, this.#sort);
    const head = element('div', { class: 'compare-head' }, this.#summary, sort);
    const legends = (['weights', 'difference'] as const).map((name) =>
      element('div', { class: 'compare-legend' }, this.#scales[name], this.#legends[name].element),
    );
    this.room.append(this.#plots);
    const foot = element('div', { class: 'compare-foot' }, ...legends, this.#note);
    return [head, this.room, foot, this.#sheet.element, this.#live];
  }

  // ---- where things lie

  #resize(): void {
    const width = this.#host.clientWidth;
    if (Math.abs(width - this.#width) < 1) return;
    this.#layOut();
    this.#render();
    void this.#draw();
  }

  /** Measures the room, and gives each plot its own. */
  #layOut(): void {
    this.#width = this.#host.clientWidth;
    const { queries, keys } = this.#frame;
    const [first] = this.#panels;
    if (!this.#width || !queries || !keys || !first) return;
    const side = this.#width >= WIDTHS.three ? 3 : this.#width >= WIDTHS.two ? 2 : 1;
    this.#host.dataset['side'] = String(side);
    const names = { rows: queries, columns: keys, ...this.#tokens, order: this.#order };
    for (const { plot } of this.#panels) plot.name(names);
    const bars = side === 1 ? BARS.narrow : BARS.wide;
    const plotBeside = ({ left }: Gutter): PlotSize => {
      const rest = { 1: left + bars, 2: left + GAP, 3: left + bars + 2 * GAP }[side] + BEFORE_BARS;
      const width = Math.floor((this.#width - rest) / side);
      return plotSize(queries, keys, width, Math.min(MOST_HEIGHT, Math.max(width, 240)));
    };
    const { gutter, size } = roomOf(first.plot.axes, this.#width, plotBeside, this.#frame.longest);
    this.#panels.forEach(({ plot }, at) => {
      const named = side === 1 || at === 0 || (side === 2 && at === 2);
      const room: PlotRoom = { left: named ? gutter.left : 0, top: gutter.top, ...size };
      plot.element.classList.toggle('compare-unnamed', !named);
      plot.layOut(room);
    });
    this.#host.style.setProperty('--compare-top', `${gutter.top}px`);
    this.#host.style.setProperty('--compare-left', `${gutter.left}px`);
    this.#host.style.setProperty('--compare-height', `${size.height}px`);
    const pixels = { width: size.width * devicePixelRatio, height: size.height * devicePixelRatio };
    this.#blocks = blocksFor({ rows: queries, columns: keys }, pixels);
  }

  get #tokens() {
    const { queries, keys, queryTokens, keyTokens } = this.#frame;
    return {
      rowTokens: queryTokens?.length === queries ? queryTokens : undefined,
      columnTokens: keyTokens?.length === keys ? keyTokens : undefined,
    };
  }

  /** Puts the rows in their order, and draws everything anew. */
  #arrange(): void {
    const { queries } = this.#frame;
    const divergence = this.#scene?.divergence ?? new Float32Array(queries);
    this.#order = orderOf(divergence, this.#choices.sort);
    this.#furthest = orderOf(divergence, 'divergence');
    this.#layOut();
    this.#render();
    void this.#draw();
  }

  // ---- drawing

  /** Draws with the next frame; one plot after the other: each is made ready here and painted elsewhere. */
  async #draw(): Promise<void> {
    this.#round += 1;
    const round = this.#round;
    const scene = this.#scene;
    if (!scene) {
      for (const { plot } of this.#panels) plot.clear();
      return this.#drawn(round);
    }
    this.#drawing = true;
    this.#settle();
    try {
      await new Promise(requestAnimationFrame);
      for (const { name, plot } of this.#panels) {
        if (round !== this.#round) return;
        const values = arranged(scene[name], scene.keys, this.#order);
        const grid = pooled({ values, rows: scene.queries, columns: scene.keys }, this.#blocks);
        await plot.draw(grid, this.#scaleOf(name));
      }
      if (round === this.#round) await this.#showLegends();
    } catch {
      // What could not be painted stays as it was.
    } finally {
      this.#drawn(round);
    }
  }

  /** The last picture is there. */
  #drawn(round: number): void {
    if (round !== this.#round) return;
    this.#drawing = false;
    this.#settle();
  }

  /** A and B in the same colours; the difference as far below 0 as above. */
  #scaleOf(name: 'a' | 'b' | 'difference'): { colormap: string; low: number; high: number } {
    const colormap = colormapAt(this.#host, this.#colors[name === 'difference' ? name : 'weights']);
    const { high, reach } = this.#facts;
    return name === 'difference'
      ? { colormap, low: -(reach || 1), high: reach || 1 }
      : { colormap, low: 0, high: high || 1 };
  }

  async #showLegends(): Promise<void> {
    const { removed, invalid } = neutralTones(isDark(this.#host));
    for (const [name, of, words] of [
      ['weights', 'a', 'weight'],
      ['difference', 'difference', 'less'],
    ] as const) {
      this.#legends[name].mark(this.#facts.occurs);
      await this.#legends[name].show({ ...this.#scaleOf(of), removed, invalid }, this.#say(words));
    }
  }

  /** Says to assistive technology, and to tests, whether the pictures are about to change. */
  #settle(): void {
    this.#plots.setAttribute('aria-busy', String(this.#busy || this.#drawing));
  }

  /** Of each bar its number: of a block of rows the largest. */
  get #barValues(): number[] {
    const { divergence } = this.#scene ?? {};
    const count = divergence ? Math.ceil(this.#order.length / this.#blocks.rows) : 0;
    return Array.from({ length: count }, (_, block) => {
      const rows = this.#order.subarray(block * this.#blocks.rows, (block + 1) * this.#blocks.rows);
      return [...rows].reduce((most, row) => {
        const bits = divergence?.[row] ?? NaN;
        return bits > most || Number.isNaN(most) ? bits : most;
      }, NaN);
    });
  }

  #render(): void {
    const language = this.#language;
    const scene = this.#scene;
    const title = (name: 'a' | 'b'): string => (scene ? this.#say(name, { name: scene.titles[name][language] }) : '');
    for (const { name, title: node, plot } of this.#panels) {
      const words = name === 'difference' ? this.#say('difference') : title(name);
      node.textContent = words;
      const { queries, keys } = this.#frame;
      const label = this.#say(name === 'difference' ? 'grid' : 'picture', {
        queries,
        keys,
        name: words || name.toUpperCase(),
      });
      plot.plot.setAttribute('aria-label', label);
    }
    this.#barsTitle.textContent = this.#say('bars');
    this.#sortLabel.textContent = this.#say('sort');
    this.#sort.replaceChildren(...SORTS.map((sort) => element('option', { value: sort }, SORT_NAMES[sort][language])));
    this.#sort.value = this.#choices.sort;
    for (const legend of Object.values(this.#legends)) legend.language = language;
    this.#scales.weights.textContent = this.#say('weight');
    this.#scales.difference.textContent = this.#say('less');
    this.#bars.show(this.#barValues, this.#plotHeight);
    this.#summary.textContent = scene ? this.#summed(scene) : '';
    const pooling = this.#blocks.rows * this.#blocks.columns > 1 ? this.#say('pooled', this.#blocks) : '';
    const note = [this.#say('axes'), pooling, scene?.note[language] ?? ''].filter(Boolean);
    this.#note.textContent = note.join(language === 'zh' ? '' : ' ');
    this.#sheet.rank(scene, this.#furthest, this.names, language);
    this.#showSpot();
  }

  get #plotHeight(): number {
    return parseFloat(this.#host.style.getPropertyValue('--compare-height')) || 0;
  }

  #summed({ divergence, difference, keys, a, b }: ComparedScene): string {
    const { mean, rows } = meanDivergence(divergence);
    const { largest: at } = this.#facts;
    if (at >= 0 && difference[at] === 0 && mean === 0) return this.#say('same');
    const [query = 0] = this.#furthest;
    const names = this.names;
    const most = formatDivergence(divergence[query] ?? NaN);
    const values = { mean: formatDivergence(mean), query, name: cutMiddle(names.query(query), LONGEST), most };
    const parts = [rows > 0 ? this.#say('mean', values) : this.#say('none')];
    if (rows > 0 && rows < divergence.length) parts.push(this.#say('without', { count: divergence.length - rows }));
    if (at >= 0) {
      const [row, key] = [Math.floor(at / keys), at % keys];
      const weight = (value = NaN): string => formatShare(value === -Infinity ? 0 : value);
      const pair = {
        query: row,
        name: cutMiddle(names.query(row), LONGEST),
        key,
        other: cutMiddle(names.key(key), LONGEST),
      };
      parts.push(this.#say('largest', { ...pair, a: weight(a[at]), b: weight(b[at]) }));
    }
    return parts.join(this.#language === 'zh' ? '' : ' ');
  }

  // ---- what is looked at

  /** A pair to begin with, as long as none is chosen here; undefined: the one that differs most. */
  set start(start: Spot | undefined) {
    if (isSame(start, this.#start)) return;
    this.#start = start;
    this.#showSpot();
  }

  /** What is pointed at, else what is locked, else where it starts, else the pair that differs most. */
  get #spot(): Spot | undefined {
    const scene = this.#scene;
    if (!scene) return undefined;
    const looked = this.#pointed ?? this.locked ?? this.#within(this.#start);
    if (looked) return looked;
    const { largest: at } = this.#facts;
    return at < 0 ? { query: 0, key: 0 } : { query: Math.floor(at / scene.keys), key: at % scene.keys };
  }

  /** What is locked, where the matrices have it. */
  get locked(): Spot | undefined {
    return this.#within(this.#choices.locked);
  }

  #within(spot: Spot | undefined): Spot | undefined {
    const { queries, keys } = this.#frame;
    return spot && spot.query < queries && (spot.key ?? 0) < keys ? spot : undefined;
  }

  /** The pair under a point: in a block, the one that differs most. */
  #spotAt({ x, y }: { x: number; y: number }): Spot | undefined {
    const scene = this.#scene;
    if (!scene) return undefined;
    const { rows, columns } = this.#blocks;
    const { queries, keys, difference } = scene;
    const place = rows * Math.floor(clamp(y * Math.ceil(queries / rows), Math.ceil(queries / rows)));
    const from = columns * Math.floor(clamp(x * Math.ceil(keys / columns), Math.ceil(keys / columns)));
    let best: Spot & { size: number } = { query: this.#order[place] ?? 0, key: from, size: -1 };
    for (const query of this.#order.subarray(place, place + rows)) {
      for (let key = from; key < Math.min(keys, from + columns); key += 1) {
        const size = Math.abs(difference[query * keys + key] ?? NaN);
        if (size > best.size && size < Infinity) best = { query, key, size };
      }
    }
    return { query: best.query, key: best.key };
  }

  /** The row at a height of the bars: in a block, the one that is furthest apart. */
  #rowAt(y: number): Spot | undefined {
    const scene = this.#scene;
    if (!scene) return undefined;
    const { rows } = this.#blocks;
    const blocks = Math.ceil(scene.queries / rows);
    const place = rows * Math.floor(clamp(y * blocks, blocks));
    const [query] = [...this.#order.subarray(place, place + rows)].sort(
      (one, other) => (scene.divergence[other] ?? 0) - (scene.divergence[one] ?? 0),
    );
    return query === undefined ? undefined : { query };
  }

  #listenToBars(): void {
    const at = ({ clientY }: MouseEvent): Spot | undefined => {
      const { top, height } = this.#bars.element.getBoundingClientRect();
      return this.#rowAt((clientY - top) / height);
    };
    const bars = this.#bars.element;
    bars.addEventListener('pointermove', (event) => event.pointerType === 'mouse' && this.#point(at(event)));
    bars.addEventListener('pointerleave', () => this.#point(undefined));
    bars.addEventListener('click', (event) => this.#press(at(event)));
  }

  #point(spot: Spot | undefined): void {
    // What is locked stays; whoever moves the mouse over it does not lose it.
    if (this.locked || isSame(spot, this.#pointed)) return;
    this.#pointed = spot;
    this.#showSpot();
  }

  #press(spot: Spot | undefined): void {
    if (!spot) return;
    this.#pointed = undefined;
    this.#choose({ locked: isSame(spot, this.locked) ? undefined : spot });
    if (!this.locked) this.#pointed = spot;
    this.#showSpot();
  }

  #choose(change: Partial<CompareChoices>): void {
    this.#choices = { ...this.#choices, ...change };
    if (change.sort) this.#arrange();
    else this.#showSpot();
    this.dispatchEvent(new CustomEvent('state'));
  }

  #key(event: KeyboardEvent): void {
    const { key, altKey, metaKey, ctrlKey } = event;
    const spot = this.#spot;
    if (altKey || metaKey || !spot) return;
    if (key === 'Enter' || key === ' ') this.#press(spot);
    else if (key === 'Escape' && this.locked) this.#choose({ locked: undefined });
    else {
      const to = this.#stepped(spot, key, ctrlKey);
      if (!to) return;
      if (this.locked) this.#choose({ locked: to });
      else this.#pointed = to;
      this.#showSpot();
      this.#live.textContent = this.#cursor.getAttribute('aria-label');
    }
    event.preventDefault();
  }

  /** Where a key leads to: rows as they stand; behind the last key stands the row itself. */
  #stepped({ query, key }: Spot, pressed: string, far: boolean): Spot | undefined {
    const { queries, keys } = this.#frame;
    const [place, column] = [this.#order.indexOf(query), key ?? keys];
    const page = Math.max(1, Math.round(queries / 8));
    const steps: Record<string, [number, number]> = {
      ArrowUp: [place - 1, column],
      ArrowDown: [place + 1, column],
      ArrowLeft: [place, column - 1],
      ArrowRight: [place, column + 1],
      PageUp: [place - page, column],
      PageDown: [place + page, column],
      Home: [far ? 0 : place, 0],
      End: [far ? queries - 1 : place, keys - 1],
    };
    const to = Object.hasOwn(steps, pressed) ? steps[pressed] : undefined;
    if (!to) return undefined;
    const row = this.#order[Math.max(0, Math.min(queries - 1, to[0]))] ?? 0;
    const at = Math.max(0, Math.min(keys, to[1]));
    return { query: row, key: at === keys ? undefined : at };
  }

  #showSpot(): void {
    const [scene, spot, names, language] = [this.#scene, this.#spot, this.names, this.#language];
    const locked = this.locked !== undefined;
    this.#sheet.show(scene, spot, locked, names, language);
    const mark = spot && this.#markOf(spot);
    for (const { plot } of this.#panels) {
      plot.show(mark);
      plot.mark.classList.toggle('compare-locked', locked);
    }
    this.#cursor.setAttribute('aria-selected', String(locked));
    const { queries, keys } = this.#frame;
    const grid = this.#panels[2]?.plot.plot;
    grid?.setAttribute('aria-rowcount', String(queries));
    grid?.setAttribute('aria-colcount', String(keys + 1));
    if (!scene || !spot) return this.#cursor.removeAttribute('aria-label');
    this.#cursorRow.setAttribute('aria-rowindex', String(this.#order.indexOf(spot.query) + 1));
    this.#cursor.setAttribute('aria-colindex', String((spot.key ?? keys) + 1));
    const said = numbersOf(scene, spot, language).filter(([id]) => spot.key !== undefined || id === 'divergence');
    const numbers = said
      .map(([id, number]) => `${sheetText[id][language]} ${number}`)
      .join(language === 'zh' ? '，' : ', ');
    this.#cursor.setAttribute('aria-label', this.#say('said', { title: titleOf(spot, names, language), numbers }));
  }

  /** The cells of a spot, which share a block with others where there are too many. */
  #markOf({ query, key }: Spot): PlotMark {
    const place = this.#order.indexOf(query);
    return { rows: [place, place + 1], columns: key === undefined ? undefined : [key, key + 1] };
  }
}

/** What is found in a scene once, for it takes a look at every pair. */
interface Facts {
  /** The largest weight, and the largest difference either way. */
  high: number;
  reach: number;
  /** Where that difference stands; -1: there is none. */
  largest: number;
  /** Which tones beside the scales occur. */
  occurs: { removed: boolean; invalid: boolean };
}

const NOTHING: Facts = { high: 0, reach: 0, largest: -1, occurs: { removed: false, invalid: false } };

function factsOf({ a, b, difference }: ComparedScene): Facts {
  const reach = (values: Float32Array, at = largestAt(values)): number => Math.abs(values[at] ?? 0);
  const largest = largestAt(difference);
  const has = (value: number): boolean => a.includes(value) || b.includes(value);
  return {
    high: Math.max(reach(a), reach(b)),
    reach: reach(difference, largest),
    largest,
    occurs: { removed: has(-Infinity), invalid: has(NaN) },
  };
}

function clamp(at: number, count: number): number {
  return Math.max(0, Math.min(count - 1, at));
}

function isSame(one: Spot | undefined, other: Spot | undefined): boolean {
  return one?.query === other?.query && one?.key === other?.key;
}
