// A mask or a bias out of a file: which it is, whether its shape fits, and what it takes away.

import type { Tensor } from '../engine/index.ts';
import { bitAt, bitsFrom, type Bits } from '../views/parts/bits.ts';
import { visibleKeys, type Rules } from '../views/parts/rules.ts';
import { npyHeader } from './npy.ts';
import { MOST_PAIRS } from './painted.ts';
import { PageError } from './reason.ts';
import type { LoadedBias } from './settings.ts';
import type { Sizes } from './tensors.ts';
import { text } from './text.ts';

/** What a file turned out to be: marks of what it removes, one for all heads or one for each; or a bias. */
export type Loaded = { readonly marks: readonly Bits[] } | { readonly bias: LoadedBias };

/**
 * Reads a tensor as a mask where it holds 0 and 1 alone (1 may attend; with `opposite` 1 is removed), else as a bias. Zeros
 * alone are a bias as well: what is added where no key is padding, and not a mask that leaves nothing to see.
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
  if (data.every((value) => value === 0 || value === 1) && data.includes(1)) {
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

/**
 * What the masks together allow, as an npy file of true and false; with a bias, its numbers and minus infinity where a
 * key is removed. `heads` holds the rules of all heads, or of each.
 *
 * Throws a PageError where the bias is for other sizes.
 */
export function maskFile(heads: readonly Rules[], sizes: Sizes, bias: LoadedBias | undefined): Blob {
  const { queries, keys } = sizes;
  const shape = heads.length > 1 ? [heads.length, queries, keys] : [queries, keys];
  if (!bias) return npyBlob(npyHeader('|b1', shape), heads.map(allowedIn));
  const { file, tensor } = bias;
  const planes = planesOf(file, tensor.shape, sizes);
  const added = heads.map((rules, head) => {
    const plane = planes[planes.length > 1 ? head : 0];
    return plane ? addedBy(rules, plane, tensor.data) : new Float32Array();
  });
  return npyBlob(npyHeader('<f4', shape), added);
}

function npyBlob(header: BlobPart, parts: BlobPart[]): Blob {
  return new Blob([header, ...parts], { type: 'application/octet-stream' });
}

/** For each pair 1 where it is allowed. */
function allowedIn(rules: Rules): Uint8Array<ArrayBuffer> {
  const { queries, keys } = rules;
  const allowed = new Uint8Array(queries * keys);
  for (let query = 0; query < queries; query += 1) {
    const [from, to] = visibleKeys(rules, query);
    for (let key = from; key < to; key += 1) {
      const taken = [rules.painted, rules.bias].some((marks) => marks && bitAt(marks, query, key));
      allowed[query * keys + key] = taken ? 0 : 1;
    }
  }
  return allowed;
}

/** For each pair what is added to its score. */
function addedBy(rules: Rules, { start, down, across }: Plane, data: Float32Array): Float32Array<ArrayBuffer> {
  const { keys } = rules;
  return Float32Array.from(allowedIn(rules), (allowed, index) => {
    const key = index % keys;
    return allowed ? (data[start + ((index - key) / keys) * down + key * across] ?? 0) : -Infinity;
  });
}
