// LINKS of the story: the weights of the head that is open as lines from queries to keys.

import type { AttentionMap } from '../../engine/index.ts';
import { catalog } from '../../generated/catalog.ts';
import type { Text } from '../../generated/catalog.ts';
import { LinksView, type Link, type LinksScene, type LinkToken } from '../../views/index.ts';
import { Latest } from '../../views/parts/latest.ts';
import { isLink, linksOf } from '../../views/parts/linkset.ts';
import { phrase, visibleToken } from '../../views/parts/text.ts';
import { faultOf } from '../reason.ts';
import type { Exported, Mounted, Section, Story } from './section.ts';
import { WORDS } from './words.ts';

/** The head whose weights are drawn. Another head, or other weights, are another subject. */
export interface LinksSubject {
  map: Pick<AttentionMap, 'batch' | 'queries' | 'keys' | 'rectangle' | 'rowStatistics'>;
  /** The layer's number in its model. */
  layer: number;
  batch: number;
  head: number;
  queryTokens?: readonly string[] | undefined;
  keyTokens?: readonly string[] | undefined;
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

/** Tokens a side, up to which every link is at hand; and the links that longer sequences are cut to. */
const MOST = 64;
/** More pairs than this are not searched for the strongest: it would take seconds at every change. */
const MOST_PAIRS = 2 ** 28;

const text = {
  title: { en: 'Layer {layer}, head {head}', zh: '第 {layer} 层，第 {head} 个头' },
  titleOfBatch: {
    en: 'Layer {layer}, head {head}, batch item {batch}',
    zh: '第 {layer} 层，第 {head} 个头，第 {batch} 个批次项',
  },
  long: {
    en: '{queries} × {keys} tokens are too many for lines (more than {most} × {most}). Of each query only the strongest link counts, and the {shown} strongest of these are drawn.',
    zh: '{queries} × {keys} 个词元太多，无法全部画成连线（超过 {most} × {most}）。每个查询只取最强的一条，画出其中最强的 {shown} 条。',
  },
  refused: {
    en: '{queries} × {keys} tokens are too many to be searched for the strongest links; the heat map shows them all.',
    zh: '{queries} × {keys} 个词元太多，不在此寻找最强的连线；热图显示全部。',
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
    // Weights of a head that was left have nobody who waits for them; what fails here fails in the heat map, and is said there.
    () => this.#view.show(undefined),
    () => (this.#view.busy = false),
  );
  #subject: LinksSubject | undefined;
  #inSight = false;
  #drawn: LinksSubject | undefined;

  constructor(host: HTMLElement, story: Story, of: LinksOf) {
    this.#of = of;
    this.#view = new LinksView(host);
    this.#view.language = story.language;
    this.#view.written = story.state;
    this.#view.addEventListener('state', () => story.remember(this.#view.written));
    of.listen(() => this.#work());
    new IntersectionObserver((entries) => {
      this.#inSight = entries.at(-1)?.isIntersecting ?? false;
      this.#work();
    }).observe(host);
  }

  speak(language: Story['language']): void {
    this.#view.language = language;
  }

  /** Its colours are the style sheet's. */
  repaint(): void {}

  restore(state: string): void {
    this.#view.written = state;
  }

  exported(): Exported {
    const name = (side: 'query' | 'key', index: number): string => this.#view.nameOf(side, index);
    return {
      name: 'links',
      columns: ['query', 'query token', 'key', 'key token', 'weight'],
      rows: this.#view.links.map(({ query, key, weight }) => [
        query,
        name('query', query),
        key,
        name('key', key),
        weight,
      ]),
      picture: this.#view.picture,
    };
  }

  /** Draws what is open, while somebody sees it. */
  #work(): void {
    const subject = this.#of.subject();
    if (subject !== this.#subject) this.#jobs.cancel();
    this.#subject = subject;
    if (!subject) {
      this.#drawn = undefined;
      this.#view.show(faultScene(this.#of.fault()));
    }
    if (!subject || !this.#inSight || subject === this.#drawn) return;
    this.#view.busy = true;
    this.#jobs.run(async (signal) => {
      const scene = await sceneOf(subject, signal);
      if (signal.aborted || this.#subject !== subject) return;
      this.#drawn = subject;
      this.#view.show(scene);
    }, true);
  }
}

/** Nothing, and why; undefined: nothing is open, which is not worth a word. */
function faultScene(fault: unknown): LinksScene | undefined {
  if (fault === undefined) return undefined;
  const title = { en: '', zh: '' };
  const note = { en: faultOf(fault, 'en'), zh: faultOf(fault, 'zh') };
  return { title, note, queries: [], keys: [], links: [], sumOf: () => undefined };
}

/** Every link of short sequences; of long ones the strongest. */
async function sceneOf(subject: LinksSubject, signal: AbortSignal): Promise<LinksScene> {
  const { queries, keys } = subject.map;
  if (queries <= MOST && keys <= MOST) return wholeOf(subject, signal);
  if (queries * keys > MOST_PAIRS) {
    return {
      ...named(subject),
      queries: [],
      keys: [],
      links: [],
      sumOf: () => undefined,
      note: filled(text.refused, { queries, keys }),
    };
  }
  return strongestOf(subject, signal);
}

async function wholeOf(subject: LinksSubject, signal: AbortSignal): Promise<LinksScene> {
  const { map, batch, head } = subject;
  const { queries, keys } = map;
  const [{ data }, { mass, status }] = await Promise.all([
    map.rectangle({ batch, head, rows: [0, queries], keys: [0, keys], signal }),
    map.rowStatistics({ batch, head, signal }),
  ]);
  return {
    ...named(subject),
    queries: tokensOf(
      Array.from({ length: queries }, (_, at) => at),
      subject.queryTokens,
      queries,
    ),
    keys: tokensOf(
      Array.from({ length: keys }, (_, at) => at),
      subject.keyTokens,
      keys,
    ),
    links: linksOf(data, keys),
    sumOf: (query) => mass[query],
    note: noteOn(status),
  };
}

/** The strongest link of each query, and of those the strongest: one pass, and no matrix. */
async function strongestOf(subject: LinksSubject, signal: AbortSignal): Promise<LinksScene> {
  const { map, batch, head } = subject;
  const { queries, keys } = map;
  const { argmax, maxWeight, mass, status } = await map.rowStatistics({ batch, head, signal });
  const rows = Array.from({ length: queries }, (_, query) => query).filter((query) => (argmax[query] ?? -1) >= 0);
  const strength = (query: number): number => (maxWeight[query] ?? 0) * (mass[query] ?? 0);
  const best = rows
    .filter((query) => strength(query) > 0)
    .sort((a, b) => strength(b) - strength(a))
    .slice(0, MOST);
  const found = await Promise.all(
    best.map(async (query): Promise<Link> => {
      const key = argmax[query] ?? 0;
      const { data } = await map.rectangle({ batch, head, rows: [query, query + 1], keys: [key, key + 1], signal });
      return { query, key, weight: data[0] ?? NaN };
    }),
  );
  const kept = found.filter(isLink);
  const along = (side: 'query' | 'key'): number[] => [...new Set(kept.map((link) => link[side]))].sort((a, b) => a - b);
  const long = filled(text.long, { queries, keys, most: MOST, shown: kept.length });
  const note = noteOn(status);
  return {
    ...named(subject),
    queries: tokensOf(along('query'), subject.queryTokens, queries),
    keys: tokensOf(along('key'), subject.keyTokens, keys),
    links: kept,
    sumOf: (query) => mass[query],
    note: { en: `${long.en} ${note.en}`.trim(), zh: `${long.zh}${note.zh}` },
  };
}

function named({ map, layer, head, batch }: LinksSubject): { title: Text } {
  return { title: filled(map.batch > 1 ? text.titleOfBatch : text.title, { layer, head, batch }) };
}

/** Tokens by their place; where the file has none that fit, they go by number. */
function tokensOf(indices: readonly number[], tokens: readonly string[] | undefined, count: number): LinkToken[] {
  const fitting = tokens?.length === count ? tokens : undefined;
  return indices.map((index) => ({ index, name: visibleToken(fitting?.[index] ?? String(index)) }));
}

function noteOn(status: Uint8Array): Text {
  const bad = ['nan', 'inf'].map((id) => catalog.statuses.findIndex((one) => one.id === id));
  const count = status.reduce((sum, one) => sum + Number(bad.includes(one)), 0);
  return count > 0 ? filled(text.invalid, { count }) : { en: '', zh: '' };
}

function filled(sentence: Text, values: Record<string, string | number>): Text {
  return { en: phrase(sentence, 'en', values), zh: phrase(sentence, 'zh', values) };
}
