// Two matrices of weights beside each other: in which order their rows stand, what stands out, and what a link says of it.

import { pooledColumns, pooledRows, type Grid } from './pooling.ts';

/** How rows are sorted: as they come, or the furthest apart first. */
export const SORTS = ['sequence', 'divergence'] as const;
export type Sort = (typeof SORTS)[number];

/** A row, or with a key one pair of it. */
export interface Spot {
  query: number;
  key?: number | undefined;
}

/** What the visitor has chosen. */
export interface CompareChoices {
  sort: Sort;
  locked: Spot | undefined;
}

/** Which row stands at each place. Equals keep their order; rows without a divergence come last. */
export function orderOf(divergence: ArrayLike<number>, sort: Sort): Uint32Array {
  const order = Uint32Array.from({ length: divergence.length }, (_, row) => row);
  if (sort === 'sequence') return order;
  const of = (row: number): number => {
    const bits = divergence[row] ?? NaN;
    return Number.isNaN(bits) ? -1 : bits;
  };
  return order.sort((one, other) => of(other) - of(one) || one - other);
}

/** The rows of a matrix in another order. */
export function arranged(values: Float32Array, columns: number, order: Uint32Array): Float32Array {
  const moved = new Float32Array(values.length);
  order.forEach((row, place) => moved.set(values.subarray(row * columns, (row + 1) * columns), place * columns));
  return moved;
}

/** How many rows and columns share a cell, if there are at most `most` cells a side. */
export function blocksFor({ rows, columns }: Omit<Grid, 'values'>, most: { width: number; height: number }) {
  const block = (count: number, room: number): number => Math.max(1, Math.ceil(count / Math.max(1, room)));
  return { rows: block(rows, most.height), columns: block(columns, most.width) };
}

/** A matrix with one cell, the number of largest magnitude, for each block. */
export function pooled(grid: Grid, blocks: { rows: number; columns: number }): Grid {
  const narrow = blocks.columns > 1 ? pooledColumns(grid, blocks.columns, 'max') : grid;
  return blocks.rows > 1 ? pooledRows(narrow, blocks.rows, 'max') : narrow;
}

/** Where the number of largest magnitude stands; what is no finite number is passed over. -1: there is none. */
export function largestAt(values: ArrayLike<number>): number {
  let [best, found] = [-1, -1];
  for (let at = 0; at < values.length; at += 1) {
    const size = Math.abs(values[at] ?? NaN);
    if (size > best && size < Infinity) [best, found] = [size, at];
  }
  return found;
}

/** The keys of a row whose numbers are largest in magnitude, the largest first; removed keys are left out. */
export function rankedKeys(row: Float32Array, count: number): number[] {
  const size = (key: number): number => {
    const found = Math.abs(row[key] ?? NaN);
    return found < Infinity ? found : -1;
  };
  const there = [...row.keys()].filter((key) => row[key] !== -Infinity);
  return there.sort((one, other) => size(other) - size(one) || one - other).slice(0, count);
}

/** The mean of the rows that have a divergence, and how many these are. */
export function meanDivergence(divergence: ArrayLike<number>): { mean: number; rows: number } {
  let [sum, rows] = [0, 0];
  for (let row = 0; row < divergence.length; row += 1) {
    const bits = divergence[row] ?? NaN;
    if (Number.isNaN(bits)) continue;
    sum += bits;
    rows += 1;
  }
  return { mean: sum / rows, rows };
}

/** What would bring the choices back, as in `s.divergence*l.10.2`; '' for the view as it comes. */
export function writeCompared({ sort, locked }: CompareChoices): string {
  const lock = locked && ['l', locked.query, ...(locked.key === undefined ? [] : [locked.key])].join('.');
  return [sort === 'sequence' ? '' : `s.${sort}`, lock ?? ''].filter(Boolean).join('*');
}

/** Reads that; what it does not know is passed over. */
export function readCompared(written: string): CompareChoices {
  const choices: CompareChoices = { sort: 'sequence', locked: undefined };
  for (const entry of written.split('*', 40)) {
    const sort = SORTS.find((one) => entry === `s.${one}`);
    if (sort) choices.sort = sort;
    const [, query, key] = /^l\.(\d{1,8})(?:\.(\d{1,8}))?$/.exec(entry) ?? [];
    if (query !== undefined) choices.locked = { query: Number(query), key: key === undefined ? key : Number(key) };
  }
  return choices;
}
