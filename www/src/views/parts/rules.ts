// Which rule removes which key, worked out from the options: for showing and saying. What the heat map draws is the
// kernel's own answer, and a test holds the two together.

import { bitAt, countBits, isEmpty, type Marks } from './bits.ts';
import { cellOf, cellRange } from './layout.ts';

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
  painted?: Marks | undefined;
  /** Where the bias is minus infinity. */
  bias?: Marks | undefined;
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

/** How many pairs the masks leave, and how many queries without any. */
export interface Left {
  pairs: number;
  empty: number;
}

export function countLeft(rules: Rules): Left {
  const steps = countingLeft(rules);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

/** Counts what the masks leave, a query with each step: who has something else to do does it in between. */
export function* countingLeft(rules: Rules): Generator<undefined, Left> {
  const countMarked = counterOf(rules);
  let [pairs, empty] = [0, 0];
  for (let query = 0; query < rules.queries; query += 1) {
    const [from, to] = visibleKeys(rules, query);
    const left = to - from - countMarked(query, from, to);
    pairs += left;
    if (left === 0) empty += 1;
    yield;
  }
  return { pairs, empty };
}

/** How many keys of [from, to) are marked for a query. */
type CountMarked = (query: number, from: number, to: number) => number;

function counterOf(rules: Rules): CountMarked {
  const marks = marksOf(rules);
  const rows = marks.filter(({ keys }) => keys === 1);
  const others = marks.filter(({ keys }) => keys > 1);
  const count = keyCounterOf(others, rules.keys);
  if (rows.length === 0) return count;
  return (query, from, to) => (rows.some((one) => bitAt(one, query, 0)) ? to - from : count(query, from, to));
}

/** Marks that are the same for every query are counted once, up to each key. */
function keyCounterOf(marks: readonly Marks[], keys: number): CountMarked {
  if (marks.length === 0) return () => 0;
  if (marks.some(({ queries }) => queries > 1)) return (query, from, to) => countBits(marks, query, from, to);
  const before = new Uint32Array(keys + 1);
  for (let key = 0; key < keys; key += 1) before[key + 1] = (before[key] ?? 0) + countBits(marks, 0, key, key + 1);
  return (_, from, to) => (before[to] ?? 0) - (before[from] ?? 0);
}

/** The marked pairs, where there are any; a tensor is not searched for them. */
function marksOf({ painted, bias }: Rules): Marks[] {
  return [painted, bias].flatMap((marks) => (marks && ('mark' in marks || !isEmpty(marks)) ? [marks] : []));
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
    empty: new Uint32Array(rows),
  };
  const edges = Array.from({ length: columns }, (_, column) => cellRange(column, columns, rules.keys));
  const countMarked = marksOf(rules).length ? counterOf(rules) : undefined;
  for (let row = 0; row < rows; row += 1) {
    const [from, to] = cellRange(row, rows, rules.queries);
    edges.forEach(([start, end], column) => (pooled.size[row * columns + column] = (to - from) * (end - start)));
    const line = { rules, row, edges, whole: new Float64Array(columns + 1) };
    for (let query = from; query < to; query += 1) {
      const left = countMarked ? addMarked(pooled, line, query, countMarked) : addRange(pooled, line, query);
      if (left === 0) pooled.empty[row] = (pooled.empty[row] ?? 0) + 1;
    }
    addWhole(pooled, line);
  }
  return pooled;
}

/** A row of cells: where its cells end, and at which cells queries begin (1) or end (-1) to see all keys of a cell. */
interface Line {
  rules: Rules;
  row: number;
  edges: readonly (readonly [number, number])[];
  whole: Float64Array;
}

/**
 * Adds a query without marks by the two ends of what it sees, and says how many keys that are. There may be 32,768 of
 * them while somebody drags a handle.
 */
function addRange({ allowed, columns }: PooledMask, { rules, row, edges, whole }: Line, query: number): number {
  const [from, to] = visibleKeys(rules, query);
  if (from === to) return 0;
  const [first, last] = [cellOf(from, columns, rules.keys), cellOf(to - 1, columns, rules.keys)];
  const add = (column: number, count: number): void => {
    allowed[row * columns + column] = (allowed[row * columns + column] ?? 0) + count;
  };
  if (first === last) add(first, to - from);
  else {
    add(first, (edges[first]?.[1] ?? 0) - from);
    add(last, to - (edges[last]?.[0] ?? 0));
    whole[first + 1] = (whole[first + 1] ?? 0) + 1;
    whole[last] = (whole[last] ?? 0) - 1;
  }
  return to - from;
}

/** Adds the cells that lie between the ends. */
function addWhole({ allowed, columns }: PooledMask, { row, edges, whole }: Line): void {
  let queries = 0;
  edges.forEach(([start, end], column) => {
    queries += whole[column] ?? 0;
    allowed[row * columns + column] = (allowed[row * columns + column] ?? 0) + queries * (end - start);
  });
}

/** Adds a query cell by cell, without the keys that are marked. */
function addMarked(
  { allowed, painted, columns }: PooledMask,
  { rules, row, edges }: Line,
  query: number,
  countMarked: CountMarked,
): number {
  const [from, to] = visibleKeys(rules, query);
  let left = 0;
  for (let column = 0; column < columns; column += 1) {
    const edge = edges[column];
    if (!edge || edge[1] <= from) continue;
    const [first, last] = [Math.max(from, edge[0]), Math.min(to, edge[1])];
    if (first >= last) break;
    const cell = row * columns + column;
    const marked = countMarked(query, first, last);
    painted[cell] = (painted[cell] ?? 0) + marked;
    allowed[cell] = (allowed[cell] ?? 0) + last - first - marked;
    left += last - first - marked;
  }
  return left;
}
