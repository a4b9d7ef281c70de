// A mask or a bias out of a file: which it is, whether its shape fits, and what it takes away.

import type { Tensor } from '../engine/index.ts';
import { bitAt, bitsFrom, entryAt, planeOf, type Bits, type Plane } from '../views/parts/bits.ts';
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
  checkShape(file, tensor.shape, sizes);
  const { data } = tensor;
  const marks = (mark: number): Bits[] => planesOf(tensor, mark).map((plane) => marksOf(plane, sizes));
  if (data.every((value) => value === 0 || value === 1) && data.includes(1)) return { marks: marks(opposite ? 1 : 0) };
  if (data.some((value) => Number.isNaN(value) || value === Infinity)) {
    throw new PageError(text.maskNumberFault, { name: file });
  }
  const shape = tensor.shape.length > 1 ? tensor.shape : [1, ...tensor.shape];
  return { bias: { file, tensor: { data, shape }, removed: marks(-Infinity) } };
}

/** Whether a shape stretches to the problem; a rank of 1 is a row of keys. */
function checkShape(name: string, shape: readonly number[], { heads, queries, keys }: Sizes): void {
  const [columns = 1, rows = 1, count = 1, ...leading] = shape.toReversed();
  const fits =
    shape.length <= 4 &&
    (rows === 1 || rows === queries) &&
    (columns === 1 || columns === keys) &&
    (count === 1 || count === heads) &&
    leading.every((size) => size === 1);
  if (!fits) throw new PageError(text.maskShapeFault, { name, shape: shape.join(' × ') || '1', queries, keys, heads });
}

/** The entries that are `mark`: one plane for all heads, or one for each. */
function planesOf(tensor: Tensor, mark: number): Plane[] {
  const count = tensor.shape.at(-3) ?? 1;
  return Array.from({ length: count }, (_, head) => planeOf(tensor, { batch: 0, head }, mark));
}

function marksOf(plane: Plane, { queries, keys }: Sizes): Bits {
  return bitsFrom(queries, keys, (index) => bitAt(plane, Math.floor(index / keys), index % keys));
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
  checkShape(file, tensor.shape, sizes);
  const added = heads.map((rules, head) => addedBy(rules, planeOf(tensor, { batch: 0, head }, -Infinity)));
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
function addedBy(rules: Rules, bias: Plane): Float32Array<ArrayBuffer> {
  const { keys } = rules;
  return Float32Array.from(allowedIn(rules), (allowed, index) =>
    allowed ? (entryAt(bias, Math.floor(index / keys), index % keys) ?? 0) : -Infinity,
  );
}
