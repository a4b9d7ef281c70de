// Which links there are, which are drawn, and where: pure arithmetic, and what a link of the page says of it.

/** A query, a key, and the weight between them. */
export interface Link {
  query: number;
  key: number;
  weight: number;
}

/** One end of links. */
export interface LinkEnd {
  side: 'query' | 'key';
  index: number;
}

/** What the visitor has chosen. */
export interface LinkChoices {
  /** Links below this share of the strongest one are left out, in percent. */
  threshold: number;
  locked: readonly LinkEnd[];
  /** The query of a long sequence from which on links are drawn; undefined: as it comes. */
  first: number | undefined;
}

/** The threshold to begin with: what is weaker is hard to tell from nothing. */
export const THRESHOLD = 10;
/** More ends than there can be are not locked. */
const MOST_LOCKED = 128;

/** The links of a matrix, row by row; entries that are no weight above zero are none. */
export function linksOf(weights: ArrayLike<number>, keys: number): Link[] {
  return Array.from(weights, (weight, at) => ({ query: Math.floor(at / keys), key: at % keys, weight })).filter(isLink);
}

/** Whether there is something to draw. */
export function isLink({ weight }: Link): boolean {
  return weight > 0 && Number.isFinite(weight);
}

/** The strongest first; equals stay in their order. */
export function byWeight(links: readonly Link[]): Link[] {
  return [...links].sort((a, b) => b.weight - a.weight);
}

/** The weight of the strongest link; 0 where there is none. */
export function highestOf(links: readonly Link[]): number {
  return links.reduce((most, { weight }) => Math.max(most, weight), 0);
}

/** The links of at least `threshold` percent of `high`. */
export function above(links: readonly Link[], threshold: number, high = highestOf(links)): Link[] {
  return links.filter(({ weight }) => weight >= (high * threshold) / 100);
}

/** Whether a link ends at one of `ends`. */
export function touches(link: Link, ends: readonly LinkEnd[]): boolean {
  return ends.some(({ side, index }) => link[side] === index);
}

/** Whether two ends are the same. */
export function isSameEnd(a: LinkEnd | undefined, b: LinkEnd | undefined): boolean {
  return a?.side === b?.side && a?.index === b?.index;
}

/** How strongly a link is drawn: width in pixels, and opacity; `share` is its weight over the strongest. */
export function strokeOf(share: number): { width: number; opacity: number } {
  return { width: 0.75 + 7.25 * share, opacity: 0.2 + 0.7 * share };
}

/** From the middle of the left item `from` of `left` to that of the right one, across `width` and `height`. */
export function curveOf(
  [from, left]: readonly [number, number],
  [to, right]: readonly [number, number],
  { width, height }: { width: number; height: number },
): string {
  const y = (at: number, count: number): string => (((at + 0.5) * height) / count).toFixed(2);
  const [start, end] = [y(from, left), y(to, right)];
  const [near, far] = [0.45, 0.55].map((share) => (share * width).toFixed(0));
  return `M0 ${start}C${near} ${start} ${far} ${end} ${width} ${end}`;
}

/** The choices as a link of the page has them: `t25.f48.q3.k0`; '' for those that the view comes with. */
export function writeLinks({ threshold, locked, first }: LinkChoices): string {
  const ends = locked.map(({ side, index }) => `${side === 'query' ? 'q' : 'k'}${index}`);
  const start = first === undefined ? [] : [`f${first}`];
  return [...(threshold === THRESHOLD ? [] : [`t${threshold}`]), ...start, ...ends].join('.');
}

/** Reads what a link of the page says; what makes no sense is passed over. */
export function readLinks(written: string): LinkChoices {
  let threshold = THRESHOLD;
  let first: number | undefined;
  const locked: LinkEnd[] = [];
  for (const word of written.split('.', MOST_LOCKED + 2)) {
    const [, kind, digits] = /^([tfqk])(\d{1,9})$/.exec(word) ?? [];
    const number = Number(digits);
    if (kind === 't' && number <= 100) threshold = number;
    if (kind === 'f') first = number;
    const end: LinkEnd = { side: kind === 'q' ? 'query' : 'key', index: number };
    if ((kind === 'q' || kind === 'k') && !locked.some((one) => isSameEnd(one, end))) locked.push(end);
  }
  return { threshold, locked, first };
}
