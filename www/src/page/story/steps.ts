// One query of the layer that is open, stage by stage: from its scores to its output.

import {
  attention,
  statusNames,
  valueNorms,
  valueWeightedNorms,
  type AttentionMap,
  type ProblemOptions,
  type Row,
  type Tensor,
} from '../../engine/index.ts';
import { catalog, type Text } from '../../generated/catalog.ts';
import { StepsView, type ShownKey, type StepsScene, type StepsStage } from '../../views/index.ts';
import { element } from '../../views/parts/dom.ts';
import { formatCount, formatShare } from '../../views/parts/format.ts';
import { Latest } from '../../views/parts/latest.ts';
import { phrase, visibleToken, type Language } from '../../views/parts/text.ts';
import type { About } from '../about.ts';
import { inFileName } from '../headname.ts';
import { faultOf } from '../reason.ts';
import type { Pair } from '../state.ts';
import type { Exported, Mounted, Section, Story } from './section.ts';
import { WORDS } from './words.ts';
import { stagesOf, type RowNumbers, type WeightedSum } from './stages.ts';
import { FIRST, readState, writeState, type StepsState } from './stepsstate.ts';

/** The head in the picture. Its map stays the page's own: it is asked, never freed. */
export interface StepsHead {
  map: Pick<AttentionMap, 'queries' | 'keys' | 'heads' | 'row' | 'cell'>;
  /** V of the layer, `[B, Hkv, M, dv]` or less; null: there is none. */
  value: Tensor | null;
  tokens: { queries?: readonly string[] | undefined; keys?: readonly string[] | undefined };
  /** What the map was opened with. */
  options: ProblemOptions;
  /** What it is called, and what to say of it where its numbers are given away. */
  name: Text;
  about: About;
  batch: number;
  head: number;
  /** The query to begin with. */
  query?: number | undefined;
}

/** The page, as far as the section sees it. */
export interface StepsPage {
  /** The head that is looked at; rejects where none is. */
  layer(): Promise<StepsHead>;
  /** The same as long as its weights are; undefined: none is looked at. */
  subject(): object | undefined;
  /** The query and key that are locked in the picture, to begin with. */
  readonly pair: Pair | undefined;
  /** Calls `changed` whenever another pair, another head, or the same under other options, is looked at. */
  listen(changed: () => void): void;
}

/** So many keys are shown, those with the largest weights. */
const SHOWN = 24;

const text = {
  others: {
    en: 'Of {count} keys, 0 to {last}, the {shown} with the largest weights, by position; the others have {weight} of the weight together.',
    zh: '共 {count} 个键，位置 0 到 {last}；显示权重最大的 {shown} 个，按位置排列；其余的键共占权重 {weight}。',
  },
  passing: {
    en: 'Of {count} keys, 0 to {last}, the mask lets {shown} pass; the others have no weight.',
    zh: '共 {count} 个键，位置 0 到 {last}；掩码允许其中 {shown} 个，其余的没有权重。',
  },
  status: { en: 'This row: {label}. {about}', zh: '该行：{label}。{about}' },
};

export function steps(of: StepsPage): Section {
  return {
    ...WORDS.steps,
    mount: (host, story) => new Steps(host, story, of),
  };
}

/** A query of a head, with its numbers. */
interface Known extends RowNumbers {
  head: StepsHead;
  query: number;
  key: number;
}

class Steps implements Mounted {
  readonly #story: Story;
  readonly #of: StepsPage;
  readonly #view: StepsView;
  readonly #fault = element('p', { class: 'field-fault', role: 'status' });
  readonly #jobs = new Latest(
    (error) => this.#fail(error),
    () => this.#settle(),
  );
  #language: Language;
  #state: StepsState;
  #head: StepsHead | undefined;
  #known: Known | undefined;
  /** The queries of the head, the same object as long as they are the same. */
  #queries: { head: StepsHead; queries: StepsScene['queries'] } | undefined;
  #error: unknown;
  #subject: object | undefined;
  #inSight = false;
  /** Whether another pair was locked since. */
  #isBehind = false;

  constructor(host: HTMLElement, story: Story, of: StepsPage) {
    this.#story = story;
    this.#of = of;
    this.#language = story.language;
    this.#state = readState(story.state);
    this.#view = new StepsView({
      query: (query) => this.#change({ query, key: undefined }),
      go: (at) => this.#change({ stage: this.#scene()?.stages[at]?.id ?? FIRST }),
      key: (place) => this.#change({ key: this.#scene()?.keys[place]?.index }),
      dimension: (dimension) => this.#change({ dimension }),
    });
    host.append(this.#view.element, this.#fault);
    // Out of sight until there is a head, and then there all at once.
    this.#show();
    of.listen(() => this.#follow());
    new IntersectionObserver((entries) => {
      this.#inSight = entries.at(-1)?.isIntersecting ?? false;
      if (this.#inSight && this.#isBehind) this.#open();
    }).observe(host);
    this.#open();
  }

  speak(language: Language): void {
    this.#language = language;
    this.#show();
  }

  repaint(): void {
    this.#show();
  }

  restore(state: string): void {
    this.#change(readState(state));
  }

  exported(): Exported {
    const known = this.#known;
    const scene = this.#scene();
    const names = scene?.stages.filter(({ bars }) => bars).map(({ id }) => id) ?? [];
    const rows = (scene?.keys ?? []).map(({ index }, place) => [
      index,
      known ? tokenOf(known.head.tokens.keys, index, known.head.map.keys) : '',
      ...(scene?.stages ?? []).flatMap(({ bars }) => (bars ? [bars.values[place] ?? NaN] : [])),
    ]);
    const about = known && {
      ...known.head.about,
      query: known.query,
      queryName: tokenOf(known.head.tokens.queries, known.query, known.head.map.queries),
    };
    return {
      name: known ? `steps-${inFileName(known.head.name)}-query-${known.query}` : 'steps',
      columns: ['key', 'token', ...names],
      naming: 2,
      rows,
      about,
      picture: this.#view.picture(getComputedStyle(document.body).backgroundColor),
    };
  }

  /** Follows to another head at once, as that of before may be gone; to another pair where somebody sees it. */
  #follow(): void {
    const subject = this.#of.subject();
    if (!subject || subject !== this.#subject || this.#inSight) this.#open();
    else this.#isBehind = true;
  }

  /** Looks at the head that the page has open now. */
  #open(): void {
    this.#subject = this.#of.subject();
    this.#isBehind = false;
    this.#run(async (signal) => {
      const head = await this.#of.layer();
      signal.throwIfAborted();
      this.#head = head;
      await this.#read(head, signal);
    });
  }

  #change(change: Partial<StepsState>): void {
    const before = this.#state;
    this.#state = { ...before, ...change };
    this.#story.remember(writeState(this.#state));
    const head = this.#head;
    const asks = this.#state.query !== before.query || this.#state.key !== before.key;
    if (asks && head) this.#run((signal) => this.#read(head, signal));
    else this.#show();
  }

  #run(job: (signal: AbortSignal) => Promise<void>): void {
    this.#jobs.run(async (signal) => {
      await job(signal);
      this.#error = undefined;
      this.#show();
    }, true);
    this.#settle();
  }

  async #read(head: StepsHead, signal: AbortSignal): Promise<void> {
    const { batch, head: at } = head;
    const [begun = head.query ?? 0, pairKey] = this.#of.pair ?? [];
    const query = Math.min(this.#state.query ?? begun, head.map.queries - 1);
    const same = this.#known?.head === head && this.#known.query === query ? this.#known : undefined;
    const row = same?.row ?? (await head.map.row({ batch, head: at, row: query, signal }));
    const sum = same ? same.sum : await sumOf(head, row, signal);
    const begunKey = this.#state.query === undefined ? pairKey : undefined;
    const chosen = this.#state.key ?? begunKey ?? Math.max(0, row.statistics.argmax);
    const key = Math.min(chosen, head.map.keys - 1);
    const cell = await head.map.cell({ batch, head: at, row: query, key, signal });
    signal.throwIfAborted();
    const strongest = same?.strongest ?? strongestOf(row.stages);
    this.#known = { head, query, key, row, strongest, sum, cell };
  }

  /** There is no row to look at: better none than that of the head before. */
  #fail(error: unknown): void {
    this.#error = error;
    this.#known = undefined;
    this.#show();
  }

  #settle(): void {
    this.#view.element.setAttribute('aria-busy', String(this.#jobs.busy));
  }

  #show(): void {
    this.#view.show(this.#scene(), this.#language);
    this.#fault.textContent = this.#error === undefined ? '' : faultOf(this.#error, this.#language);
  }

  #scene(): StepsScene | undefined {
    const known = this.#known;
    if (!known) return undefined;
    const { head, query, key, row, strongest, sum } = known;
    const shown = shownKeys(strongest, key);
    const keys = keysOf(head, shown);
    const dimension = Math.min(this.#state.dimension, Math.max(0, (sum?.output.length ?? 1) - 1));
    const selection = { keys, chosen: shown.indexOf(key), dimension };
    const stages = stagesOf(known, head.options, selection, this.#language);
    const at = stageAt(stages, this.#state.stage);
    return { ...selection, queries: this.#queriesOf(head), query, stages, at, note: this.#note(row, shown) };
  }

  #queriesOf(head: StepsHead): StepsScene['queries'] {
    if (this.#queries?.head !== head) {
      const count = head.map.queries;
      const queries = { count, name: (index: number) => tokenOf(head.tokens.queries, index, count) };
      this.#queries = { head, queries };
    }
    return this.#queries.queries;
  }

  #note({ stages: { weights, masked }, statistics }: Row, shown: readonly number[]): string {
    const language = this.#language;
    const status = catalog.statuses.find(({ id }) => id === statistics.status);
    if (status && status.id !== statusNames[0]) {
      return phrase(text.status, language, { label: status.label[language], about: status.about[language] });
    }
    if (shown.length === weights.length) return '';
    const counts = {
      count: formatCount(weights.length, language),
      last: formatCount(weights.length - 1, language),
    };
    const passing = masked.reduce((count, logit) => count + Number(logit !== -Infinity), 0);
    if (passing <= SHOWN) return phrase(text.passing, language, { ...counts, shown: passing });
    const own = shown.reduce((total, key) => total + (weights[key] ?? 0), 0);
    const weight = formatShare(Math.max(0, statistics.mass - own));
    return phrase(text.others, language, { ...counts, shown: shown.length, weight });
  }
}

/** The weighted sum of one row. */
async function sumOf(head: StepsHead, { stages }: Row, signal: AbortSignal): Promise<WeightedSum | null> {
  const value = valueOf(head);
  if (!value) return null;
  const [keys = 0, size = 0] = value.shape;
  const weights: Tensor = { shape: [1, keys], data: stages.weights };
  const norms = await valueNorms(value, { signal });
  const weighted = await valueWeightedNorms(weights, norms, { signal });
  // One number of the output is the product of the row with a column of V: the columns are the keys of a problem of their own.
  const columns: Tensor = { shape: [size, keys], data: columnsOf(value, stages.masked) };
  const sums = await attention(weights, columns, null, { score: 'dot', stages: ['raw'], signal });
  const output = sums.stages?.raw?.data ?? new Float32Array();
  const length = await valueNorms({ shape: [1, size], data: output }, { signal });
  return {
    norms: norms.data,
    weighted: weighted.data,
    output,
    length: length.data[0] ?? NaN,
    value: (key, dimension) => value.data[key * size + dimension] ?? NaN,
  };
}

/** V of the head, `[M, dv]`: heads share it where there are fewer of them in V. */
function valueOf({ value, map, batch, head }: StepsHead): Tensor | null {
  if (!value) return null;
  const [heads = 1, keys = 0, size = 0] = [1, 1, ...value.shape].slice(-3);
  const at = batch * heads + Math.floor((head * heads) / map.heads);
  const data = value.data.subarray(at * keys * size, (at + 1) * keys * size);
  return size > 0 && keys > 0 ? { shape: [keys, size], data } : null;
}

/** V column by column. What stands at keys that the mask removes is out of sight, even where it is no number. */
function columnsOf({ data, shape }: Tensor, masked: Float32Array): Float32Array {
  const [keys = 0, size = 0] = shape;
  const columns = new Float32Array(data.length);
  for (let key = 0; key < keys; key += 1) {
    if (masked[key] === -Infinity) continue;
    for (let at = 0; at < size; at += 1) columns[at * keys + key] = data[key * size + at] ?? NaN;
  }
  return columns;
}

/** The keys with the largest weights, as many as are shown; what the mask removes only where all keys are. */
function strongestOf({ weights, masked }: Row['stages']): number[] {
  const order = [...weights.keys()].sort((one, other) => (weights[other] ?? 0) - (weights[one] ?? 0) || one - other);
  const passing = order.filter((key) => masked[key] !== -Infinity);
  return (order.length > SHOWN && passing.length > 0 ? passing : order).slice(0, SHOWN);
}

/** These keys in the order of the sequence, `key` always among them. */
function shownKeys(strongest: readonly number[], key: number): number[] {
  const shown = strongest.includes(key) ? strongest : [...strongest.slice(0, SHOWN - 1), key];
  return [...shown].sort((one, other) => one - other);
}

/** The stage called `id`, or the last before it that is on the way. */
function stageAt(stages: readonly StepsStage[], id: string): number {
  let at = Math.max(
    0,
    stages.findIndex((stage) => stage.id === id),
  );
  while (at > 0 && stages[at]?.off !== undefined) at -= 1;
  return at;
}

/** The keys by name; where not all are shown, a token that stands in several places has its own with it. */
function keysOf({ tokens: { keys: tokens }, map }: StepsHead, shown: readonly number[]): ShownKey[] {
  return shown.map((index) => {
    const name = tokenOf(tokens, index, map.keys);
    const token = tokens?.[index];
    const isOne = token === undefined || tokens?.indexOf(token) === tokens?.lastIndexOf(token);
    return { index, name: isOne || shown.length === map.keys ? name : `${name} (${index})` };
  });
}

/** A token, or its number where the sequence has none that fit. */
function tokenOf(tokens: readonly string[] | undefined, index: number, count: number): string {
  const token = tokens?.length === count ? tokens[index] : undefined;
  return token === undefined ? String(index) : visibleToken(token);
}
