/** How a matrix is cut into levels and bands: from its sizes alone, so that no number depends on the workers. */
import { GROUP } from './blocks.ts';
import type { Range } from './raw.ts';

/** The finest level that the kernel makes of a pass. From a coarser one on it computes one group of each line of texels. */
export const FINEST = 3;
/** The coarsest level is at most this many numbers a side. */
const COARSE = 256;
/** What the pyramid may take, in bytes; a texel has four for its maximum and two for its mean. */
const PYRAMID = 160e6;
const TEXEL = 6;
/** Multiply-adds of one job of the pass: long enough to be worth its messages, short enough to show that it goes on. */
const JOB = 1e8;
/** Of one job of the sample, which shows nothing before its end: half as many messages. */
const SAMPLE_JOB = 2 * JOB;
/** The most rows of one job: their statistics leave the kernel in one piece. */
const ROWS = 2 ** 18;
/** Fewer multiply-adds than this need no sampled picture first: they take about as long as a glance. */
const GLANCE = 5e8;
/** The finest level of a sample: one group of rows in sixteen. */
const SPARSE = 7;
/** Multiply-adds of a sample, which two workers do in about a tenth of a second; a coarser one has half as many. */
const SAMPLE = 2.5e9;
/** Numbers along a side of a sample, at least: coarser than that it shows nothing. */
const SHAPE = 128;

/** Sizes of one head, and the multiply-adds of one entry. */
export interface Extent {
  queries: number;
  keys: number;
  size: number;
}

/** What is made of a matrix. */
export interface Plan {
  /** Kept levels `[first, end)`. */
  levels: Range;
  /** Rows of one job, a multiple of the coarsest block. */
  step: number;
  /** The picture before the pass, where there is one: its level, and the rows of one job. */
  sample: { level: number; step: number } | undefined;
}

/** Numbers along a side of `items` entries at `level`. */
export function texels(items: number, level: number): number {
  return Math.ceil(items / 2 ** level);
}

/** Levels, bands and sample for a matrix of this size. */
export function planOf(extent: Extent): Plan {
  const { queries, keys } = extent;
  const last = Math.max(FINEST, Math.ceil(Math.log2(Math.max(1, queries, keys) / COARSE)));
  let first = FINEST;
  while (first < last && pyramidBytes(extent, [first, last + 1]) > PYRAMID) first += 1;
  const step = stepOf(extent, 2 ** last, JOB);
  const work = queries * keys * extent.size;
  let level = Math.max(SPARSE, last);
  while (work / everyOf(level) > SAMPLE && texels(Math.min(queries, keys), level + 1) >= SHAPE) level += 1;
  const wanted = work > GLANCE && queries > 2 ** level;
  return {
    levels: [first, last + 1],
    step,
    sample: wanted ? { level, step: stepOf(extent, 2 ** level, SAMPLE_JOB * everyOf(level)) } : undefined,
  };
}

/** Of so many groups of rows a sample at `level` computes one. */
export function everyOf(level: number): number {
  return 2 ** level / GROUP;
}

/** Bytes of the levels `[first, end)`. */
function pyramidBytes({ queries, keys }: Extent, [first, end]: Range): number {
  let bytes = 0;
  for (let level = first; level < end; level += 1) bytes += texels(queries, level) * texels(keys, level) * TEXEL;
  return bytes;
}

/** Rows of one job: whole blocks of `unit` rows, with so many multiply-adds, were all of the rows computed. */
function stepOf({ keys, size }: Extent, unit: number, work: number): number {
  const rows = Math.min(ROWS, work / Math.max(1, keys * size));
  return unit * Math.max(1, Math.round(rows / unit));
}
