// LINKS of the story: the weights of the head that is open as lines from queries to keys.

import type { AttentionMap } from '../../engine/index.ts';
import type { Text } from '../../generated/catalog.ts';
import { LinksView, type Link, type LinksScene, type LinkToken } from '../../views/index.ts';
import { element } from '../../views/parts/dom.ts';
import { formatCount, formatShare } from '../../views/parts/format.ts';
import { Latest } from '../../views/parts/latest.ts';
import { isLink } from '../../views/parts/linkset.ts';
import { phrase, visibleToken, type Language } from '../../views/parts/text.ts';
import type { About } from '../about.ts';
import { headName, headTitle, inFileName } from '../headname.ts';
import { stepper, type Steps } from '../pickers.ts';
import { faultOf } from '../reason.ts';
import { replaceKeepingFocus } from '../toolbar.ts';
import type { Exported, Mounted, Section, Story } from './section.ts';
import { WORDS } from './words.ts';

/** The head whose weights are drawn. Another head, or other weights, are another subject. */
export interface LinksSubject {
  map: Pick<AttentionMap, 'batch' | 'heads' | 'queries' | 'keys' | 'rectangle'>;
  /** The layer's number in its model. */
  layer: number;
  /** How many layers there are. */
  layers: number;
  batch: number;
  head: number;
  queryTokens?: readonly string[] | undefined;
  keyTokens?: readonly string[] | undefined;
  /** What to say of it where its weights are given away. */
  about: About;
  /** The query to begin with, where the sequence is too long for all. */
  query?: number | undefined;
}

/** What the section needs of the page. */
export interface LinksOf {
  /** The head in the picture; undefined: there is none. The same object as long as its weights are the same. */
  subject(): LinksSubject | undefined;
  /** Why there is none, where that is not the visitor's choice. */
  fault(): unknown;
  /** Calls `changed` whenever that is another one. */
  listen(changed: () => void): void;
}

/** Tokens a side, up to which all are drawn; and how many of longer sequences are in sight at once. */
const MOST = 64;
const SHOWN = 24;
/** So many numbers are asked for at once, or those of one query: a window of a long sequence may have more than there is memory. */
const AT_ONCE = 2 ** 22;

const text = {
  some: {
    en: 'Drawn are {rows} of {queries} queries and, of {keys} keys, the {shown} that these look at most: {share} of their weight.',
    zh: '画出 {queries} 个查询中的 {rows} 个，以及 {keys} 个键中它们最关注的 {shown} 个：占其权重的 {share}。',
  },
  invalid: {
    en: 'Queries with weights that are not numbers have no lines: {count}.',
    zh: '{count} 个查询的权重为非数值，没有连线。',
  },
} satisfies Record<string, Text>;

/** The section for what `of` says is open. */
export function links(of: LinksOf): Section {
  return {
    ...WORDS.links,
    mount: (host, story) => new Links(host, story, of),
  };
}

class Links implements Mounted {
  readonly #of: LinksOf;
  readonly #view: LinksView;
  readonly #jobs = new Latest(
    // What fails of a head that was left is aborted, and not heard of. It is tried anew when there is a reason to draw.
    (error) => {
      this.#drawn = undefined;
      this.#view.show(faultScene(error));
    },
    () => (this.#view.busy = false),
  );
  readonly #windows = element('div', { class: 'links-windows', hidden: true });
  #language: Language;
  #subject: LinksSubject | undefined;
  #inSight = false;
  /** What is drawn, or on its way. */
  #drawn: { subject: LinksSubject; first: number } | undefined;
  /** Whose links are in sight. */
  #seen: LinksSubject | undefined;

  constructor(host: HTMLElement, story: Story, of: LinksOf) {
    this.#of = of;
    this.#language = story.language;
    this.#view = new LinksView(host, { beside: this.#windows });
    this.#view.language = story.language;
    this.#view.written = story.state;
    this.#view.addEventListener('state', () => {
      story.remember(this.#view.written);
      this.#work();
    });
    of.listen(() => this.#work());
    new IntersectionObserver((entries) => {
      this.#inSight = entries.at(-1)?.isIntersecting ?? false;
      this.#work();
    }).observe(host);
  }

  speak(language: Language): void {
    this.#language = language;
    this.#view.language = language;
    this.#choice();
  }

  /** Its colours are the style sheet's. */
  repaint(): void {}

  restore(state: string): void {
    this.#view.written = state;
    this.#work();
  }

  exported(): Exported {
    const seen = this.#seen;
    const name = (side: 'query' | 'key', index: number): string => this.#view.nameOf(side, index);
    return {
      name: ['links', ...(seen ? [inFileName(placeOf(seen))] : [])].join('-'),
      columns: ['query', 'query token', 'key', 'key token', 'weight'],
      naming: 4,
      rows: this.#view.links.map(({ query, key, weight }) => [
        query,
        name('query', query),
        key,
        name('key', key),
        weight,
      ]),
      about: seen?.about,
      picture: this.#view.picture,
    };
  }

  /** Draws what is open, while somebody sees it. */
  #work(): void {
    const subject = this.#of.subject();
    if (subject !== this.#subject) {
      this.#jobs.cancel();
      this.#subject = subject;
      this.#drawn = undefined;
      this.#choice();
    }
    if (!subject) this.#view.show(faultScene(this.#of.fault()));
    if (!subject || !this.#inSight) return;
    const first = firstOf(subject, this.#view.first);
    if (this.#drawn?.subject === subject && this.#drawn.first === first) return;
    this.#drawn = { subject, first };
    this.#choice();
    this.#view.busy = true;
    this.#jobs.run(async (signal) => {
      const scene = await sceneOf(subject, first, signal);
      if (signal.aborted || this.#subject !== subject) return;
      this.#seen = subject;
      this.#view.show(scene);
    });
  }

  /** Which queries of a long sequence are in sight. */
  #choice(): void {
    const subject = this.#subject;
    const count = subject?.map.queries ?? 0;
    this.#windows.hidden = count <= MOST;
    if (!subject || count <= MOST) return;
    const at = firstOf(subject, this.#view.first) / SHOWN;
    const go = (window: number): void => void (this.#view.first = window * SHOWN);
    replaceKeepingFocus(this.#windows, [stepper('window', windowsOf(count), at, this.#language, go, 'links-')]);
  }
}

/** Which head it is, within a sentence. */
function placeOf({ map, layers, ...place }: LinksSubject): Text {
  return headName(place, { layers, heads: map.heads, batch: map.batch });
}

/** The first query in sight: windows stand side by side, and that of `wanted` is the one that holds it. */
function firstOf({ map: { queries }, query = 0 }: LinksSubject, wanted = query): number {
  return queries <= MOST ? 0 : SHOWN * Math.floor(Math.min(wanted, queries - 1) / SHOWN);
}

/** The windows of so many queries, each called by its first and last; any number in it finds it. */
function windowsOf(count: number): Steps {
  return {
    count: Math.ceil(count / SHOWN),
    label: (at) => `${at * SHOWN}–${Math.min(count, (at + 1) * SHOWN) - 1}`,
    find: (label) => {
      const [digits] = /^\d+/.exec(label) ?? [];
      return digits !== undefined && Number(digits) < count ? Math.floor(Number(digits) / SHOWN) : -1;
    },
  };
}

/** Nothing, and why; undefined: nothing is open, which is not worth a word. */
function faultScene(fault: unknown): LinksScene | undefined {
  if (fault === undefined) return undefined;
  const title = { en: '', zh: '' };
  const note = { en: faultOf(fault, 'en'), zh: faultOf(fault, 'zh') };
  return { title, note, queries: [], keys: [], links: [], sumOf: () => undefined };
}

/** The links of the queries from `first` on: as many as are in sight, and the keys that they look at most. */
async function sceneOf(subject: LinksSubject, first: number, signal: AbortSignal): Promise<LinksScene> {
  const { map, queryTokens, keyTokens } = subject;
  const { queries, keys } = map;
  const rows = range(first, Math.min(queries, first + (queries <= MOST ? MOST : SHOWN)));
  const weightsOf = reader(subject, [first, first + rows.length], signal);
  const arrived = new Float64Array(keys);
  const sums: number[] = [];
  for (const query of rows) {
    const weights = await weightsOf(query);
    arrive(arrived, weights);
    sums.push(sumOf(weights));
  }
  const shown = keys <= MOST ? range(0, keys) : largest(arrived);
  const links: Link[] = [];
  for (const query of rows) {
    const weights = await weightsOf(query);
    links.push(...shown.map((key) => ({ query, key, weight: weights[key] ?? NaN })).filter(isLink));
  }
  const share = sumOf(shown.map((key) => arrived[key] ?? 0)) / (sumOf(arrived) || 1);
  return {
    title: headTitle(subject, { layers: subject.layers, heads: map.heads, batch: map.batch }),
    queries: tokensOf(rows, queryTokens, queries),
    keys: tokensOf(shown, keyTokens, keys),
    links,
    sumOf: (query) => sums[query - first],
    note: noteOn({ queries, rows: rows.length, keys, shown: shown.length, share, sums }),
  };
}

/** Reads the weights of queries of `rows`, some at once; those that were read last are at hand. */
function reader(
  { map, batch, head }: LinksSubject,
  [first, end]: readonly [number, number],
  signal: AbortSignal,
): (query: number) => Promise<Float32Array> {
  const { keys } = map;
  const step = Math.max(1, Math.floor(AT_ONCE / Math.max(1, keys)));
  let last: { from: number; data: Float32Array } | undefined;
  return async (query) => {
    const from = query - ((query - first) % step);
    if (last?.from !== from) {
      last = undefined;
      const rows = [from, Math.min(end, from + step)] as const;
      last = { from, data: (await map.rectangle({ batch, head, rows, keys: [0, keys], signal })).data };
    }
    return last.data.subarray((query - from) * keys, (query - from + 1) * keys);
  };
}

/** How much is seen of all. */
interface Seen {
  queries: number;
  keys: number;
  /** So many of each are in sight. */
  rows: number;
  shown: number;
  /** What the keys in sight have of the weight of these queries. */
  share: number;
  /** What each of these queries sums to. */
  sums: readonly number[];
}

/** Adds the weights of a query to what has arrived at each key. */
function arrive(arrived: Float64Array, weights: Float32Array): void {
  weights.forEach((weight, key) => {
    // What is no link, NaN and infinity among it, adds nothing.
    if (weight > 0 && weight < Infinity) arrived[key]! += weight;
  });
}

/** Where the largest of them are, in their order; of equals the first. */
function largest(numbers: Float64Array): number[] {
  const best: number[] = [];
  numbers.forEach((number, at) => {
    if (best.length === SHOWN && number <= numbers[best.at(-1)!]!) return;
    const less = best.findIndex((one) => numbers[one]! < number);
    best.splice(less < 0 ? best.length : less, 0, at);
    best.splice(SHOWN);
  });
  return best.sort((one, other) => one - other);
}

function sumOf(weights: { reduce(add: (sum: number, weight: number) => number, from: number): number }): number {
  return weights.reduce((sum, weight) => sum + weight, 0);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, at) => from + at);
}

/** Tokens by their place; where the file has none that fit, they go by number. */
function tokensOf(indices: readonly number[], tokens: readonly string[] | undefined, count: number): LinkToken[] {
  const fitting = tokens?.length === count ? tokens : undefined;
  return indices.map((index) => ({ index, name: visibleToken(fitting?.[index] ?? String(index)) }));
}

/** What is seen of a long sequence, and what nobody sees: queries without numbers. */
function noteOn({ queries, keys, rows, shown, share, sums }: Seen): Text {
  const [said, nothing] = [
    { rows, shown, share: formatShare(share) },
    { en: '', zh: '' },
  ];
  const counts = { queries: formatCount(queries, 'en'), keys: formatCount(keys, 'en') };
  const some = rows < queries || shown < keys ? filled(text.some, { ...counts, ...said }) : nothing;
  const count = sums.filter((sum) => !Number.isFinite(sum)).length;
  const wrong = count > 0 ? filled(text.invalid, { count }) : nothing;
  return { en: `${some.en} ${wrong.en}`.trim(), zh: `${some.zh}${wrong.zh}` };
}

function filled(sentence: Text, values: Record<string, string | number>): Text {
  return { en: phrase(sentence, 'en', values), zh: phrase(sentence, 'zh', values) };
}
