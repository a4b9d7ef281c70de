/** Blocks of a result put together into the whole. */
import type { Stage } from './api.ts';
import type { Block } from './blocks.ts';
import type { RawBlock, RawStatistics } from './raw.ts';

/** What a call asks of the fused path. */
export interface Wanted {
  output: boolean;
  weights: boolean;
  stages: readonly Stage[];
  statistics: boolean;
  status?: boolean;
}

/** The whole, array by array; each is `planes * rows` entries or rows of entries. */
export interface Parts {
  output?: Float32Array;
  weights?: Float32Array;
  stages?: Partial<Record<Stage, Float32Array>>;
  statistics?: RawStatistics;
  status?: Uint8Array;
}

interface Extent {
  planes: number;
  queries: number;
  keys: number;
  valueSize: number;
}

type Numbers = Float32Array | Int32Array | Uint8Array;

/** The results of the blocks, which cover everything and come in order. */
export function assemble(cut: readonly Block[], results: readonly RawBlock[], wanted: Wanted, extent: Extent): Parts {
  const rows = extent.planes * extent.queries;
  const join = <A extends Numbers>(whole: () => A, pick: (result: RawBlock) => A | undefined, width: number): A =>
    joined(
      cut,
      results.map((result) => pick(result)!),
      whole,
      width,
      extent.queries,
    );
  const matrix = (pick: (result: RawBlock) => Float32Array | undefined, width: number) =>
    join(() => new Float32Array(rows * width), pick, width);

  const parts: Parts = {};
  if (wanted.output) parts.output = matrix(({ output }) => output, extent.valueSize);
  if (wanted.weights) parts.weights = matrix(({ weights }) => weights, extent.keys);
  if (wanted.stages.length > 0) {
    const stages = wanted.stages.map((stage) => [stage, matrix((result) => result.stages[stage], extent.keys)]);
    parts.stages = Object.fromEntries(stages) as Record<Stage, Float32Array>;
  }
  if (wanted.status) {
    parts.status = join(
      () => new Uint8Array(rows),
      ({ status }) => status,
      1,
    );
  }
  if (wanted.statistics) {
    const columns = Object.entries(statistics).map(([name, whole]) => {
      const pick = (result: RawBlock) => result.statistics?.[name as keyof RawStatistics];
      return [name, join<Numbers>(() => whole(rows), pick, 1)];
    });
    parts.statistics = Object.fromEntries(columns) as RawStatistics;
  }
  return parts;
}

/** One array of `planes * queries` entries of `width`. A call of one block is passed on as it is: no copy. */
export function joined<A extends Numbers>(
  cut: readonly Block[],
  pieces: readonly A[],
  whole: () => A,
  width: number,
  queries: number,
): A {
  if (pieces.length === 1) return pieces[0]!;
  const all = whole();
  cut.forEach(({ planes, rows }, index) => all.set(pieces[index]!, (planes[0] * queries + rows[0]) * width));
  return all;
}

/** One array after the other. */
export function concatenated(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const floats = (rows: number) => new Float32Array(rows);

/** Room for the statistics of `rows` rows. */
export function statisticsOf(rows: number): RawStatistics {
  const columns = Object.entries(statistics).map(([name, whole]) => [name, whole(rows)]);
  return Object.fromEntries(columns) as RawStatistics;
}

/** The statistics by name, and the array that each is kept in. */
const statistics: Record<keyof RawStatistics, (rows: number) => Numbers> = {
  mass: floats,
  entropy: floats,
  normalizedEntropy: floats,
  effectiveKeys: floats,
  collisionKeys: floats,
  maxWeight: floats,
  attentionDistance: floats,
  firstMass: floats,
  selfMass: floats,
  previousMass: floats,
  argmax: (rows) => new Int32Array(rows),
  status: (rows) => new Uint8Array(rows),
};
