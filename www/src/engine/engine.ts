/** The public functions: check, ask the pool, put together. */
import { catalog } from '../generated/catalog.ts';
import type {
  AttentionMap,
  AttentionOptions,
  AttentionResult,
  Capture,
  CaptureOptions,
  CaptureSource,
  Configuration,
  Control,
  FlowOptions,
  LayersOptions,
  MultiHeadOptions,
  MultiHeadResult,
  MultiHeadRows,
  MultiHeadWeights,
  PaintOptions,
  Picture,
  ProblemOptions,
  ProjectionOptions,
  Stage,
  Status,
  Tensor,
  ValueNormsOptions,
  WeightedNormsOptions,
  WeightsComparison,
} from './api.ts';
import type { Parts } from './assemble.ts';
import { readCapture } from './capture.ts';
import { compared, followed, importance, lengths, shareOfSinks, weightedNorms } from './diagnose.ts';
import { QkscopeError, show } from './error.ts';
import { OpenMap } from './map.ts';
import { runMultiHead } from './multi-head.ts';
import { checkControl, checkNames, ofProblem, stagesOf, wholeNumber } from './options.ts';
import { paintPicture } from './paint.ts';
import { Pool } from './pool.ts';
import { makeProblem } from './problem.ts';
import { canThread } from './thread.ts';
import { fromSource, moduleOptions, useDeterministic, useModule } from './wasm.ts';

/** One pool for everything on the page, however many maps and captures are open. */
const pool = new Pool();
const MOST_WORKERS = 64;

/**
 * The names of `RowStatistics.status`, by number.
 *
 * @example
 * ```ts
 * import { attention, statusNames } from 'qkscope';
 *
 * const query = { shape: [1, 2], data: Float32Array.of(1, 0) };
 * const nothing = { shape: [0, 2], data: new Float32Array(0) };
 * const { status } = await attention(query, nothing, null);
 * console.log(statusNames[status[0]!]); // 'empty'
 * ```
 */
export const statusNames: readonly Status[] = catalog.statuses.map(({ id }) => id);

/**
 * Computes attention once: weights times values.
 *
 * @param query `[B, Hq, N, d]`
 * @param key `[B, Hkv, M, d]`; `Hq` is a multiple of `Hkv`, and consecutive heads share keys (GQA)
 * @param value `[B, Hkv, M, dv]`, or null: then there is no output
 * @throws QkscopeError, by rejection: `tensor`, `shape`, `parameter`, `unknown` for what was given, `limit` where a
 *   result would pass 1 GiB, and `out_of_memory`, `wasm`, `unsupported`, `worker`, `breaker` for the machine
 *
 * @example
 * ```ts
 * import { attention } from 'qkscope';
 *
 * const query = { shape: [1, 2], data: Float32Array.of(1, 0) };
 * const key = { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) };
 * const value = { shape: [2, 1], data: Float32Array.of(10, 20) };
 * const { output, weights } = await attention(query, key, value, { scale: 1, needWeights: true });
 * console.log(weights!.data); // [0.7311, 0.2689]
 * console.log(output!.shape); // [1, 1, 1, 1]
 * console.log(output!.data); // [12.689]
 * ```
 */
export async function attention(
  query: Tensor,
  key: Tensor,
  value: Tensor | null,
  options: AttentionOptions = {},
): Promise<AttentionResult> {
  const map = makeMap(query, key, value, options);
  try {
    const weights = options.needWeights ?? false;
    const statistics = options.needStatistics ?? false;
    const stages = stagesOf(options.stages);
    // The parts bring the problem along, which is refused with the first of them.
    const wanted = { output: value != null, weights, stages, statistics, status: true };
    const parts = await map.attend(wanted, options);
    return result(map, parts);
  } finally {
    map.free();
  }
}

/**
 * Opens a problem for questions about its matrix, which is never held as a whole. Call `free()` on the map when done.
 * Parameters and errors as for {@link attention}.
 *
 * @example
 * ```ts
 * import { openAttention } from 'qkscope';
 *
 * const query = { shape: [1, 2], data: Float32Array.of(1, 0) };
 * const key = { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) };
 * const map = await openAttention(query, key, null, { score: 'cosine', normalizer: { id: 'topk', k: 1 } });
 * const { dot, cosine, weight } = await map.cell({ head: 0, row: 0, key: 0 });
 * console.log([dot, cosine, weight]); // [1, 1, 1]
 * map.free();
 * ```
 */
export async function openAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor | null,
  options: ProblemOptions & Control = {},
): Promise<AttentionMap> {
  checkNames('options', options, ofProblem);
  const map = makeMap(query, key, value, options);
  try {
    await map.open({ signal: options.signal, onProgress: options.onProgress });
    return map;
  } catch (error) {
    map.free();
    throw error;
  }
}

/**
 * Applies a multi-head attention layer: in-projections, attention in each head, out-projection, with the argument
 * semantics of `torch.nn.MultiheadAttention(batch_first=True)` in evaluation mode. One thing is the other way round:
 * **in a mask, 1 means "may attend"**, here as everywhere in this package; in torch, true means "blocked", in
 * `attn_mask` and in `key_padding_mask`. To convert a boolean mask of torch, pass its negation (`~mask`); a float
 * `attn_mask` is `attnBias`.
 *
 * @param x `[B, N, E]` or `[N, E]` for self-attention; for cross-attention `{ query: [B, N, E], key: [B, S, kdim],
 *   value: [B, S, vdim] }`, where the value is the key if it is left out
 * @param weights the layer's tensors, named as in torch's state dict
 * @throws QkscopeError, by rejection: as {@link attention}
 *
 * @example
 * ```ts
 * import { multiHeadAttention } from 'qkscope';
 *
 * const x = { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) }; // two tokens
 * const identity = { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) };
 * const layer = { qProjWeight: identity, kProjWeight: identity, vProjWeight: identity, outProjWeight: identity };
 * const { output, weights } = await multiHeadAttention(x, layer, { numHeads: 2 });
 * console.log(output.shape); // [1, 2, 2]
 * console.log(weights!.data); // [0.6155, 0.3845, 0.3845, 0.6155]
 * ```
 */
export async function multiHeadAttention(
  x: Tensor | MultiHeadRows,
  weights: MultiHeadWeights,
  options: MultiHeadOptions,
): Promise<MultiHeadResult> {
  return runMultiHead(pool, x, weights, options);
}

/**
 * Opens a file of named tensors: its bytes, a Blob or File, or an address (`http:`, `https:`, `data:`, `blob:`, and in
 * Node `file:`; a relative one is resolved against the page). Bytes are copied before the promise is returned. Of a
 * safetensors or npy file in a Blob, or at an address whose host answers by ranges, only what is asked for is ever read.
 *
 * @throws QkscopeError, by rejection: `source` where it cannot be read, `limit` where it is too large, and a code for
 *   every way in which a file can be broken; the message names the tensor and both numbers
 *
 * @example
 * ```ts
 * import { openAttention, openCapture } from 'qkscope';
 *
 * const file = new Blob(['{ "q": [[1, 0]], "k": [[1, 0], [0, 1]], "scale": 1 }']); // or a File that was dropped, or an address
 * const capture = await openCapture(file);
 * console.log(capture.tensors.map(({ name }) => name)); // ['q', 'k']
 * const { query, key, value, options } = await capture.layer(0);
 * const map = await openAttention(query, key, value, options);
 * console.log((await map.overview({ head: 0 })).values); // [0.7311, 0.2689]
 * map.free();
 * ```
 */
export async function openCapture(source: CaptureSource, options: CaptureOptions = {}): Promise<Capture> {
  return readCapture(pool, source, options);
}

/**
 * Attention rollout: how much of each input token is in each token after all layers, `R_l = Ā_l R_{l−1}` with
 * `Ā = (A + I) / row sum` of the weights averaged over heads. Abnar and Zuidema 2020, arXiv 2005.00928.
 *
 * @param layers first layer first, each `[H, N, N]` or `[N, N]`: weights of self-attention over the same tokens
 * @returns `[N, N]`; row `i` says what token `i` is made of. Rows sum to 1; without the residual they do where the rows
 *   of every layer's weights do.
 * @throws QkscopeError, by rejection: `shape`, `parameter`, `number` for a weight that is not finite or below 0, and
 *   `limit` above 2,048 tokens, or 1 GiB of weights
 *
 * @example
 * ```ts
 * import { rollout } from 'qkscope';
 *
 * const weights = { shape: [2, 2], data: Float32Array.of(1, 0, 0.5, 0.5) };
 * console.log((await rollout([weights, weights])).data); // [1, 0, 0.4375, 0.5625]
 * ```
 */
export async function rollout(layers: readonly Tensor[], options: LayersOptions = {}): Promise<Tensor> {
  return followed(pool, 'rollout', layers, options);
}

/**
 * Attention flow: the most that can run from each token of the last layer down to each input token, when every edge of a
 * layer carries at most `Ā` of {@link rollout}: a maximum flow. Abnar and Zuidema 2020, arXiv 2005.00928.
 *
 * @param layers as for {@link rollout}
 * @returns `[N, N]`
 * @throws QkscopeError, by rejection: as {@link rollout}, but `limit` above 128 tokens, or 768 tokens times layers
 *
 * @example
 * ```ts
 * import { attentionFlow } from 'qkscope';
 *
 * const weights = { shape: [2, 2], data: Float32Array.of(1, 0, 0.5, 0.5) };
 * console.log((await attentionFlow([weights, weights])).data); // [1, 0, 0.5, 0.75]
 * ```
 */
export async function attentionFlow(layers: readonly Tensor[], options: FlowOptions = {}): Promise<Tensor> {
  return followed(pool, 'flow', layers, options);
}

/**
 * How long each value is, `|v_j Wo|`: a weight times it says what a key really adds to the output. Kobayashi et al. 2020,
 * arXiv 2004.10102.
 *
 * @param value `[B, Hkv, M, dv]`
 * @returns `[B, Hq, M]`
 * @throws QkscopeError, by rejection: `tensor`, `shape`, `parameter`, `limit`
 *
 * @example
 * ```ts
 * import { valueNorms } from 'qkscope';
 *
 * const value = { shape: [2, 2], data: Float32Array.of(3, 4, 0, 1) };
 * console.log((await valueNorms(value)).data); // [5, 1]
 * ```
 */
export async function valueNorms(value: Tensor, options: ValueNormsOptions = {}): Promise<Tensor> {
  return lengths(pool, value, options);
}

/**
 * What each key really adds to each query's output, as long as it is: `|w_ij v_j Wo|`. Kobayashi et al. 2020,
 * arXiv 2004.10102. It is as large as the weights, so ask for the rows that are wanted.
 *
 * @param weights `[B, H, N, M]`, or with `head` a rectangle of that one, `[rows, keys]`
 * @param norms `[B, H, M]`, from {@link valueNorms}
 * @returns the shape of the weights; exactly 0 where the weight is 0, whatever the value
 * @throws QkscopeError, by rejection: `tensor`, `shape`, `parameter`
 *
 * @example
 * ```ts
 * import { openAttention, valueNorms, valueWeightedNorms } from 'qkscope';
 *
 * const query = { shape: [1, 2], data: Float32Array.of(1, 0) };
 * const key = { shape: [2, 2], data: Float32Array.of(1, 0, 0, 1) };
 * const value = { shape: [2, 1], data: Float32Array.of(10, 20) };
 * const map = await openAttention(query, key, value, { scale: 1 });
 * const norms = await valueNorms(value, { heads: map.heads });
 * const part = { head: 0, rows: [0, 1], keys: [0, map.keys] } as const;
 * const added = await valueWeightedNorms(await map.rectangle(part), norms, part);
 * console.log(added.data); // [7.311, 5.379]
 * map.free();
 * ```
 */
export async function valueWeightedNorms(
  weights: Tensor,
  norms: Tensor,
  options: WeightedNormsOptions = {},
): Promise<Tensor> {
  return weightedNorms(pool, weights, norms, options);
}

/**
 * Two matrices of weights beside each other: two heads, two normalizers, two captures. Lin 1991, IEEE Transactions on Information
 * Theory 37(1), section IV.
 *
 * @param weights up to `[B, H, N, M]`
 * @param other the same shape; leading axes of 1 may be there or not, and `difference` has the shape of `weights`
 * @throws QkscopeError, by rejection: `tensor`, `shape`, `parameter`
 *
 * @example
 * ```ts
 * import { compareWeights } from 'qkscope';
 *
 * const even = { shape: [1, 2], data: Float32Array.of(0.5, 0.5) };
 * const sharp = { shape: [1, 2], data: Float32Array.of(1, 0) };
 * const { difference, divergence } = await compareWeights(sharp, even);
 * console.log(difference.data); // [0.5, -0.5]
 * console.log(divergence.data); // [0.3113]
 * ```
 */
export async function compareWeights(
  weights: Tensor,
  other: Tensor,
  options: Control = {},
): Promise<WeightsComparison> {
  return compared(pool, weights, other, options);
}

/**
 * The sink metric: the share of heads whose mean weight on the first key is above `eps`. Gu et al. 2024,
 * arXiv 2410.10781, who take `eps = 0.3` and texts of 64 tokens.
 *
 * @param masses one number of each head: `sinkMass` or `sinkMassAfterFirst` of `headStatistics()`; NaN is left out
 * @returns 0 to 1; NaN where no head is left
 * @throws QkscopeError `parameter`
 *
 * @example
 * ```ts
 * import { sinkMetric } from 'qkscope';
 *
 * console.log(sinkMetric([0.9, 0.1, 0.5, NaN])); // 0.6667
 * ```
 */
export function sinkMetric(masses: ArrayLike<number>, eps = 0.3): number {
  return shareOfSinks(masses, eps);
}

/**
 * What the output of a layer loses without each head, `|Y − Y without h| / |Y|` (Frobenius). It needs no gradients, unlike
 * the importance of Michel et al. 2019, arXiv 1905.10650.
 *
 * @param output `[B, H, N, dv]`: weights times values
 * @returns `[B, H]`; NaN where the whole output is 0
 * @throws QkscopeError, by rejection: as {@link valueNorms}
 *
 * @example
 * ```ts
 * import { headImportance } from 'qkscope';
 *
 * const output = { shape: [2, 1, 1], data: Float32Array.of(3, 4) }; // two heads
 * console.log((await headImportance(output)).data); // [0.6, 0.8]
 * ```
 */
export async function headImportance(output: Tensor, options: ProjectionOptions = {}): Promise<Tensor> {
  return importance(pool, output, options);
}

/**
 * Draws numbers as a picture, in a worker. The numbers are copied before the promise is returned.
 *
 * @param values `rows * columns` numbers, row-major
 * @returns an ImageBitmap (close it after drawing), or ImageData where workers have no canvas
 * @throws QkscopeError, by rejection: `tensor`, `shape`, `parameter`, `limit`; `unsupported` outside a browser
 */
export async function paint(values: Float32Array, options: PaintOptions): Promise<Picture> {
  return paintPicture(pool, values, options);
}

/**
 * Sets how the engine works, from now on. Calls under way begin again, and open maps move over. Closes the breaker.
 *
 * @throws QkscopeError `parameter`, or `unsupported` for workers where there are none, and changes nothing
 *
 * @example
 * ```ts
 * import { attention, configure } from 'qkscope';
 *
 * configure({ workers: 2, deterministic: true }); // in Node: two threads
 * const query = { shape: [1, 2], data: Float32Array.of(1, 0) };
 * const { status } = await attention(query, query, null);
 * console.log(status); // [0]
 * configure({ workers: 0 });
 * ```
 */
export function configure(configuration: Configuration): void {
  checkNames('configuration', configuration, [
    'workers',
    ...moduleOptions.map(([, option]) => option),
    'deterministic',
  ]);
  const { workers, deterministic } = configuration;
  if (deterministic !== undefined && typeof deterministic !== 'boolean') {
    throw new QkscopeError('parameter', 'deterministic', 'true or false', show(deterministic));
  }
  const size = workers === undefined ? undefined : wholeNumber('workers', workers, 0, MOST_WORKERS);
  if (size && !canThread()) {
    const message = `workers must be 0, not ${size}: there are no workers here`;
    throw new QkscopeError('unsupported', 'workers', '0', show(size), message);
  }
  // All are checked before one is set.
  const loaders = moduleOptions.flatMap(([name, option]) => {
    const source = configuration[option];
    return source === undefined ? [] : [[name, fromSource(option, source)] as const];
  });
  for (const [name, loader] of loaders) useModule(name, loader);
  if (deterministic !== undefined) useDeterministic(deterministic);
  pool.configure(size);
}

/**
 * Has the kernel loaded and a worker started now, so that the first call waits for neither, and says early what is missing. Nothing
 * needs it: every call does the same where it finds them missing, as when all workers rested.
 *
 * @param configuration Set first, as by {@link configure}.
 * @throws QkscopeError what `configure()` throws; `wasm` where the kernel is not to be had, and `unsupported` where the browser lacks
 *   what it needs
 *
 * @example
 * ```ts
 * import { attention, init } from 'qkscope';
 *
 * await init(); // or init({ workers: 2 })
 * const query = { shape: [1, 2], data: Float32Array.of(1, 0) };
 * const { output } = await attention(query, query, query);
 * console.log(output?.data); // [1, 0]
 * ```
 */
export async function init(configuration?: Configuration): Promise<void> {
  if (configuration) configure(configuration);
  // A problem that is nobody's: there is nothing to open.
  await pool.run({ kind: 'open', module: 'kernel', session: pool.newId() }).result;
}

function makeMap(query: Tensor, key: Tensor, value: Tensor | null, options: AttentionOptions): OpenMap {
  checkControl(options);
  options.signal?.throwIfAborted();
  return new OpenMap(pool, makeProblem(pool.newId(), query, key, value, options));
}

function result(map: OpenMap, { output, weights, stages, statistics, status }: Parts): AttentionResult {
  const { batch, heads, queries, keys, valueSize } = map;
  const matrix = (data: Float32Array): Tensor => ({ data, shape: [batch, heads, queries, keys] });
  const named = Object.entries(stages ?? {}).map(([stage, data]) => [stage, matrix(data)]);
  return {
    output: output ? { data: output, shape: [batch, heads, queries, valueSize] } : null,
    ...(weights && { weights: matrix(weights) }),
    ...(stages && { stages: Object.fromEntries(named) as Partial<Record<Stage, Tensor>> }),
    status: status!,
    ...(statistics && { statistics: { shape: [batch, heads, queries], ...statistics } }),
  };
}
