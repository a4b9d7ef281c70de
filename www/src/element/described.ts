// What the element offers, said for tools: the build writes custom-elements.json and the types of frameworks from it. No figure carries it.

import { catalog } from '../generated/catalog.ts';
import {
  DATA_ATTRIBUTES,
  MASK,
  MIRRORED,
  OPTIONS,
  OWN_ATTRIBUTES,
  VIEW_ATTRIBUTES,
  type Loading,
  type Theme,
} from './attributes.ts';
import type { MEMBERS } from './members.ts';
import type { QkScopeEventMap } from './public.d.ts';
import { VIEWS } from './views.ts';

/** Something by its name: its type as TypeScript has it, and what stands for it where it is left out. */
export interface Described {
  type: string;
  /** What the property of an attribute takes beside its text. */
  object?: string;
  default?: string;
  about: string;
  readonly?: true;
}

type Named =
  | (typeof DATA_ATTRIBUTES | typeof VIEW_ATTRIBUTES | typeof OWN_ATTRIBUTES)[number]
  | (typeof MEMBERS)[number]
  | typeof MASK;

const words = (all: readonly string[]): string => all.map((word) => `'${word}'`).join(' | ');
const ids = (members: readonly { id: string }[]): string => words(members.map(({ id }) => id));
const themes = ['auto', 'light', 'dark'] satisfies Theme[];
const loadings = ['lazy', 'eager'] satisfies Loading[];

/** A member by its name, or with parameters as an object. */
const member = (members: readonly { id: string }[]): string => `${ids(members)} | \`{\${string}}\``;
const withParameters = 'By name, or with parameters as JSON: {"id":"…", …}.';

const NAMED: Record<Named, Described> = {
  src: { type: 'string', object: 'URL', about: 'The address of a capture: safetensors, npz, npy or JSON.' },
  assign: {
    type: 'string',
    object: 'Assignment',
    about:
      'Which tensors of a capture are Q, K and V where their names do not say, as JSON: {"query":"…","key":"…","value":"…"}.',
  },
  data: { type: 'string', about: 'Q, K and more as one JSON object: {"q":[[…]],"k":[[…]]}.' },
  q: {
    type: 'string',
    object: 'Numbers',
    about: 'Queries as JSON, lists of lists: [tokens, size], heads before that.',
  },
  k: { type: 'string', object: 'Numbers', about: 'Keys as JSON, as the queries.' },
  v: {
    type: 'string',
    object: 'Numbers',
    about: 'Values as JSON, as the keys. Without them no view says what becomes of values.',
  },
  tokens: {
    type: 'string',
    object: 'readonly string[]',
    about: 'What the queries are called, as a JSON list; the keys too, without key-tokens.',
  },
  'key-tokens': { type: 'string', object: 'readonly string[]', about: 'What the keys are called, as a JSON list.' },
  view: { type: ids(VIEWS), default: 'matrix', about: 'What is shown of the numbers.' },
  state: {
    type: 'string',
    default: '',
    about: 'What was seen in a view, as qk-change tells it; of the heat map the cell to lock, query and key: 10,2.',
  },
  layer: { type: 'number', about: 'The layer by its number in the model. Default: the first of the capture.' },
  head: { type: 'number', default: '0', about: 'The head, from 0 on.' },
  batch: { type: 'number', default: '0', about: 'The batch item, from 0 on.' },
  stage: { type: ids(catalog.stages), default: 'weights', about: 'Which step of the pipeline the heat map draws.' },
  colors: { type: ids(catalog.colormaps), about: 'The colours of the heat map. Default: those that fit the stage.' },
  pool: { type: ids(catalog.pools), default: 'max', about: 'How numbers under one pixel become one.' },
  lang: { type: "'en' | 'zh' | (string & {})", about: 'English or Chinese. Default: as the page around says.' },
  theme: { type: words(themes), default: 'auto', about: 'The ground: that of the page around, or one of two.' },
  loading: { type: words(loadings), default: 'lazy', about: 'Whether the figure waits until the window is near.' },
  caption: { type: 'string', about: 'A caption below the figure.' },
  controls: {
    type: 'boolean',
    default: 'false',
    about: 'Shows steppers for layer and head, the current cell, and what is seen can be saved.',
  },
  'wasm-url': {
    type: 'string',
    object: 'URL',
    about: 'The address of `qkscope_whole_relaxed_bg.wasm`, in place of the module inside, for all figures of a page.',
  },
  score: {
    type: member(catalog.scores),
    object: 'ScoreOption',
    default: 'scaled_dot',
    about: `How q and k are compared. ${withParameters}`,
  },
  normalizer: {
    type: member(catalog.normalizers),
    object: 'NormalizerOption',
    default: 'softmax',
    about: `How a row of logits becomes weights. ${withParameters}`,
  },
  position: {
    type: member(catalog.positions),
    object: 'PositionOption',
    default: 'none',
    about: `How positions are told. ${withParameters}`,
  },
  mask: {
    type: 'string',
    object: 'Marks',
    about:
      'Which keys each query may see, as JSON: [queries, keys] of 1 and 0 or of true and false, heads before that.',
  },
};

const KINDS: Record<string, string> = { number: 'number', flag: 'boolean' };

/** Every attribute. Those of the catalogue describe themselves. */
export const attributes: readonly (Described & { name: string })[] = [
  ...Object.entries(NAMED).map(([name, described]) => ({ name, ...described })),
  ...[...OPTIONS].map(([name, option]) => ({
    name,
    type: option.kind === 'choice' ? words(option.options.map(([id]) => id)) : KINDS[option.kind]!,
    ...(option.default !== null && { default: String(option.default) }),
    about: option.about.en,
  })),
];

/** The properties that take what no attribute can say. */
export const objects: Record<string, Described> = {
  data: {
    type: 'Given | Blob | ArrayBuffer | Uint8Array | string | undefined',
    about: 'Q, K and more, or the bytes of a capture. It goes before every attribute with numbers.',
  },
  options: {
    type: 'ProblemOptions',
    default: '{}',
    about: 'Options of the problem as openAttention() takes them. They go before those of attributes.',
  },
};

/** Every property: those that mirror an attribute are the others. */
export const fields: Record<string, Described> = {
  ...objects,
  shown: { type: 'ReadyDetail | undefined', about: 'What is seen, as the last qk-ready told it.', readonly: true },
  ...Object.fromEntries([...MIRRORED].map(([property, name]) => [property, mirror(name)])),
};

function mirror(attribute: string): Described {
  return { type: 'string | null', about: `The attribute ${attribute}: what is set is written there.` };
}

export const events: Record<keyof QkScopeEventMap, Described> = {
  'qk-ready': {
    type: 'CustomEvent<ReadyDetail>',
    about:
      'The view that was asked for is there, or a place that a reader chose in the figure: its layer, head or batch item is then in chosen.',
  },
  'qk-change': {
    type: 'CustomEvent<ChangeDetail>',
    about:
      'Somebody looks elsewhere in the view: at another cell of the heat map, or at what the state brings back. After qk-ready.',
  },
  'qk-error': { type: 'CustomEvent<ErrorDetail>', about: 'Something is wrong, which the figure says as well.' },
};

/** What can be styled from outside, by `::part()`. */
export const parts: Record<string, string> = {
  figure: 'All of it.',
  controls: 'The steppers for layer, head and batch item.',
  view: 'What is shown.',
  matrix: 'The heat map with its axes and legend.',
  cell: 'The numbers of the current cell, beside the heat map.',
  note: 'What is to know of the numbers.',
  caption: 'The caption.',
  error: 'What is wrong, in a sentence.',
};

export const slots: Record<string, string> = {
  '': 'Is seen until the figure is there, and where there are no scripts.',
};

/** Custom properties that a page may set. */
export const properties: Record<string, string> = {
  '--qk-ink': 'The colour of text.',
  '--qk-paper': 'The colour of the ground, which is otherwise that of the site.',
  '--qk-accent': 'The colour of what is chosen.',
  '--qk-font': 'The font of text.',
  '--qk-size': 'What sizes are counted in: 16px, the size of plain text being 15/16 of it.',
};
