// Where the heat map's numbers come from: whoever has them gives them through this.

import type { Palette } from './palette.ts';
import type { Pooling } from './pooling.ts';
import type { Range } from './viewport.ts';

/** Whole blocks of a level. */
export interface TileRequest {
  level: number;
  rows: Range;
  keys: Range;
  pool: Pooling;
  /** Asks for the picture as well. */
  palette: Palette | undefined;
}

/** What such blocks hold. */
export interface PaintedTile {
  /** Row-major; -Infinity is a removed key, NaN is no number. */
  values: Float32Array;
  /** A pixel for each; null where it was not asked for. */
  picture: ImageBitmap | ImageData | null;
}

/** One matrix at every scale. */
export interface MatrixSource {
  readonly queries: number;
  readonly keys: number;
  /** Level `l` pools `2^l` by `2^l` entries; there are levels 0 to `levels - 1`. */
  readonly levels: number;
  /** From this level on tiles are at hand. */
  readonly kept: number;
  tile(request: TileRequest, signal: AbortSignal): Promise<PaintedTile>;
  /** All entries of one query. */
  row(query: number, signal: AbortSignal): Promise<Float32Array>;
  /** All entries of one key; undefined as long as that would take a pass over the matrix. */
  column(key: number, signal: AbortSignal): Promise<Float32Array> | undefined;
}
