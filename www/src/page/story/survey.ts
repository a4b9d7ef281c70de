// Through the heads of all layers, one layer at a time: a picture and the numbers of each, and a stop in between.

import { openAttention, type AttentionMap, type HeadStatistics } from '../../engine/index.ts';
import type { Text } from '../../generated/catalog.ts';
import type { SeenHead } from '../../views/index.ts';
import { formatNumber } from '../../views/parts/format.ts';
import { PageError } from '../reason.ts';
import { sizesOf, type Sizes } from '../tensors.ts';
import { sameTokens, type Atlas, type AtlasLayer } from './atlas.ts';

/** The most cells that the picture of a head has a side. */
export const MOST_CELLS = 64;
/** More heads than this are not drawn: each may take 32 KB, half for its picture. */
const MOST_HEADS = 2048;
/** More pairs than this in all layers take longer than anybody waits for small pictures: 43 s of one core, at d = 64. */
const MOST_PAIRS = 2 ** 30;

const text = {
  heads: {
    en: '{layers} layers of {heads} heads are {found} in all; at most {most} are drawn. Look at single heads instead',
    zh: '{layers} 层，每层 {heads} 个头，共 {found} 个；最多绘制 {most} 个。请改为查看单个头',
  },
  pairs: {
    en: '{layers} layers of {heads} heads with {queries} × {keys} pairs are {found} pairs in all; at most {most} are computed here. Look at single heads instead',
    zh: '{layers} 层，每层 {heads} 个头，每个头 {queries} × {keys} 对，共 {found} 对；这里最多计算 {most} 对。请改为查看单个头',
  },
  batch: {
    en: 'it has {found} batch items, and number {batch} is asked for',
    zh: '其中有 {found} 个批次项，没有第 {batch} 个',
  },
} satisfies Record<string, Text>;

/** Who hears of a survey. */
export interface Surveyor {
  /** The sizes of the first layer are known, which all are taken to have. */
  expect(heads: number): void;
  /** A layer is there. */
  layer(index: number, heads: readonly SeenHead[]): void;
}

/** Goes on from layer `from`; rejects where it is stopped, refused or fails. */
export async function survey(atlas: Atlas, from: number, surveyor: Surveyor, signal: AbortSignal): Promise<void> {
  let next = read(atlas, from, signal);
  for (let index = from; index < atlas.layers.length; index += 1) {
    const layer = await next;
    signal.throwIfAborted();
    if (!layer) return;
    // Read while this one is computed.
    next = read(atlas, index + 1, signal);
    const sizes = sizesOf(layer.query, layer.key);
    check(atlas, sizes);
    if (index === 0) surveyor.expect(sizes.heads);
    const heads = await headsOf(atlas, layer, index, signal);
    signal.throwIfAborted();
    surveyor.layer(index, heads);
  }
}

/** A layer, if there is one. What goes wrong is heard by whoever waits for it. */
function read(atlas: Atlas, index: number, signal: AbortSignal): Promise<AtlasLayer | undefined> {
  const reading = index < atlas.layers.length ? atlas.layer(index, signal) : Promise.resolve(undefined);
  reading.catch(() => undefined);
  return reading;
}

/** Refuses what would be too much before anything is computed. */
function check({ layers: { length: layers }, batch }: Atlas, { heads, queries, keys, batch: items }: Sizes): void {
  if (batch >= items) throw new PageError(text.batch, { batch, found: items });
  const pairs = layers * heads * queries * keys;
  if (layers * heads > MOST_HEADS)
    throw new PageError(text.heads, { layers, heads, found: layers * heads, most: MOST_HEADS });
  if (pairs > MOST_PAIRS) {
    const numbers = { found: formatNumber(pairs), most: formatNumber(MOST_PAIRS) };
    throw new PageError(text.pairs, { layers, heads, queries, keys, ...numbers });
  }
}

async function headsOf(atlas: Atlas, layer: AtlasLayer, index: number, signal: AbortSignal): Promise<SeenHead[]> {
  const map = await openAttention(layer.query, layer.key, null, { ...layer.options, signal });
  try {
    const heads = Array.from({ length: map.heads }, (_, head) => head);
    const tokens = map.queries === map.keys ? sameTokens(atlas, map.keys) : undefined;
    const { batch } = atlas;
    return await Promise.all(
      heads.map(async (head) => {
        const [picture, numbers] = await Promise.all([
          pictureOf(map, { batch, head }, signal),
          map.headStatistics({ batch, head, signal, ...(tokens && { tokens }) }),
        ]);
        return { layer: index, head, map: picture, numbers: namedNumbers(numbers) };
      }),
    );
  } finally {
    map.free();
  }
}

async function pictureOf(map: AttentionMap, at: { batch: number; head: number }, signal: AbortSignal) {
  const { values, rows, columns, high } = await map.overview({
    ...at,
    maxSize: MOST_CELLS,
    removed: -Infinity,
    signal,
  });
  return { values, rows, columns, high };
}

function namedNumbers({ values }: HeadStatistics): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([id, [value = NaN]]) => [id, value]));
}
