// MASK: which keys each query may see, as cells to paint: queries down, keys across.
//
// Typed properties go in (`rules`, `tokens`, `tool`, `language`), events come out: `paint` (MaskPaint), `edge`
// (MaskEdge), `undo`, `redo`. The view changes nothing itself: whoever listens sets `rules` anew.

import { Axis, roomOf } from './parts/axis.ts';
import type { Block } from './parts/bits.ts';
import { formatCount } from './parts/format.ts';
import { element, isLaidOut, onResize } from './parts/dom.ts';
import { edgeAfter, EDGES, edgeRange, edgeStep, edgeValue, placeEdge, type Edge } from './parts/edges.ts';
import { cellRange, plotSize } from './parts/layout.ts';
import { drawMask, MaskLegend } from './parts/maskpaint.ts';
import { cutMiddle } from './parts/name.ts';
import { poolMask, rulesAgainst, type PooledMask, type Rule, type Rules } from './parts/rules.ts';
import { phrase, type Language } from './parts/text.ts';

/** A block of pairs that is to be removed or allowed; events of one stroke of the brush have one number. */
export interface MaskPaint extends Block {
  remove: boolean;
  stroke: number;
}

/** A bound that is to be moved: -1 is no limit for a window, and for a length its full size is none. */
export interface MaskEdge {
  edge: Edge;
  value: number;
  stroke: number;
}

/** What the brush does. */
export interface MaskTool {
  remove: boolean;
  rectangle: boolean;
  /** Whether there is a brush at all. */
  enabled: boolean;
}

/** More cells than this a side are pooled. */
const MOST_CELLS = 256;
const MOST_HEIGHT = 440;
/** Room at the right and below for handles and marks. */
const MARGIN = 36;
/** Blocks of more pairs than this are not asked for every reason. */
const MOST_ASKED = 4096;
/** Characters of a name in a sentence. */
const LONGEST = 20;

const text = {
  label: {
    en: 'Mask of {queries} queries by {keys} keys. Arrow keys move, with Shift they extend, Space removes or allows, Control and Z undoes.',
    zh: '{queries} 个查询 × {keys} 个键的掩码。方向键移动，按住 Shift 扩展选区，空格去除或恢复，Ctrl+Z 撤销。',
  },
  cell: { en: 'query {query}, key {key}: {state}', zh: '查询 {query}，键 {key}：{state}' },
  block: {
    en: 'queries {queries}, keys {keys}: {allowed} of {size} allowed{reasons}',
    zh: '查询 {queries}，键 {keys}：{size} 对中 {allowed} 对可见{reasons}',
  },
  named: { en: '{index} “{token}”', zh: '{index}“{token}”' },
  allowed: { en: 'allowed', zh: '可见' },
  removedBy: { en: 'removed by {rules}', zh: '被{rules}去除' },
  and: { en: ' and ', zh: '和' },
  removesBox: { en: '; Space removes the whole box', zh: '；空格去除整个框' },
  allowsBox: { en: '; Space allows the whole box', zh: '；空格恢复整个框' },
  also: { en: ', the rest {removed}', zh: '，其余{removed}' },
  noLimit: { en: 'no limit', zh: '不限' },
};

const ruleNames: Record<Rule, { en: string; zh: string }> = {
  queryLength: { en: 'query padding', zh: '查询填充' },
  keyLength: { en: 'key padding', zh: '键填充' },
  causal: { en: 'the causal mask', zh: '因果掩码' },
  left: { en: 'the window to the left', zh: '左窗口' },
  right: { en: 'the window to the right', zh: '右窗口' },
  painted: { en: 'painting', zh: '涂改' },
  bias: { en: 'the bias', zh: '偏置' },
};

const edgeNames: Record<Edge, { en: string; zh: string }> = {
  left: { en: 'Window to the left', zh: '左窗口' },
  right: { en: 'Window to the right', zh: '右窗口' },
  keys: { en: 'Real keys', zh: '实际的键数' },
  queries: { en: 'Real queries', zh: '实际的查询数' },
};

interface Cell {
  row: number;
  column: number;
}

/** The editable grid. */
export class MaskView extends EventTarget {
  readonly #host: HTMLElement;
  readonly #canvas = element('canvas', { class: 'mask-canvas', 'aria-hidden': 'true' });
  readonly #cursor = element('div', { class: 'mask-cursor', role: 'gridcell', tabindex: '0' });
  readonly #row = element('div', { role: 'row', class: 'mask-row' }, this.#cursor);
  readonly #chosen = element('div', { class: 'mask-chosen', hidden: true });
  readonly #plot = element('div', { class: 'mask-plot', role: 'grid' }, this.#canvas, this.#row);
  readonly #handles = new Map<Edge, HTMLElement>(
    EDGES.map((edge) => [
      edge,
      element('div', { class: `mask-handle mask-handle-${edge}`, role: 'slider', tabindex: '0' }),
    ]),
  );
  readonly #empty = element('canvas', { class: 'mask-empty', 'aria-hidden': 'true' });
  readonly #stage = element(
    'div',
    { class: 'mask-stage' },
    this.#plot,
    this.#chosen,
    this.#empty,
    ...this.#handles.values(),
  );
  readonly #rows = new Axis('rows');
  readonly #columns = new Axis('columns');
  readonly #frame = element('div', { class: 'mask-frame' }, this.#columns.element, this.#rows.element, this.#stage);
  readonly #legend = new MaskLegend();
  /** Says what is under the mouse or the cursor. */
  readonly #readout = element('p', { class: 'mask-readout', 'aria-hidden': 'true' });
  /** Says aloud where the keyboard is. */
  readonly #live = element('p', { class: 'visually-hidden', 'aria-live': 'polite' });
  /** Draws with the next frame, once, however many changes come before it. */
  readonly #soon: () => void;
  #rules: Rules | undefined;
  /** The cells that are drawn. */
  #cells = { rows: 1, columns: 1 };
  /** The masks pooled to them, once somebody sees them. */
  #pools: PooledMask | undefined;
  #tokens: { queries?: readonly string[] | undefined; keys?: readonly string[] | undefined } = {};
  #language: Language = 'en';
  #tool: MaskTool = { remove: true, rectangle: false, enabled: true };
  #at: Cell = { row: 0, column: 0 };
  #anchor: Cell = { row: 0, column: 0 };
  #stroke = 0;
  #pressed: Cell | undefined;
  #hovered: Cell | undefined;

  constructor(host: HTMLElement) {
    super();
    this.#host = host;
    host.append(this.#frame, this.#readout, this.#legend.element, this.#live);
    this.#listen();
    this.#soon = onResize(this.#frame, () => this.#redraw());
  }

  /** The names of queries and keys; without them they go by number. */
  set tokens(tokens: { queries?: readonly string[] | undefined; keys?: readonly string[] | undefined }) {
    if (tokens.queries === this.#tokens.queries && tokens.keys === this.#tokens.keys) return;
    this.#tokens = tokens;
    this.#soon();
  }

  set language(language: Language) {
    if (language === this.#language) return;
    this.#language = language;
    this.#soon();
  }

  set tool(tool: MaskTool) {
    this.#tool = tool;
    this.#plot.classList.toggle('mask-still', !tool.enabled);
  }

  /** Shows these masks. */
  set rules(rules: Rules | undefined) {
    this.#rules = rules;
    const { queries = 1, keys = 1 } = rules ?? {};
    this.#cells = { rows: Math.min(queries, MOST_CELLS), columns: Math.min(keys, MOST_CELLS) };
    this.#pools = undefined;
    this.#at = this.#clamp(this.#at);
    this.#anchor = this.#clamp(this.#anchor);
    this.#soon();
  }

  /** Draws again: in the colours of the page as they are now, or because it has come into sight. */
  repaint(): void {
    this.#soon();
  }

  // ---- drawing

  #redraw(): void {
    const [rules, { rows, columns }] = [this.#rules, this.#cells];
    // In a closed section it has a size as well, and nobody to see it.
    const width = isLaidOut(this.#frame) ? this.#frame.clientWidth : 0;
    this.#stage.hidden = !rules || !rows || !columns;
    if (!rules || this.#stage.hidden || !width) return;
    const pooled = this.#pooled(rules);
    this.#layout(rules, width);
    drawMask(this.#canvas, pooled);
    this.#drawEmpty(pooled);
    this.#legend.show(pooled, this.#language);
    this.#describe(rules);
    this.#placeHandles(rules);
    this.#mark();
  }

  #pooled(rules: Rules): PooledMask {
    return (this.#pools ??= poolMask(rules, this.#cells.rows, this.#cells.columns));
  }

  #layout({ queries, keys }: Rules, width: number): void {
    this.#rows.set(queries, this.#tokens.queries);
    this.#columns.set(keys, this.#tokens.keys);
    const { gutter, size } = roomOf([this.#rows, this.#columns], width, ({ left }) =>
      plotSize(queries, keys, width - left - MARGIN, MOST_HEIGHT),
    );
    this.#host.style.setProperty('--gutter-left', `${gutter.left}px`);
    this.#host.style.setProperty('--gutter-top', `${gutter.top}px`);
    this.#stage.style.width = `${size.width}px`;
    this.#stage.style.height = `${size.height}px`;
    this.#rows.show({ from: 0, size: size.height / Math.max(1, queries), pixels: size.height });
    this.#columns.show({ from: 0, size: size.width / Math.max(1, keys), pixels: size.width });
  }

  /** A mark beside every row of cells with a query that has no key left. */
  #drawEmpty({ rows, empty }: PooledMask): void {
    const canvas = this.#empty;
    canvas.width = 1;
    canvas.height = rows;
    const context = canvas.getContext('2d');
    if (!context) return;
    context.fillStyle = getComputedStyle(canvas).color;
    empty.forEach((count, row) => count && context.fillRect(0, row, 1, 1));
  }

  #describe({ queries, keys }: Rules): void {
    this.#plot.setAttribute('aria-label', phrase(text.label, this.#language, { queries, keys }));
    this.#plot.setAttribute('aria-rowcount', String(queries));
    this.#plot.setAttribute('aria-colcount', String(keys));
  }

  #placeHandles(rules: Rules): void {
    for (const [edge, handle] of this.#handles) {
      const place = placeEdge(edge, rules);
      handle.hidden = !place;
      if (!place) continue;
      const { value } = edgeRange(edge, rules);
      const { at, last } = edgeStep(edge, rules);
      handle.style.left = `${place.x * 100}%`;
      handle.style.top = `${place.y * 100}%`;
      handle.setAttribute('aria-label', edgeNames[edge][this.#language]);
      handle.title = edgeNames[edge][this.#language];
      handle.setAttribute('aria-orientation', edge === 'queries' ? 'vertical' : 'horizontal');
      handle.setAttribute('aria-valuemin', '0');
      handle.setAttribute('aria-valuemax', String(last));
      handle.setAttribute('aria-valuenow', String(at));
      handle.setAttribute('aria-valuetext', value < 0 ? phrase(text.noLimit, this.#language) : String(value));
    }
  }

  /** Puts the cursor, the selection and the labels where the current cell is. */
  #mark(): void {
    if (!this.#rules) return;
    const { queries, keys } = this.#blockOf(this.#at, this.#at);
    this.#row.setAttribute('aria-rowindex', String(queries[0] + 1));
    this.#cursor.setAttribute('aria-colindex', String(keys[0] + 1));
    this.#cursor.setAttribute('aria-label', this.#spoken(this.#at, this.#at));
    place(this.#cursor, this.#at, this.#at, this.#cells);
    this.#point(this.#hovered ?? this.#at);
    const [from, to] = this.#selection();
    this.#chosen.hidden = from.row === to.row && from.column === to.column;
    place(this.#chosen, from, to, this.#cells);
  }

  /** Names a cell on the axes and below; without the mouse over the plot, what is selected. */
  #point(cell: Cell): void {
    const { queries, keys } = this.#blockOf(cell, cell);
    this.#rows.mark(queries);
    this.#columns.mark(keys);
    this.#readout.textContent = this.#hovered ? this.#spoken(cell, cell) : this.#selectionSpoken();
  }

  /** What is selected, and if that is more than a cell, what becomes of it: a box, whatever the brush draws. */
  #selectionSpoken(): string {
    const [from, to] = this.#selection();
    const words = this.#spoken(from, to);
    if (!this.#tool.enabled || (from.row === to.row && from.column === to.column)) return words;
    return words + phrase(this.#isPainted() ? text.allowsBox : text.removesBox, this.#language);
  }

  #selection(): [Cell, Cell] {
    const [a, b] = [this.#at, this.#anchor];
    return [
      { row: Math.min(a.row, b.row), column: Math.min(a.column, b.column) },
      { row: Math.max(a.row, b.row), column: Math.max(a.column, b.column) },
    ];
  }

  // ---- words

  /** What the cells of a box stand for, and which rules remove it. */
  #spoken(first: Cell, last: Cell): string {
    const rules = this.#rules;
    const { queries, keys } = this.#blockOf(first, last);
    if (!rules) return '';
    const language = this.#language;
    if (queries[1] - queries[0] === 1 && keys[1] - keys[0] === 1) {
      const against = rulesAgainst(rules, queries[0], keys[0]);
      const state = against.length ? this.#removedBy(against) : phrase(text.allowed, language);
      return phrase(text.cell, language, {
        query: this.#named(queries[0], 'queries'),
        key: this.#named(keys[0], 'keys'),
        state,
      });
    }
    const size = (queries[1] - queries[0]) * (keys[1] - keys[0]);
    const { allowed, against } = size > MOST_ASKED ? this.#ofCells(rules, first, last) : inBlock(rules, queries, keys);
    const reasons = against.length ? phrase(text.also, language, { removed: this.#removedBy(against) }) : '';
    const range = ([from, to]: readonly [number, number]): string => (to - from > 1 ? `${from}–${to - 1}` : `${from}`);
    const counted = { allowed: formatCount(allowed, language), size: formatCount(size, language) };
    return phrase(text.block, language, { queries: range(queries), keys: range(keys), ...counted, reasons });
  }

  /** The same from the counts of the picture, where there are too many pairs to ask one by one. */
  #ofCells(rules: Rules, first: Cell, last: Cell): { allowed: number; against: Rule[] } {
    const { columns, allowed: counts } = this.#pooled(rules);
    let allowed = 0;
    for (let row = first.row; row <= last.row; row++) {
      for (let column = first.column; column <= last.column; column++) allowed += counts[row * columns + column] ?? 0;
    }
    return { allowed, against: [] };
  }

  #removedBy(rules: readonly Rule[]): string {
    const names = rules.map((rule) => ruleNames[rule][this.#language]);
    return phrase(text.removedBy, this.#language, { rules: names.join(text.and[this.#language]) });
  }

  #named(index: number, axis: 'queries' | 'keys'): string {
    const token = cutMiddle((axis === 'queries' ? this.#rows : this.#columns).name(index), LONGEST);
    return token === String(index) ? token : phrase(text.named, this.#language, { index, token });
  }

  // ---- mouse, touch, keys

  #listen(): void {
    this.#plot.addEventListener('pointerdown', (event) => this.#press(event));
    this.#plot.addEventListener('pointermove', (event) => this.#drag(event));
    this.#plot.addEventListener('pointerup', (event) => this.#release(event));
    this.#plot.addEventListener('pointerleave', () => {
      this.#hovered = undefined;
      this.#mark();
    });
    this.#plot.addEventListener('pointercancel', () => (this.#pressed = undefined));
    this.#cursor.addEventListener('keydown', (event) => this.#key(event));
    for (const [edge, handle] of this.#handles) this.#listenToHandle(edge, handle);
  }

  #press(event: PointerEvent): void {
    if (event.button !== 0 || !this.#tool.enabled) return;
    this.#plot.setPointerCapture(event.pointerId);
    this.#stroke += 1;
    const cell = this.#under(event);
    this.#pressed = cell;
    [this.#at, this.#anchor] = [cell, cell];
    this.#cursor.focus({ preventScroll: true });
    if (!this.#tool.rectangle) this.#paint(cell, cell);
    this.#mark();
    event.preventDefault();
  }

  #drag(event: PointerEvent): void {
    const cell = this.#under(event);
    this.#hovered = event.pointerType === 'touch' ? undefined : cell;
    this.#point(cell);
    if (!this.#pressed) return;
    if (cell.row === this.#at.row && cell.column === this.#at.column) return;
    const from = this.#at;
    this.#at = cell;
    if (!this.#tool.rectangle) {
      this.#anchor = cell;
      // The mouse skips cells when it is fast; the brush does not.
      for (const between of cellsBetween(from, cell)) this.#paint(between, between);
    }
    this.#mark();
  }

  #release(event: PointerEvent): void {
    if (!this.#pressed) return;
    this.#pressed = undefined;
    this.#plot.releasePointerCapture(event.pointerId);
    if (!this.#tool.rectangle) return;
    this.#paint(...this.#selection());
    this.#anchor = this.#at;
    this.#mark();
  }

  #under(event: PointerEvent): Cell {
    const box = this.#plot.getBoundingClientRect();
    const { rows, columns } = this.#cells;
    return this.#clamp({
      row: Math.floor(((event.clientY - box.top) / box.height) * rows),
      column: Math.floor(((event.clientX - box.left) / box.width) * columns),
    });
  }

  #clamp({ row, column }: Cell): Cell {
    const { rows, columns } = this.#cells;
    const inside = (index: number, count: number): number => Math.max(0, Math.min(count - 1, index));
    return { row: inside(row, rows), column: inside(column, columns) };
  }

  #blockOf(from: Cell, to: Cell): Block {
    const { queries = 1, keys = 1 } = this.#rules ?? {};
    const { rows, columns } = this.#cells;
    const span = (first: number, last: number, cells: number, size: number): [number, number] => [
      cellRange(first, cells, size)[0],
      cellRange(last, cells, size)[1],
    ];
    return { queries: span(from.row, to.row, rows, queries), keys: span(from.column, to.column, columns, keys) };
  }

  #paint(from: Cell, to: Cell, remove = this.#tool.remove): void {
    const detail: MaskPaint = { ...this.#blockOf(from, to), remove, stroke: this.#stroke };
    this.dispatchEvent(new CustomEvent<MaskPaint>('paint', { detail }));
  }

  #key(event: KeyboardEvent): void {
    const { key, ctrlKey, metaKey, shiftKey, altKey } = event;
    if (altKey) return;
    if (ctrlKey || metaKey) {
      if (!/^[zy]$/i.test(key) && !/^(Home|End)$/.test(key)) return;
      if (/^[zy]$/i.test(key)) this.dispatchEvent(new Event(key.toLowerCase() === 'y' || shiftKey ? 'redo' : 'undo'));
    }
    const target = this.#target(event);
    if (target) {
      this.#at = this.#clamp(target);
      if (!shiftKey) this.#anchor = this.#at;
    } else if (key === 'Escape' && this.#anchor !== this.#at) this.#anchor = this.#at;
    else if (key === ' ' || key === 'Delete' || key === 'Backspace') this.#toggle(key !== ' ');
    else if (!ctrlKey && !metaKey) return;
    event.preventDefault();
    this.#mark();
    this.#live.textContent = this.#selectionSpoken();
  }

  /** Gives back what was painted away under the cursor, else takes it; the whole selection follows. */
  #toggle(always: boolean): void {
    if (!this.#tool.enabled) return;
    this.#stroke += 1;
    this.#paint(...this.#selection(), always || !this.#isPainted());
  }

  /** Whether the cell under the cursor was painted away. */
  #isPainted(): boolean {
    const { queries, keys } = this.#blockOf(this.#at, this.#at);
    return this.#rules !== undefined && rulesAgainst(this.#rules, queries[0], keys[0]).includes('painted');
  }

  #target({ key, ctrlKey, metaKey }: KeyboardEvent): Cell | undefined {
    const { rows, columns } = this.#cells;
    const { row, column } = this.#at;
    const page = Math.max(1, Math.round(rows / 8));
    const far = ctrlKey || metaKey;
    const targets: Record<string, Cell> = {
      ArrowUp: { row: row - 1, column },
      ArrowDown: { row: row + 1, column },
      ArrowLeft: { row, column: column - 1 },
      ArrowRight: { row, column: column + 1 },
      Home: { row: far ? 0 : row, column: 0 },
      End: { row: far ? rows - 1 : row, column: columns - 1 },
      PageUp: { row: row - page, column },
      PageDown: { row: row + page, column },
    };
    return targets[key];
  }

  // ---- the bounds: window and lengths

  #listenToHandle(edge: Edge, handle: HTMLElement): void {
    let dragged = false;
    handle.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      dragged = true;
      this.#stroke += 1;
      handle.setPointerCapture(event.pointerId);
      handle.focus({ preventScroll: true });
      event.preventDefault();
    });
    handle.addEventListener('pointermove', (event) => {
      if (!dragged || !this.#rules) return;
      const box = this.#plot.getBoundingClientRect();
      const at = { x: (event.clientX - box.left) / box.width, y: (event.clientY - box.top) / box.height };
      this.#move(edge, edgeValue(edge, this.#rules, at));
    });
    handle.addEventListener('pointerup', () => (dragged = false));
    handle.addEventListener('pointercancel', () => (dragged = false));
    handle.addEventListener('keydown', (event) => this.#handleKey(edge, event));
  }

  #handleKey(edge: Edge, event: KeyboardEvent): void {
    if (!this.#rules || event.altKey) return;
    if ((event.ctrlKey || event.metaKey) && /^[zy]$/i.test(event.key)) return this.#key(event);
    const page = Math.max(1, Math.round(edgeStep(edge, this.#rules).last / 8));
    // The way that the handle goes: a wider window to the left has its bound further left.
    const [rightwards, downwards] = [edge === 'left' ? -1 : 1, edge === 'queries' ? 1 : -1];
    const moves: Record<string, number> = {
      ArrowLeft: -rightwards,
      ArrowUp: -downwards,
      ArrowRight: rightwards,
      ArrowDown: downwards,
      PageUp: page,
      PageDown: -page,
      Home: -Infinity,
      End: Infinity,
    };
    const steps = moves[event.key];
    if (steps === undefined) return;
    event.preventDefault();
    this.#stroke += 1;
    this.#move(edge, edgeAfter(edge, this.#rules, steps));
  }

  #move(edge: Edge, value: number): void {
    if (!this.#rules || value === edgeRange(edge, this.#rules).value) return;
    this.dispatchEvent(new CustomEvent<MaskEdge>('edge', { detail: { edge, value, stroke: this.#stroke } }));
  }
}

function place(mark: HTMLElement, from: Cell, to: Cell, { rows, columns }: Pick<PooledMask, 'rows' | 'columns'>): void {
  Object.assign(mark.style, {
    left: `${(from.column / columns) * 100}%`,
    top: `${(from.row / rows) * 100}%`,
    width: `${((to.column - from.column + 1) / columns) * 100}%`,
    height: `${((to.row - from.row + 1) / rows) * 100}%`,
  });
}

function inBlock(
  rules: Rules,
  queries: readonly [number, number],
  keys: readonly [number, number],
): { allowed: number; against: Rule[] } {
  let allowed = 0;
  const found = new Set<Rule>();
  for (let query = queries[0]; query < queries[1]; query += 1) {
    for (let key = keys[0]; key < keys[1]; key += 1) {
      const against = rulesAgainst(rules, query, key);
      if (against.length === 0) allowed += 1;
      for (const rule of against) found.add(rule);
    }
  }
  return { allowed, against: [...found] };
}

/** The cells on a straight way, without the first. */
function cellsBetween(from: Cell, to: Cell): Cell[] {
  const steps = Math.max(Math.abs(to.row - from.row), Math.abs(to.column - from.column));
  return Array.from({ length: steps }, (_, step) => ({
    row: Math.round(from.row + ((to.row - from.row) * (step + 1)) / steps),
    column: Math.round(from.column + ((to.column - from.column) * (step + 1)) / steps),
  }));
}
