/** Diagnostics of whole weight matrices: checked and copied here, worked out in the pool. */
import type { Control, FlowOptions, ProjectionOptions, Tensor } from './api.ts';
import { QkscopeError, show } from './error.ts';
import { gather } from './gather.ts';
import { checkControl, checkNames, flag } from './options.ts';
import type { Pool } from './pool.ts';
import { checkResult } from './problem.ts';
import type { Diagnosis, Layers } from './protocol.ts';
import { copyTensor } from './tensor.ts';
import type { Checked } from './tensor.ts';

const control = ['signal', 'onProgress'];

/** The layers as one array, and what follows attention through them. */
export async function followed(
  pool: Pool,
  way: Layers['way'],
  given: readonly Tensor[],
  options: FlowOptions,
): Promise<Tensor> {
  checkNames('options', options, ['residual', ...(way === 'flow' ? ['normalize'] : []), ...control]);
  checkControl(options);
  const layers = layersOf(given);
  const { shape, data } = layers[0]!;
  const tokens = shape[3];
  checkResult(way, [tokens, tokens], 2);
  const weights = new Float32Array(data.length * layers.length);
  layers.forEach((layer, index) => weights.set(layer.data, index * data.length));
  const residual = flag('residual', options.residual, true);
  const normalize = flag('normalize', options.normalize, false);
  const job = { kind: 'follow', layers: { way, weights, layer: data.length, tokens, residual, normalize } } as const;
  const start = (onProgress: (fraction: number) => void) => pool.run<'follow'>(job, { onProgress });
  const [found] = await gather([{ share: 1, start }], options);
  return { data: Float32Array.from(found!.values), shape: [tokens, tokens] };
}

/** Copies, all of one shape `[1, H, N, N]`. */
function layersOf(given: readonly Tensor[]): Checked<Float32Array>[] {
  if (!Array.isArray(given) || given.length === 0) {
    throw new QkscopeError('parameter', 'layers', 'an array of tensors, first layer first', show(given));
  }
  const layers = (given as Tensor[]).map((layer, index) => copyTensor(`layers[${index}]`, layer));
  layers.forEach(({ shape }, index) => {
    const fits =
      shape[0] === 1 && shape[2] === shape[3] && shape.every((size, axis) => size === layers[0]!.shape[axis]);
    if (fits) return;
    const expected = '[H, N, N], the same for every layer: self-attention over the same tokens';
    throw new QkscopeError('shape', `layers[${index}].shape`, expected, show([...shape]));
  });
  return layers;
}

/** How long each value is after the projection, `[B, Hq, M]`. */
export async function lengths(pool: Pool, value: Tensor, options: ProjectionOptions & { heads?: number | undefined }) {
  checkNames('options', options, ['projection', 'heads', ...control]);
  const { data, shape } = copyTensor('value', value);
  const [batch, kvHeads, keys, size] = shape;
  const heads = options.heads ?? kvHeads;
  if (!Number.isSafeInteger(heads) || heads < kvHeads || heads % kvHeads !== 0) {
    throw new QkscopeError('parameter', 'heads', `a multiple of the ${kvHeads} heads of value`, show(heads));
  }
  const projection = projectionOf(options, heads * size);
  checkResult('norms', [batch, heads, keys]);
  const norms = new Float32Array(batch * heads * keys);
  for (let plane = 0; plane < batch * heads; plane++) {
    const kv = Math.floor(plane / heads) * kvHeads + Math.floor((plane % heads) / (heads / kvHeads));
    const values = data.slice(kv * keys * size, (kv + 1) * keys * size);
    const width = projection ? projection.length / heads : 0;
    const rows = projection?.slice((plane % heads) * width, ((plane % heads) + 1) * width);
    norms.set(await ask(pool, { name: 'valueNorms', values, keys, projection: rows }, options), plane * keys);
  }
  return { data: norms, shape: [batch, heads, keys] };
}

/** What each head adds to its layer's output, `[B, H]`. */
export async function importance(pool: Pool, output: Tensor, options: ProjectionOptions): Promise<Tensor> {
  checkNames('options', options, ['projection', ...control]);
  const { data, shape } = copyTensor('output', output);
  const [batch, heads, queries, size] = shape;
  const projection = projectionOf(options, heads * size);
  const each = heads * queries * size;
  const found = new Float32Array(batch * heads);
  for (let item = 0; item < batch; item++) {
    const outputs = data.slice(item * each, (item + 1) * each);
    const diagnosis = { name: 'headImportance', outputs, heads, queries, projection } as const;
    found.set(await ask(pool, diagnosis, options), item * heads);
  }
  return { data: found, shape: [batch, heads] };
}

function projectionOf({ projection }: ProjectionOptions, rows: number): Float32Array | undefined {
  if (projection === undefined || projection === null) return undefined;
  const { data, shape } = copyTensor('projection', projection);
  if (shape[0] === 1 && shape[1] === 1 && shape[2] === rows) return data;
  throw new QkscopeError('shape', 'projection.shape', `[H * dv, E] with ${rows} rows`, show([...shape]));
}

async function ask(pool: Pool, diagnosis: Diagnosis, options: Control): Promise<Float64Array> {
  checkControl(options);
  const start = () => pool.run<'diagnose'>({ kind: 'diagnose', diagnosis });
  const [data] = await gather([{ share: 1, start }], { signal: options.signal, onProgress: options.onProgress });
  return data!;
}
