/**
 * The multi-head layer as two problems, one after the other, each cut into blocks for the pool: the projections of the
 * rows, head by head, and then the attention between them with the out-projection behind it. No value depends on the
 * cut.
 */
import { axes } from './advice.ts';
import type { Axes } from './advice.ts';
import type { Control, MultiHeadOptions, MultiHeadResult, MultiHeadRows, MultiHeadWeights, Tensor } from './api.ts';
import { joined } from './assemble.ts';
import { blocks } from './blocks.ts';
import type { Block } from './blocks.ts';
import { QkscopeError, show } from './error.ts';
import { headsProblem, layerRequestOf, layerTensors, projectionProblem } from './flat.ts';
import { gather } from './gather.ts';
import { checkControl, checkNames, flag, given, ofProblem, problemOptions, wholeNumber } from './options.ts';
import type { Pool, Ticket } from './pool.ts';
import { checkResult, spreadOf } from './problem.ts';
import type { Flat, Numbers, Problem } from './protocol.ts';
import type { RawLayerRequest, RawLayerResults, RawOptions, RawProjection } from './raw.ts';
import { copyMask, copyNumbers, copyTensor } from './tensor.ts';
import type { Checked, Shape4 } from './tensor.ts';

const own = ['numHeads', 'addZeroAttn', 'keyPaddingMask', 'needWeights', 'averageAttnWeights'] as const;
const sides = ['query', 'key', 'value'] as const;
type Wanted = RawLayerRequest<'heads'>['wanted'];

/** A call, checked and copied: what the caller holds may change from here on. */
interface Call {
  /** Query, key and value, (1, B, N, E) and (1, B, S, …). */
  rows: Checked<Float32Array>[];
  weights: RawProjection['weights'];
  numHeads: number;
  addZeroAttn: boolean;
  options: RawOptions;
  masks: Pick<RawOptions, 'attnMask' | 'attnBias'>;
  keyPaddingMask: Checked<Uint8Array> | null;
  wanted: Wanted;
}

/** The sizes of a call: `keys` with the appended ones, `embed` is E. */
interface Sizes {
  batch: number;
  heads: number;
  queries: number;
  keys: number;
  appended: number;
  embed: number;
}

export async function runMultiHead(
  pool: Pool,
  x: Tensor | MultiHeadRows,
  weights: MultiHeadWeights,
  options: MultiHeadOptions,
): Promise<MultiHeadResult> {
  const call = readCall(x, weights, options);
  const sizes = sizesOf(call);
  const { batch, heads, queries, keys, embed } = sizes;
  options.signal?.throwIfAborted();
  const planes = call.wanted === 'each' ? heads : 1;
  const matrix = call.wanted === 'none' ? 0 : checkResult('weights', [batch, planes, queries, keys]);
  const bytes = matrix + checkResult('output', [batch, queries, embed]);
  checkResult('query', [batch, queries, embed]);
  checkResult('key', [batch, keys, embed]);

  const [first, second] = halves(call, sizes, options);
  const projected = await project(pool, call, sizes, first);
  return attend(pool, call, sizes, projected, bytes, second);
}

/** The projected rows, each `[B, H, rows, d]`. */
async function project(pool: Pool, call: Call, sizes: Sizes, control: Control): Promise<Float32Array[]> {
  const { batch, heads, queries, keys, embed } = sizes;
  const { numHeads, addZeroAttn, weights } = call;
  const problem = problemOf(
    pool,
    call.rows,
    projectionProblem(call.rows, { numHeads, addZeroAttn, weights }, call.options),
  );
  const lengths = [queries, keys, keys];
  const widths = call.rows.map(({ shape }) => shape[3]);
  return opened(pool, problem, control, async (part, width) => {
    const cut = sides.map((_, side) => {
      const outputs = batch * lengths[side]! * embed;
      return blocks(batch * heads, lengths[side]!, { work: outputs * widths[side]!, bytes: outputs * 4, width });
    });
    const parts = cut.flatMap((blocks, side) =>
      blocks.map((block) => part<'project'>({ side: sides[side]!, ...block }, size(block) * widths[side]!)),
    );
    const values = (await gather(parts, control)).map(({ values }) => values);
    return cut.map((blocks, side) => {
      return join(blocks, values.splice(0, blocks.length), lengths[side]!, embed / heads, batch * heads);
    });
  });
}

/** Attention between the projected rows, through the out-projection. */
async function attend(
  pool: Pool,
  call: Call,
  sizes: Sizes,
  projected: Float32Array[],
  bytes: number,
  control: Control,
): Promise<MultiHeadResult> {
  const { batch, heads, queries, keys, appended, embed } = sizes;
  const { weights, keyPaddingMask, wanted } = call;
  const { outProjWeight, outProjBias } = weights;
  const rows = projected.map((data, side): Checked<Float32Array> => {
    return { data, shape: [batch, heads, side === 0 ? queries : keys, embed / heads] };
  });
  const options = { ...call.options, ...call.masks };
  const layer = { appended, weights: { outProjWeight, outProjBias }, keyPaddingMask };
  const problem = problemOf(pool, rows, headsProblem(rows, layer, options));
  return opened(pool, problem, control, async (part, width) => {
    const work = batch * queries * embed * (2 * keys + embed);
    const cut = blocks(batch, queries, { work, bytes, width });
    const parts = cut.map((block) => part<'heads'>({ batches: block.planes, rows: block.rows, wanted }, size(block)));
    const results = await gather(parts, control);
    const outputs = results.map(({ output }) => output);
    const output = { data: join(cut, outputs, queries, embed, batch), shape: [batch, queries, embed] };
    if (wanted === 'none') return { output, weights: null };
    const matrices = results.map(({ weights }) => weights!);
    if (wanted === 'average') {
      return { output, weights: { data: join(cut, matrices, queries, keys, batch), shape: [batch, queries, keys] } };
    }
    const data = joinHeads(cut, matrices, queries, keys, batch, heads);
    return { output, weights: { data, shape: [batch, heads, queries, keys] } };
  });
}

type Makes = <K extends keyof RawLayerResults>(
  request: RawLayerRequest<K>,
  share: number,
) => { share: number; start(onProgress: (fraction: number) => void): Ticket<RawLayerResults[K]> };

/** The answer of either half: the rows, and what weights were wanted. */
function answerOf(request: RawLayerRequest, [first, weights]: Numbers[]): object {
  if ('side' in request) return { values: first };
  return { output: first, ...(weights && { weights }) };
}

/** Opens a half in one worker, where the kernel refuses what does not fit, asks it, and closes it whatever happens. */
async function opened<T>(
  pool: Pool,
  problem: Problem,
  { signal }: Control,
  ask: (part: Makes, width: number) => Promise<T>,
): Promise<T> {
  const terms = { problem, spread: spreadOf(problem) };
  const session = problem.id;
  const module = 'layers';
  pool.open();
  try {
    await gather([{ share: 1, start: () => pool.run<'open'>({ kind: 'open', module, session }, terms) }], { signal });
    const part: Makes = (request, share) => ({
      share,
      start: (onProgress) => {
        const job = { kind: 'task', module, session, ...layerRequestOf(request) } as const;
        // The kernel answers each kind of request with its kind of result.
        return pool.run<'task', never>(job, { ...terms, onProgress }, (parts) => answerOf(request, parts) as never);
      },
    });
    return await ask(part, Math.min(pool.width, terms.spread));
  } finally {
    pool.close(session);
  }
}

function problemOf(pool: Pool, rows: readonly Checked<Float32Array>[], flat: Flat): Problem {
  const [query, key, value] = rows as [Checked<Float32Array>, Checked<Float32Array>, Checked<Float32Array>];
  return { id: pool.newId(), ...flat, shapes: { query: query.shape, key: key.shape, value: value.shape } };
}

/** Blocks put together as the whole `[planes, rows, width]`. */
function join(cut: Block[], pieces: Float32Array[], rows: number, width: number, planes: number): Float32Array {
  return joined(cut, pieces, () => new Float32Array(planes * rows * width), width, rows);
}

/** Blocks of batch items, each with all heads: a stretch for every head. */
function joinHeads(
  cut: Block[],
  pieces: Float32Array[],
  rows: number,
  width: number,
  batch: number,
  heads: number,
): Float32Array {
  if (pieces.length === 1) return pieces[0]!;
  const whole = new Float32Array(batch * heads * rows * width);
  cut.forEach(({ planes, rows: [from, to] }, at) => {
    const length = (to - from) * width;
    for (let head = 0; head < (planes[1] - planes[0]) * heads; head++) {
      const piece = pieces[at]!.subarray(head * length, (head + 1) * length);
      whole.set(piece, ((planes[0] * heads + head) * rows + from) * width);
    }
  });
  return whole;
}

/** One progress over both halves, by their multiply-adds. */
function halves({ rows }: Call, sizes: Sizes, { signal, onProgress }: Control): [Control, Control] {
  const { batch, queries, keys, embed } = sizes;
  const projecting = rows.reduce((sum, { shape: [, b, n, width] }) => sum + b * n * width, 0);
  const attending = batch * queries * (2 * keys + embed);
  const share = projecting / (projecting + attending || 1);
  if (!onProgress) return [{ signal }, { signal }];
  return [
    { signal, onProgress: (fraction) => onProgress(fraction * share) },
    { signal, onProgress: (fraction) => onProgress(fraction === 1 ? 1 : share + fraction * (1 - share)) },
  ];
}

function sizesOf({ rows: [query, key], weights, numHeads, addZeroAttn }: Call): Sizes {
  const [, batch, queries, embed] = query!.shape;
  const appended = Number(weights.biasK !== undefined) + Number(addZeroAttn);
  return { batch, heads: numHeads, queries, keys: key!.shape[2] + appended, appended, embed };
}

function readCall(x: Tensor | MultiHeadRows, weights: MultiHeadWeights, options: MultiHeadOptions): Call {
  if (options === undefined) throw new QkscopeError('parameter', 'numHeads', 'a whole number', 'missing');
  checkControl(options);
  checkNames('options', options, [...ofProblem, ...own]);
  const { numHeads, addZeroAttn, keyPaddingMask, needWeights, averageAttnWeights, attnMask, attnBias, ...plain } =
    options;
  const rows = readRows(x);
  const heads = wholeNumber('numHeads', numHeads, 1);
  const scores: Shape4 = [rows[0]!.shape[1], heads, rows[0]!.shape[2], rows[1]!.shape[2]];
  const average = flag('averageAttnWeights', averageAttnWeights, true) ? 'average' : 'each';
  return {
    rows,
    weights: readWeights(weights),
    numHeads: heads,
    addZeroAttn: flag('addZeroAttn', addZeroAttn, false),
    options: problemOptions(plain, scores),
    // The kernel checks their shapes, of which torch has more.
    masks: {
      ...(given(attnMask) && { attnMask: copyMask('attnMask', attnMask, axes.weights) }),
      ...(given(attnBias) && { attnBias: copyTensor('attnBias', attnBias, axes.weights) }),
    },
    keyPaddingMask: given(keyPaddingMask)
      ? withAxes('keyPaddingMask', 2, copyMask('keyPaddingMask', keyPaddingMask, axes.padding))
      : null,
    wanted: flag('needWeights', needWeights, true) ? average : 'none',
  };
}

/** Query, key and value; the same memory for self-attention. */
function readRows(x: Tensor | MultiHeadRows): Checked<Float32Array>[] {
  const copy = (subject: string, tensor: Tensor, letters: Axes) =>
    withAxes(subject, 3, copyTensor(subject, tensor, letters));
  if (typeof x !== 'object' || x === null || !('query' in x)) {
    const rows = copy('x', x as Tensor, axes.rows);
    return [rows, rows, rows];
  }
  checkNames('x', x, sides);
  const [query, key] = [copy('query', x.query, axes.rows), copy('key', x.key, axes.keyRows)];
  return [query, key, given(x.value) ? copy('value', x.value, axes.keyRows) : key];
}

/** A tensor of at most so many axes. */
function withAxes<T extends Checked<Float32Array | Uint8Array>>(subject: string, most: number, tensor: T): T {
  if (tensor.shape.slice(0, 4 - most).every((size) => size === 1)) return tensor;
  const expected = most === 3 ? '[N, E] or [B, N, E]' : '[B, S]';
  throw new QkscopeError('shape', `${subject}.shape`, expected, show([...tensor.shape]));
}

function readWeights(weights: MultiHeadWeights): RawProjection['weights'] {
  checkNames('weights', weights, layerTensors);
  const copies = layerTensors.map((name) => {
    const tensor = weights[name];
    return [name, given(tensor) ? copyNumbers(name, tensor) : undefined];
  });
  return Object.fromEntries(copies) as RawProjection['weights'];
}

function size({ planes, rows }: Block): number {
  return (planes[1] - planes[0]) * (rows[1] - rows[0]);
}
