// What students learn from whom, in numbers: energy = bmm(query, key) / soft, attention = softmax(energy, -1).

import { attention, type AttentionResult, type ProblemOptions, type Tensor } from '../../engine/index.ts';
import type { StudentTable } from '../../views/index.ts';
import type { Features } from './features.ts';

/** What they are computed with. */
export const studentOptions = (soft: number): ProblemOptions => ({ score: 'dot', temperature: soft });

/** The table of each batch item; before them, where there are several, that of their mean. */
export async function studentTables(
  { query, key }: Pick<Features, 'query' | 'key'>,
  soft: number,
  signal: AbortSignal,
): Promise<StudentTable[]> {
  const read = { needWeights: true, needStatistics: true, signal } as const;
  const result = await attention(query, key, null, { ...studentOptions(soft), ...read });
  const { weights } = result;
  const items = tablesOf(result);
  if (!weights || items.length === 1) return items;
  const mean = await meanOf(weights, signal);
  const [, , students = 0, teachers = 0] = weights.shape;
  // Weights already: read as scores that are taken as they are, a head for each student, for the statistics of their rows.
  const ones = { shape: [students, 1, 1], data: new Float32Array(students).fill(1) };
  const rows = { shape: [students, teachers, 1], data: mean };
  const taken = { score: 'dot', normalizer: { id: 'relu_n', alpha: 0 } } as const;
  const found = await attention(ones, rows, null, { ...taken, ...read });
  return [...tablesOf({ ...found, weights: { data: mean, shape: [1, 1, students, teachers] } }), ...items];
}

/** The mean over the batch: a query that finds every item alike takes the mean of their values. */
async function meanOf({ data, shape }: Tensor, signal: AbortSignal): Promise<Float32Array> {
  const [batch = 1] = shape;
  const zeros = (rows: number): Tensor => ({ shape: [rows, 1], data: new Float32Array(rows) });
  const values = { shape: [batch, data.length / batch], data };
  const { output } = await attention(zeros(1), zeros(batch), values, { score: 'dot', signal });
  return output?.data ?? new Float32Array();
}

/** The rows of each batch item. */
function tablesOf({ weights, statistics }: AttentionResult): StudentTable[] {
  const [batch = 0, , students = 0, teachers = 0] = weights?.shape ?? [];
  return Array.from({ length: batch }, (_, item) => {
    const rows = <T extends Float32Array | Int32Array>(of: T | undefined, width = 1): T =>
      of?.slice(item * students * width, (item + 1) * students * width) as T;
    return {
      weights: rows(weights?.data, teachers),
      sums: rows(statistics?.mass),
      bits: rows(statistics?.entropy).map((nats) => nats / Math.LN2),
      largest: rows(statistics?.maxWeight),
      strongest: rows(statistics?.argmax),
    };
  });
}
