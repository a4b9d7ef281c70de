// What the plane shows: the vectors, the pair that is looked at closely, and the numbers of exactly these vectors.

import type { Vector } from './vectors.ts';

/** A query and a key by number. */
export interface Pair {
  query: number;
  key: number;
}

/** The scores that are drawn side by side, in this order. */
export const SCORES = ['dot', 'scaled', 'cosine'] as const;
export type ScoreColumn = (typeof SCORES)[number];

/** And the weights that are made of one of them. */
export const WEIGHTS = ['softmax', 'sigmoid'] as const;
export type WeightColumn = (typeof WEIGHTS)[number];

export type Column = ScoreColumn | WeightColumn;

export function isWeight(column: Column): column is WeightColumn {
  return (WEIGHTS as readonly Column[]).includes(column);
}

/** Everything that is computed: a number for each query and key, row by row, or one for each of either. */
export interface PlaneNumbers extends Readonly<Record<Column, Float32Array>> {
  /** What the weights of each row sum to. */
  sums: Readonly<Record<WeightColumn, Float32Array>>;
  queryNorms: Float32Array;
  keyNorms: Float32Array;
  /** Where queries and keys end, x and y in turns: where all ask all, W_Q and W_K take them there. */
  queryEnds: Float32Array;
  keyEnds: Float32Array;
}

/** What is seen. */
export interface PlaneScene {
  /** Undefined: every vector asks every other, and is asked. */
  query: Vector | undefined;
  keys: readonly Vector[];
  pair: Pair;
  /** The score that the weights are made of. */
  chosen: ScoreColumn;
  /** The columns of the table that the step has come to. */
  columns: readonly Column[];
  /** Undefined: on their way. There are never those of other vectors. */
  numbers: PlaneNumbers | undefined;
  /** Whether it is one on the way: something else is set by now. */
  isPassing: boolean;
}

/** How many queries there are: one, or as many as vectors. */
export function queriesOf({ query, keys }: PlaneScene): number {
  return query ? 1 : keys.length;
}

/** Where the numbers of a pair stand in a table of all pairs. */
export function placeOf({ keys }: PlaneScene, { query, key }: Pair): number {
  return query * keys.length + key;
}

/** The query and the key of the chosen pair, once they are known. */
export function pairVectors({ pair, numbers }: PlaneScene): [query: Vector, key: Vector] | undefined {
  return numbers && [endOf(numbers.queryEnds, pair.query), endOf(numbers.keyEnds, pair.key)];
}

/** Where one of many ends. */
export function endOf(ends: Float32Array, of: number): Vector {
  return [ends[2 * of] ?? NaN, ends[2 * of + 1] ?? NaN];
}

/** The numbers of the pair that is looked at closely. */
export interface PairNumbers {
  dot: number;
  cosine: number;
  queryNorm: number;
  keyNorm: number;
  /** The length of the key's shadow on the line of the query, below zero on the far side; NaN without a direction. */
  projection: number;
  /** In degrees; NaN without a direction. */
  angle: number;
}

/** The numbers of the chosen pair, once they are known. */
export function pairNumbers(scene: PlaneScene): PairNumbers | undefined {
  const { numbers, pair } = scene;
  if (!numbers) return undefined;
  const at = placeOf(scene, pair);
  const [dot, cosine] = [numbers.dot[at] ?? NaN, numbers.cosine[at] ?? NaN];
  const [queryNorm, keyNorm] = [numbers.queryNorms[pair.query] ?? NaN, numbers.keyNorms[pair.key] ?? NaN];
  const directed = queryNorm > 0 && keyNorm > 0;
  const angle = directed ? (Math.acos(Math.max(-1, Math.min(1, cosine))) * 180) / Math.PI : NaN;
  return { dot, cosine, queryNorm, keyNorm, projection: directed ? keyNorm * cosine : NaN, angle };
}
