// The stages that one query passes through, each with its numbers put into its formula. Everything comes from the kernel; here
// it is only put into words.

import type { Cell, Normalizer, ProblemOptions, Row, Score, Stage } from '../../engine/index.ts';
import { catalog, type Text } from '../../generated/catalog.ts';
import { spanOfBars, spanOfShares, type KeyVectors, type ShownKey, type StepsStage } from '../../views/index.ts';
import { formatAlike, formatNumber, formatShare } from '../../views/parts/format.ts';
import { phrase, type Language } from '../../views/parts/text.ts';

/** What the kernel says of one query. */
export interface RowNumbers {
  row: Row;
  /** The keys with the largest weights, the largest first. */
  strongest: readonly number[];
  /** Of the chosen key. */
  cell: Cell;
  /** What the values add; null: there are none. */
  sum: WeightedSum | null;
}

/** The weighted sum of the values. */
export interface WeightedSum {
  /** |v_j| */
  norms: Float32Array;
  /** |w_j v_j| */
  weighted: Float32Array;
  /** Σ_j w_j v_j, and its length. */
  output: Float32Array;
  length: number;
  /** Dimension `c` of value `j`. */
  value(key: number, dimension: number): number;
}

/** What is shown of it. */
export interface Selection {
  keys: readonly ShownKey[];
  /** The place of the chosen key among them. */
  chosen: number;
  dimension: number;
}

/** The scores whose raw value is q·k itself. */
const PRODUCTS: readonly string[] = ['dot', 'scaled_dot'] satisfies Score[];

/** The normalizers whose weights are exponentials over one divisor, so that the two can be shown apart. */
const EXPONENTIAL: readonly string[] = ['softmax', 'softmax1', 'softmax_sink'] satisfies Normalizer[];

/** The options that remove keys; the windows do unless they are -1. */
const MASKS = ['attnMask', 'causal', 'keyValueSeqLengths', 'querySeqLengths'] as const;

/** How many keys are written out in a sum, and numbers of a vector. */
const WRITTEN = 2;

const text = {
  normalizer: { en: 'Exponentials', zh: '取指数' },
  normalizerAbout: {
    en: 'exp makes ratios of differences: a score that is lower by 1 counts 2.718 times less. The largest, max l, is taken off first so that no number gets too large: each e and their sum Z change by the same factor, so that no weight e ÷ Z does.',
    zh: 'exp 把差变成比：分数低 1，就小到 2.718 分之一。先减去最大的 max l，以免数字过大：每个 e 与总和 Z 都乘上同一个因子，所以权重 e ÷ Z 不变。',
  },
  weighted: { en: 'Weighted values', zh: '加权的值' },
  weightedAbout: {
    en: 'Each key brings its value v, a vector of its own, and the weight w says how much of it counts. A row is w v, a column for each dimension. The rows add up column by column to the output y, the last row; their lengths do not, as the vectors point different ways.',
    zh: '每个键带来自己的值向量 v，权重 w 决定它占多少。每行画出 w v，每维一条。各行逐维相加，就是最后一行的输出 y；长度不能相加，因为各向量方向不同。',
  },
  output: { en: 'Output', zh: '输出' },
  outputAbout: {
    en: 'The weighted values add up to the output of this query, one number per dimension c.',
    zh: '加权的值相加，得到该查询的输出，每个维 c 一个数。',
  },
  scaleOne: { en: 'the factor is 1', zh: '系数为 1' },
  off: { en: 'off', zh: '未启用' },
  none: { en: 'none', zh: '无' },
  together: { en: 'one step with the weights', zh: '与权重同为一步' },
  noValues: { en: 'no V here', zh: '没有 V' },
  removed: { en: '−∞: the mask removes this key', zh: '−∞：掩码移除了这个键' },
  kept: { en: '{logit}: the mask lets this key pass', zh: '{logit}：掩码允许这个键' },
  lengths: { en: 'Length', zh: '长度' },
  divisor: { en: 'Z = Σ e = {z}', zh: 'Z = Σ e = {z}' },
  divisorMore: {
    en: 'Z = {z}: Σ e, and a share that goes to no key',
    zh: 'Z = {z}：Σ e，再加上不给任何键的一份',
  },
  mass: { en: 'Σ w = {mass}', zh: 'Σ w = {mass}' },
  length: { en: '|y| = {length}, in {size} dimensions', zh: '|y| = {length}，共 {size} 维' },
} satisfies Record<string, Text>;

/** All stages in their order; those that are switched off say so. */
export function stagesOf(
  numbers: RowNumbers,
  options: ProblemOptions,
  selection: Selection,
  language: Language,
): StepsStage[] {
  return new Stages(numbers, options, selection, language).all();
}

class Stages {
  readonly #numbers: RowNumbers;
  readonly #options: ProblemOptions;
  readonly #selection: Selection;
  readonly #language: Language;
  readonly #normalizer: string;
  readonly #score: string;
  /** What exponentials are divided by; NaN where no key has a weight. */
  readonly #divisor: number;

  constructor(numbers: RowNumbers, options: ProblemOptions, selection: Selection, language: Language) {
    this.#numbers = numbers;
    this.#options = options;
    this.#selection = selection;
    this.#language = language;
    this.#normalizer = idOf(options.normalizer, 'softmax');
    this.#score = idOf(options.score, 'scaled_dot');
    // The key with the largest logit has the exponential 1.
    this.#divisor = 1 / (numbers.row.stages.weights[numbers.strongest[0] ?? 0] ?? NaN);
  }

  all(): StepsStage[] {
    return [
      this.#raw(),
      this.#scaled(),
      this.#capped(),
      this.#biased(),
      this.#masked(),
      this.#exponentials(),
      this.#weights(),
      this.#weighted(),
      this.#output(),
    ];
  }

  #say(key: keyof typeof text, values: Record<string, string | number> = {}): string {
    return phrase(text[key], this.#language, values);
  }

  /** The numbers of the shown keys. */
  #shown(values: Float32Array): Float32Array {
    return Float32Array.from(this.#selection.keys, ({ index }) => values[index] ?? NaN);
  }

  /** A stage of the kernel, as its list describes it. */
  #kernel(id: Stage, plugged: string, off?: string): StepsStage {
    const member = catalog.stages.find((stage) => stage.id === id);
    const values = this.#shown(this.#numbers.row.stages[id]);
    return {
      id,
      name: member?.label[this.#language] ?? id,
      formula: member?.formula ?? '',
      plugged,
      about: member?.about[this.#language] ?? '',
      off,
      total: '',
      bars: { values, span: spanOfBars(values), write: formatAlike(values) },
    };
  }

  /** Whether the normalizer brings a score of its own. */
  get #hasOwnScore(): boolean {
    return catalog.normalizers.find(({ id }) => id === this.#normalizer)?.forbids.includes('score') ?? false;
  }

  get #position() {
    return catalog.positions.find(({ id }) => id === idOf(this.#options.position, 'none'));
  }

  /** Whether the raw score is q·k itself, of the vectors as they were given. */
  get #isProduct(): boolean {
    return !this.#hasOwnScore && !this.#position?.changesRows && PRODUCTS.includes(this.#score);
  }

  #raw(): StepsStage {
    const { raw, queryNorm, keyNorm, cosine } = this.#numbers.cell;
    const isProduct = this.#isProduct;
    const score = catalog.scores.find(({ id }) => id === this.#score);
    const factors = [queryNorm, keyNorm, cosine].map(factor).join(' × ');
    const stage = this.#kernel('raw', isProduct ? `${factors} = ${formatNumber(raw)}` : formatNumber(raw));
    if (this.#hasOwnScore) return stage;
    const formula = isProduct ? 's = q·k = |q| |k| cos θ' : (score?.formula ?? stage.formula);
    return { ...stage, formula };
  }

  #scaled(): StepsStage {
    const { raw, scaled } = this.#numbers.row.stages;
    const at = raw.findIndex((value, key) => value !== 0 && Number.isFinite(value) && Number.isFinite(scaled[key]));
    const scale = at < 0 ? 1 : (scaled[at] ?? 1) / (raw[at] ?? 1);
    const { cell } = this.#numbers;
    const size = cell.products.length;
    const isRoot = this.#isProduct && Math.abs(scale * Math.sqrt(size) - 1) < 1e-5;
    const by = isRoot ? `÷ √${size}` : `× ${factor(scale)}`;
    const plugged = `${formatNumber(cell.raw)} ${by} = ${formatNumber(cell.scaled)}`;
    const stage = this.#kernel('scaled', plugged, isSame(raw, scaled) ? this.#say('scaleOne') : undefined);
    const total = isRoot ? `√${size} = ${formatNumber(Math.sqrt(size))}` : '';
    return { ...stage, formula: isRoot ? 'l = s / √d' : `l = ${stage.formula}`, total };
  }

  #capped(): StepsStage {
    const cap = this.#options.softcap ?? 0;
    const { scaled, capped } = this.#numbers.cell;
    const c = String(cap);
    const plugged = `${c} · tanh(${formatNumber(scaled)} ÷ ${c}) = ${formatNumber(capped)}`;
    return this.#kernel('capped', plugged, cap > 0 ? undefined : this.#say('off'));
  }

  #biased(): StepsStage {
    const { capped, biased } = this.#numbers.cell;
    const plugged = `${formatNumber(capped)} + ${factor(biased - capped)} = ${formatNumber(biased)}`;
    const on = this.#options.attnBias !== undefined || this.#position?.biases;
    return this.#kernel('biased', plugged, on ? undefined : this.#say('none'));
  }

  #masked(): StepsStage {
    const { leftWindowSize = -1, rightWindowSize = -1 } = this.#options;
    const { row, cell } = this.#numbers;
    const windows = leftWindowSize >= 0 || rightWindowSize >= 0;
    const on = windows || MASKS.some((name) => this.#options[name]) || row.stages.masked.includes(-Infinity);
    const plugged = cell.allowed ? this.#say('kept', { logit: formatNumber(cell.logit) }) : this.#say('removed');
    return this.#kernel('masked', plugged, on ? undefined : this.#say('none'));
  }

  /** What the weights are divided from: exp of each logit less the largest. */
  #exponentials(): StepsStage {
    const { row, cell } = this.#numbers;
    const isOn = EXPONENTIAL.includes(this.#normalizer);
    const values = this.#shown(row.stages.weights).map((weight) => weight * this.#divisor);
    const z = formatNumber(this.#divisor);
    const own = formatNumber(cell.weight * this.#divisor);
    return {
      id: 'exponentials',
      name: this.#say('normalizer'),
      formula: 'e_j = exp(l_j − max l)',
      plugged: `exp(${formatNumber(cell.logit)} − ${factor(cell.rowMax)}) = ${own}`,
      about: this.#say('normalizerAbout'),
      off: isOn ? undefined : this.#say('together'),
      total: this.#say(this.#normalizer === 'softmax' ? 'divisor' : 'divisorMore', { z }),
      bars: { values, span: spanOfShares(values), write: formatShare },
    };
  }

  #weights(): StepsStage {
    const { row, cell } = this.#numbers;
    const normalizer = catalog.normalizers.find(({ id }) => id === this.#normalizer);
    const isExponential = EXPONENTIAL.includes(this.#normalizer);
    const divided = `${formatNumber(cell.weight * this.#divisor)} ÷ ${formatNumber(this.#divisor)} = `;
    const stage = this.#kernel('weights', `${isExponential ? divided : ''}${formatShare(cell.weight)}`);
    const values = this.#shown(row.stages.weights);
    return {
      ...stage,
      formula: isExponential ? 'w_j = e_j / Z' : (normalizer?.formula ?? stage.formula),
      about: normalizer?.about[this.#language] ?? stage.about,
      total: this.#say('mass', { mass: formatShare(row.statistics.mass) }),
      bars: { values, span: spanOfShares(values), write: formatShare },
    };
  }

  #weighted(): StepsStage {
    const { sum, cell } = this.#numbers;
    const key = this.#key;
    const value = sum ? sum.output.map((_, dimension) => sum.value(key, dimension)) : new Float32Array();
    const values = this.#shown(sum?.weighted ?? new Float32Array());
    return {
      id: 'weighted',
      name: this.#say('weighted'),
      formula: 'w_j v_j',
      plugged: `${formatShare(cell.weight)} × ${begun(value)} = ${begun(value.map((one) => cell.weight * one))}`,
      about: this.#say('weightedAbout'),
      off: sum ? undefined : this.#say('noValues'),
      total: '',
      bars: {
        values,
        span: spanOfBars(values),
        write: formatAlike(values),
        vectors: sum ? this.#vectors(sum) : undefined,
      },
    };
  }

  /** The weighted values of the shown keys, and the sum of all. */
  #vectors({ output, length, value }: WeightedSum): KeyVectors {
    const { weights } = this.#numbers.row.stages;
    const each = this.#selection.keys.map(({ index }) =>
      output.map((_, dimension) => (weights[index] ?? NaN) * value(index, dimension)),
    );
    return { each, heading: this.#say('lengths'), sum: { name: 'y = Σ w v', vector: output, length } };
  }

  #output(): StepsStage {
    const { sum } = this.#numbers;
    const output = sum?.output ?? new Float32Array();
    return {
      id: 'output',
      name: this.#say('output'),
      formula: 'y_c = Σ_j w_j v_{jc}',
      plugged: sum ? this.#sumOf(sum) : '',
      about: this.#say('outputAbout'),
      off: sum ? undefined : this.#say('noValues'),
      total: this.#say('length', { length: formatNumber(sum?.length ?? NaN), size: output.length }),
      dimensions: output,
    };
  }

  /** One dimension of the output as the sum that it is, the strongest keys first. */
  #sumOf({ output, value }: WeightedSum): string {
    const { weights } = this.#numbers.row.stages;
    const { dimension } = this.#selection;
    const terms = this.#numbers.strongest
      .slice(0, WRITTEN)
      .map((key) => `${formatShare(weights[key] ?? NaN)} × ${factor(value(key, dimension))}`);
    if (weights.length > WRITTEN) terms.push('…');
    return `y${lowered(dimension)} = ${terms.join(' + ')} = ${formatNumber(output[dimension] ?? NaN)}`;
  }

  get #key(): number {
    return this.#selection.keys[this.#selection.chosen]?.index ?? 0;
  }
}

function idOf(option: string | { id: string } | undefined, fallback: string): string {
  return typeof option === 'string' ? option : (option?.id ?? fallback);
}

/** A number that another stands before. */
function factor(value: number): string {
  return value < 0 ? `(${formatNumber(value)})` : formatNumber(value);
}

/** The first numbers of a vector. */
function begun(vector: Float32Array): string {
  const written = Array.from(vector.subarray(0, WRITTEN), formatNumber);
  return `(${[...written, ...(vector.length > WRITTEN ? ['…'] : [])].join(', ')})`;
}

/** An index as one writes it: below the line. */
function lowered(index: number): string {
  return String(index).replace(/\d/g, (digit) => '₀₁₂₃₄₅₆₇₈₉'[Number(digit)] ?? digit);
}

function isSame(one: Float32Array, other: Float32Array): boolean {
  return one.every((value, at) => Object.is(value, other[at]));
}
