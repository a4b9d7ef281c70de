/** How a call is cut into jobs. Values do not depend on the cut: a group of eight rows is computed alone. */
import type { Range } from './raw.ts';

/** Rows that the kernel computes together. */
export const GROUP = 8;
/** Multiply-adds that are not worth a second worker: a few milliseconds. */
const SMALL = 4e6;
/** Jobs per worker, so that one that is done early takes from the others. */
const PER_WORKER = 4;
/** The largest result that leaves the kernel in one piece, in bytes. */
const PIECE = 2 ** 26;

/** Rows of consecutive planes: all rows of some planes, or some rows of one. Either way one stretch of the result. */
export interface Block {
  planes: Range;
  rows: Range;
}

/** What a job costs. */
export interface Cost {
  /** Multiply-adds of the whole call. */
  work: number;
  /** Bytes of the whole result. */
  bytes: number;
  /** How many workers share it. */
  width: number;
}

/** Whether one worker is enough for all of it. */
export function isSmall(work: number): boolean {
  return work < SMALL;
}

/** Blocks that cover `planes` times `rows`, in order. */
export function blocks(planes: number, rows: number, cost: Cost): Block[] {
  if (planes === 0 || rows === 0) return [];
  const wanted = pieces(cost);
  if (planes >= wanted)
    return cut(planes, Math.ceil(planes / wanted)).map((range) => ({ planes: range, rows: [0, rows] }));
  const step = roundUp(Math.ceil(rows / Math.ceil(wanted / planes)), GROUP);
  const ranges = cut(rows, step);
  return Array.from({ length: planes }, (_, plane) =>
    ranges.map((range) => ({ planes: [plane, plane + 1] as const, rows: range })),
  ).flat();
}

/** Bands of the rows of a picture, in order. */
export function bands(height: number, cost: Cost): Range[] {
  return cut(height, Math.ceil(height / pieces(cost)));
}

/** The number of jobs to aim at. */
function pieces({ work, bytes, width }: Cost): number {
  const forSize = Math.ceil(bytes / PIECE);
  const forWorkers = isSmall(work) || width === 1 ? 1 : Math.min(width * PER_WORKER, Math.ceil(work / SMALL));
  return Math.max(1, forSize, forWorkers);
}

/** Ranges of `step` entries that cover `size`, in order; the last may be shorter. */
export function cut(size: number, step: number): Range[] {
  const ranges: Range[] = [];
  for (let start = 0; start < size; start += step) ranges.push([start, Math.min(size, start + step)]);
  return ranges;
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit;
}
