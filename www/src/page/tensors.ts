// Parameters that are tensors: where their numbers come from, which shape they have in the open problem, and how a link
// says them.

import type { Tensor } from '../engine/index.ts';
import type { CatalogParameter, ParameterTensor, TensorParameter } from '../generated/catalog.ts';
import { PageError } from './reason.ts';

/** Where a tensor's numbers come from when they are not automatic. */
export type TensorValue =
  | { readonly kind: 'random'; readonly seed: number }
  | { readonly kind: 'list'; readonly numbers: readonly number[] }
  | { readonly kind: 'file'; readonly file: string; readonly tensor: ParameterTensor };

/** The sizes of an open problem, by the letters of the field. */
export interface Sizes {
  /** B */
  batch: number;
  /** Hq */
  heads: number;
  /** N */
  queries: number;
  /** M */
  keys: number;
  /** d */
  headSize: number;
  /** dk */
  keySize: number;
}

/** The largest seed: 32 bits. */
export const LARGEST_SEED = 2 ** 32 - 1;

/** The sizes of the problem that `query` and `key` make. */
export function sizesOf(query: Pick<Tensor, 'shape'>, key: Pick<Tensor, 'shape'>): Sizes {
  const four = (shape: readonly number[]): number[] => [
    ...Array<number>(Math.max(0, 4 - shape.length)).fill(1),
    ...shape,
  ];
  const [batch = 1, heads = 1, queries = 0, headSize = 0] = four(query.shape);
  const [, , keys = 0, keySize = 0] = four(key.shape);
  return { batch, heads, queries, keys, headSize, keySize };
}

/** Whether the parameter is one number for each head: short enough to be typed. */
export function isPerHead(parameter: CatalogParameter): parameter is TensorParameter {
  return parameter.kind === 'tensor' && parameter.axes.length === 1 && parameter.axes[0] === 'Hq';
}

/** How long the axes are that no size of the problem settles, where nothing else does. */
const FREE: Record<string, (sizes: Sizes) => number> = {
  L: ({ queries, keys }) => Math.max(queries, keys),
  buckets: () => 32,
};

/** The shape of a parameter in a problem; `met` holds the lengths of free axes that a file has settled. */
export function shapeOf(
  { axes }: TensorParameter,
  sizes: Sizes,
  met: ReadonlyMap<string, number> = new Map(),
): number[] {
  const { heads, queries, keys, headSize, keySize } = sizes;
  const known: Record<string, number> = { Hq: heads, N: queries, M: keys, d: headSize, dk: keySize };
  const one = (axis: string): number => known[axis] ?? met.get(axis) ?? FREE[axis]?.(sizes) ?? headSize;
  return axes.map((axis) => axis.split('+').reduce((sum, part) => sum + one(part), 0));
}

/** The lengths of free axes that the files of a member's parameters settle. */
function metIn(
  parameters: readonly CatalogParameter[],
  values: Readonly<Record<string, unknown>>,
): Map<string, number> {
  const met = new Map<string, number>();
  for (const parameter of parameters) {
    const value = values[parameter.name];
    if (parameter.kind !== 'tensor' || !isTensorValue(value) || value.kind !== 'file') continue;
    const lengths = value.tensor.shape.slice(-parameter.axes.length);
    parameter.axes.forEach((axis, index) => met.set(axis, lengths[index] ?? 0));
  }
  return met;
}

/** The numbers of a member's tensors in a problem, by name. The same values and sizes give the same objects. */
export function tensorsOf(
  parameters: readonly CatalogParameter[],
  values: Readonly<Record<string, unknown>>,
  sizes: Sizes,
): Record<string, ParameterTensor> {
  const met = metIn(parameters, values);
  const made: Record<string, ParameterTensor> = {};
  for (const parameter of parameters) {
    const value = values[parameter.name];
    if (parameter.kind === 'tensor' && isTensorValue(value)) {
      made[parameter.name] = remembered(value, shapeOf(parameter, sizes, met));
    }
  }
  return made;
}

const memory = new WeakMap<TensorValue, Map<string, ParameterTensor>>();

function remembered(value: TensorValue, shape: readonly number[]): ParameterTensor {
  if (value.kind === 'file') return value.tensor;
  const shapes = memory.get(value) ?? new Map<string, ParameterTensor>();
  memory.set(value, shapes);
  const key = shape.join();
  const made = shapes.get(key) ?? make(value, shape);
  shapes.set(key, made);
  return made;
}

function make(value: Exclude<TensorValue, { kind: 'file' }>, shape: readonly number[]): ParameterTensor {
  // A list is as long as it is: the kernel says so where that does not fit.
  if (value.kind === 'list') return { shape: [value.numbers.length], data: Float32Array.from(value.numbers) };
  return { shape, data: normals(value.seed, shape) };
}

/** So many random numbers are made, in some 40 ms: the page stands still meanwhile. */
const MOST_RANDOM = 2 ** 21;

const tooMany = {
  en: '{shape} are {count} random numbers; at most {most} are made. Such a matrix can come from a file',
  zh: '{shape} 需要 {count} 个随机数，最多可生成 {most} 个；这样的矩阵可从文件载入',
};

/**
 * Normal numbers over √(last axis), the same for the same seed: rows of such a matrix have length 1 or so. Throws a
 * PageError for more than 2²¹ of them.
 */
export function normals(seed: number, shape: readonly number[]): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count > MOST_RANDOM) throw new PageError(tooMany, { shape: shape.join(' × '), count, most: MOST_RANDOM });
  // From one state of the counter to the next. All stays within 32 bits, where engines are fast.
  const step = 0x6d2b79f5;
  let state = seed | 0;
  const spread = 1 / Math.sqrt(Math.max(1, shape.at(-1) ?? 1));
  const data = new Float32Array(count);
  for (let index = 0; index < count; index += 2) {
    // Marsaglia and Bray 1964: a uniform point in the unit disc makes two normal numbers.
    let x = 0;
    let y = 0;
    let square = 0;
    while (square === 0 || square >= 1) {
      state = (state + step) | 0;
      x = stirred(state) / 2 ** 31;
      state = (state + step) | 0;
      y = stirred(state) / 2 ** 31;
      square = x * x + y * y;
    }
    const factor = Math.sqrt((-2 * Math.log(square)) / square) * spread;
    data[index] = x * factor;
    if (index + 1 < count) data[index + 1] = y * factor;
  }
  return data;
}

/** A uniform number of 32 bits with a sign from a state of the counter, by a multiplicative hash. */
export function stirred(state: number): number {
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return mixed ^ (mixed >>> 14);
}

/** Whether a setting's value is a tensor's. */
export function isTensorValue(value: unknown): value is TensorValue {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

/** The value as a link says it; undefined where a link cannot hold it. */
export function tensorText(value: TensorValue): string | undefined {
  if (value.kind === 'random') return `random:${value.seed}`;
  return value.kind === 'list' ? value.numbers.join() : undefined;
}

/** The value that a link says, or undefined where it makes no sense for the parameter. */
export function parseTensor(parameter: TensorParameter, typed: string): TensorValue | undefined {
  const seed = /^random:(\d{1,10})$/.exec(typed)?.[1];
  if (seed !== undefined) return Number(seed) <= LARGEST_SEED ? { kind: 'random', seed: Number(seed) } : undefined;
  const numbers = isPerHead(parameter) ? parseNumbers(typed) : undefined;
  return numbers && { kind: 'list', numbers };
}

/** Numbers with commas between them, or undefined where one is none. */
export function parseNumbers(typed: string): number[] | undefined {
  const parts = typed
    .replaceAll('−', '-')
    .split(/[,，;\s]+/)
    .filter((part) => part !== '');
  const numbers = parts.map(Number);
  return parts.length > 0 && numbers.every((number) => Number.isFinite(Math.fround(number))) ? numbers : undefined;
}

/** The number that a default stands for in a vector: `zeros`, `ones`, `ln 10`. */
export function defaultNumber(name: string): number {
  const logarithm = /^ln (\d+)$/.exec(name)?.[1];
  if (logarithm !== undefined) return Number(Math.log(Number(logarithm)).toFixed(6));
  return name === 'ones' ? 1 : 0;
}
