// The links as a picture for itself: names, lines and colours all in it, for those who take it along.

import { svg } from './dom.ts';
import { curveOf, strokeOf, type Link } from './linkset.ts';
import type { LinkToken } from './linkside.ts';
import { widthOf } from './letters.ts';
import { cutMiddle } from './name.ts';
import { words } from './sheet.ts';

/** Pixels of the picture. */
const ROW = 24;
const LINES = 360;
const CHARACTER = 8;
/** Characters of a name. */
const LONGEST = 29;
const MARGIN = 16;
const TOP = 68;

/** What is drawn. */
export interface DrawnLinks {
  title: string;
  queries: readonly LinkToken[];
  keys: readonly LinkToken[];
  links: readonly Link[];
  /** The weight of the thickest line. */
  high: number;
  heads: { query: string; key: string };
}

/** How it is drawn. */
export interface DrawnStyle {
  ink: string;
  line: string;
  paper: string;
  font: string;
}

export function drawnLinks({ title, queries, keys, links, high, heads }: DrawnLinks, style: DrawnStyle): SVGSVGElement {
  const height = ROW * Math.max(1, queries.length, keys.length);
  const [left, right] = [roomOf(queries, heads.query), roomOf(keys, heads.key)];
  const width = 2 * MARGIN + Math.max(left + LINES + right, widthOf(title) * CHARACTER);
  const full = height + TOP + MARGIN;
  const picture = svg('svg', {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${full}`,
    width,
    height: full,
  });
  picture.setAttribute('font-family', style.font);
  picture.append(svg('rect', { width, height: full, fill: style.paper }));
  const places = [queries, keys].map((tokens) => new Map(tokens.map(({ index }, at) => [index, at])));
  const lines = svg('g', { transform: `translate(${MARGIN + left} ${TOP})`, fill: 'none', stroke: style.line });
  for (const link of [...links].reverse()) {
    const ends = [places[0]?.get(link.query) ?? 0, places[1]?.get(link.key) ?? 0] as const;
    const d = curveOf([ends[0], queries.length], [ends[1], keys.length], { width: LINES, height });
    const { width: thick, opacity } = strokeOf(high > 0 ? link.weight / high : 0);
    lines.append(svg('path', { d, 'stroke-width': thick.toFixed(2), 'stroke-opacity': opacity.toFixed(3) }));
  }
  picture.append(lines, words(title, { x: MARGIN, y: 24, fill: style.ink, 'font-size': 14, 'font-weight': 600 }));
  const [start, end] = [MARGIN + left - 8, MARGIN + left + LINES + 8];
  picture.append(...names(queries, { x: start, height, ink: style.ink, anchor: 'end' }, heads.query));
  picture.append(...names(keys, { x: end, height, ink: style.ink, anchor: 'start' }, heads.key));
  return picture;
}

function roomOf(tokens: readonly LinkToken[], head: string): number {
  const longest = tokens.reduce((most, { name }) => Math.max(most, widthOf(cutMiddle(name, LONGEST))), widthOf(head));
  return longest * CHARACTER + 8;
}

function names(
  tokens: readonly LinkToken[],
  { x, height, ink, anchor }: { x: number; height: number; ink: string; anchor: string },
  head: string,
): SVGTextElement[] {
  const word = (name: string, y: number, weight: number): SVGTextElement =>
    words(name, { x, y, fill: ink, 'text-anchor': anchor, 'font-size': 14, 'font-weight': weight });
  const step = height / Math.max(1, tokens.length);
  return [
    word(head, TOP - 16, 600),
    ...tokens.map(({ name }, at) => word(cutMiddle(name, LONGEST), TOP + (at + 0.5) * step + 5, 400)),
  ];
}
