// LINKS: two sequences of tokens and the weights between them as lines, queries at the left, keys at the right.

import type { Text } from '../generated/catalog.ts';
import { element, svg, uniqueId } from './parts/dom.ts';
import { formatCount, formatShare } from './parts/format.ts';
import { drawnLinks } from './parts/linkpicture.ts';
import {
  above,
  byWeight,
  curveOf,
  highestOf,
  isSameEnd,
  readLinks,
  strokeOf,
  THRESHOLD,
  touches,
  writeLinks,
} from './parts/linkset.ts';
import type { Link, LinkChoices, LinkEnd } from './parts/linkset.ts';
import { LinkSide, type LinkToken } from './parts/linkside.ts';
import { cutMiddle, nameElement } from './parts/name.ts';
import { isTouch } from './parts/pointer.ts';
import { phrase, type Language } from './parts/text.ts';

export type { Link } from './parts/linkset.ts';
export type { LinkToken } from './parts/linkside.ts';

/** What is drawn: tokens of both sides, and the links between them by the tokens' indices. */
export interface LinksScene {
  queries: readonly LinkToken[];
  keys: readonly LinkToken[];
  links: readonly Link[];
  /** The weight of the thickest line. Left out: the strongest link's. */
  high?: number;
  /** What all weights of a query sum to, where that is known. */
  sumOf(query: number): number | undefined;
  /** Which head this is, and what to know of the picture. */
  title: Text;
  note: Text;
}

const text = {
  queries: { en: 'Queries', zh: '查询' },
  keys: { en: 'Keys', zh: '键' },
  queryGroup: {
    en: 'Queries. Up and down move, right goes to the strongest key, Enter locks.',
    zh: '查询。上下键移动，右键到最强的键，回车锁定。',
  },
  keyGroup: {
    en: 'Keys. Up and down move, left goes to the strongest query, Enter locks.',
    zh: '键。上下键移动，左键到最强的查询，回车锁定。',
  },
  query: {
    en: 'Query {index}, {name}. Looks most at {other}: {weight}',
    zh: '查询 {index}，{name}。最关注 {other}：{weight}',
  },
  key: {
    en: 'Key {index}, {name}. Most looked at by {other}: {weight}',
    zh: '键 {index}，{name}。最受 {other} 关注：{weight}',
  },
  aloneQuery: { en: 'Query {index}, {name}. No link', zh: '查询 {index}，{name}。无连线' },
  aloneKey: { en: 'Key {index}, {name}. No link', zh: '键 {index}，{name}。无连线' },
  threshold: { en: 'Weakest link shown', zh: '显示的最弱连线' },
  least: { en: '{weight}, {percent}% of the strongest', zh: '{weight}，为最强者的 {percent}%' },
  unlock: { en: 'Unlock all', zh: '全部解锁' },
  strongest: { en: 'The strongest links', zh: '最强的连线' },
  ofQuery: { en: '“{name}” looks at', zh: '“{name}” 看向' },
  ofKey: { en: 'Who looks at “{name}”', zh: '谁看向 “{name}”' },
  ofSeveral: { en: 'Links of {count} tokens', zh: '{count} 个词元的连线' },
  sum: { en: 'All weights of this query add up to {sum}.', zh: '该查询的全部权重之和为 {sum}。' },
  shown: { en: '{shown} of {total} links drawn', zh: '绘出 {total} 条连线中的 {shown} 条' },
  more: { en: 'and {count} weaker ones', zh: '以及 {count} 条更弱的连线' },
  none: { en: 'None is this strong.', zh: '没有这么强的连线。' },
  hint: { en: 'Point at a token to see its links; click to lock it.', zh: '指向词元可看其连线；点击可锁定。' },
  hintTouch: {
    en: 'Tap a token to see its links alone; tap again for all.',
    zh: '轻触词元只看其连线；再次轻触显示全部。',
  },
};

/** How the view is made. */
export interface LinksSetup {
  /** What stands in place of the view's own words, where queries and keys have other names. */
  words?: Partial<Record<keyof typeof text, Text>>;
  /** Whether weak links may be left out, by a slider. Default true. */
  cut?: boolean;
  /** Lines of the list where no token is pointed at. Default 12. */
  listed?: number;
  /** Stands beside the slider: what else decides which links there are. */
  beside?: HTMLElement;
}

/** The space that links are drawn in; it is stretched to the room there is. */
const WIDTH = 100;
/** Pixels of a token: fewer where there are very many, more where a finger points at them. */
const ROW = { short: 28, long: 24, from: 24, finger: 44 };
/** Lines of the list for tokens, and characters of a name above it. */
const LISTED = { most: 32, name: 20 };

/** The picture and its numbers. Event: `state` (threshold or locks are others). */
export class LinksView extends EventTarget {
  readonly #queries: LinkSide;
  readonly #keys: LinkSide;
  readonly #picture = svg('svg', { class: 'links-lines', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  readonly #plot = element('div', { class: 'links-plot' });
  readonly #heads = { query: element('p', { class: 'links-head' }), key: element('p', { class: 'links-head' }) };
  readonly #title = element('p', { class: 'links-title' });
  readonly #note = element('p', { class: 'links-note' });
  readonly #label = element('label', { for: uniqueId('links') });
  readonly #slider = element('input', { type: 'range', min: 0, max: 100, step: 1, name: 'links-threshold' });
  readonly #least = element('output', { class: 'links-least' });
  readonly #unlock = element('button', { type: 'button', class: 'button quiet links-unlock', name: 'links-unlock' });
  readonly #listTitle = element('h3', { class: 'links-list-title' });
  readonly #listNote = element('p', { class: 'links-list-note' });
  readonly #list = element('ol', { class: 'links-list', tabindex: 0 });
  readonly #count = element('p', { class: 'links-count', role: 'status' });
  #scene: LinksScene | undefined;
  /** All links of the scene, the strongest first, and those that are drawn now. */
  #links: readonly Link[] = [];
  #drawn: readonly { link: Link; line: SVGPathElement }[] = [];
  readonly #words: Record<keyof typeof text, Text>;
  readonly #cut: boolean;
  readonly #listed: number;
  #choices: LinkChoices;
  #pointed: LinkEnd | undefined;
  #language: Language = 'en';

  constructor(host: HTMLElement, { words = {}, cut = true, listed = 12, beside }: LinksSetup = {}) {
    super();
    this.#words = { ...text, ...words };
    this.#cut = cut;
    this.#listed = listed;
    this.#list.style.setProperty('--links-rows', String(listed + 1));
    this.#choices = this.#read('');
    const listener = {
      point: (end: LinkEnd | undefined) => this.#point(end),
      lock: (end: LinkEnd) => this.#lock(end),
      unlock: () => this.#unlockAll(),
      cross: (from: LinkEnd) => this.#cross(from),
    };
    this.#queries = new LinkSide('query', listener);
    this.#keys = new LinkSide('key', listener);
    this.#slider.id = this.#label.htmlFor;
    this.#slider.addEventListener('input', () => this.#choose({ threshold: Number(this.#slider.value) }));
    this.#unlock.addEventListener('click', () => this.#unlockAll());
    this.#plot.append(this.#queries.element, this.#picture, this.#keys.element);
    host.append(this.#frame(beside));
    this.#render();
  }

  set language(language: Language) {
    this.#language = language;
    this.#render();
  }

  /** What would bring back what the visitor has chosen; '' for the view as it comes. */
  get written(): string {
    return writeLinks(this.#cut ? this.#choices : { ...this.#choices, threshold: THRESHOLD });
  }

  set written(written: string) {
    this.#choices = this.#read(written);
    this.#drawLines();
    this.#render();
  }

  /** The query from which on links are wanted; undefined: as it comes. */
  get first(): number | undefined {
    return this.#choices.first;
  }

  set first(first: number) {
    this.#choose({ first });
  }

  /** Draws `scene` from here on; undefined: nothing. */
  show(scene: LinksScene | undefined): void {
    this.#scene = scene;
    this.#links = byWeight(scene?.links ?? []);
    this.#pointed = undefined;
    this.#queries.tokens = scene?.queries ?? [];
    this.#keys.tokens = scene?.keys ?? [];
    if (scene) this.#reserve(scene.queries.length, scene.keys.length);
    this.#drawLines();
    this.#render();
  }

  /** The picture is about to be another one, or is as it should be. */
  set busy(busy: boolean) {
    this.#plot.setAttribute('aria-busy', String(busy));
  }

  /** The links that are in sight, the strongest first. */
  get links(): Link[] {
    return this.#lit.filter((link) => this.#isAbove(link));
  }

  /** What a token is called. */
  nameOf(side: LinkEnd['side'], index: number): string {
    const tokens = side === 'query' ? this.#scene?.queries : this.#scene?.keys;
    return tokens?.find((token) => token.index === index)?.name ?? String(index);
  }

  /** The picture for itself, with the names in it. */
  get picture(): SVGSVGElement {
    const { queries = [], keys = [] } = this.#scene ?? {};
    const style = getComputedStyle(this.#plot);
    const line = getComputedStyle(this.#picture);
    const colors = { ink: style.color, line: line.stroke, paper: getComputedStyle(document.body).backgroundColor };
    const heads = { query: this.#say('queries'), key: this.#say('keys') };
    const least = this.#cut ? [`${this.#say('threshold')}: ${this.#least.textContent}`] : [];
    const title = [this.#scene?.title[this.#language] ?? '', ...least].filter(Boolean).join(' · ');
    return drawnLinks(
      { title, queries, keys, links: this.links, high: this.#high, heads },
      { ...colors, font: style.fontFamily },
    );
  }

  #frame(beside: HTMLElement | undefined): HTMLElement {
    const threshold = element('div', { class: 'links-threshold' }, this.#label, this.#least, this.#slider);
    const heads = element('div', { class: 'links-heads' }, this.#heads.query, this.#heads.key);
    const count = this.#cut ? [this.#count] : [];
    const main = element('div', { class: 'links-main' }, this.#title, this.#note, heads, this.#plot, ...count);
    const head = element('div', { class: 'links-list-head' }, this.#listTitle, this.#unlock);
    const side = element('div', { class: 'links-numbers' }, head, this.#listNote, this.#list);
    const room = element('div', { class: 'links-room' }, main, side);
    const top = element('div', { class: 'links-top' }, ...(beside ? [beside] : []), threshold);
    return element('div', { class: 'links' }, ...(this.#cut ? [top] : []), room);
  }

  #say(key: keyof typeof text, values: Record<string, string | number> = {}): string {
    return phrase(this.#words[key], this.#language, values);
  }

  #read(written: string): LinkChoices {
    const choices = readLinks(written);
    return this.#cut ? choices : { ...choices, threshold: 0, first: undefined };
  }

  #written(count: number): string {
    return formatCount(count, this.#language);
  }

  get #high(): number {
    return this.#scene?.high ?? highestOf(this.#links);
  }

  #isAbove({ weight }: Link): boolean {
    return weight >= (this.#high * this.#choices.threshold) / 100;
  }

  /** The ends whose links are shown; none: all are. */
  get #ends(): readonly LinkEnd[] {
    const { locked } = this.#choices;
    const here = locked.filter(({ side, index }) => this.#tokensOf(side).some((token) => token.index === index));
    return this.#pointed ? [...here.filter((end) => !isSameEnd(end, this.#pointed)), this.#pointed] : here;
  }

  #tokensOf(side: LinkEnd['side']): readonly LinkToken[] {
    return (side === 'query' ? this.#scene?.queries : this.#scene?.keys) ?? [];
  }

  /** The links of the ends, however weak. */
  get #lit(): Link[] {
    const ends = this.#ends;
    return ends.length === 0 ? [...this.#links] : this.#links.filter((link) => touches(link, ends));
  }

  #point(end: LinkEnd | undefined): void {
    this.#pointed = end;
    this.#showEnds();
  }

  #lock(end: LinkEnd): void {
    const { locked } = this.#choices;
    const rest = locked.filter((one) => !isSameEnd(one, end));
    this.#choose({ locked: rest.length < locked.length ? rest : [...locked, end] });
  }

  #unlockAll(): boolean {
    if (this.#choices.locked.length === 0) return false;
    this.#choose({ locked: [] });
    return true;
  }

  #choose(change: Partial<LinkChoices>): void {
    this.#choices = { ...this.#choices, ...change };
    if (change.threshold !== undefined) this.#drawLines();
    this.#render();
    this.dispatchEvent(new CustomEvent('state'));
  }

  /** To the end that the strongest link leads to; where there is none, to the first. */
  #cross(from: LinkEnd): void {
    const [link] = this.#links.filter((one) => touches(one, [from]));
    const [to, side] = from.side === 'query' ? (['key', this.#keys] as const) : (['query', this.#queries] as const);
    side.focus(link ? link[to] : (this.#tokensOf(to)[0]?.index ?? 0));
  }

  /** Keeps room for so many tokens, and for what is listed of them: one line more says how many more there are. */
  #reserve(queries: number, keys: number): void {
    const tokens = Math.max(queries, keys);
    const row = isTouch() ? ROW.finger : tokens > ROW.from ? ROW.long : ROW.short;
    this.#plot.style.setProperty('--links-height', `${tokens * row}px`);
    const lines = Math.max(1, Math.min(queries * keys, this.#listed + 1));
    this.#list.style.setProperty('--links-rows', String(lines));
  }

  #drawLines(): void {
    const { queries = [], keys = [] } = this.#scene ?? {};
    const height = Math.max(queries.length, keys.length, 1);
    this.#picture.setAttribute('viewBox', `0 0 ${WIDTH} ${height}`);
    const [left, right] = [queries, keys].map((tokens) => new Map(tokens.map(({ index }, at) => [index, at])));
    const drawn = above(this.#links, this.#choices.threshold, this.#high).map((link) => {
      const ends = [left?.get(link.query) ?? 0, right?.get(link.key) ?? 0] as const;
      const d = curveOf([ends[0], queries.length], [ends[1], keys.length], { width: WIDTH, height });
      const { width, opacity } = strokeOf(link.weight / this.#high);
      const line = svg('path', { d, 'stroke-width': width.toFixed(2), 'stroke-opacity': opacity.toFixed(3) });
      line.dataset['link'] = `${link.query}-${link.key}`;
      return { link, line };
    });
    this.#drawn = drawn;
    // The strongest last, so that they lie on top.
    this.#picture.replaceChildren(...drawn.map(({ line }) => line).reverse());
  }

  #render(): void {
    const { threshold, locked } = this.#choices;
    this.#title.textContent = this.#scene?.title[this.#language] ?? '';
    this.#note.textContent = this.#scene?.note[this.#language] ?? '';
    this.#heads.query.textContent = this.#scene ? this.#say('queries') : '';
    this.#heads.key.textContent = this.#scene ? this.#say('keys') : '';
    this.#label.textContent = this.#say('threshold');
    this.#slider.value = String(threshold);
    this.#slider.style.setProperty('--filled', `${threshold}%`);
    const weight = formatShare((this.#high * threshold) / 100);
    this.#least.textContent = this.#say('least', { weight, percent: threshold });
    this.#slider.setAttribute('aria-valuetext', this.#least.textContent);
    this.#unlock.textContent = this.#say('unlock');
    this.#unlock.setAttribute('aria-disabled', String(locked.length === 0));
    this.#showEnds();
  }

  /** Everything that depends on where the mouse or the keyboard is. */
  #showEnds(): void {
    const ends = this.#ends;
    const lit = this.#lit;
    const shown = this.links;
    for (const { link, line } of this.#drawn)
      line.classList.toggle('links-off', ends.length > 0 && !touches(link, ends));
    for (const side of ['query', 'key'] as const) {
      const reached = new Set(
        ends.length === 0 ? this.#tokensOf(side).map(({ index }) => index) : shown.map((link) => link[side]),
      );
      for (const end of ends) if (end.side === side) reached.add(end.index);
      const group = side === 'query' ? this.#queries : this.#keys;
      group.show(this.#say(`${side}Group`), this.#choices.locked, reached, (token) => this.#nameFully(side, token));
    }
    this.#count.textContent = this.#known
      ? this.#say('shown', { shown: this.#written(shown.length), total: this.#written(lit.length) })
      : '';
    this.#showList(ends, shown);
  }

  /** Whether there is anything to be seen: that none is strong says nothing of links that are not computed. */
  get #known(): boolean {
    return this.#scene?.queries.some(({ index }) => this.#scene?.sumOf(index) !== undefined) ?? false;
  }

  #nameFully(side: LinkEnd['side'], { index, name }: LinkToken): string {
    const link = this.#links.find((one) => one[side] === index);
    if (!link) return this.#say(side === 'query' ? 'aloneQuery' : 'aloneKey', { index, name });
    const other = side === 'query' ? this.nameOf('key', link.key) : this.nameOf('query', link.query);
    return this.#say(side, { index, name, other, weight: formatShare(link.weight) });
  }

  #showList(ends: readonly LinkEnd[], shown: readonly Link[]): void {
    const [only] = ends;
    const title = this.#listName(ends);
    this.#listTitle.textContent = title;
    this.#list.setAttribute('aria-label', title);
    const sum = ends.length === 1 && only?.side === 'query' ? this.#scene?.sumOf(only.index) : undefined;
    this.#listNote.textContent =
      sum === undefined ? this.#say(isTouch() ? 'hintTouch' : 'hint') : this.#say('sum', { sum: formatShare(sum) });
    const listed = shown.slice(0, ends.length === 0 ? this.#listed : LISTED.most);
    const items = listed.map((link) => this.#item(link));
    const rest = shown.length - listed.length;
    if (rest > 0) items.push(element('li', { class: 'links-more' }, this.#say('more', { count: this.#written(rest) })));
    if (items.length === 0 && this.#known) items.push(element('li', { class: 'links-more' }, this.#say('none')));
    this.#list.replaceChildren(...items);
  }

  #listName(ends: readonly LinkEnd[]): string {
    const [only] = ends;
    if (!only) return this.#say('strongest');
    if (ends.length > 1) return this.#say('ofSeveral', { count: ends.length });
    return this.#say(only.side === 'query' ? 'ofQuery' : 'ofKey', {
      name: cutMiddle(this.nameOf(only.side, only.index), LISTED.name),
    });
  }

  /** A name, and its place where several tokens have it. */
  #nodesOf(side: LinkEnd['side'], index: number): HTMLElement[] {
    const name = this.nameOf(side, index);
    const several = this.#tokensOf(side).filter((token) => token.name === name).length > 1;
    return [nameElement(name), ...(several ? [element('i', { class: 'links-place' }, ` ${index}`)] : [])];
  }

  #item(link: Link): HTMLElement {
    const bar = element('i', { class: 'links-share', 'aria-hidden': 'true' });
    bar.style.width = `${((100 * link.weight) / this.#high).toFixed(1)}%`;
    const [query, key] = [this.#nodesOf('query', link.query), this.#nodesOf('key', link.key)];
    const names = element('span', { class: 'links-pair' }, ...query, ' → ', ...key);
    const weight = element('b', {}, formatShare(link.weight));
    return element('li', { 'data-link': `${link.query}-${link.key}` }, names, weight, bar);
  }
}
