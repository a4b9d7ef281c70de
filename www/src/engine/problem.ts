/** One problem, checked and copied: what the caller holds may change from here on. */
import { axes, leftOut } from './advice.ts';
import type { AttentionOptions, Tensor } from './api.ts';
import { QkscopeError } from './error.ts';
import { attentionProblem } from './flat.ts';
import { problemOptions } from './options.ts';
import type { Flat, Problem } from './protocol.ts';
import { checkTensor, copies, elements, recycle } from './tensor.ts';
import type { Checked, Shape4 } from './tensor.ts';

/** The sizes of a problem, by the letters of the field. */
export interface Sizes {
  batch: number;
  heads: number;
  kvHeads: number;
  queries: number;
  keys: number;
  headSize: number;
  valueSize: number;
}

/** Memory that the copies in all workers together may take, in bytes. */
const COPIES = 2 ** 30;
/** The largest result of one call, in bytes. */
const RESULT = 2 ** 30;

/** Checks and copies. The kernel checks how the shapes fit together, when the problem is opened. */
export function makeProblem(
  id: number,
  query: Tensor,
  key: Tensor,
  value: Tensor | null,
  options: AttentionOptions,
): Problem {
  const given = [checkTensor('query', query, axes.query), checkTensor('key', key, axes.key)];
  if (value === undefined) throw leftOut('value', axes.value, 'null where no output is wanted');
  if (value !== null) given.push(checkTensor('value', value, axes.value));
  const [q, k, v] = copies(given) as [Checked<Float32Array>, Checked<Float32Array>, Checked<Float32Array>?];
  const scores: Shape4 = [q.shape[0], q.shape[1], q.shape[2], k.shape[2]];
  const flat = attentionProblem({ query: q, key: k, value: v, options: problemOptions(options, scores) });
  return { id, ...flat, shapes: { query: q.shape, key: k.shape, value: v?.shape } };
}

/** The problem is over, and in no queue: the memory of its query, key and value serves the next one. */
export function giveBack({ arrays }: Problem): void {
  recycle(arrays[0] as Float32Array);
}

export function sizesOf({ shapes: { query, key, value } }: Problem): Sizes {
  const [batch, heads, queries, headSize] = query;
  return { batch, heads, kvHeads: key[1], queries, keys: key[2], headSize, valueSize: value?.[3] ?? 0 };
}

/** In how many workers the problem may be open before its copies take too much memory. */
export function spreadOf({ arrays }: Flat): number {
  const bytes = arrays.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return Math.max(1, Math.floor(COPIES / Math.max(1, bytes)));
}

/** Bytes of a result of 32-bit numbers, refused before anything is allocated. */
export function checkResult(subject: string, shape: readonly number[], copies = 1): number {
  const bytes = elements(subject, shape) * 4 * copies;
  if (bytes <= RESULT) return bytes;
  const message = `${subject} would take ${bytes} bytes, more than ${RESULT}: ask for a part of it`;
  throw new QkscopeError('limit', subject, `at most ${RESULT} bytes`, `${bytes} bytes`, message);
}
