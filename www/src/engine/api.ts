/// <reference lib="esnext.disposable" preserve="true" />
/**
 * The public types of the package: the reference manual of its JavaScript side.
 *
 * Letters used throughout: `B` batches, `Hq` heads of the queries, `Hkv` heads of the keys and values (`Hq` is a
 * multiple of `Hkv`), `N` queries, `M` keys, `d` the size of a query or key, `dv` the size of a value. Every array is
 * row-major (C order): the last axis is contiguous.
 *
 * Every promise below rejects with one class of error, {@link QkscopeError}, or with the reason of an `AbortSignal`
 * (an `AbortError`, unless you gave the signal another reason).
 */
import type {
  Colormap,
  Format,
  HeadStatistic,
  Measure,
  Normalizer,
  NormalizerOption,
  ParameterTensor,
  Pattern,
  Pool,
  Position,
  PositionOption,
  Score,
  ScoreOption,
  Stage,
  Statistic,
  Status,
} from '../generated/catalog.ts';

export type {
  Colormap,
  Format,
  HeadStatistic,
  Measure,
  Normalizer,
  NormalizerOption,
  ParameterTensor,
  Pattern,
  Pool,
  Position,
  PositionOption,
  Score,
  ScoreOption,
  Stage,
  Statistic,
  Status,
};

/**
 * Numbers with a shape.
 *
 * As an input: `data` is a Float32Array over an ordinary ArrayBuffer (not shared, not detached; other element types
 * are refused, not converted), and `shape` has 2 to 4 whole numbers from 0 to 2^53 - 1 whose product is `data.length`.
 * Missing leading axes are 1: `[N, d]` is one batch of one head. Inputs are copied before the call returns its
 * promise: they are never changed, and you may reuse them at once.
 *
 * As a result: fresh memory of your own.
 *
 * @example
 * ```ts
 * import { attention, type Tensor } from 'qkscope';
 *
 * const rows = [[1, 2], [3, 4], [5, 6]];
 * const tensor: Tensor = { shape: [3, 2], data: Float32Array.from(rows.flat()) };
 * console.log((await attention(tensor, tensor, tensor)).output!.shape); // [1, 1, 3, 2]
 * ```
 */
export interface Tensor {
  data: Float32Array;
  shape: readonly number[];
}

/**
 * Which keys a query may see: 1 = may attend, 0 = removed; other numbers are refused. What is added to the logits is
 * `attnBias`. The shape broadcasts to `[B, Hq, N, M]`.
 *
 * @example
 * ```ts
 * import { attention } from 'qkscope';
 *
 * const x = { shape: [2, 1], data: Float32Array.of(1, 1) };
 * const attnMask = { shape: [2, 2], data: Uint8Array.of(1, 0, 1, 1) }; // query 0 sees key 0 alone
 * console.log((await attention(x, x, null, { attnMask, needWeights: true })).weights!.data); // [1, 0, 0.5, 0.5]
 * ```
 */
export interface Mask {
  data: Uint8Array;
  /** 2 to 4 axes; each is 1 or the size of its axis of `[B, Hq, N, M]`. Missing leading axes are 1. */
  shape: readonly number[];
}

/**
 * How a long call is stopped and watched.
 *
 * @example
 * ```ts
 * import { attention } from 'qkscope';
 *
 * const x = { shape: [2, 1], data: Float32Array.of(1, 1) };
 * const stop = new AbortController();
 * const long = attention(x, x, x, { signal: stop.signal, onProgress: (fraction) => fraction });
 * stop.abort();
 * console.log(await long.catch((error) => error.name)); // 'AbortError'
 * ```
 */
export interface Control {
  /**
   * Stops the work after the step under way; the promise rejects at once, and once, with the signal's reason. A step is
   * 8 rows by `M` keys: about 10 ms at `M = 32,768`. One of `rollout()` is a row, about 10 ms at 2,048 tokens; one of
   * `attentionFlow()` a pair of tokens, some 2 ms at its limits; one of the norms and of `headImportance()` 2^21
   * multiply-adds, about 1 ms.
   */
  signal?: AbortSignal | undefined;
  /** Called with the fraction done: 0 to 1, never falling, 1 at the end. What it throws stops the call and rejects it. */
  onProgress?: ((fraction: number) => void) | undefined;
}

/** What the kernel computes. Unknown names are refused: a misspelled option would draw a wrong picture silently. */
export interface ProblemOptions {
  /** How a query and a key are compared. Default `'scaled_dot'`. */
  score?: ScoreOption | undefined;
  /** Multiplies every score; any finite number, 0 and negative ones too. `null` (default): the score's own. */
  scale?: number | null | undefined;
  /** Divides every logit after `scale`; finite, above 0. Default 1. */
  temperature?: number | undefined;
  /** `c` of `c * tanh(logit / c)`; finite. `null` (default), 0 and below: off. */
  softcap?: number | null | undefined;
  /** Which keys a query may see. Joined to the other masks by AND. */
  attnMask?: Mask | undefined;
  /** Added to the logits after `softcap`; its shape broadcasts to `[B, Hq, N, M]`. Exactly -Infinity removes a key. */
  attnBias?: Tensor | undefined;
  /** Query `i` sees keys up to `i + offset`. Default false. */
  causal?: boolean | undefined;
  /** Where the diagonal of the causal mask starts when `N` is not `M`: offset 0, or `M - N`. Required then, or `causalOffset`. */
  causalAlignment?: 'upper_left' | 'lower_right' | undefined;
  /** The offset of the causal mask as a whole number, in place of `causalAlignment`. */
  causalOffset?: number | undefined;
  /** How many keys before its own position a query sees; a whole number, -1 (default) is no limit. */
  leftWindowSize?: number | undefined;
  /** How many keys after its own position a query sees; a whole number, -1 (default) is no limit. */
  rightWindowSize?: number | undefined;
  /** How many keys of each batch are real, `B` whole numbers from 0 to `M`; keys behind them are removed. */
  keyValueSeqLengths?: readonly number[] | undefined;
  /** How many queries of each batch are real, `B` whole numbers from 0 to `N`; the rows behind them see no key. */
  querySeqLengths?: readonly number[] | undefined;
  /**
   * How positions are told: to Q and K (`sinusoidal`, `learned`, `rope`) or as a bias on the logits (`alibi`, `t5`).
   * Query `i` stands at `i + offset`, the offset of the causal mask; when `N` is not `M` it has to be chosen there.
   * Default `'none'`: most captures hold Q and K with their positions in them.
   */
  position?: PositionOption | undefined;
  /** How a row of logits becomes weights. Default `'softmax'`. Some refuse other options, as their `forbids` in the lists says. */
  normalizer?: NormalizerOption | undefined;
}

/** Options of `attention()`. */
export interface AttentionOptions extends ProblemOptions, Control {
  /** Also return the weights, `B * Hq * N * M` numbers of 4 bytes each. Default false. */
  needWeights?: boolean | undefined;
  /** Also return the statistics of every row: entropy and its kin cost about a third of the time again. Default false. */
  needStatistics?: boolean | undefined;
  /** Also return these stages of the logits, each as large as the weights. Default none. */
  stages?: readonly Stage[] | undefined;
}

/** What `attention()` returns. */
export interface AttentionResult {
  /** Weights times values, `[B, Hq, N, dv]`; null when no value was given. */
  output: Tensor | null;
  /** `[B, Hq, N, M]`, when `needWeights` is set. A row with no key left is all 0. */
  weights?: Tensor;
  /** `[B, Hq, N, M]` each, for the stages asked for. */
  stages?: Partial<Record<Stage, Tensor>>;
  /** `[B, Hq, N]`: how each row of weights ended, as an index of `statusNames`. */
  status: Uint8Array;
  /** One entry per row of weights, when `needStatistics` is set. */
  statistics?: RowStatistics;
}

/**
 * The tensors of a multi-head attention layer: those of the state dict of `torch.nn.MultiheadAttention`, in camelCase
 * (`in_proj_weight` is `inProjWeight`, `out_proj.weight` is `outProjWeight`). `E` is the size of a row of the query.
 */
export interface MultiHeadWeights {
  /** Wq, Wk and Wv as the rows of one matrix, `[3 * E, E]`. Either this, or the next three. */
  inProjWeight?: ParameterTensor | null | undefined;
  /** Wq, `[E, E]`. */
  qProjWeight?: ParameterTensor | null | undefined;
  /** Wk, `[E, kdim]`. */
  kProjWeight?: ParameterTensor | null | undefined;
  /** Wv, `[E, vdim]`. */
  vProjWeight?: ParameterTensor | null | undefined;
  /** The biases of query, key and value, `[3 * E]`. Default: zeros. */
  inProjBias?: ParameterTensor | null | undefined;
  /** A key that is appended behind the projected ones, `[E]` or `[1, 1, E]` (torch: `add_bias_kv`). Wants `biasV`. */
  biasK?: ParameterTensor | null | undefined;
  /** The value of that key, `[E]` or `[1, 1, E]`. */
  biasV?: ParameterTensor | null | undefined;
  /** Wo, `[E, E]`. */
  outProjWeight: ParameterTensor;
  /** The bias of the out-projection, `[E]`. Default: zeros. */
  outProjBias?: ParameterTensor | null | undefined;
}

/** The rows of cross-attention. */
export interface MultiHeadRows {
  /** `[B, N, E]` or `[N, E]`. */
  query: Tensor;
  /** `[B, S, kdim]` or `[S, kdim]`. */
  key: Tensor;
  /** `[B, S, vdim]` or `[S, vdim]`. Default: the key. */
  value?: Tensor | null | undefined;
}

/**
 * Options of `multiHeadAttention()`. Those of a problem count between the projected rows of each head: `Hq` is H, `M`
 * is S, and the default `scale` is `1 / sqrt(E / H)`. The positions `sinusoidal` and `learned` (with a table `[L, E]`)
 * are added to the rows of query, key and value before the projections; where keys are appended, there are no others.
 */
export interface MultiHeadOptions extends ProblemOptions, Control {
  /** H; divides `E`. Head `h` owns the channels from `h * E / H` on. */
  numHeads: number;
  /** Appends a key and a value of zeros, behind `biasK`. Default false. */
  addZeroAttn?: boolean | undefined;
  /**
   * 1 = may attend (a boolean mask of torch is the opposite: pass `~mask`). `[N, S]`, torch's `[B * H, N, S]`, or what
   * broadcasts to `[B, H, N, S]`. Appended keys may always be attended, also where `causal`, a window or a length would
   * remove a key.
   */
  attnMask?: Mask | undefined;
  /** Added to the logits: torch's float `attn_mask`. Shapes as for `attnMask`; appended keys get 0. */
  attnBias?: Tensor | undefined;
  /** Which keys are real, `[B, S]`: 1 = may attend (torch's `key_padding_mask` is the opposite). */
  keyPaddingMask?: Mask | undefined;
  /** Also return the weights. Default true, as in torch. */
  needWeights?: boolean | undefined;
  /** Return their mean over the heads in place of those of each head. Default true, as in torch. */
  averageAttnWeights?: boolean | undefined;
}

/** What `multiHeadAttention()` returns. */
export interface MultiHeadResult {
  /** `[B, N, E]`. A row with no key left is the bias of the out-projection (torch 1.13: NaN). */
  output: Tensor;
  /**
   * `[B, N, S]`, or `[B, H, N, S]` with `averageAttnWeights: false`; null with `needWeights: false`. `S` is one more
   * for `biasK`, and one more for `addZeroAttn`: these columns come last, in this order.
   */
  weights: Tensor | null;
}

/**
 * What is read off each row of weights. Every array has one entry per row of `shape`. NaN where a row has no answer.
 *
 * @example
 * ```ts
 * import { attention } from 'qkscope';
 *
 * const x = { shape: [2, 1], data: Float32Array.of(1, 1) };
 * const { statistics } = await attention(x, x, null, { causal: true, needStatistics: true });
 * console.log(statistics!.entropy); // [0, 0.6931]
 * console.log(statistics!.effectiveKeys); // [1, 2]
 * ```
 */
export interface RowStatistics {
  /** `[B, Hq, N]`, or `[1, 1, N]` where one head was asked for. */
  shape: readonly [number, number, number];
  /** Sum of the weights. */
  mass: Float32Array;
  /** Entropy of the weights over their sum, in nats. */
  entropy: Float32Array;
  /** Entropy over the largest possible, `ln m` with m the keys left after the masks: 0 to 1. NaN where m is below 2. */
  normalizedEntropy: Float32Array;
  /** exp(entropy): how many keys the row looks at. */
  effectiveKeys: Float32Array;
  /** 1 over the sum of the squared shares: how many keys the row looks at, small weights hardly counted. */
  collisionKeys: Float32Array;
  /** The largest weight over the row's sum. */
  maxWeight: Float32Array;
  /** Mean distance between query and key, in positions, weighted by the weights. */
  attentionDistance: Float32Array;
  /** Weight on key 0. */
  firstMass: Float32Array;
  /** Weight on the query's own position. */
  selfMass: Float32Array;
  /** Weight on the position before the query's own. */
  previousMass: Float32Array;
  /** Index of the largest weight, the first of equals; -1 where there is none. */
  argmax: Int32Array;
  /** Index into `statusNames`: `ok`, `empty` (no key left), `zeroed` (a threshold removed all), `nan`, `inf`. */
  status: Uint8Array;
}

/** A part of the matrix of one head: rows are queries, columns are keys. */
export interface HeadSelection {
  /** 0 to `B - 1`. Default 0. */
  batch?: number | undefined;
  /** 0 to `Hq - 1`. */
  head: number;
}

/** Whose rows `rowStatistics()` reads. */
export interface StatisticsOptions extends Partial<HeadSelection>, Control {}

/** Whose numbers `headStatistics()` reads, and what is known of the heads beside their weights. */
export interface HeadStatisticsOptions extends Partial<HeadSelection>, Control {
  /**
   * What stands at each position, for self-attention (`N = M`): equal entries are equal tokens. Without them what is made
   * of tokens (duplicates, induction) is NaN. A sequence given twice, perhaps after one first token, is recognised.
   */
  tokens?: readonly (string | number)[] | undefined;
  /** Leaves key 0 out of the detectors (`…Mul`, `…Abs`). Default false. */
  excludeBos?: boolean | undefined;
  /** Leaves the diagonal out of the detectors. Default false. */
  excludeCurrentToken?: boolean | undefined;
  /** Tokens are patches of an image, row by row: distances are then those in the image, in units of `patchSize`. */
  grid?: ImageGrid | undefined;
}

/** Patches of an image as tokens. */
export interface ImageGrid {
  /** Patches from top to bottom. */
  height: number;
  /** Patches from left to right. */
  width: number;
  /** The side of a patch, in pixels; above 0. Default 1. */
  patchSize?: number | undefined;
  /** How many tokens come first that are no patches (class token, registers): they have no distance. Default 0. */
  tokensBefore?: number | undefined;
}

/** One number for each head: `catalog.headStatistics` says what they are. NaN where a head has no answer. */
export interface HeadStatistics {
  /** `[B, Hq]`, or `[1, 1]` where one head was asked for. */
  shape: readonly [number, number];
  values: Record<HeadStatistic, Float32Array>;
}

/** Options of `rollout()`. */
export interface LayersOptions extends Control {
  /** Adds the identity to each layer before its rows are made to sum to 1, for the way around attention. Default true. */
  residual?: boolean | undefined;
}

/** Options of `attentionFlow()`. */
export interface FlowOptions extends LayersOptions {
  /** Makes each row sum to 1. Default false: what really runs. */
  normalize?: boolean | undefined;
}

/** Options of `valueNorms()` and `headImportance()`. */
export interface ProjectionOptions extends Control {
  /**
   * The output projection Wo, `[H * dv, E]`: head `h` has the rows from `h * dv` on. `torch.nn.Linear` keeps its
   * transpose. Default: none.
   */
  projection?: Tensor | null | undefined;
}

/** Options of `valueNorms()`. */
export interface ValueNormsOptions extends ProjectionOptions {
  /** Hq, where heads share values: a multiple of Hkv, up to 2^20. Default: Hkv. */
  heads?: number | undefined;
}

/**
 * Options of `valueWeightedNorms()`. Where the weights are a `rectangle()` of one head, what it was asked for: `batch`,
 * `head` and `keys` say which norms count. Default: weights of all heads and keys.
 */
export interface WeightedNormsOptions extends Partial<HeadSelection>, Control {
  /** Taken, so that the rectangle's own options can be given; norms are of keys. */
  rows?: readonly [number, number] | undefined;
  /** Keys `[from, to)`. Default all. */
  keys?: readonly [number, number] | undefined;
}

/** Two matrices of weights beside each other, as `compareWeights()` gives it. */
export interface WeightsComparison {
  /** The first less the second, in the shape of the first. */
  difference: Tensor;
  /**
   * The Jensen–Shannon divergence of each row in bits, `[B, H, N]`: 0 where the rows are equal as distributions, 1 where they
   * share no key; NaN where one of them has no weight, or one that is negative or no number.
   */
  divergence: Tensor;
}

/** What `overview()` pools and into how many cells. */
export interface OverviewOptions extends HeadSelection, Control {
  /** Default `'weights'`. */
  stage?: Stage | undefined;
  /** The most rows and the most columns of the picture; 1 to 4096. Default 1024. */
  maxSize?: number | undefined;
  /** How the entries under one cell become one number. Default `'max'`: for logits the one of largest magnitude. */
  pool?: Pool | undefined;
  /** Queries `[from, to)`. Default all. */
  rows?: readonly [number, number] | undefined;
  /** Keys `[from, to)`. Default all. */
  keys?: readonly [number, number] | undefined;
  /**
   * Stands for removed keys, in the stages `masked` and `weights`; earlier stages know no masks. Default -Infinity and 0.
   */
  removed?: number | undefined;
}

/** A pooled picture. Cell `(y, x)` covers rows `[floor(y*R/rows), floor((y+1)*R/rows))` of the `R` selected, keys alike. */
export interface Overview {
  /** `rows * columns` numbers. */
  values: Float32Array;
  rows: number;
  columns: number;
  /** The smallest finite value; 0 when there is none. */
  low: number;
  /** The largest finite value; 0 when there is none. */
  high: number;
}

/** What `rectangle()` returns: any part of the matrix, entry by entry. */
export interface RectangleOptions extends HeadSelection, Control {
  /** Queries `[from, to)`. */
  rows: readonly [number, number];
  /** Keys `[from, to)`. */
  keys: readonly [number, number];
  /** Default `'weights'`. */
  stage?: Stage | undefined;
  /**
   * Stands for removed keys, in the stages `masked` and `weights`; earlier stages know no masks. Default -Infinity and 0.
   */
  removed?: number | undefined;
}

/** What `openMicroscope()` looks at. */
export interface MicroscopeOptions extends HeadSelection, Control {
  /** Default `'weights'`. */
  stage?: Stage | undefined;
  /**
   * Stands where every key is removed, in the stages `masked` and `weights`; earlier stages know no masks. Default
   * -Infinity and 0.
   */
  removed?: number | undefined;
  /**
   * Called when queries `[from, to)` are known in full: tiles of them may be finer than before. Once for each stretch,
   * in any order. What it throws stops the pass and rejects `complete`.
   */
  onRows?: ((rows: readonly [number, number]) => void) | undefined;
}

/** Which part of the matrix `tile()` pools, and how far. */
export interface TileOptions {
  /** One number of the tile pools `2^level` by `2^level` entries; 0 to `levels - 1`. */
  level: number;
  /** Queries `[from, to)`: `from` is a multiple of `2^level`, and so is `to` unless it is `N`. */
  rows: readonly [number, number];
  /** Keys `[from, to)`, likewise. */
  keys: readonly [number, number];
  /** How entries become one number. Default `'max'`: for logits the one of largest magnitude. */
  pool?: Pool | undefined;
  /**
   * Asks for a picture as well, a pixel for each number. It comes sooner so than from `paint()` afterwards. As
   * that, it is for browsers: error `unsupported` elsewhere.
   */
  palette?: Palette | undefined;
  signal?: AbortSignal | undefined;
}

/** A pooled part of a matrix. */
export interface Tile extends Tensor {
  /** A pixel for each number, as of `paint()`; null where no palette was given. */
  picture: Picture | null;
}

/**
 * One head's matrix at every scale. Level `l` pools `2^l` by `2^l` entries; the coarser levels are kept, as a pyramid
 * that one pass over all rows makes, and the finer ones are computed where they are asked for. A large matrix shows
 * sampled rows first; `complete` says when the pass is through.
 *
 * It owns memory: call `free()` when done. `free()` of its map ends it as well.
 *
 * @example
 * ```ts
 * import { openAttention } from 'qkscope';
 *
 * const x = { shape: [64, 2], data: Float32Array.from({ length: 128 }, (_, index) => Math.sin(index)) };
 * const map = await openAttention(x, x, null, { causal: true });
 * const microscope = await map.openMicroscope({ head: 0 });
 * const tile = await microscope.tile({ level: 3, rows: [0, 64], keys: [0, 32] });
 * console.log(tile.shape); // [8, 4]
 * await microscope.complete;
 * console.log(microscope.columnMass!.length); // 64
 * map.free();
 * ```
 */
export interface Microscope {
  /** N */
  readonly queries: number;
  /** M */
  readonly keys: number;
  readonly stage: Stage;
  /** How many levels there are. The last is at most 256 numbers a side, unless it is level 3. */
  readonly levels: number;
  /** The first level that is kept; 3, or more where the pyramid would pass 160 MB. */
  readonly kept: number;
  /** Rows that no pass has reached yet are those of one group of eight in so many; 1: every row is known. */
  readonly sampled: number;
  /** The smallest finite number among the maxima of level 3, as far as they are known; 0 when there is none. */
  readonly low: number;
  /** The largest one. The largest magnitude of all entries is that of `low` or `high`. */
  readonly high: number;
  /** What is kept between calls, in bytes. */
  readonly bytes: number;
  /** Settles when every row is known, and rejects when the pass is stopped or fails. Nobody has to listen. */
  readonly complete: Promise<void>;
  /**
   * A part of the matrix, pooled: `[rows, keys]` of the tile. It equals the pooled `rectangle()` of the same entries, bit
   * for bit for `'max'`; a mean of a kept level is rounded to bfloat16. Rows that are not known yet stand in their
   * samples at kept levels, and are computed at finer ones. Ahead of long calls that wait.
   */
  tile(options: TileOptions): Promise<Tile>;
  /** The weights on each key, summed over all queries, `M` numbers. Null before `complete`, and for other stages. */
  readonly columnMass: Float64Array | null;
  /** The statistics of every row, as `rowStatistics()`. Null before `complete`, and for other stages. */
  readonly statistics: RowStatistics | null;
  /** Stops the pass and gives the memory back. Pending calls reject with code `freed`, and so do later ones. */
  free(): void;
  /** The same as `free()`, where the language has `Symbol.dispose`. */
  [Symbol.dispose](): void;
}

/** Which query `row()` explains. */
export interface RowOptions extends HeadSelection {
  /** 0 to `N - 1`. */
  row: number;
  signal?: AbortSignal | undefined;
}

/** One query through the whole pipeline. */
export interface Row {
  /** `M` numbers for each stage. */
  stages: Record<Stage, Float32Array>;
  /** The row's statistics, and its status by name. */
  statistics: Record<Statistic, number> & { status: Status };
}

/** Which pair `cell()` explains. */
export interface CellOptions extends HeadSelection {
  /** The query, 0 to `N - 1`. */
  row: number;
  /** The key, 0 to `M - 1`. */
  key: number;
  signal?: AbortSignal | undefined;
}

/** One query and one key: where their weight comes from. */
export interface Cell {
  /**
   * What each dimension adds to the raw score: `q_c * k_c` of the rows as they enter the product, minus the squared
   * difference for distances, `v_u * tanh(…)` for each hidden feature of the additive scores. They sum to `raw`.
   */
  products: Float32Array;
  /**
   * For each product, the dimension that a rotation mixes it with: what the two add belongs together. -1: none. Only
   * `position: 'rope'` has pairs.
   */
  partners: Int32Array;
  /** The score, `s = score(q, k)`. */
  raw: number;
  /** `s * scale / temperature`. */
  scaled: number;
  /** After the softcap. */
  capped: number;
  /** After the bias. */
  biased: number;
  /** What the normalizer sees: -Infinity where a mask removed the key. */
  logit: number;
  /** The weight. */
  weight: number;
  /** q·k of the vectors as given, whatever the score. */
  dot: number;
  /** |q| */
  queryNorm: number;
  /** |k| */
  keyNorm: number;
  /** q·k / (|q| |k|); 0 when one of them is 0. */
  cosine: number;
  /** Sum of the row's weights. */
  mass: number;
  /** The row's largest logit; NaN where no key is left or the row failed. */
  rowMax: number;
  /** Whether the masks let the query see the key. */
  allowed: boolean;
  /** The row's status. */
  status: Status;
}

/**
 * One attention problem that answers questions about its matrix without ever holding it: memory is `O(N + M)` beside
 * the inputs. The same kernel serves every answer, so they cannot disagree, and the numbers are the same bit for bit
 * whatever the number of workers.
 *
 * It owns memory: call `free()` when done (or `using map = await openAttention(…)` where the language has it).
 *
 * @example
 * ```ts
 * import { openAttention } from 'qkscope';
 *
 * const x = { shape: [3, 1], data: Float32Array.of(0, 0, 0) };
 * const map = await openAttention(x, x, x, { causal: true });
 * console.log([map.heads, map.queries, map.keys]); // [1, 3, 3]
 * console.log((await map.rectangle({ head: 0, rows: [1, 3], keys: [0, 3] })).data); // [0.5, 0.5, 0, 0.3333, 0.3333, 0.3333]
 * console.log((await map.row({ head: 0, row: 2 })).statistics.effectiveKeys); // 3
 * console.log((await map.headStatistics()).values.selfMass); // [0.6111]
 * map.free();
 * ```
 */
export interface AttentionMap {
  /** B */
  readonly batch: number;
  /** Hq */
  readonly heads: number;
  /** Hkv */
  readonly kvHeads: number;
  /** N */
  readonly queries: number;
  /** M */
  readonly keys: number;
  /** d */
  readonly headSize: number;
  /** dv; 0 when no value was given. */
  readonly valueSize: number;
  /** The statistics of every row of every head, or with `head` of that one alone. */
  rowStatistics(options?: StatisticsOptions): Promise<RowStatistics>;
  /** The numbers of every head, or with `head` of that one alone. */
  headStatistics(options?: HeadStatisticsOptions): Promise<HeadStatistics>;
  /** A picture of one head, pooled to at most `maxSize` cells a side. */
  overview(options: OverviewOptions): Promise<Overview>;
  /**
   * Opens one head at every scale. Resolves with the first picture: all of a small matrix, sampled rows of a large one.
   * The signal stops the pass after that too; what is known by then stays.
   */
  openMicroscope(options: MicroscopeOptions): Promise<Microscope>;
  /** A part of one head's matrix, `[rows, keys]`. Ahead of long calls that wait. */
  rectangle(options: RectangleOptions): Promise<Tensor>;
  /** One query: every stage and its statistics. Ahead of long calls that wait. */
  row(options: RowOptions): Promise<Row>;
  /** One query and one key. Ahead of long calls that wait. */
  cell(options: CellOptions): Promise<Cell>;
  /** Weights times values, `[B, Hq, N, dv]`. Error `unknown` when no value was given. */
  output(options?: Control): Promise<Tensor>;
  /** Gives the memory back. Pending calls reject with code `freed`, and so do later ones; a second `free()` is harmless. */
  free(): void;
  /** The same as `free()`, where the language has `Symbol.dispose`. */
  [Symbol.dispose](): void;
}

/** A named tensor of a file, not yet read. */
export interface TensorInfo {
  /** As the file has it: any text at all. Show it as text, never as markup. */
  readonly name: string;
  /** The element type in the file; numbers are widened to 32-bit floats where they are read. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Whether `tensor(name)` can read it. */
  readonly supported: boolean;
  /** Why not, or what to know about it. */
  readonly note?: string | undefined;
}

/** One layer of a capture: the names of its tensors. */
export interface LayerInfo {
  /** The layer's number in the model. */
  readonly layer: number;
  readonly query?: string | undefined;
  readonly key?: string | undefined;
  readonly value?: string | undefined;
  readonly weights?: string | undefined;
  readonly sinks?: string | undefined;
}

/** Which tensors are Q, K and V: a person's choice where the names do not say. */
export interface Assignment {
  query: string;
  key: string;
  value?: string | null | undefined;
}

/** What `openCapture()` reads: bytes, a Blob or File, or an address. */
export type CaptureSource = ArrayBuffer | Uint8Array | Blob | URL | string;

/** Options of `openCapture()`. */
export interface CaptureOptions extends Control {
  /**
   * The most bytes that are read at once, 1 to 2^53 - 1. Default 512 MiB. A larger safetensors or npy file is read by
   * ranges, in a Blob or at an address whose host knows them, and only each range has to fit; anything else larger is
   * refused.
   */
  maxBytes?: number | undefined;
  /** The choice of tensors, where it is known already. */
  assign?: Assignment | undefined;
}

/** What `layer()` of a capture is to read. */
export interface LayerOptions extends Control {
  /**
   * One head of the query, 0 to `Hq - 1`, with the head of key and value that it shares, and its sink. Of a safetensors or
   * npy file with one batch item in C order no other bytes are read; of any other, the tensors are read whole and cut.
   * Default: all heads.
   *
   * A head by itself is head 0 of a problem with one head: where the capture's position is a bias that differs from head
   * to head (ALiBi, T5), it is refused with the code `parameter`.
   */
  head?: number | undefined;
}

/** What `layer()` of a capture reads. With the option `head` the tensors have one head. */
export interface CaptureLayer {
  query: Tensor;
  key: Tensor;
  value: Tensor | null;
  /**
   * The capture's own options, with the layer's sinks where the file has them: spread these into `openAttention()`'s.
   * Without them a model with sinks would be drawn wrongly.
   */
  options: ProblemOptions;
}

/**
 * A file of named tensors: safetensors, npz, npy or JSON. Tensors are read when they are asked for, each time anew. At an
 * address whose host answers by ranges, opening costs the first 64 KB and a longer header's rest, and a tensor its own
 * bytes (npz and JSON have no header: they are fetched whole). Error `changed` where the file is another one at the next read.
 *
 * @example
 * ```ts
 * import { openCapture } from 'qkscope';
 *
 * const capture = await openCapture(new Blob(['{ "queries": [[1, 0]], "keys": [[1, 0], [0, 1]] }']));
 * console.log(capture.layers.length); // 0
 * await capture.assign({ query: 'queries', key: 'keys' });
 * console.log((await capture.layer(0)).key.shape); // [2, 2]
 * ```
 */
export interface Capture {
  readonly format: Format;
  readonly tensors: readonly TensorInfo[];
  /** Layers in the model's order, found by the tensors' names or set by `assign()`. Empty: call `assign()`. */
  readonly layers: readonly LayerInfo[];
  /** The model that the capture was taken from. */
  readonly model?: string | undefined;
  /** The text that went through it. */
  readonly text?: string | undefined;
  /** One token per query. Any text at all: show it as text, never as markup. */
  readonly queryTokens?: readonly string[] | undefined;
  /** One token per key. */
  readonly keyTokens?: readonly string[] | undefined;
  /** Every text in the file's metadata. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The options that the model's attention used, as the file says: spread them into `openAttention()`'s. */
  readonly options: ProblemOptions;
  /**
   * Of a file at an address (`http:`, `https:`): whether its host answers by ranges. False: it does not, or it does not
   * let this page see which it sent (`Access-Control-Expose-Headers: Content-Range`), and the whole file was fetched.
   * Undefined for everything else.
   */
  readonly ranged?: boolean | undefined;
  /** Reads one tensor, widened to 32-bit floats, in its own shape. */
  tensor(name: string, options?: Control): Promise<Tensor>;
  /** Reads Q, K, V and sinks of `layers[index]`, or one head of them. Error `unknown` when the layer lacks Q or K. */
  layer(index: number, options?: LayerOptions): Promise<CaptureLayer>;
  /**
   * Says which tensors are Q, K and V; `layers` then has this one entry. Rejects, and changes nothing, where the shapes
   * do not fit each other or the number of tokens.
   */
  assign(assignment: Assignment, options?: { signal?: AbortSignal | undefined }): Promise<void>;
}

/** An 8-bit colour: red, green, blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** A painted picture: a bitmap, or pixels where workers have no canvas. Close a bitmap when done. */
export type Picture = ImageBitmap | ImageData;

/** Which colours numbers get. */
export interface Palette {
  /** Default `'viridis'`. */
  colormap?: Colormap | undefined;
  /** The value at the first colour. */
  low: number;
  /** The value at the last colour. */
  high: number;
  /** The colour of -Infinity, a removed key; `'transparent'` shows what lies behind. Default mid grey. */
  removed?: Rgb | 'transparent' | undefined;
  /** The colour of NaN. Default magenta. */
  invalid?: Rgb | undefined;
}

/** How `paint()` draws numbers. */
export interface PaintOptions extends Palette {
  /** Rows and columns of `values`. */
  rows: number;
  columns: number;
  /** Pixels of the picture; `width * height` is at most 16,777,216. Each pixel shows the nearest cell. */
  width: number;
  height: number;
  signal?: AbortSignal | undefined;
}

/** How the engine works, for all calls of a page or process. */
export interface Configuration {
  /**
   * How many workers may run; 0: the main thread, which looks up every 10 ms, or after each step where a step takes
   * longer (8 rows by `M` keys: about 3 ms at `M = 32,768`). A whole number up to 64. Default: in a
   * browser the number of logical cores, at most 8; in Node 0, where they are threads of `node:worker_threads`.
   */
  workers?: number | undefined;
  /**
   * The kernel, if you load it yourself: compiled, its bytes, or its address. Set it before the first call. Default: one
   * of two files beside the script, `qkscope_bg.wasm` and `qkscope_relaxed_bg.wasm`. In Node and in `qkscope/inline` it is the module
   * that does everything, `qkscope_whole_bg.wasm` or `qkscope_whole_relaxed_bg.wasm`; default: the copy inside the script.
   */
  module?: WebAssembly.Module | BufferSource | URL | string | undefined;
  /**
   * The same for the module that answers for whole heads and layers: `headStatistics()`, {@link multiHeadAttention}, {@link rollout}
   * and its kin. It is loaded when one of them is first called. Default: one of two files beside the script. Refused where `module`
   * does everything.
   */
  layersModule?: WebAssembly.Module | BufferSource | URL | string | undefined;
  /**
   * The same for the reader of files, which is loaded when {@link openCapture} is first called. Default:
   * `qkscope_files_bg.wasm` beside the script. Refused where `module` does everything.
   */
  filesModule?: WebAssembly.Module | BufferSource | URL | string | undefined;
  /**
   * Whether the same bits must come out in every browser. Where there is relaxed SIMD (Chrome since 114, Firefox),
   * `qkscope_relaxed_bg.wasm` multiplies and adds with one rounding instead of two: faster, and off by a last place from
   * elsewhere; so does `qkscope_layers_relaxed_bg.wasm`. `true` takes the other of the two there too. Default: false.
   */
  deterministic?: boolean | undefined;
}
