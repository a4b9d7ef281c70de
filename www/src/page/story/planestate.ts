// The plane as a value: what it starts from, and how a line of text brings it back.

import { catalog, type NumberParameter, type Text } from '../../generated/catalog.ts';
import type { Column } from '../../views/index.ts';
import { MOST_KEYS, REACH, within, type Vector } from '../../views/parts/vectors.ts';
import { isAllowed } from '../settings.ts';
import { NUMBER, type PlaneStart } from './forms.ts';
import { LONGEST_STATE } from './section.ts';

/** The scores that weights can be made of; in the catalogue they have these names too. */
export const PLANE_SCORES = ['dot', 'scaled_dot', 'cosine'] as const;
export type PlaneScore = (typeof PLANE_SCORES)[number];

/** Everything that can be set. */
export interface PlaneState {
  /** The id of what it started from. */
  readonly preset: string;
  /** Undefined: every vector asks every other. */
  readonly query: Vector | undefined;
  readonly keys: readonly Vector[];
  /** By how many degrees W_Q and W_K turn a vector to the left, to make a query and a key of it. */
  readonly turns: { readonly query: number; readonly key: number };
  readonly score: PlaneScore;
  readonly temperature: number;
  /** The pair that is looked at closely. */
  readonly pair: { readonly query: number; readonly key: number };
}

/** What can be set beside the arrows: two lengths, the temperature, the two matrices. */
export type PlaneControl = 'lengths' | 'temperature' | 'turns';

/** A place to start from. */
export interface Preset {
  readonly id: PlaneStart;
  readonly name: Text;
  /** What there is to see and to try; it stays true whatever is moved. */
  readonly words: Text;
  /** The columns that it has come to: none stands there before the step that explains it. */
  readonly shows: readonly Column[];
  /** What the words ask to be moved; it stands by the arrows. */
  readonly control: PlaneControl;
  readonly start: Omit<PlaneState, 'preset'>;
}

/** The turns that two matrices begin with. */
export const TURNS = { query: -30, key: 30 } as const;

const start = {
  turns: { query: 0, key: 0 },
  score: 'dot',
  temperature: 1,
  pair: { query: 0, key: 0 },
} as const;

const COSINE = ['dot', 'cosine'] as const;
const SCALED = ['dot', 'scaled', 'cosine'] as const;
const SOFTMAX = [...SCALED, 'softmax'] as const;
const SIGMOID = [...SOFTMAX, 'sigmoid'] as const;

/** The points to be made, in the order in which they build on each other; the first is how the section comes. */
export const PRESETS: readonly Preset[] = [
  {
    id: 'product',
    name: { en: 'Length × length × cosine', zh: '长度 × 长度 × 余弦' },
    words: {
      en: 'Below the arrows stands what each product adds or takes away. In all it is |q| times the key’s shadow on q’s line, |k| cos θ. A longer q scales all scores alike. Only a key’s own length changes their order: its score grows if it points with q, falls if it points away.',
      zh: '箭头下方是每个乘积加上或减去多少。合起来就是 |q| 乘以键在 q 所在直线上的投影（影子）|k| cos θ。拉长 q，所有分数同比变化。只有键自己的长度会改变顺序：与 q 同向，它的分数变大；与 q 反向，则变小。',
    },
    shows: COSINE,
    control: 'lengths',
    start: {
      ...start,
      query: [2, 1],
      keys: [
        [1, 2.5],
        [2.5, -1],
        [-2, 1],
      ],
      pair: { query: 0, key: 1 },
    },
  },
  {
    id: 'long',
    name: { en: 'A long key wins', zh: '长键胜出' },
    words: {
      en: 'At first k₁ equals q and k₂ is long but 45° away. The dot product prefers the long one, cosine the equal one. Shorten k₂ until both scores put k₁ first: the cosine of k₂ never moves.',
      zh: '起初 k₁ 与 q 相同，k₂ 很长但偏离 45°。点积偏爱长的，余弦相似度偏爱相同的。缩短 k₂，直到两种分数都把 k₁ 排在首位：k₂ 的余弦始终不变。',
    },
    shows: COSINE,
    control: 'lengths',
    start: {
      ...start,
      query: [1, 0],
      keys: [
        [1, 0],
        [3, 3],
        [0.9, 0.1],
        [-2, 0],
      ],
      pair: { query: 0, key: 1 },
    },
  },
  {
    id: 'itself',
    name: { en: 'Not most similar to itself', zh: '与自己未必最相似' },
    words: {
      en: 'k₁ starts as q itself, yet k₂ scores higher: the dot product has no peak at k = q, and grows along q without end. Cosine has its largest value, 1, where the directions agree.',
      zh: 'k₁ 起初就是 q 本身，k₂ 的分数却更高：点积在 k = q 处没有峰值，沿 q 的方向越长越大。余弦在方向一致时取最大值 1。',
    },
    shows: COSINE,
    control: 'lengths',
    start: {
      ...start,
      query: [1, 1],
      keys: [
        [1, 1],
        [3, 0],
      ],
      score: 'scaled_dot',
      pair: { query: 0, key: 1 },
    },
  },
  {
    id: 'root',
    name: { en: 'Scaling is no cosine', zh: '缩放不是余弦' },
    words: {
      en: 'Scaling divides every score by the same √d, where d counts the numbers of a vector, here 2: the bars shrink, the order stays, and lengths still count. Cosine divides each score by its own two lengths, so k₁ and k₂ start equal.',
      zh: '缩放把每个分数都除以同一个 √d，d 是向量中数的个数，此处为 2：条形变短，顺序不变，长度依然起作用。余弦则把每个分数除以它自己的两个长度，所以 k₁ 与 k₂ 起初相等。',
    },
    shows: SCALED,
    control: 'lengths',
    start: {
      ...start,
      query: [1, 1],
      keys: [
        [1, 1],
        [3, 3],
        [4, 0],
      ],
      score: 'scaled_dot',
      pair: { query: 0, key: 2 },
    },
  },
  {
    id: 'temperature',
    name: { en: 'Temperature', zh: '温度' },
    words: {
      en: 'Softmax turns scores into weights that sum to one, and the temperature divides the scores first. Low: nearly all goes to the best key. High: all become alike. Half the length of q does what twice the temperature does.',
      zh: 'softmax 把分数变成总和为 1 的权重，在此之前先把分数除以温度。温度低，权重几乎全归最好的键；温度高，各键趋于相同。把 q 缩短一半，等于把温度加倍。',
    },
    shows: SOFTMAX,
    control: 'temperature',
    start: {
      ...start,
      query: [1, 0],
      keys: [
        [2, 1],
        [1, -1.5],
        [0, 2],
        [-1, 0.5],
      ],
    },
  },
  {
    id: 'sigmoid',
    name: { en: 'Each key alone', zh: '各键单独判断' },
    words: {
      en: 'Softmax shares one whole: what one key gains, the others lose. Sigmoid judges each key by itself: move one and the other weights stay, and their sum is whatever it is.',
      zh: 'softmax 分配一个整体：一个键多得，其余就少得。sigmoid 单独判断每个键：移动一个，其余权重不变，总和是多少就是多少。',
    },
    shows: SIGMOID,
    control: 'lengths',
    start: {
      ...start,
      query: [1, 1],
      keys: [
        [1, 1],
        [2, -1],
        [-1, 1],
        [-2.5, 1.5],
      ],
    },
  },
  {
    id: 'asymmetric',
    name: { en: 'Two matrices', zh: '两个矩阵' },
    words: {
      en: 'Every vector x asks and is asked. Two matrices, learned in training, make its query and its key; these here only turn. So x₁ need not give x₂ the score that x₂ gives x₁: seeking is one thing, being found another. Let one matrix make both, and the two are equal.',
      zh: '每个向量 x 既提问，也被问。两个矩阵由训练学得，分别把它变成查询与键；这里的矩阵只作旋转。因此 x₁ 给 x₂ 的分数未必等于 x₂ 给 x₁ 的分数：寻找与被找到是两回事。若两者出自同一个矩阵，分数便相等。',
    },
    shows: SOFTMAX,
    control: 'turns',
    start: {
      ...start,
      query: undefined,
      keys: [
        [2.5, 0.5],
        [1, 2],
        [-1.5, 1.5],
      ],
      turns: TURNS,
      pair: { query: 0, key: 1 },
    },
  },
];

/** What is set where `preset` begins. */
export function startOf({ id, start }: Preset): PlaneState {
  return { preset: id, ...start };
}

/** The preset called `id`; the first where there is none. */
export function presetOf(id: string): Preset {
  const found = PRESETS.find((preset) => preset.id === id) ?? PRESETS[0];
  if (!found) throw new Error('there is no preset');
  return found;
}

/** Here it divides whichever score is chosen. */
const ABOUT = {
  en: 'Divides the score that weights are made from. Low is sharp, high is even.',
  zh: '用来除所选的分数：低则集中，高则均匀。',
};

/** The temperature's rule and slider, from the catalogue. */
export const TEMPERATURE = ((): NumberParameter => {
  const found = catalog.options.find(({ name }) => name === 'temperature');
  if (found?.kind !== 'number') throw new Error('the catalogue has no temperature');
  return { ...found, about: ABOUT };
})();

// ---- as text: `long*score_cosine*t_0.5*q_1_0*k_1_0_3_3*at_0_1`, of which only what differs from the preset is written

const IS_NUMBER = new RegExp(`^${NUMBER}$`);

/** The text that brings `state` back; '' for the section as it comes. */
export function writeState(state: PlaneState): string {
  const preset = presetOf(state.preset);
  const own = piecesOf(startOf(preset));
  const pieces = [...piecesOf(state)].filter(([name, text]) => own.get(name) !== text).map(([, text]) => text);
  if (pieces.length === 0 && preset === PRESETS[0]) return '';
  return [preset.id, ...pieces].join('*');
}

function piecesOf({ query, keys, turns, score, temperature, pair }: PlaneState): Map<string, string> {
  const pieces = new Map([
    ['k', ['k', ...keys.flat()].join('_')],
    ['score', `score_${score}`],
    ['t', `t_${temperature}`],
    ['at', `at_${pair.query}_${pair.key}`],
  ]);
  if (query) pieces.set('q', ['q', ...query].join('_'));
  else pieces.set('turn', `turn_${turns.query}_${turns.key}`);
  return pieces;
}

/** What `text` brings back. It may be anything: what is malformed, or of another kind of preset, is passed over. */
export function readState(text: string): PlaneState {
  const [id = '', ...pieces] = text.length > LONGEST_STATE ? [] : text.split('*');
  let state = startOf(presetOf(id));
  for (const piece of pieces) state = { ...state, ...change(piece, state) };
  return { ...state, pair: pairWithin(state) };
}

function change(piece: string, { query }: PlaneState): Partial<PlaneState> {
  const cut = piece.indexOf('_');
  const [name, rest] = [piece.slice(0, cut), piece.slice(cut + 1)];
  if (name === 'score') {
    const score = PLANE_SCORES.find((one) => one === rest);
    return score ? { score } : {};
  }
  const numbers = rest.split('_').map((one) => (IS_NUMBER.test(one) ? Number(one) : NaN));
  if (cut < 0 || numbers.some(Number.isNaN)) return {};
  const [first = NaN, second = NaN] = numbers;
  if (name === 'k') return keysFrom(numbers);
  if (name === 'q' && query && numbers.length === 2 && isNear(numbers)) return { query: within([first, second]) };
  if (name === 'turn' && !query && numbers.every(isTurn)) return turnsFrom(numbers);
  if (name === 't' && numbers.length === 1 && isAllowed(TEMPERATURE, first)) return { temperature: first };
  if (name === 'at' && numbers.length === 2) return { pair: { query: first, key: second } };
  return {};
}

function keysFrom(numbers: readonly number[]): Partial<PlaneState> {
  const count = numbers.length / 2;
  if (!Number.isInteger(count) || count > MOST_KEYS || !isNear(numbers)) return {};
  return {
    keys: Array.from({ length: count }, (_, key) => within([numbers[2 * key] ?? 0, numbers[2 * key + 1] ?? 0])),
  };
}

/** One number alone turns the keys. */
function turnsFrom(numbers: readonly number[]): Partial<PlaneState> {
  const [key = 0, query = 0] = numbers.toReversed();
  return numbers.length > 2 ? {} : { turns: { query, key } };
}

function isNear(numbers: readonly number[]): boolean {
  return numbers.every((number) => Math.abs(number) <= REACH);
}

function isTurn(degrees: number): boolean {
  return Number.isInteger(degrees) && Math.abs(degrees) <= 180;
}

/** The pair, kept among the queries and keys that there are. */
export function pairWithin({ query, keys, pair }: PlaneState): PlaneState['pair'] {
  const inside = (at: number, count: number): number =>
    Number.isInteger(at) ? Math.max(0, Math.min(count - 1, at)) : 0;
  return { query: inside(pair.query, query ? 1 : keys.length), key: inside(pair.key, keys.length) };
}
