// The attention problem that is looked at: one layer of a source under one set of options, kept while only the view of
// it changes, freed when it is replaced.

import {
  openAttention,
  statusNames,
  type AttentionMap,
  type Cell,
  type Overview,
  type ProblemOptions,
  type RowStatistics,
  type Stage,
} from '../engine/index.ts';
import { formatShare } from '../views/parts/format.ts';
import { phrase, type Language } from '../views/parts/text.ts';
import type { Source } from './source.ts';
import type { Place } from './state.ts';
import { text } from './text.ts';

/** A rectangle no larger than this is searched for its largest entry when a pooled cell is pointed at. */
const LARGEST_SEARCH = 1 << 20;

/** What to draw of which problem. */
export interface Request {
  source: Source;
  place: Place;
  options: ProblemOptions;
  stage: Stage;
  resolution: number;
}

/** Holds one AttentionMap at a time. */
export class Problem {
  #key: { source: Source; layer: number; options: string } | undefined;
  #map: AttentionMap | undefined;
  #statistics: RowStatistics | undefined;

  /** The map for `request`: the one at hand, or a new one in its place. */
  async open({ source, place, options }: Request, signal: AbortSignal): Promise<AttentionMap> {
    const key = { source, layer: place.layer, options: JSON.stringify(options) };
    const same = this.#key?.source === source && this.#key.layer === key.layer && this.#key.options === key.options;
    if (same && this.#map) return this.#map;
    const { query, key: keys, value } = await source.layer(place.layer, signal);
    signal.throwIfAborted();
    const map = await openAttention(query, keys, value, { ...options, signal });
    this.#map?.free();
    this.#map = map;
    this.#key = key;
    this.#statistics = undefined;
    return map;
  }

  /** One head, pooled where it is larger than the picture. */
  overview(
    map: AttentionMap,
    request: Request,
    control: { signal: AbortSignal; onProgress: (fraction: number) => void },
  ): Promise<Overview> {
    const { place, stage, resolution } = request;
    const { batch, head } = place;
    return map.overview({ batch, head, stage, maxSize: resolution, pool: 'max', removed: -Infinity, ...control });
  }

  /** What the rows of a head sum to, as a sentence that is true of every one of them. */
  async rowSums(map: AttentionMap, { batch, head }: Place, language: Language, signal: AbortSignal): Promise<string> {
    this.#statistics ??= await map.rowStatistics({ signal });
    const { mass, status } = this.#statistics;
    const from = (batch * map.heads + head) * map.queries;
    return sayRowSums(mass.subarray(from, from + map.queries), status.subarray(from, from + map.queries), language);
  }

  /** The numbers of one pair. */
  cell({ batch, head }: Place, [row, key]: readonly [number, number], signal: AbortSignal): Promise<Cell> | undefined {
    return this.#map?.cell({ batch, head, row, key, signal });
  }

  /** The pair of largest magnitude in a block, or undefined where the block is too large to search. */
  async largestIn(
    { batch, head }: Place,
    block: { queries: readonly [number, number]; keys: readonly [number, number]; stage: Stage },
    signal: AbortSignal,
  ): Promise<[number, number] | undefined> {
    const { queries, keys, stage } = block;
    const columns = keys[1] - keys[0];
    if (!this.#map || (queries[1] - queries[0]) * columns > LARGEST_SEARCH) return undefined;
    const { data } = await this.#map.rectangle({ batch, head, rows: queries, keys, stage, signal });
    const at = indexOfLargestMagnitude(data);
    return [queries[0] + Math.floor(at / columns), keys[0] + (at % columns)];
  }
}

function indexOfLargestMagnitude(values: Float32Array): number {
  let best = 0;
  let most = -1;
  values.forEach((value, index) => {
    if (Number.isFinite(value) && Math.abs(value) > most) [best, most] = [index, Math.abs(value)];
  });
  return best;
}

/** How far from 1.000 a sum may be and still be printed so. */
const ROUNDING = 5e-4;

/** `each row sums to 1.000` where that is so, else the range; rows without weights are counted apart. */
function sayRowSums(mass: Float32Array, status: Uint8Array, language: Language): string {
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
  if (empty) parts.push(phrase(text.emptyRows, language, { count: empty }));
  if (bad) parts.push(phrase(text.badRows, language, { count: bad }));
  return parts.join(' · ');
}
