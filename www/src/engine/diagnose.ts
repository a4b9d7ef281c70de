/** Diagnostics of whole matrices: checked and copied here, worked out in the pool. */
import { axes } from './advice.ts';
import type {
  Control,
  FlowOptions,
  ProjectionOptions,
  Tensor,
  ValueNormsOptions,
  WeightedNormsOptions,
  WeightsComparison,
} from './api.ts';
import { QkscopeError, show } from './error.ts';
import { diagnosisProblem } from './flat.ts';
import { gather } from './gather.ts';
import type { Part } from './gather.ts';
import { checkControl, checkNames, finite, flag, given, range, wholeNumber } from './options.ts';
import type { Pool } from './pool.ts';
import { checkResult } from './problem.ts';
import type { Diagnosis, Numbers } from './protocol.ts';
import { checkTensor, copyTensor } from './tensor.ts';
import type { Checked, Shape4 } from './tensor.ts';

const control = ['signal', 'onProgress'];

/** The kernel's own limits (`rollout.rs`, `flow.rs`), known here so that nothing is copied in vain. */
const TOKENS = { rollout: 2048, flow: 128 };
const FLOW_NODES = 768;
/** Memory for the copy of all layers, in bytes. */
const LAYERS = 2 ** 30;
/** The most heads over all batch items, as in every problem. */
const HEADS = 2 ** 20;

/** The layers as one array, and what follows attention through them. */
export async function followed(
  pool: Pool,
  name: 'rollout' | 'flow',
  layers: readonly Tensor[],
  options: FlowOptions,
): Promise<Tensor> {
  checkNames('options', options, ['residual', ...(name === 'flow' ? ['normalize'] : []), ...control]);
  checkControl(options);
  const residual = flag('residual', options.residual, true);
  const normalize = flag('normalize', options.normalize, false);
  const checked = layersOf(layers);
  const { shape, data } = checked[0]!;
  const tokens = shape[3];
  checkSizes(name, tokens, checked.length, data.length);
  const weights = new Float32Array(data.length * checked.length);
  checked.forEach((each, index) => weights.set(each.data, index * data.length));
  const part = ask(pool, { name, weights, layer: data.length, tokens, residual, normalize });
  const [values] = await gather([part], options);
  return { data: new Float32Array(values!), shape: [tokens, tokens] };
}

/** All of one shape `[1, H, N, N]`; not copied yet. */
function layersOf(layers: readonly Tensor[]): Checked<Float32Array>[] {
  if (!Array.isArray(layers) || layers.length === 0) {
    throw new QkscopeError('parameter', 'layers', 'an array of tensors, first layer first', show(layers));
  }
  const checked = (layers as Tensor[]).map((layer, index) => checkTensor(`layers[${index}]`, layer, axes.layer));
  const first = checked[0]!.shape;
  checked.forEach(({ shape }, index) => {
    const square = shape[0] === 1 && shape[2] === shape[3] && (shape[1] > 0 || shape[3] === 0);
    if (square && shape.every((size, axis) => size === first[axis])) return;
    const expected = '[H, N, N] with at least 1 head, the same for every layer: self-attention over the same tokens';
    throw new QkscopeError('shape', `layers[${index}].shape`, expected, show([...shape]));
  });
  return checked;
}

function checkSizes(name: 'rollout' | 'flow', tokens: number, layers: number, each: number): void {
  const way = name === 'flow' ? 'an attention flow' : 'a rollout';
  const most = (what: string, limit: number, found: number) => {
    if (found <= limit) return;
    const message = `${what} is at most ${limit}, not ${found}`;
    throw new QkscopeError('limit', what, `at most ${limit}`, `${found}`, message);
  };
  most(`the number of tokens of ${way}`, TOKENS[name], tokens);
  if (name === 'flow') most(`tokens times layers of ${way}`, FLOW_NODES, tokens * layers);
  most(`the size of all layers of ${way} in bytes (average the heads first)`, LAYERS, 4 * each * layers);
}

/** How long each value is after the projection, `[B, Hq, M]`. */
export async function lengths(pool: Pool, value: Tensor, options: ValueNormsOptions): Promise<Tensor> {
  checkNames('options', options, ['projection', 'heads', ...control]);
  checkControl(options);
  const { data, shape } = copyTensor('value', value, axes.value);
  const [batch, kvHeads, keys, size] = shape;
  const heads = headsOf(options.heads, kvHeads);
  const projection = projectionOf(options, heads * size);
  const result = [batch, heads, keys];
  checkResult('norms', result);
  // Without a number there is none to measure, however many of them there would be.
  if (data.length === 0) return joined(await gather<Float64Array>([], options), result);
  const values = pieces(data, batch * kvHeads);
  const weights = projection && pieces(projection.data, heads);
  const width = projection?.width ?? 0;
  const parts = Array.from({ length: batch * heads }, (_, plane) => {
    const [item, head] = [Math.floor(plane / heads), plane % heads];
    const kv = item * kvHeads + Math.floor(head / (heads / kvHeads));
    return ask(pool, { name: 'valueNorms', values: values[kv]!, keys, size, projection: weights?.[head], width });
  });
  return joined(await gather(parts, options), result);
}

function headsOf(heads: number | undefined, kvHeads: number): number {
  const number = wholeNumber('heads', heads ?? kvHeads, 0, HEADS);
  if (kvHeads === 0 ? number === 0 : number >= kvHeads && number % kvHeads === 0) return number;
  throw new QkscopeError('parameter', 'heads', `a multiple of the ${kvHeads} heads of value`, show(heads));
}

/** What each key adds to each query, as long as it is: the shape of `weights`. */
export async function weightedNorms(
  pool: Pool,
  weights: Tensor,
  norms: Tensor,
  options: WeightedNormsOptions,
): Promise<Tensor> {
  checkNames('options', options, ['batch', 'head', 'rows', 'keys', ...control]);
  checkControl(options);
  const { data, shape } = copyTensor('weights', weights, axes.weights);
  const own = normsOf(norms, shape, options);
  const planes = data.length === 0 ? 0 : shape[0] * shape[1];
  const [rows, keys] = [pieces(data, planes), pieces(own, planes)];
  const parts = rows.map((weights, plane) => ask(pool, { name: 'valueWeightedNorms', weights, norms: keys[plane]! }));
  return joined(await gather(parts, options), [...weights.shape]);
}

/** Where two matrices of one shape differ, and how far apart their rows are. */
export async function compared(pool: Pool, one: Tensor, two: Tensor, options: Control): Promise<WeightsComparison> {
  checkNames('options', options, control);
  checkControl(options);
  const [weights, other] = [copyTensor('weights', one, axes.weights), copyTensor('other', two, axes.weights)];
  const { shape } = weights;
  if (!shape.every((size, axis) => size === other.shape[axis])) {
    throw new QkscopeError('shape', 'other.shape', `${show([...one.shape])}, that of weights`, show([...two.shape]));
  }
  const [batch, heads, rows, keys] = shape;
  const planes = batch * heads;
  const own = planes === 0 ? [] : pieces(other.data, planes);
  const parts = (planes === 0 ? [] : pieces(weights.data, planes)).map((weights, plane) =>
    askAll(pool, { name: 'compareWeights', weights, other: own[plane]!, rows, keys }),
  );
  const found = await gather(parts, options);
  return {
    difference: joined(
      found.map(([difference]) => difference!),
      [...one.shape],
    ),
    divergence: joined(
      found.map(([, divergence]) => divergence!),
      [batch, heads, rows],
    ),
  };
}

/** The norms that belong to weights of this shape: all of them, or those of the keys of one head. */
function normsOf(norms: Tensor, weights: Shape4, { batch, head, keys }: WeightedNormsOptions): Float32Array {
  const { data, shape } = copyTensor('norms', norms, axes.norms);
  const [, batches, heads, all] = shape;
  if (shape[0] === 1 && (given(batch) || given(head) || given(keys))) {
    const item = wholeNumber('batch', batch ?? 0, 0, batches - 1);
    const plane = item * heads + wholeNumber('head', head, 0, heads - 1);
    const [from, to] = given(keys) ? range('keys', keys, all) : [0, all];
    if (weights[0] * weights[1] === 1 && weights[3] === to - from) {
      return data.slice(plane * all + from, plane * all + to);
    }
    throw new QkscopeError('shape', 'weights.shape', `[rows, ${to - from}], of one head`, show([...weights]));
  }
  if (shape[0] === 1 && [weights[0], weights[1], weights[3]].every((size, axis) => size === shape[axis + 1])) {
    return data;
  }
  const expected = `[B, H, M] of the weights, ${show([weights[0], weights[1], weights[3]])}`;
  throw new QkscopeError('shape', 'norms.shape', expected, show([...norms.shape]));
}

/** What each head adds to its layer's output, `[B, H]`. */
export async function importance(pool: Pool, output: Tensor, options: ProjectionOptions): Promise<Tensor> {
  checkNames('options', options, ['projection', ...control]);
  checkControl(options);
  const { data, shape } = copyTensor('output', output, axes.output);
  const [batch, heads, queries, size] = shape;
  const projection = projectionOf(options, heads * size);
  checkResult('importance', [batch, heads]);
  const rest = { heads, queries, size, projection: projection?.data, width: projection?.width ?? 0 };
  const items = data.length === 0 ? [] : pieces(data, batch);
  const parts = items.map((outputs) => ask(pool, { name: 'headImportance', outputs, ...rest }));
  const found = await gather(parts, options);
  // Where there is no output, there is nothing that a head could have a share of.
  return joined(data.length === 0 ? [new Float32Array(batch * heads).fill(NaN)] : found, [batch, heads]);
}

/** The share of heads whose sink mass is above `eps`; those that have none are left out. */
export function shareOfSinks(masses: ArrayLike<number>, eps: number): number {
  finite('eps', eps);
  if (!Array.isArray(masses) && !ArrayBuffer.isView(masses)) {
    throw new QkscopeError('parameter', 'masses', 'numbers, one of each head', show(masses));
  }
  const known = Array.from(masses, (mass, index) => {
    if (typeof mass === 'number') return mass;
    throw new QkscopeError('parameter', `masses[${index}]`, 'a number', show(mass));
  }).filter((mass) => !Number.isNaN(mass));
  return known.filter((mass) => mass > eps).length / known.length;
}

function projectionOf({ projection }: ProjectionOptions, rows: number) {
  if (!given(projection)) return undefined;
  const { data, shape } = copyTensor('projection', projection, axes.projection);
  if (shape[0] === 1 && shape[1] === 1 && shape[2] === rows && shape[3] > 0) return { data, width: shape[3] };
  const expected = `[H * dv, E], ${rows} rows of at least 1 number`;
  throw new QkscopeError('shape', 'projection.shape', expected, show([...shape]));
}

/** Equal parts of an array, each in memory of its own: a part that goes to a worker takes nothing else along. */
function pieces(data: Float32Array, count: number): Float32Array[] {
  const size = data.length / count;
  return Array.from({ length: count }, (_, at) => data.slice(at * size, (at + 1) * size));
}

function joined(parts: readonly Numbers[], shape: number[]): Tensor {
  const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return { data, shape };
}

/** A diagnosis that comes to one array. */
function ask(pool: Pool, diagnosis: Diagnosis): Part<Numbers> {
  return asked(pool, diagnosis, ([values]) => values!);
}

/** One that comes to several. */
function askAll(pool: Pool, diagnosis: Diagnosis): Part<Numbers[]> {
  return asked(pool, diagnosis, (all) => all);
}

function asked<T>(pool: Pool, diagnosis: Diagnosis, read: (arrays: Numbers[]) => T): Part<T> {
  const job = { kind: 'diagnose', ...diagnosisProblem(diagnosis) } as const;
  return { share: 1, start: (onProgress) => pool.run<'diagnose', T>(job, { onProgress }, read) };
}
