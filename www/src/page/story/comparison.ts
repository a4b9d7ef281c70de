// Weights of two heads, held beside each other by the kernel; and the search for what differs most.

import {
  compareWeights,
  openAttention,
  type AttentionMap,
  type ProblemOptions,
  type Tensor,
  type WeightsComparison,
} from '../../engine/index.ts';
import type { Text } from '../../generated/catalog.ts';
import { meanDivergence } from '../../views/parts/comparing.ts';
import { formatCount } from '../../views/parts/format.ts';
import { breathe } from '../breathe.ts';
import { PageError } from '../reason.ts';
import { forbidden, settingsFrom, type Chosen } from '../settings.ts';
import { withSinks } from '../source.ts';
import { sizesOf, tensorsOf } from '../tensors.ts';
import type { Atlas, AtlasLayer } from './atlas.ts';
import { normalizerOf } from './comparechoice.ts';

/** More pairs than this are not compared here: both matrices, their difference and three pictures are held whole. */
export const MOST_PAIRS = 2 ** 20;
/** More pairs than this in all candidates are not searched: some 2 s of one core. */
export const MOST_SEARCHED = 2 ** 24;

const text = {
  large: {
    en: '{queries} × {keys} are {found} weights; at most {most} are compared here',
    zh: '{queries} × {keys} 共 {found} 个权重；这里最多比较 {most} 个',
  },
  shapes: {
    en: 'A has {queries} queries by {keys} keys, B {others} by {otherKeys}: only matrices of one size can be compared',
    zh: 'A 有 {queries} 个查询 × {keys} 个键，B 有 {others} × {otherKeys}：只有大小相同的矩阵才能比较',
  },
  noHead: {
    en: 'B has {heads} heads and {batch} batch items, and head {head} of item {item} is asked for',
    zh: 'B 有 {heads} 个头、{batch} 个批次项，没有第 {item} 个批次项的第 {head} 个头',
  },
  search: {
    en: '{count} candidates of {queries} × {keys} weights are {found} in all; at most {most} are searched here',
    zh: '{count} 个候选，每个 {queries} × {keys} 个权重，共 {found} 个；这里最多搜索 {most} 个',
  },
  nothing: { en: 'no candidate has a divergence', zh: '没有可求散度的候选' },
} satisfies Record<string, Text>;

/** One matrix of weights, `[N, M]`; -Infinity is a removed key. */
export interface Weights {
  queries: number;
  keys: number;
  data: Float32Array;
}

/** Which weights of a layer. */
export interface Which {
  layer: number;
  batch: number;
  head: number;
  /** Undefined: the layer's own. */
  normalizer?: Chosen | undefined;
}

/** How long work is stopped and watched. */
export interface Work {
  signal: AbortSignal;
  onProgress?: ((fraction: number) => void) | undefined;
}

type Asked = Pick<AttentionMap, 'queries' | 'keys' | 'rectangle'>;

/** The weights of a head of an open map. */
export async function weightsIn(
  map: Asked,
  { batch, head }: { batch: number; head: number },
  { signal }: Work,
): Promise<Weights> {
  const { queries, keys } = map;
  checkSize(queries, keys);
  const { data } = await map.rectangle({
    batch,
    head,
    rows: [0, queries],
    keys: [0, keys],
    removed: -Infinity,
    signal,
  });
  return { queries, keys, data };
}

/** The weights of a head of a capture, which must be as many as `other` has. */
export async function weightsOf(atlas: Atlas, which: Which, other: Weights, work: Work): Promise<Weights> {
  const layer = await atlas.layer(which.layer, work.signal);
  checkSizes(layer, which, other);
  return within(layer, which.normalizer, work, (map) => weightsIn(map, which, work));
}

/** Opens a layer, and closes it when `read` has what it wants. */
async function within<T>(
  layer: AtlasLayer,
  normalizer: Chosen | undefined,
  { signal }: Work,
  read: (map: AttentionMap) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const map = await openAttention(layer.query, layer.key, null, { ...optionsUnder(layer, normalizer), signal });
  try {
    return await read(map);
  } finally {
    map.free();
  }
}

/** The layer's options with another normalizer, without those that it forbids. */
export function optionsUnder(layer: AtlasLayer, normalizer: Chosen | undefined): ProblemOptions {
  if (!normalizer) return layer.options;
  const { id, values } = normalizer;
  const parameters = normalizerOf(id)?.parameters ?? [];
  const tensors = tensorsOf(parameters, values, sizesOf(layer.query, layer.key));
  const options = { ...layer.options, normalizer: { id, ...values, ...tensors } } as ProblemOptions;
  const shut = forbidden(settingsFrom(options));
  const kept = Object.fromEntries(Object.entries(options).filter(([name]) => !shut.has(name))) as ProblemOptions;
  return withSinks(kept, layer);
}

function checkSize(queries: number, keys: number): void {
  if (queries * keys <= MOST_PAIRS) return;
  throw new PageError(text.large, written({ queries, keys, found: queries * keys, most: MOST_PAIRS }));
}

/** Counts as the readers of both languages write them. */
function written(counts: Readonly<Record<string, number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, formatCount(count, 'en')]));
}

function checkSizes({ query, key }: AtlasLayer, { batch: item, head }: Which, { queries, keys }: Weights): void {
  const sizes = sizesOf(query, key);
  const { batch, heads } = sizes;
  if (sizes.queries !== queries || sizes.keys !== keys)
    throw new PageError(text.shapes, written({ queries, keys, others: sizes.queries, otherKeys: sizes.keys }));
  if (head >= heads || item >= batch) throw new PageError(text.noHead, { heads, batch, head, item });
}

/** Where A and B differ; a key that is removed weighs nothing. */
export async function compared(a: Weights, b: Weights, work: Work): Promise<WeightsComparison> {
  // To copy long ones takes a task of its own.
  await breathe();
  return compareWeights(tensorOf(a), tensorOf(b), work);
}

function tensorOf({ queries, keys, data }: Weights): Tensor {
  const plain = data.slice();
  for (let at = 0; at < plain.length; at += 1) if (plain[at] === -Infinity) plain[at] = 0;
  return { shape: [queries, keys], data: plain };
}

/** A candidate, how far it is from A on average, and among how many it was found. */
export interface Found {
  which: Which;
  mean: number;
  among: number;
}

/** Of `candidates` the one that is furthest from `a`, or nearest; of equals the first. */
export async function search(
  atlas: Atlas,
  a: Weights,
  candidates: readonly Which[],
  want: 'furthest' | 'nearest',
  work: Work,
): Promise<Found> {
  checkSearch(a, candidates.length);
  let best: Omit<Found, 'among'> | undefined;
  let done = 0;
  for (const group of grouped(candidates)) {
    const layer = await atlas.layer(group[0]!.layer, work.signal);
    for (const which of group) checkSizes(layer, which, a);
    const means = await within(layer, group[0]!.normalizer, work, (map) => meansIn(map, group, a, work.signal));
    group.forEach((which, at) => {
      const mean = means[at] ?? NaN;
      const better = !best || (want === 'furthest' ? mean > best.mean : mean < best.mean);
      if (better && !Number.isNaN(mean)) best = { which, mean };
    });
    done += group.length;
    work.onProgress?.(done / candidates.length);
  }
  if (!best) throw new PageError(text.nothing);
  return { ...best, among: candidates.length };
}

function meansIn(map: AttentionMap, group: readonly Which[], a: Weights, signal: AbortSignal): Promise<number[]> {
  return Promise.all(
    group.map(async (which) => {
      const { divergence } = await compared(a, await weightsIn(map, which, { signal }), { signal });
      return meanDivergence(divergence.data).mean;
    }),
  );
}

/** Those of one map together: heads of a layer under one normalizer. */
function grouped(candidates: readonly Which[]): Which[][] {
  const groups = new Map<string, Which[]>();
  for (const which of candidates) {
    const name = `${which.layer} ${which.normalizer?.id ?? ''}`;
    groups.set(name, [...(groups.get(name) ?? []), which]);
  }
  return [...groups.values()];
}

function checkSearch({ queries, keys }: Weights, count: number): void {
  const pairs = count * queries * keys;
  if (pairs <= MOST_SEARCHED) return;
  throw new PageError(text.search, written({ count, queries, keys, found: pairs, most: MOST_SEARCHED }));
}
