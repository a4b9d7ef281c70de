// CELL: one pair of a query and a key, from the two vectors to the weight, each number with its formula.

import { signedBars } from './parts/bars.ts';
import { element, svg } from './parts/dom.ts';
import { formulaText } from './parts/formula.ts';
import { formatNumber, formatShare } from './parts/format.ts';
import { lettering } from './parts/lettering.ts';
import { isTouch } from './parts/pointer.ts';
import { standalone } from './parts/standalone.ts';
import { phrase, type Language } from './parts/text.ts';

/** The numbers of one pair. */
export interface CellNumbers {
  /** What each dimension adds to the raw score: q_c k_c for the dot products. */
  products: Float32Array;
  /** For each, the dimension that turns with it, and whose part belongs to the same bar; -1: none. */
  partners: Int32Array;
  /** q·k of the vectors as given, whatever the score. */
  dot: number;
  queryNorm: number;
  keyNorm: number;
  cosine: number;
  /** The score before scale and temperature. */
  raw: number;
  scaled: number;
  capped: number;
  biased: number;
  logit: number;
  weight: number;
  /** The sum of the row's weights. */
  mass: number;
  /** The largest logit of the row. */
  rowMax: number;
  allowed: boolean;
}

/** How the numbers come about: the formulas of the chosen score and normalizer, and what is switched on. */
export interface CellRules {
  scoreName: string;
  scoreFormula: string;
  /** Whether the raw score is q·k itself. */
  scoreIsProduct: boolean;
  /** Whether the raw score is a sum over hidden features, not over the dimensions of query and key. */
  scoreIsHidden: boolean;
  normalizerName: string;
  normalizerFormula: string;
  /** What is worth a line beside the usual: a reason why the row is not ordinary. */
  note?: string | undefined;
}

/** What the view shows: a pair by name, its numbers once they are known; or a block of a pooled picture. */
export interface CellSubject {
  query: string;
  key: string;
  place: string;
  locked: boolean;
  numbers?: CellNumbers | undefined;
  /** Whether they are several queries. */
  several?: boolean;
  /** A sentence on what is shown instead of one pair. */
  about?: string | undefined;
  /** What can be done about that. */
  offer?: { words: string; press: () => void } | undefined;
}

const text = {
  heading: { en: 'One query, one key', zh: '一个查询，一个键' },
  arrow: { en: 'looks at', zh: '看向' },
  arrows: { en: 'look at', zh: '看向' },
  barred: { en: 'may not see', zh: '看不到' },
  locked: { en: 'locked', zh: '已锁定' },
  cosine: { en: 'direction', zh: '方向' },
  lengths: { en: 'lengths', zh: '长度' },
  product: { en: 'dot product', zh: '点积' },
  products: {
    en: 'one bar per dimension, {count} in all; they add up to {sum}',
    zh: '每维一条，共 {count} 条，相加得 {sum}',
  },
  features: {
    en: 'one bar per hidden feature, {count} in all; they add up to {sum}',
    zh: '每个隐特征一条，共 {count} 条，相加得 {sum}',
  },
  pairs: {
    en: 'one bar per pair of dimensions that turn together, {count} in all; they add up to {sum}',
    zh: '每对共同旋转的维度一条，共 {count} 条，相加得 {sum}',
  },
  score: { en: 'score', zh: '分数' },
  scaled: { en: 'scaled score', zh: '缩放分数' },
  scaledFormula: { en: 's × scale ÷ temperature', zh: 's × 缩放 ÷ 温度' },
  capped: { en: 'after soft cap', zh: '软上限后' },
  cappedFormula: { en: 'c·tanh(l/c)', zh: 'c·tanh(l/c)' },
  biased: { en: 'with bias', zh: '加偏置后' },
  logit: { en: 'logit', zh: 'logit' },
  logitFormula: { en: 'what the normalizer sees; the row’s largest is {max}', zh: '归一化的输入；本行最大为 {max}' },
  weight: { en: 'weight', zh: '权重' },
  mass: { en: 'row’s sum', zh: '行和' },
  massFormula: { en: 'all weights of this query', zh: '该查询的全部权重' },
  removed: { en: 'removed by the mask', zh: '被掩码去除' },
  waiting: { en: 'Point at a cell, or move there with the arrow keys.', zh: '指向一个格子，或用方向键移动。' },
  waitingTouch: { en: 'Tap a cell.', zh: '轻触一个格子。' },
};

/** Pixels of the picture that is taken along. */
const SHEET = { width: 420, top: 84, row: 40, gap: 16, bars: 96 };

/** The panel of numbers for one cell. */
export class CellView {
  readonly #host: HTMLElement;
  readonly #heading = element('h2');
  #subject: CellSubject | undefined;
  #rules: CellRules | undefined;
  #language: Language = 'en';

  constructor(host: HTMLElement) {
    this.#host = host;
    this.#render();
  }

  set language(language: Language) {
    this.#language = language;
    this.#render();
  }

  /** Shows `subject` under `rules`; undefined shows how to choose a cell. */
  show(subject: CellSubject | undefined, rules: CellRules | undefined): void {
    this.#subject = subject;
    this.#rules = rules;
    this.#render();
  }

  /** The pair as a picture for itself, under a title. */
  picture(title: string): SVGSVGElement {
    const rows = [...this.#host.querySelectorAll<HTMLElement>('.ledger-row')];
    const bars = this.#host.querySelector<SVGSVGElement>('.bars')?.cloneNode(true) as SVGSVGElement | undefined;
    const { width, row, gap, bars: high } = SHEET;
    const lines = rows.map((one, at) => {
      const y = SHEET.top + at * row;
      const [name = '', value = '', detail = ''] = ['dt', '.ledger-value', '.ledger-detail'].map((part) =>
        part === 'dt' ? one.querySelector(part)?.firstChild?.textContent : one.querySelector(part)?.textContent,
      ) as string[];
      return [
        lettering(name, { x: gap, y }, 'cell-sheet-name'),
        lettering(detail ?? '', { x: gap, y: y + 16 }, 'cell-sheet-detail'),
        lettering(value, { x: width - gap, y }, 'cell-sheet-value', 'end'),
      ];
    });
    const height = SHEET.top + rows.length * row + high + gap;
    const place = { x: gap, y: height - high - gap, width: width - 2 * gap, height: high };
    for (const [name, value] of Object.entries(place)) bars?.setAttribute(name, String(value));
    const words = this.#subject ? `${this.#subject.query} → ${this.#subject.key}` : '';
    const sheet = svg('svg', { class: 'cell-sheet', viewBox: `0 0 ${width} ${height}` });
    sheet.append(
      lettering(title, { x: gap, y: 24 }, 'cell-sheet-detail'),
      lettering(words, { x: gap, y: 48 }, 'cell-sheet-title'),
      ...lines.flat(),
      ...(bars ? [bars] : []),
    );
    return standalone(sheet, this.#host, getComputedStyle(document.body).backgroundColor);
  }

  #say(key: keyof typeof text, values: Record<string, string | number> = {}): string {
    return phrase(text[key], this.#language, values);
  }

  #render(): void {
    const subject = this.#subject;
    this.#heading.textContent = this.#say('heading');
    if (!subject) {
      this.#host.replaceChildren(
        this.#heading,
        element('p', { class: 'cell-waiting' }, this.#say(isTouch() ? 'waitingTouch' : 'waiting')),
      );
      return;
    }
    const body: Node[] = [this.#heading, this.#pair(subject)];
    if (subject.about) body.push(element('p', { class: 'cell-about' }, subject.about));
    if (subject.offer) body.push(this.#offer(subject.offer));
    if (subject.numbers && this.#rules) body.push(this.#ledger(subject.numbers, this.#rules));
    if (this.#rules?.note) body.push(element('p', { class: 'cell-note' }, this.#rules.note));
    this.#host.replaceChildren(...body);
  }

  #pair({ query, key, place, locked, several, numbers }: CellSubject): HTMLElement {
    const arrow = numbers?.allowed === false ? 'barred' : several ? 'arrows' : 'arrow';
    const lock = element(
      'span',
      { class: 'cell-lock', 'aria-hidden': locked ? undefined : 'true' },
      locked ? this.#say('locked') : '',
    );
    const words = element(
      'p',
      { class: 'cell-pair' },
      element('bdi', { class: 'cell-token', title: query }, query),
      element('span', { class: 'cell-arrow' }, ` ${this.#say(arrow)} `),
      element('bdi', { class: 'cell-token', title: key }, key),
    );
    return element('div', { class: 'cell-head' }, words, element('p', { class: 'cell-place' }, place, lock));
  }

  #offer({ words, press }: NonNullable<CellSubject['offer']>): HTMLElement {
    const button = element('button', { type: 'button', class: 'button', name: 'cell-offer' }, words);
    button.addEventListener('click', press);
    return element('div', { class: 'cell-offer' }, button);
  }

  #ledger(cell: CellNumbers, rules: CellRules): HTMLElement {
    return element(
      'dl',
      { class: 'ledger' },
      ...this.#vectors(cell, rules),
      ...this.#logits(cell),
      ...this.#weights(cell, rules),
    );
  }

  #vectors(cell: CellNumbers, rules: CellRules): HTMLElement[] {
    const { queryNorm, keyNorm, cosine } = cell;
    const parts = partsOf(cell);
    const plugged = `${formatNumber(queryNorm)} × ${formatNumber(keyNorm)} × ${formatNumber(cosine)}`;
    const bars = element('div', { class: 'ledger-bars' }, signedBars(parts));
    const sum = formatNumber(parts.reduce((total, value) => total + value, 0));
    const single = rules.scoreIsHidden ? 'features' : 'products';
    const say = parts.length === cell.products.length ? single : 'pairs';
    bars.append(element('span', {}, this.#say(say, { count: parts.length, sum })));
    const own = rules.scoreIsProduct;
    const rows = [
      this.#row('lengths', '|q|, |k|', `${formatNumber(queryNorm)}, ${formatNumber(keyNorm)}`, '', 'lengths'),
      this.#row('cosine', 'cos θ', formatNumber(cosine), `θ = ${angleOf(cell)}`, 'cosine'),
      this.#row('product', 'q·k = |q| |k| cos θ', formatNumber(cell.dot), plugged, 'product', own ? bars : undefined),
    ];
    if (!own) rows.push(this.#row('score', rules.scoreFormula, formatNumber(cell.raw), rules.scoreName, 'raw', bars));
    return rows;
  }

  #logits(cell: CellNumbers): HTMLElement[] {
    const { raw, scaled, capped, biased, logit } = cell;
    const factor = raw === 0 ? '' : `${formatNumber(raw)} ${scaleOf(cell)}`;
    const rows = [this.#row('scaled', this.#say('scaledFormula'), formatNumber(scaled), factor, 'scaled')];
    if (!isSame(capped, scaled))
      rows.push(this.#row('capped', this.#say('cappedFormula'), formatNumber(capped), '', 'capped'));
    if (!isSame(biased, capped)) {
      const bias = biased - capped;
      const sum = `${formatNumber(capped)} ${bias < 0 ? '−' : '+'} ${formatNumber(Math.abs(bias))}`;
      rows.push(this.#row('biased', 'l + b', formatNumber(biased), sum, 'biased'));
    }
    const seen = cell.allowed ? formatNumber(logit) : '−∞';
    const reason = cell.allowed ? this.#say('logitFormula', { max: formatNumber(cell.rowMax) }) : this.#say('removed');
    rows.push(this.#row('logit', 'l', seen, reason, 'logit'));
    return rows;
  }

  #weights(cell: CellNumbers, rules: CellRules): HTMLElement[] {
    const bar = element('div', { class: 'ledger-share', 'aria-hidden': 'true' }, element('i'));
    const share = Number.isFinite(cell.weight) ? Math.max(0, Math.min(1, cell.weight)) : 0;
    (bar.firstElementChild as HTMLElement).style.width = `${share * 100}%`;
    return [
      this.#row('weight', rules.normalizerFormula, formatShare(cell.weight), rules.normalizerName, 'weight', bar),
      this.#row('mass', 'Σ w', formatShare(cell.mass), this.#say('massFormula'), 'mass'),
    ];
  }

  #row(
    name: keyof typeof text,
    formula: string,
    value: string,
    detail: string,
    id: string,
    more?: HTMLElement,
  ): HTMLElement {
    const term = element('dt', {}, this.#say(name), ' ', formulaText(formula));
    const number = element('dd', { class: 'ledger-value', 'data-number': id }, value);
    const row = element('div', { class: `ledger-row ledger-${id}` }, term, number);
    if (detail) row.append(element('dd', { class: 'ledger-detail' }, detail));
    if (more) row.append(element('dd', { class: 'ledger-more' }, more));
    return row;
  }
}

/** What adds up to the score: a number for each dimension, or for two that turn together. */
function partsOf({ products, partners }: CellNumbers): Float32Array {
  const parts = Array.from(products, (own, index) => {
    const partner = partners[index] ?? -1;
    if (partner < 0) return own;
    return partner > index ? own + (products[partner] ?? 0) : undefined;
  });
  return Float32Array.from(parts.filter((part) => part !== undefined));
}

/** The angle between the two vectors; one without a length has no direction. */
function angleOf({ queryNorm, keyNorm, cosine }: CellNumbers): string {
  if (!(queryNorm > 0 && keyNorm > 0) || Number.isNaN(cosine)) return '–';
  return `${((Math.acos(Math.max(-1, Math.min(1, cosine))) * 180) / Math.PI).toFixed(1)}°`;
}

/** Whether a step changed nothing; NaN stays NaN. */
function isSame(before: number, after: number): boolean {
  return before === after || (Number.isNaN(before) && Number.isNaN(after));
}

/** What the raw score is multiplied by; as the root that it is divided by where that is the one of the dimensions. */
function scaleOf({ raw, scaled, products: { length: size } }: CellNumbers): string {
  const isRoot = Math.abs((raw / scaled) ** 2 / size - 1) < 1e-6;
  return isRoot ? `÷ √${size}` : `× ${formatNumber(scaled / raw)}`;
}
