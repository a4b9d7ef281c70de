// A mask or a bias out of a file: which it is, whether its shape fits, and what it takes away.

import type { Tensor } from '../engine/index.ts';
import { bitsFrom, type Bits } from '../views/parts/bits.ts';
import { visibleKeys, type Rules } from '../views/parts/rules.ts';
import { bitAt } from '../views/parts/bits.ts';
import { MOST_PAIRS, npyOf } from './painted.ts';
import { PageError } from './reason.ts';
import type { LoadedBias } from './settings.ts';
import type { Sizes } from './tensors.ts';
import { text } from './text.ts';

/** What a file turned out to be: marks of what it removes, one for all heads or one for each; or a bias. */
export type Loaded = { readonly marks: readonly Bits[] } | { readonly bias: LoadedBias };

/**
 * Reads a tensor as a mask where it holds 0 and 1 alone (1 may attend; with `opposite` 1 is removed), else as a bias.
 *
 * Throws a PageError for a shape that does not stretch to the problem, or numbers that cannot be added.
 */
export function readMask(file: string, tensor: Tensor, sizes: Sizes, opposite: boolean): Loaded {
  const { queries, keys } = sizes;
  if (queries * keys > MOST_PAIRS) throw new PageError(text.maskTooLarge, { queries, keys });
  const planes = planesOf(file, tensor.shape, sizes);
  const { data } = tensor;
  const marks = (marked: (value: number) => boolean): Bits[] =>
    planes.map((plane) => marksOf(plane, data, sizes, marked));
  if (data.every((value) => value === 0 || value === 1)) {
    const removed = opposite ? 1 : 0;
    return { marks: marks((value) => value === removed) };
  }
  if (data.some((value) => Number.isNaN(value) || value === Infinity)) {
    throw new PageError(text.maskNumberFault, { name: file });
  }
  const shape = tensor.shape.length > 1 ? tensor.shape : [1, ...tensor.shape];
  return { bias: { file, tensor: { data, shape }, removed: marks((value) => value === -Infinity) } };
}

/** One head's part of a tensor: where it starts, and how far it is to the next query and key. */
interface Plane {
  start: number;
  down: number;
  across: number;
}

/** One plane for all heads, or one for each; a rank of 1 is a row of keys. */
function planesOf(name: string, shape: readonly number[], sizes: Sizes): Plane[] {
  const { heads, queries, keys } = sizes;
  const [rows = 1, columns = 1] = shape.length > 1 ? shape.slice(-2) : [1, ...shape];
  const leading = shape.slice(0, -2);
  const count = leading.at(-1) ?? 1;
  const fits =
    shape.length <= 4 &&
    (rows === 1 || rows === queries) &&
    (columns === 1 || columns === keys) &&
    (count === 1 || count === heads) &&
    leading.slice(0, -1).every((size) => size === 1);
  if (!fits) throw new PageError(text.maskShapeFault, { name, shape: shape.join(' × ') || '1', queries, keys, heads });
  const down = rows === 1 ? 0 : columns;
  return Array.from({ length: count }, (_, head) => ({
    start: head * rows * columns,
    down,
    across: columns === 1 ? 0 : 1,
  }));
}

function marksOf(
  { start, down, across }: Plane,
  data: Float32Array,
  { queries, keys }: Sizes,
  marked: (value: number) => boolean,
): Bits {
  return bitsFrom(queries, keys, (index) => {
    const key = index % keys;
    return marked(data[start + ((index - key) / keys) * down + key * across] ?? 0);
  });
}

/** Everything that the masks together allow, as an npy file of true and false. */
export function maskFile(rules: Rules): Blob {
  const { queries, keys } = rules;
  let [query, from, to] = [-1, 0, 0];
  const allowed = bitsFrom(queries, keys, (index) => {
    const key = index % keys;
    if (key === 0) [from, to] = visibleKeys(rules, (query += 1));
    const taken = [rules.painted, rules.bias].some((marks) => marks && bitAt(marks, query, key));
    return key >= from && key < to && !taken;
  });
  return new Blob([npyOf(allowed)], { type: 'application/octet-stream' });
}
