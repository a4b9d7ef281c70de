// Where the heat map's numbers come from: whoever has them gives them through this.

import type { Pooling } from './pooling.ts';
import type { Range } from './viewport.ts';

/** One matrix at every scale. */
export interface MatrixSource {
  readonly queries: number;
  readonly keys: number;
  /** Level `l` pools `2^l` by `2^l` entries; there are levels 0 to `levels - 1`. */
  readonly levels: number;
  /** From this level on tiles are at hand. */
  readonly kept: number;
  /** Whole blocks of a level as numbers, row-major; -Infinity is a removed key, NaN is no number. */
  tile(level: number, rows: Range, keys: Range, pool: Pooling, signal: AbortSignal): Promise<Float32Array>;
  /** All entries of one query. */
  row(query: number, signal: AbortSignal): Promise<Float32Array>;
  /** All entries of one key; undefined as long as that would take a pass over the matrix. */
  column(key: number, signal: AbortSignal): Promise<Float32Array> | undefined;
}
