// Which rule removes which key, worked out from the options: for showing and saying. What the heat map draws is the
// kernel's own answer, and a test holds the two together.

import { bitAt, type Bits } from './bits.ts';
import { cellRange } from './layout.ts';

/** Why a key is removed from a query's row. */
export type Rule = 'queryLength' | 'keyLength' | 'causal' | 'left' | 'right' | 'painted' | 'bias';

/** All masks of one head of one batch item. Query `i` stands at key `i + offset`. */
export interface Rules {
  queries: number;
  keys: number;
  offset: number;
  causal: boolean;
  /** Keys before and after its own position that a query sees; -1 is no limit. */
  left: number;
  right: number;
  /** How many queries and keys are real. */
  queryLength: number;
  keyLength: number;
  /** What was taken away by hand or by a file. */
  painted?: Bits | undefined;
  /** Where the bias is minus infinity. */
  bias?: Bits | undefined;
}

/** The keys [from, to) that `query` may see by the causal rule, the window and the lengths. */
export function visibleKeys(rules: Rules, query: number): [number, number] {
  if (query >= rules.queryLength) return [0, 0];
  const position = query + rules.offset;
  let [from, to] = [0, Math.min(rules.keys, rules.keyLength)];
  if (rules.causal) to = Math.min(to, position + 1);
  if (rules.right >= 0) to = Math.min(to, position + rules.right + 1);
  if (rules.left >= 0) from = Math.max(from, position - rules.left);
  return from < to ? [from, to] : [0, 0];
}

/** Every rule that removes `key` from the row of `query`; none when it may be seen. */
export function rulesAgainst(rules: Rules, query: number, key: number): Rule[] {
  const position = query + rules.offset;
  const found: Rule[] = [];
  if (query >= rules.queryLength) found.push('queryLength');
  if (key >= rules.keyLength) found.push('keyLength');
  if (rules.causal && key > position) found.push('causal');
  if (rules.left >= 0 && key < position - rules.left) found.push('left');
  if (rules.right >= 0 && key > position + rules.right) found.push('right');
  if (rules.painted && bitAt(rules.painted, query, key)) found.push('painted');
  if (rules.bias && bitAt(rules.bias, query, key)) found.push('bias');
  return found;
}

/** The masks pooled to `rows` x `columns` cells: of each cell, how many of its pairs are left, and how many were painted away. */
export interface PooledMask {
  rows: number;
  columns: number;
  /** How many pairs each cell stands for. */
  size: Float64Array;
  allowed: Float64Array;
  /** Pairs that nothing but the painted mask or the bias removes. */
  painted: Float64Array;
  /** Pairs left of all. */
  total: number;
  /** For each row of cells, how many of its queries have no key left. */
  empty: Uint32Array;
}

/** Pools the masks; with `rows` and `columns` as large as the problem, one cell is one pair. */
export function poolMask(rules: Rules, rows: number, columns: number): PooledMask {
  const cells = rows * columns;
  const pooled: PooledMask = {
    rows,
    columns,
    size: new Float64Array(cells),
    allowed: new Float64Array(cells),
    painted: new Float64Array(cells),
    total: 0,
    empty: new Uint32Array(rows),
  };
  const edges = Array.from({ length: columns }, (_, column) => cellRange(column, columns, rules.keys));
  for (let row = 0; row < rows; row += 1) {
    const [from, to] = cellRange(row, rows, rules.queries);
    for (let query = from; query < to; query += 1) addRow(pooled, rules, query, row, edges);
  }
  return pooled;
}

function addRow(
  pooled: PooledMask,
  rules: Rules,
  query: number,
  row: number,
  edges: readonly (readonly [number, number])[],
): void {
  const [from, to] = visibleKeys(rules, query);
  let left = 0;
  edges.forEach(([start, end], column) => {
    const cell = row * pooled.columns + column;
    pooled.size[cell] = (pooled.size[cell] ?? 0) + end - start;
    const [first, last] = [Math.max(from, start), Math.min(to, end)];
    if (first >= last) return;
    const marked = countMarked(rules, query, first, last);
    pooled.painted[cell] = (pooled.painted[cell] ?? 0) + marked;
    pooled.allowed[cell] = (pooled.allowed[cell] ?? 0) + last - first - marked;
    left += last - first - marked;
  });
  pooled.total += left;
  if (left === 0) pooled.empty[row] = (pooled.empty[row] ?? 0) + 1;
}

function countMarked({ painted, bias }: Rules, query: number, from: number, to: number): number {
  if (!painted && !bias) return 0;
  let count = 0;
  for (let key = from; key < to; key += 1) {
    if ((painted && bitAt(painted, query, key)) || (bias && bitAt(bias, query, key))) count += 1;
  }
  return count;
}
