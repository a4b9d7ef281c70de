// What a head is called: by what there are several of. Of a batch with one head each, the batch item is its only name.

import type { Text } from '../generated/catalog.ts';
import { phrase, type Language } from '../views/parts/text.ts';

const PARTS: readonly [keyof HeadPlace, Text][] = [
  ['layer', { en: 'layer {at}', zh: '第 {at} 层' }],
  ['head', { en: 'head {at}', zh: '第 {at} 个头' }],
  ['batch', { en: 'batch item {at}', zh: '批次项 {at}' }],
];

/** A head by its numbers; the layer is left out where nobody asks for it. */
export interface HeadPlace {
  layer?: number | undefined;
  head: number;
  batch: number;
}

/** How many there are of each. */
export interface HeadCounts {
  layers?: number;
  heads: number;
  batch: number;
}

/** A head of what is open. */
interface OpenPlace {
  source: { layers: readonly number[] };
  map: HeadCounts;
  /** Its layer counts from 0 among the source's. */
  place: HeadPlace & { layer: number };
}

/** The name within a sentence. */
export function headName(place: HeadPlace, { layers = 1, heads, batch }: HeadCounts): Text {
  const isNamed = heads > 1 || batch === 1;
  const named = { layer: isNamed || layers > 1, head: isNamed, batch: batch > 1 };
  const written = (language: Language, between: string): string =>
    PARTS.flatMap(([part, text]) => {
      const at = place[part];
      return named[part] && at !== undefined ? phrase(text, language, { at }) : [];
    }).join(between);
  return { en: written('en', ', '), zh: written('zh', '，') };
}

/** The name of the head that is open. */
export function openHeadName({ source: { layers }, map: { heads, batch }, place }: OpenPlace): Text {
  const layer = layers[place.layer] ?? place.layer;
  return headName({ ...place, layer }, { layers: layers.length, heads, batch });
}

/** The name within that of a file. */
export const inFileName = ({ en }: Text): string => en.replaceAll(/\W+/g, '-');

/** The name as a title. */
export function headTitle(place: HeadPlace, counts: HeadCounts): Text {
  const { en, zh } = headName(place, counts);
  return { en: en.charAt(0).toUpperCase() + en.slice(1), zh };
}
