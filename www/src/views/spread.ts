// SPREAD: how far dot products of random vectors spread, with and without √d; and what temperature makes of one row of them.

import { element, onResize, svg, uniqueId } from './parts/dom.ts';
import { CURVE, drawCurve, indexUnder, type Curve } from './parts/entropy.ts';
import { formatCount, formatNumber, formatShare } from './parts/format.ts';
import { formulaText } from './parts/formula.ts';
import { drawHistogram, drawTicks, histogramOf, type Histogram } from './parts/histogram.ts';
import { lettering } from './parts/lettering.ts';
import { standalone } from './parts/standalone.ts';
import { TEMPERATURES, temperatureIndex } from './parts/temperatures.ts';
import { phrase, type Language } from './parts/text.ts';
import { COLUMNS, drawColumns } from './parts/weightcolumns.ts';

export { deviationOf, type Histogram } from './parts/histogram.ts';
export { TEMPERATURES, temperatureIndex } from './parts/temperatures.ts';

/** Dot products of random vectors of one size. */
export interface SpreadSample {
  /** d */
  size: number;
  raw: Float32Array;
  scaled: Float32Array;
  /** The standard deviation of each. */
  deviation: { raw: number; scaled: number };
  row: SpreadRow;
}

/** One query and its keys, the best first, at each of {@link TEMPERATURES}. */
export interface SpreadRow {
  /** q·k for each key. */
  scores: Float32Array;
  entropy: readonly number[];
  effectiveKeys: readonly number[];
  largest: readonly number[];
  /** For each temperature the weight of each key. */
  weights: readonly Float32Array[];
}

/** What is seen. */
export interface SpreadScene {
  sizes: readonly number[];
  /** How many dot products each sample has. */
  count: number;
  /** How many keys the row has. */
  keys: number;
  /** One for each size, as soon as it is known. */
  samples: readonly (SpreadSample | undefined)[];
  /** The index of the size whose row is shown. */
  chosen: number;
  /** The index of the temperature. */
  at: number;
}

/** What the visitor does. */
export interface SpreadListener {
  choose(size: number): void;
  heat(at: number): void;
  again(): void;
}

/** As far as the axes of the two histograms go, in standard deviations of the widest, and their bins. */
const REACH = 4;
const BINS = { raw: 128, scaled: 80 } as const;
const SIDES = ['raw', 'scaled'] as const;
type Side = (typeof SIDES)[number];

/** The picture of the histograms: the room of the names at the left, of a row, of what is above and below them. */
const SHEET = { left: 76, gap: 20, row: 80, head: 24, foot: 24 } as const;

/** What a picture to be taken along measures. */
const TAKEN = { width: 560, gap: 24 } as const;

const text = {
  before: { en: 'q·k', zh: 'q·k' },
  after: { en: 'q·k ÷ √d', zh: 'q·k ÷ √d' },
  histograms: { en: 'Histograms of q·k and of q·k ÷ √d', zh: 'q·k 与 q·k ÷ √d 的直方图' },
  sample: {
    en: '{count} dot products for each d, of random numbers around 0 whose own σ is 1. Each histogram has a height of its own; the bar below it reaches one σ to both sides of 0.',
    zh: '每个 d 有 {count} 个点积，由 0 附近、自身 σ 为 1 的随机数算得。每个直方图按自身高度绘制，下方横条从 0 向两侧各延伸一个 σ。',
  },
  again: { en: 'Draw other vectors', zh: '换一批向量' },
  size: { en: 'Components d', zh: '分量个数 d' },
  row: {
    en: 'One query of that size and its {keys} keys: softmax(q·k ÷ T) shares 1 among the keys. The lower the temperature T, the fewer of them share it. Entropy says how evenly they do: 0 for one key alone, ln {keys} for all alike.',
    zh: '一个同样大小的查询和它的 {keys} 个键：softmax(q·k ÷ T) 把 1 分给各个键，即注意力权重。温度 T 越低，分享的键越少。熵说明分得多均匀：只有一个键时为 0，各键相等时为 ln {keys}。',
  },
  curve: { en: 'Entropy against temperature', zh: '熵随温度的变化' },
  temperature: { en: 'Temperature T', zh: '温度 T' },
  at: {
    en: 'T = {temperature}, entropy {entropy}, {keys} effective keys, largest weight {largest}',
    zh: 'T = {temperature}，熵 {entropy}，有效键数 {keys}，最大权重 {largest}',
  },
  entropy: { en: 'Entropy', zh: '熵' },
  entropyAxis: { en: 'entropy', zh: '熵' },
  mostEntropy: {
    en: 'in nats, by the natural logarithm ln; at most ln {keys} = {most}',
    zh: '用自然对数 ln，单位称为 nat；最大为 ln {keys} = {most}',
  },
  keys: { en: 'Effective keys', zh: '有效键数' },
  keysAxis: { en: 'keys alike', zh: '均分键数' },
  mostKeys: {
    en: 'so many keys, all alike, have this entropy: the right axis; at most {keys}',
    zh: '这么多个权重相等的键有同样的熵，即右轴；最多 {keys}',
  },
  largest: { en: 'Largest weight', zh: '最大权重' },
  score: { en: 'd = {size}: q·k of each key; above it, its weight', zh: 'd = {size}：每个键的 q·k；上方为其权重' },
  weight: { en: 'weight', zh: '权重' },
  plain: { en: 'T = 1: q·k as it is', zh: 'T = 1：原样的 q·k' },
  divided: { en: 'T = √d = {root}: divided', zh: 'T = √d = {root}：除以 √d' },
  plainMark: { en: 'T = 1', zh: 'T = 1' },
  dividedMark: { en: 'T = √d', zh: 'T = √d' },
  deviation: { en: 'standard deviation of {of}', zh: '{of} 的标准差' },
};

/** The two pictures, and what one does with them. */
export class SpreadView {
  readonly #heard: SpreadListener;
  readonly #histograms = svg('svg', { class: 'spread-picture spread-histograms', role: 'img' });
  readonly #table = element('table');
  readonly #sample = element('p', { class: 'spread-about' });
  readonly #again = element('button', { type: 'button', class: 'button', name: 'spread-again' });
  readonly #sizes = element('fieldset', { class: 'choices pair spread-sizes' });
  readonly #row = element('p', { class: 'spread-about' });
  readonly #curve = svg('svg', { class: 'spread-picture spread-plot', 'aria-hidden': 'true' });
  readonly #slider: HTMLInputElement;
  readonly #sliderName: HTMLLabelElement;
  readonly #plain = element('button', { type: 'button', class: 'button', name: 'spread-plain' });
  readonly #divided = element('button', { type: 'button', class: 'button', name: 'spread-divided' });
  readonly #numbers = element('dl', { class: 'spread-numbers' });
  readonly #columns = svg('svg', { class: 'spread-picture spread-columns', role: 'img' });
  readonly element: HTMLElement;
  #scene: SpreadScene | undefined;
  #language: Language = 'en';
  /** The histograms of each sample are counted once. */
  readonly #counted = new WeakMap<SpreadSample, Record<Side, Histogram>>();

  constructor(heard: SpreadListener) {
    this.#heard = heard;
    const id = uniqueId('spread-temperature');
    const most = TEMPERATURES.length - 1;
    this.#slider = element('input', { id, type: 'range', name: 'spread-temperature', min: 0, max: most, step: 1 });
    this.#sliderName = element('label', { for: id, class: 'visually-hidden' });
    const weights = element('div', { class: 'spread-part' }, this.#columns);
    const numbers = element('div', { class: 'spread-part' }, this.#numbers);
    this.element = element('div', { class: 'spread' }, this.#samplePart(), this.#heatPart(), weights, numbers);
    this.#listen();
    onResize(this.element, () => this.#draw());
  }

  #samplePart(): HTMLElement {
    // A table is as wide as its words, and only a block around it can be hidden.
    const table = element('div', { class: 'visually-hidden' }, this.#table);
    return element('div', { class: 'spread-part' }, this.#histograms, table, this.#sample, this.#again);
  }

  #heatPart(): HTMLElement {
    const stage = element('div', { class: 'spread-stage' }, this.#curve, this.#sliderName, this.#slider);
    const marks = element('div', { class: 'spread-marks' }, this.#plain, this.#divided);
    const heat = element('div', { class: 'spread-heat' }, stage, marks);
    const above = element('div', { class: 'spread-row' }, this.#sizes, this.#row);
    return element('div', { class: 'spread-part' }, above, heat);
  }

  #listen(): void {
    this.#again.addEventListener('click', () => this.#heard.again());
    this.#slider.addEventListener('input', () => this.#heard.heat(this.#slider.valueAsNumber));
    this.#plain.addEventListener('click', () => this.#heard.heat(temperatureIndex(1)));
    this.#divided.addEventListener('click', () => this.#heard.heat(temperatureIndex(Math.sqrt(this.#size))));
    this.#curve.addEventListener('pointerdown', (event) => this.#grasp(event));
    this.#curve.addEventListener('pointermove', (event) => {
      if (this.#curve.hasPointerCapture(event.pointerId)) this.#point(event);
    });
    this.#histograms.addEventListener('click', ({ offsetY }) => {
      const row = Math.floor((offsetY - SHEET.head) / SHEET.row);
      if (row >= 0 && row < (this.#scene?.sizes.length ?? 0)) this.#heard.choose(row);
    });
  }

  #grasp(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#curve.setPointerCapture(event.pointerId);
    this.#point(event);
  }

  #point({ clientX }: PointerEvent): void {
    const { left, width } = this.#curve.getBoundingClientRect();
    this.#heard.heat(indexUnder(clientX - left, width));
  }

  get #size(): number {
    return this.#scene?.sizes[this.#scene.chosen] ?? 1;
  }

  /** Shows `scene`. */
  show(scene: SpreadScene, language: Language): void {
    const same = this.#scene?.samples === scene.samples && this.#language === language;
    const spoken = this.#scene?.sizes !== scene.sizes || this.#language !== language;
    [this.#scene, this.#language] = [scene, language];
    if (spoken) this.#speak(scene);
    if (!same) this.#tabulate(scene);
    this.element.setAttribute('aria-busy', String(scene.samples.includes(undefined)));
    this.#sizes.querySelectorAll('input').forEach((radio, index) => (radio.checked = index === scene.chosen));
    this.#divided.textContent = this.#say('divided', { root: formatRoot(this.#size) });
    this.#plain.setAttribute('aria-pressed', String(scene.at === temperatureIndex(1)));
    this.#divided.setAttribute('aria-pressed', String(scene.at === temperatureIndex(Math.sqrt(this.#size))));
    this.#draw();
  }

  /** What is seen as a picture of its own; `paper` is behind it. */
  picture(paper: string): SVGSVGElement {
    const scene = this.#scene;
    const { width, gap } = TAKEN;
    if (!scene) return svg('svg');
    const heights = [SHEET.head + SHEET.row * scene.sizes.length + SHEET.foot, CURVE.height, COLUMNS.height];
    const parts = [this.#histogramParts(scene, width), this.#curveParts(scene, width), this.#columnParts(scene, width)];
    const sheet = svg('svg', { class: 'spread-sheet', viewBox: `0 0 ${width + 2 * gap} ${sumOf(heights) + 4 * gap}` });
    parts.forEach((drawn, index) => {
      const top = gap + sumOf(heights.slice(0, index)) + gap * index;
      sheet.append(svg('g', { transform: `translate(${gap} ${top})` }, ...drawn));
    });
    return standalone(sheet, this.element, paper);
  }

  /** The histograms of a sample. */
  histograms(sample: SpreadSample): Record<Side, Histogram> {
    const known = this.#counted.get(sample);
    if (known) return known;
    const widest = Math.sqrt(Math.max(...(this.#scene?.sizes ?? [1])));
    const counted = {
      raw: histogramOf(sample.raw, REACH * widest, BINS.raw),
      scaled: histogramOf(sample.scaled, REACH, BINS.scaled),
    };
    this.#counted.set(sample, counted);
    return counted;
  }

  #say(key: keyof typeof text, values: Record<string, string | number> = {}): string {
    return phrase(text[key], this.#language, values);
  }

  #speak(scene: SpreadScene): void {
    this.#sample.textContent = this.#say('sample', { count: formatCount(scene.count, this.#language) });
    this.#again.textContent = this.#say('again');
    this.#row.textContent = this.#say('row', { keys: scene.keys });
    this.#plain.textContent = this.#say('plain');
    this.#sliderName.textContent = this.#say('temperature');
    this.#histograms.setAttribute('aria-label', this.#say('histograms'));
    const name = uniqueId('spread-size');
    const options = scene.sizes.map((size, index) => {
      const radio = element('input', { type: 'radio', name, value: size, class: 'visually-hidden' });
      radio.addEventListener('change', () => this.#heard.choose(index));
      return element('label', { class: 'choice' }, radio, element('span', {}, `d = ${size}`));
    });
    this.#sizes.replaceChildren(element('legend', { class: 'visually-hidden' }, this.#say('size')), ...options);
  }

  /** The numbers of the histograms, for those who do not see them. */
  #tabulate({ sizes, samples }: SpreadScene): void {
    const heads = ['d', '√d', ...SIDES.map((side) => this.#deviationOf(side))];
    const rows = sizes.map((size, index) => {
      const deviation = samples[index]?.deviation;
      const numbers = [Math.sqrt(size), ...SIDES.map((side) => deviation?.[side])];
      const cells = numbers.map((number) => element('td', {}, number === undefined ? '–' : formatNumber(number)));
      return element('tr', {}, element('th', { scope: 'row' }, String(size)), ...cells);
    });
    const head = element('tr', {}, ...heads.map((name) => element('th', { scope: 'col' }, name)));
    const caption = element('caption', {}, this.#say('histograms'));
    this.#table.replaceChildren(caption, element('thead', {}, head), element('tbody', {}, ...rows));
  }

  #deviationOf(side: Side): string {
    return this.#say('deviation', { of: this.#say(side === 'raw' ? 'before' : 'after') });
  }

  // ---- drawing

  #draw(): void {
    const scene = this.#scene;
    if (!scene || !this.element.isConnected) return;
    const height = SHEET.head + SHEET.row * scene.sizes.length + SHEET.foot;
    fill(this.#histograms, height, (width) => this.#histogramParts(scene, width));
    fill(this.#curve, CURVE.height, (width) => this.#curveParts(scene, width));
    fill(this.#columns, COLUMNS.height, (width) => this.#columnParts(scene, width));
    this.#count(scene);
  }

  #histogramParts({ sizes, samples, chosen }: SpreadScene, width: number): SVGElement[] {
    const { left, gap, row, head } = SHEET;
    const column = Math.max(1, (width - left - gap) / 2);
    const widest = Math.sqrt(Math.max(...sizes));
    const drawn: SVGElement[] = [
      svg('rect', { class: 'spread-chosen', x: 0, y: head + row * chosen, width, height: row, rx: 6 }),
    ];
    SIDES.forEach((side, index) => {
      const from = left + (column + gap) * index;
      const plot = (at: number) => ({ left: from, foot: head + row * (at + 1) - 14, width: column - 8, height: 58 });
      const name = this.#say(side === 'raw' ? 'before' : 'after');
      drawn.push(lettering(name, { x: from, y: 15 }, 'spread-head'));
      drawn.push(lettering('σ', { x: from + column - 8, y: 15 }, 'spread-head', 'end'));
      samples.forEach((sample, at) => {
        if (sample) drawn.push(drawHistogram(this.histograms(sample)[side], sample.deviation[side], plot(at)));
      });
      const ticks = { ...plot(0), foot: head + row * sizes.length + 14 };
      drawn.push(drawTicks(side === 'raw' ? REACH * widest : REACH, ticks));
    });
    sizes.forEach((size, at) => {
      const y = head + row * at + row / 2;
      drawn.push(lettering(`d = ${size}`, { x: 8, y: y - 2 }, 'spread-name'));
      drawn.push(lettering(`√d = ${formatRoot(size)}`, { x: 8, y: y + 15 }, 'spread-tick'));
    });
    return drawn;
  }

  #curveParts({ samples, chosen, at, keys }: SpreadScene, width: number): SVGElement[] {
    const curve: Curve = {
      entropy: samples[chosen]?.row.entropy,
      keys,
      at,
      marks: [
        { temperature: 1, name: this.#say('plainMark'), side: 'left' },
        { temperature: Math.sqrt(this.#size), name: this.#say('dividedMark'), side: 'right' },
      ],
      words: { temperature: 'T', entropy: this.#say('entropyAxis'), keys: this.#say('keysAxis') },
    };
    return drawCurve(curve, width);
  }

  #columnParts({ samples, chosen, at }: SpreadScene, width: number): SVGElement[] {
    const row = samples[chosen]?.row;
    const words = { score: this.#say('score', { size: this.#size }), weight: this.#say('weight') };
    return drawColumns(row?.scores, row?.weights[at], words, width);
  }

  /** Writes the numbers of the row at the current temperature. */
  #count({ samples, chosen, at, keys }: SpreadScene): void {
    const row = samples[chosen]?.row;
    const number = (values: readonly number[] | undefined, format = formatNumber): string => {
      const value = values?.[at];
      return value === undefined ? '–' : format(value);
    };
    const said = {
      temperature: formatExact(TEMPERATURES[at] ?? NaN),
      entropy: number(row?.entropy),
      keys: number(row?.effectiveKeys),
      largest: number(row?.largest, formatShare),
    };
    const most = formatNumber(Math.log(keys));
    this.#numbers.replaceChildren(
      tile(this.#say('temperature'), '', said.temperature, 'temperature'),
      tile(this.#say('entropy'), 'H = −Σ w ln w', said.entropy, 'entropy', this.#say('mostEntropy', { most, keys })),
      tile(this.#say('keys'), 'exp(H)', said.keys, 'keys', this.#say('mostKeys', { keys })),
      tile(this.#say('largest'), 'max w', said.largest, 'largest'),
    );
    this.#slider.value = String(at);
    this.#slider.style.setProperty('--filled', `${(100 * at) / (TEMPERATURES.length - 1)}%`);
    this.#slider.setAttribute('aria-valuetext', this.#say('at', said));
    const weights = [...(row?.weights[at] ?? [])].map(formatShare).join(', ');
    this.#columns.setAttribute('aria-label', `${this.#say('weight')}: ${weights}`);
  }
}

/** Draws a picture anew, as wide as it stands in the page. */
function fill(picture: SVGSVGElement, height: number, draw: (width: number) => SVGElement[]): void {
  const width = picture.clientWidth || TAKEN.width;
  picture.setAttribute('viewBox', `0 0 ${width} ${height}`);
  picture.replaceChildren(...draw(width));
}

function tile(name: string, formula: string, value: string, id: string, detail?: string): HTMLElement {
  const term = element('dt', {}, name);
  if (formula) term.append(' ', formulaText(formula));
  const made = element('div', {}, term, element('dd', { class: 'spread-value', 'data-spread': id }, value));
  if (detail) made.append(element('dd', { class: 'spread-detail' }, detail));
  return made;
}

/** √d, whole or to three digits. */
function formatRoot(size: number): string {
  return String(Number(Math.sqrt(size).toPrecision(3)));
}

/** A number that is chosen, not measured: no zeros at its end. */
function formatExact(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}
