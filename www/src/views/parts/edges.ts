// The bounds that can be dragged: where their handles stand on the plot, and which value a place means.

import type { Rules } from './rules.ts';

/** The window's two bounds, and where the real keys and queries end. */
export type Edge = 'left' | 'right' | 'keys' | 'queries';

export const EDGES: readonly Edge[] = ['left', 'right', 'keys', 'queries'];

/** A point on the plot, from 0 to 1 each way. */
export interface Point {
  x: number;
  y: number;
}

/**
 * The value of a bound now, and the most that it can be. For a window that is the widest that still takes a key from a
 * query; -1 is no limit, which comes after it.
 */
export function edgeRange(edge: Edge, rules: Rules): { value: number; most: number } {
  const { left, right, keyLength, queryLength, keys, queries, offset } = rules;
  if (edge === 'keys') return { value: Math.min(keyLength, keys), most: keys };
  if (edge === 'queries') return { value: Math.min(queryLength, queries), most: queries };
  if (edge === 'left') return { value: left, most: Math.max(0, queries + offset - 2) };
  return { value: right, most: Math.max(0, keys - offset - 2) };
}

/** The place of a bound's value among all that it can have, from 0; no limit is the last of a window's. */
export function edgeStep(edge: Edge, rules: Rules): { at: number; last: number } {
  const { value, most } = edgeRange(edge, rules);
  if (edge === 'keys' || edge === 'queries') return { at: value, last: most };
  return { at: value < 0 ? most + 1 : Math.min(value, most + 1), last: most + 1 };
}

/** The value that lies `steps` further on. */
export function edgeAfter(edge: Edge, rules: Rules, steps: number): number {
  const { at, last } = edgeStep(edge, rules);
  const next = Math.max(0, Math.min(last, at + steps));
  return next > edgeRange(edge, rules).most ? -1 : next;
}

/**
 * Where a bound's handle stands: a length's at its end of the axis; a window's in the middle row of those that stand at
 * a key, at the side of the band, or at the side of the plot where there is no limit. Undefined where no row does.
 */
export function placeEdge(edge: Edge, rules: Rules): Point | undefined {
  const { left, right, keyLength, queryLength, keys, queries } = rules;
  // A handle stands on the plot, whatever was asked for: it must never widen the page.
  if (edge === 'keys') return { x: Math.min(1, keyLength / keys), y: 1 };
  if (edge === 'queries') return { x: 1, y: Math.min(1, queryLength / queries) };
  const query = middleQuery(rules);
  if (query === undefined) return undefined;
  const position = query + rules.offset;
  const from = left < 0 ? 0 : Math.max(0, position - left);
  const to = right < 0 ? keys : Math.min(keys, position + right + 1);
  return { x: (edge === 'left' ? from : to) / keys, y: (query + 0.5) / queries };
}

/** The value that a bound has with its handle at `at`. */
export function edgeValue(edge: Edge, rules: Rules, at: Point): number {
  const { keys, queries } = rules;
  const column = Math.max(0, Math.min(keys, Math.round(at.x * keys)));
  if (edge === 'keys') return column;
  if (edge === 'queries') return Math.max(0, Math.min(queries, Math.round(at.y * queries)));
  const position = (middleQuery(rules) ?? 0) + rules.offset;
  if (edge === 'left') return column === 0 ? -1 : Math.max(0, position - column);
  return column === keys ? -1 : Math.max(0, column - 1 - position);
}

/** The middle one of the queries that stand at a key. */
function middleQuery({ offset, queries, keys }: Rules): number | undefined {
  const [first, last] = [Math.max(0, -offset), Math.min(queries, keys - offset) - 1];
  return first <= last ? Math.floor((first + last) / 2) : undefined;
}
