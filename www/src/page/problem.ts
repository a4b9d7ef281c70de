// The attention problem that is looked at: one layer of a source under one set of options, kept while only the view of
// it changes, freed when the picture of another one takes its place.

import {
  openAttention,
  statusNames,
  type AttentionMap,
  type Cell,
  type ProblemOptions,
  type RowStatistics,
  type Stage,
} from './engine.ts';
import { formatCount, formatShare } from '../views/parts/format.ts';
import { phrase, type Language } from '../views/parts/text.ts';
import { breathe } from './breathe.ts';
import { isEqual } from './equal.ts';
import { withSinks, type Layer, type Source } from './source.ts';
import type { Place } from './state.ts';
import { sizesOf, type Sizes } from './tensors.ts';
import { text } from './text.ts';

/** A rectangle no larger than this is searched for the entry that a pooled cell shows. */
const LARGEST_SEARCH = 1 << 20;

/** Which problem. */
export interface Request {
  source: Source;
  place: Place;
  /** What to compute, once the sizes are known. */
  options: (sizes: Sizes) => ProblemOptions;
}

/** A map, and what it was opened for. */
interface Opened {
  source: Source;
  layer: number;
  options: ProblemOptions;
  map: AttentionMap;
}

/** Opens maps and frees them: the one in the picture stays until the next picture is there. */
export class Problem {
  #shown: Opened | undefined;
  #next: Opened | undefined;
  #layer: ({ source: Source; layer: number } & Layer) | undefined;
  readonly #sized: (sizes: Sizes) => void;

  /** `sized` hears the sizes of each problem before it is opened. */
  constructor(sized: (sizes: Sizes) => void) {
    this.#sized = sized;
  }

  /** The map for `request`: one at hand, or a new one. */
  async open({ source, place: { layer }, options }: Request, signal: AbortSignal): Promise<AttentionMap> {
    const read = await this.#read(source, layer, signal);
    const { query, key } = read;
    const sizes = sizesOf(query, key);
    this.#sized(sizes);
    const wanted = { source, layer, options: withSinks(options(sizes), read) };
    const found = [this.#shown, this.#next].find((opened) => opened && isSame(opened, wanted));
    if (found) return found.map;
    // Whoever heard the sizes has drawn what he shows of them; to copy a long layer takes a task of its own.
    await breathe();
    signal.throwIfAborted();
    // The page draws scores and weights, never the output: without V nothing of it is copied.
    const map = await openAttention(query, key, null, { ...wanted.options, signal });
    this.#free(this.#next);
    this.#next = { ...wanted, map };
    return map;
  }

  /** What `map` was opened with. */
  optionsOf(map: AttentionMap): ProblemOptions {
    return [this.#shown, this.#next].find((opened) => opened?.map === map)?.options ?? {};
  }

  /** Says that `map` is the one in the picture now; undefined, that there is no picture. The others are freed. */
  show(map: AttentionMap | undefined): void {
    const opened = [this.#shown, this.#next];
    this.#shown = opened.find((one) => one?.map === map);
    this.#next = undefined;
    if (!map) this.#layer = undefined;
    for (const one of opened) this.#free(one);
  }

  #free(opened: Opened | undefined): void {
    if (opened !== this.#shown) opened?.map.free();
  }

  /** Q and K of a layer; those of the last one are kept, since every change of a control asks for them again. */
  async #read(source: Source, layer: number, signal: AbortSignal): Promise<Layer> {
    if (this.#layer?.source === source && this.#layer.layer === layer) return this.#layer;
    this.#layer = undefined;
    const read = await source.layer(layer, signal);
    signal.throwIfAborted();
    this.#layer = { source, layer, ...read };
    return read;
  }
}

function isSame(opened: Opened, wanted: Omit<Opened, 'map'>): boolean {
  return opened.source === wanted.source && opened.layer === wanted.layer && isEqual(opened.options, wanted.options);
}

/**
 * The pair whose value a pooled cell shows, or undefined where the block is too large to search. The kernel gives the
 * same bits whoever asks, so the value is looked for as it is.
 */
export async function pairOf(
  map: AttentionMap,
  { batch, head }: Place,
  block: { queries: readonly [number, number]; keys: readonly [number, number]; value: number; stage: Stage },
  signal: AbortSignal,
): Promise<[number, number] | undefined> {
  const { queries, keys, value, stage } = block;
  const columns = keys[1] - keys[0];
  if ((queries[1] - queries[0]) * columns > LARGEST_SEARCH) return undefined;
  const { data } = await map.rectangle({ batch, head, rows: queries, keys, stage, removed: -Infinity, signal });
  const at = data.findIndex((entry) => entry === value || (Number.isNaN(entry) && Number.isNaN(value)));
  return at < 0 ? undefined : [queries[0] + Math.floor(at / columns), keys[0] + (at % columns)];
}

/** The numbers of one pair. */
export function numbersOf(
  map: AttentionMap,
  { batch, head }: Place,
  [row, key]: readonly [number, number],
  signal: AbortSignal,
): Promise<Cell> {
  return map.cell({ batch, head, row, key, signal });
}

/** How far from 1.000 a sum may be and still be printed so. */
const ROUNDING = 5e-4;

/** What the rows of a head sum to: `each row sums to 1.000` where that is so, else the range; rows without weights are counted apart. */
export function sayRowSums({ mass, status }: RowStatistics, language: Language): string {
  let [low, high, empty, bad] = [Infinity, -Infinity, 0, 0];
  mass.forEach((sum, row) => {
    const name = statusNames[status[row] ?? 0];
    if (name === 'nan' || name === 'inf') bad += 1;
    else if (name === 'empty' || name === 'zeroed') empty += 1;
    else [low, high] = [Math.min(low, sum), Math.max(high, sum)];
  });
  const parts = [];
  if (low > 1 - ROUNDING && high < 1 + ROUNDING) parts.push(text.sumsToOne[language]);
  else if (low <= high)
    parts.push(phrase(text.sumsRange, language, { low: formatShare(low), high: formatShare(high) }));
  if (empty) parts.push(phrase(text.emptyRows, language, { count: formatCount(empty, language) }));
  if (bad) parts.push(phrase(text.badRows, language, { count: formatCount(bad, language) }));
  return parts.join(' · ');
}
