/**
 * The interface of the generated glue, as the engine uses it. The build's type check holds it against the generated
 * declarations, where {@link RawGlues} are given the real modules.
 */
import type { MultiHeadWeights, ProblemOptions } from './api.ts';
import type { Pool, Stage, Status } from '../generated/catalog.ts';
import type { Numbers } from './protocol.ts';
import type { Checked } from './tensor.ts';

/** The options of a problem, masks and bias with all four axes. */
export type RawOptions = Omit<ProblemOptions, 'attnMask' | 'attnBias'> & {
  attnMask?: Checked<Uint8Array>;
  attnBias?: Checked<Float32Array>;
};

/** An attention problem, checked and copied. */
export interface RawAttention {
  query: Checked<Float32Array>;
  key: Checked<Float32Array>;
  value: Checked<Float32Array> | undefined;
  options: RawOptions;
}

type RawWeights<Name extends string> = { [name in Name]?: { data: Float32Array; shape: number[] } | undefined };

/** The first half of a multi-head layer: rows `[1, B, N, E]` to heads. */
export interface RawProjection {
  numHeads: number;
  addZeroAttn: boolean;
  weights: RawWeights<keyof MultiHeadWeights>;
}

/** The second half: attention between the heads' rows `[B, H, N, d]`, and the out-projection. */
export interface RawHeads {
  /** How many of the keys were appended, at the end. */
  appended: number;
  weights: RawWeights<'outProjWeight' | 'outProjBias'>;
  keyPaddingMask: Checked<Uint8Array> | null;
}

/** A job of either half; ranges are `[from, to)`. */
export type RawLayerRequest<K extends keyof RawLayerResults = keyof RawLayerResults> = {
  project: { side: 'query' | 'key' | 'value'; planes: Range; rows: Range };
  heads: { batches: Range; rows: Range; wanted: 'none' | 'average' | 'each' };
}[K];

/** What each is answered with. */
export interface RawLayerResults {
  project: { values: Float32Array };
  heads: { output: Float32Array; weights?: Float32Array };
}

export type Range = readonly [number, number];

/** A question about an attention problem. A plane is `batch * Hq + head`; ranges are `[from, to)`. */
export type RawRequest =
  | {
      kind: 'attend';
      planes: Range;
      rows: Range;
      output: boolean;
      weights: boolean;
      stages: readonly Stage[];
      statistics: boolean;
      status?: boolean;
    }
  | { kind: 'rectangle'; plane: number; rows: Range; keys: Range; stage: Stage; removed: number }
  | {
      kind: 'overview';
      plane: number;
      rows: Range;
      keys: Range;
      height: number;
      width: number;
      band: Range;
      stage: Stage;
      pool: Pool;
      removed: number;
    }
  | { kind: 'heads'; planes: Range; known: RawKnown }
  /** Levels from 3 on; at level 3 all rows count, at others eight of each line of texels of the first. */
  | { kind: 'pyramid'; plane: number; rows: Range; levels: Range; stage: Stage; removed: number }
  /** Rows and keys from multiples of `2 ** level` on; `known` is the slice for the groups of eight of these rows. */
  | {
      kind: 'tile';
      plane: number;
      rows: Range;
      keys: Range;
      level: number;
      stage: Stage;
      pool: Pool;
      removed: number;
      known?: Float32Array;
    }
  | { kind: 'cell'; plane: number; row: number; key: number };

/** What is known of heads beside their weights. */
export interface RawKnown {
  tokens?: number[];
  excludeBos: boolean;
  excludeCurrentToken: boolean;
  grid?: { height: number; width: number; patchSize: number; tokensBefore: number };
}

/** Arrays of one entry per row of the block. */
export interface RawStatistics {
  mass: Float32Array;
  entropy: Float32Array;
  normalizedEntropy: Float32Array;
  effectiveKeys: Float32Array;
  collisionKeys: Float32Array;
  maxWeight: Float32Array;
  attentionDistance: Float32Array;
  firstMass: Float32Array;
  selfMass: Float32Array;
  previousMass: Float32Array;
  argmax: Int32Array;
  status: Uint8Array;
}

/** A block of rows of some planes. */
export interface RawBlock {
  output?: Float32Array;
  weights?: Float32Array;
  stages: Partial<Record<Stage, Float32Array>>;
  statistics?: RawStatistics;
  /** How each row ended. */
  status?: Uint8Array;
}

export interface RawCell {
  products: Float32Array;
  partners: Int32Array;
  dot: number;
  raw: number;
  scaled: number;
  capped: number;
  biased: number;
  logit: number;
  weight: number;
  queryNorm: number;
  keyNorm: number;
  cosine: number;
  mass: number;
  rowMax: number;
  allowed: boolean;
  status: Status;
}

/** The texels of some rows, level after level, each row-major; and what was read off the rows on the way. */
export interface RawPyramid {
  /** The values of largest magnitude. */
  max: Float32Array;
  /** The means, as bfloat16: the upper halves of 32-bit numbers. */
  mean: Uint16Array;
  /** The range of `max` where it is finite; NaN where nothing is. */
  low: number;
  high: number;
  /** The sum of the weights of each key; empty at other stages, as all that follows. */
  columns: Float64Array;
  statistics: RawStatistics;
  /** What a tile of these rows wants to know: 72 numbers for each group of eight. */
  known: Float32Array;
}

/** What each request is answered with. */
export interface RawResults {
  attend: RawBlock;
  rectangle: { values: Float32Array };
  overview: { values: Float32Array; low: number; high: number };
  pyramid: RawPyramid;
  /** Texels, row-major. */
  tile: { values: Float32Array };
  /** The heads in turn, each with a number for every entry of the catalogue's list. */
  heads: { values: Float64Array };
  cell: RawCell;
}

export interface RawTask {
  advance(): boolean;
  progress(): number;
  /** In the order that `flat.ts` knows. */
  finish(): Numbers[];
  free(): void;
}

export interface RawSession {
  start(numbers: Float64Array, arrays: Numbers[]): RawTask;
  free(): void;
}

/** A tensor's place in a file. What else the parser notes there comes back to it as it is. */
export interface RawTensor {
  name: string;
  dtype: string;
  shape: number[];
  offset: number;
  length: number;
  supported: boolean;
  note?: string;
  /** Which reader it belongs to. */
  format: string;
  /** Whether its first axis runs fastest, not its last. */
  fortran?: boolean;
}

export interface RawLayer {
  layer: number;
  query?: string;
  key?: string;
  value?: string;
  weights?: string;
  sinks?: string;
}

export interface RawCapture {
  format: string;
  tensors: RawTensor[];
  metadata: [string, string][];
  model?: string;
  text?: string;
  layers: RawLayer[];
  queryTokens?: string[];
  keyTokens?: string[];
  options: ProblemOptions;
}

export interface RawReader {
  need(): [offset: number, length: number] | undefined;
  supply(bytes: Uint8Array): void;
  /** A {@link RawCapture} as JSON. */
  finish(): string;
  free(): void;
}

type RawPaint<Picture> = (values: Float32Array, numbers: Float64Array) => Picture;

/** What every generated script has. */
interface RawGlue {
  initSync(options: { module: WebAssembly.Module }): unknown;
  /** Replaces the instance by a fresh one; objects of the old one throw when used. */
  __wbg_reset_state(): void;
}

/** Of a module in which problems are open. */
interface RawSessions extends RawGlue {
  Session: new (numbers: Float64Array, arrays: Numbers[]) => RawSession;
}

export interface RawLayers extends RawSessions {
  diagnose(numbers: Float64Array, arrays: Numbers[]): RawTask;
}

export interface RawKernel extends RawSessions {
  paint: RawPaint<ImageBitmap>;
  paintPixels: RawPaint<Uint8Array>;
}

export interface RawFiles extends RawGlue {
  CaptureReader: new (size: number, most: number) => RawReader;
  readTensor(entry: string, bytes: Uint8Array, most: number): Float32Array;
  assignLayer(
    tensors: string,
    queryTokens: string | undefined,
    keyTokens: string | undefined,
    query: string,
    key: string,
    value: string | undefined,
  ): string;
}

/** The generated scripts, by the part of the work that each gives access to: one may be that of several. */
export interface RawGlues {
  kernel: RawKernel;
  layers: RawLayers;
  files: RawFiles;
}
