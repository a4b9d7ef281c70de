/**
 * What the kernel is asked, as numbers in an agreed order and the typed arrays that go with them: `src/wasm/flat.rs`
 * reads what this writes. Objects are checked and named on this side of the border, where that costs nothing to send.
 * Names go as their places in the kernel's own lists, and NaN stands for what is not there.
 */
import { catalog } from '../generated/catalog.ts';
import type { CatalogMember, CatalogParameter } from '../generated/catalog.ts';
import type { Diagnosis, Flat, Numbers, SessionModule } from './protocol.ts';
import type {
  RawAttention,
  RawBlock,
  RawCell,
  RawHeads,
  RawLayerRequest,
  RawOptions,
  RawProjection,
  RawPyramid,
  RawRequest,
  RawResults,
  RawStatistics,
} from './raw.ts';
import type { Checked } from './tensor.ts';

/** The tensors of a multi-head layer, in the kernel's order. */
export const layerTensors = [
  'inProjWeight',
  'qProjWeight',
  'kProjWeight',
  'vProjWeight',
  'inProjBias',
  'biasK',
  'biasV',
  'outProjWeight',
  'outProjBias',
] as const;

/** Attention: query, key and value, masks, options. */
export function attentionProblem({ query, key, value, options }: RawAttention): Flat {
  const list = new List(0);
  list.tensors(query, key);
  list.optional(value);
  list.optional(options.attnMask);
  list.optional(options.attnBias);
  list.options(options);
  return list;
}

/** The first half of a multi-head layer. */
export function projectionProblem(
  rows: readonly Checked<Float32Array>[],
  { numHeads, addZeroAttn, weights }: RawProjection,
  options: RawOptions,
): Flat {
  const list = new List(1);
  list.tensors(...rows);
  list.addAll([numHeads, Number(addZeroAttn)]);
  for (const name of layerTensors) list.parameter(weights[name]);
  list.options(options);
  return list;
}

/** The second half. */
export function headsProblem(
  rows: readonly Checked<Float32Array>[],
  { appended, weights, keyPaddingMask }: RawHeads,
  options: RawOptions,
): Flat {
  const list = new List(2);
  list.tensors(...rows);
  list.optional(keyPaddingMask ?? undefined);
  list.optional(options.attnMask);
  list.optional(options.attnBias);
  list.add(appended);
  for (const name of layerTensors) list.parameter((weights as RawProjection['weights'])[name]);
  list.options(options);
  return list;
}

const stages = catalog.stages.map(({ id }) => id);
const pools = catalog.pools.map(({ id }) => id);

/** The kinds of questions, in the kernel's order, and the module that answers each. */
const answeredBy = {
  attend: 'kernel',
  rectangle: 'kernel',
  overview: 'kernel',
  heads: 'layers',
  pyramid: 'kernel',
  tile: 'kernel',
  cell: 'kernel',
} as const satisfies { [kind in RawRequest['kind']]: SessionModule };
const kinds = Object.keys(answeredBy);

/** A job over an attention problem. */
export function requestOf(request: RawRequest): Flat & { module: SessionModule } {
  const known = request.kind === 'tile' ? request.known : undefined;
  return { module: answeredBy[request.kind], numbers: requestNumbers(request), arrays: known ? [known] : [] };
}

function requestNumbers(request: RawRequest): number[] {
  const kind = kinds.indexOf(request.kind);
  switch (request.kind) {
    case 'attend': {
      const { planes, rows, output, weights, statistics, status = false } = request;
      const places = request.stages.map((stage) => stages.indexOf(stage));
      const wanted = [Number(output), Number(weights), Number(statistics), Number(status)];
      return [kind, ...planes, ...rows, ...wanted, places.length, ...places];
    }
    case 'rectangle': {
      const { plane, rows, keys, stage, removed } = request;
      return [kind, plane, ...rows, ...keys, stages.indexOf(stage), removed];
    }
    case 'overview': {
      const { plane, rows, keys, height, width, band, stage, pool, removed } = request;
      const size = [height, width, ...band];
      return [kind, plane, ...rows, ...keys, ...size, stages.indexOf(stage), pools.indexOf(pool), removed];
    }
    case 'heads': {
      const { tokens, excludeBos, excludeCurrentToken, grid } = request.known;
      const places = grid ? [grid.height, grid.width, grid.patchSize, grid.tokensBefore] : [NaN];
      const words = tokens ? [tokens.length, ...tokens] : [NaN];
      return [kind, ...request.planes, Number(excludeBos), Number(excludeCurrentToken), ...places, ...words];
    }
    case 'pyramid': {
      const { plane, rows, levels, stage, removed } = request;
      return [kind, plane, ...rows, ...levels, stages.indexOf(stage), removed];
    }
    case 'tile': {
      const { plane, rows, keys, level, stage, pool, removed, known } = request;
      const places = [stages.indexOf(stage), pools.indexOf(pool)];
      return [kind, plane, ...rows, ...keys, level, ...places, removed, Number(known !== undefined)];
    }
    case 'cell':
      return [kind, request.plane, request.row, request.key];
  }
}

const sides = ['query', 'key', 'value'] as const;
const wanteds = ['none', 'average', 'each'] as const;

/** A job over a half of a multi-head layer. */
export function layerRequestOf(request: RawLayerRequest): Flat {
  const numbers =
    'side' in request
      ? [sides.indexOf(request.side), ...request.planes, ...request.rows]
      : [wanteds.indexOf(request.wanted), ...request.batches, ...request.rows];
  return { numbers, arrays: [] };
}

/** The columns of the row statistics, in the kernel's order. */
const columns = [...catalog.statistics.map(({ id }) => id), 'status'] as const;

/** The answer to a request: the kernel's arrays under their names. */
export function answerOf<R extends RawRequest>(request: R, parts: readonly Numbers[]): RawResults[R['kind']] {
  // The kernel answers each kind of request with its kind of result.
  return named(request, parts) as RawResults[R['kind']];
}

function named(request: RawRequest, parts: readonly Numbers[]): RawResults[RawRequest['kind']] {
  switch (request.kind) {
    case 'attend':
      return attendedOf(request, parts);
    case 'rectangle':
    case 'tile':
      return { values: parts[0] as Float32Array };
    case 'overview': {
      const [values, range] = parts as [Float32Array, Float32Array];
      return { values, low: range[0]!, high: range[1]! };
    }
    case 'heads':
      return { values: parts[0] as Float64Array };
    case 'pyramid':
      return pyramidOf(parts as [Float32Array, Uint16Array, Float32Array, Float64Array, Float32Array, ...Numbers[]]);
    case 'cell':
      return cellOf(parts as [Float32Array, Int32Array, Float32Array, Float32Array, Float32Array]);
  }
}

function attendedOf(request: Extract<RawRequest, { kind: 'attend' }>, parts: readonly Numbers[]): RawBlock {
  const answer: RawBlock = { stages: {} };
  let at = 0;
  if (request.output) answer.output = parts[at++] as Float32Array;
  if (request.weights) answer.weights = parts[at++] as Float32Array;
  for (const stage of request.stages) answer.stages[stage] = parts[at++] as Float32Array;
  if (request.status) answer.status = parts[at++] as Uint8Array;
  if (request.statistics) answer.statistics = statisticsOf(parts.slice(at));
  return answer;
}

function pyramidOf([max, mean, range, columns, known, ...statistics]: [
  Float32Array,
  Uint16Array,
  Float32Array,
  Float64Array,
  Float32Array,
  ...Numbers[],
]): RawPyramid {
  const [low, high] = range as unknown as [number, number];
  return { max, mean, low, high, columns, known, statistics: statisticsOf(statistics) };
}

function statisticsOf(parts: readonly Numbers[]): RawStatistics {
  return Object.fromEntries(columns.map((name, at) => [name, parts[at]])) as unknown as RawStatistics;
}

function cellOf([products, partners, values, pair, row]: [
  Float32Array,
  Int32Array,
  Float32Array,
  Float32Array,
  Float32Array,
]): RawCell {
  const [raw, scaled, capped, biased, logit, weight] = values as unknown as number[];
  const [dot, queryNorm, keyNorm, cosine] = pair as unknown as number[];
  const [mass, rowMax, allowed, status] = row as unknown as number[];
  const stages = { raw: raw!, scaled: scaled!, capped: capped!, biased: biased!, logit: logit!, weight: weight! };
  return {
    products,
    partners,
    ...stages,
    dot: dot!,
    queryNorm: queryNorm!,
    keyNorm: keyNorm!,
    cosine: cosine!,
    mass: mass!,
    rowMax: rowMax!,
    allowed: allowed === 1,
    status: catalog.statuses[status!]!.id,
  };
}

const diagnoses = ['rollout', 'flow', 'valueNorms', 'valueWeightedNorms', 'headImportance', 'compareWeights'] as const;

/** A diagnosis of whole matrices. */
export function diagnosisProblem(asked: Diagnosis): Flat {
  const list = new List(diagnoses.indexOf(asked.name));
  switch (asked.name) {
    case 'rollout':
    case 'flow':
      list.array(asked.weights);
      list.addAll([asked.layer, asked.tokens, Number(asked.residual), Number(asked.normalize)]);
      break;
    case 'valueNorms':
      list.array(asked.values);
      list.addAll([asked.keys, asked.size]);
      list.projection(asked.projection, asked.width);
      break;
    case 'valueWeightedNorms':
      list.array(asked.weights);
      list.array(asked.norms);
      break;
    case 'headImportance':
      list.array(asked.outputs);
      list.addAll([asked.heads, asked.queries, asked.size]);
      list.projection(asked.projection, asked.width);
      break;
    case 'compareWeights':
      list.array(asked.weights);
      list.array(asked.other);
      list.addAll([asked.rows, asked.keys]);
      break;
  }
  return list;
}

/** Numbers and arrays as they come. */
class List implements Flat {
  readonly numbers: number[];
  readonly arrays: Numbers[] = [];

  constructor(kind: number) {
    this.numbers = [kind];
  }

  add(number: number): void {
    this.numbers.push(number);
  }

  addAll(numbers: readonly number[]): void {
    for (const number of numbers) this.numbers.push(number);
  }

  array(data: Numbers): void {
    this.arrays.push(data);
  }

  tensors(...tensors: readonly Checked<Float32Array | Uint8Array>[]): void {
    for (const { data, shape } of tensors) {
      this.array(data);
      this.addAll(shape);
    }
  }

  optional(tensor: Checked<Float32Array | Uint8Array> | undefined): void {
    this.add(Number(tensor !== undefined));
    if (tensor) this.tensors(tensor);
  }

  /** A tensor with a shape of its own, of any number of axes. */
  parameter(tensor: { data: Float32Array; shape: readonly number[] } | undefined): void {
    this.counts(tensor?.shape);
    if (tensor) this.array(tensor.data);
  }

  projection(weights: Float32Array | undefined, width: number): void {
    this.add(Number(weights !== undefined));
    if (!weights) return;
    this.array(weights);
    this.add(width);
  }

  counts(list: readonly number[] | undefined): void {
    this.add(list ? list.length : NaN);
    if (list) this.addAll(list);
  }

  options(options: RawOptions): void {
    for (const parameter of catalog.options) {
      this.value(parameter, (options as Record<string, unknown>)[parameter.name]);
    }
    this.add(options.causalOffset ?? NaN);
    this.counts(options.keyValueSeqLengths);
    this.counts(options.querySeqLengths);
    this.choice(options.score, catalog.scores);
    this.choice(options.normalizer, catalog.normalizers);
    this.choice(options.position, catalog.positions);
  }

  choice(chosen: string | object | undefined, list: readonly CatalogMember[]): void {
    if (chosen === undefined) return this.add(NaN);
    const { id, ...settings } = (typeof chosen === 'string' ? { id: chosen } : chosen) as Record<string, unknown>;
    const place = list.findIndex((member) => member.id === id);
    const { parameters } = list[place]!;
    const set = parameters.filter(({ name }) => settings[name] !== undefined);
    this.addAll([place, set.length]);
    for (const parameter of set) {
      this.add(parameters.indexOf(parameter));
      this.value(parameter, settings[parameter.name]);
    }
  }

  value(parameter: CatalogParameter, value: unknown): void {
    if (parameter.kind === 'tensor') return this.parameter(value as { data: Float32Array; shape: number[] });
    if (value === undefined) return this.add(NaN);
    if (parameter.kind === 'choice') return this.add(parameter.options.findIndex(([id]) => id === value));
    this.add(Number(value));
  }
}
