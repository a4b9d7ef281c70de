/** What is read of a tensor: all of it, or one head, of which no more bytes are read than the file's order makes one need. */
import type { Format } from '../generated/catalog.ts';
import type { RawTensor } from './raw.ts';

/** Formats in which the numbers of a tensor lie one after the other, all of the same size and as they are. */
const PLAIN: readonly string[] = ['safetensors', 'npy'] satisfies Format[];

/** A part of a tensor. */
export interface Part {
  /** Where its bytes are, or those of the whole tensor. */
  entry: RawTensor;
  shape: number[];
  /** Which numbers of the entry are the part's, where it is the whole that has to be read. */
  kept?: Slab;
}

/** Of `groups * count` slabs of numbers the one at `at` in every group. */
interface Slab {
  groups: number;
  count: number;
  at: number;
}

export function wholeTensor(entry: RawTensor): Part {
  return { entry, shape: [...entry.shape] };
}

/** One head of Q, K or V, `[…, heads, length, size]`. With two axes there is but one. */
export function headOf(entry: RawTensor, head: number): Part {
  const axis = entry.shape.length - 3;
  if (axis < 0) return wholeTensor(entry);
  const shape = entry.shape.map((size, at) => (at === axis ? 1 : size));
  return partOf(entry, shape, { groups: product(entry.shape.slice(0, axis)), count: entry.shape[axis]!, at: head });
}

/** The sink of one head, whatever the shape in which there is one for each. */
export function sinkOf(entry: RawTensor, head: number): Part {
  return partOf(entry, [1], { groups: 1, count: product(entry.shape), at: head });
}

function partOf(entry: RawTensor, shape: number[], slab: Slab): Part {
  if (slab.groups !== 1 || entry.fortran || !PLAIN.includes(entry.format)) return { entry, shape, kept: slab };
  const length = entry.length / slab.count;
  return { entry: { ...entry, shape, offset: entry.offset + slab.at * length, length }, shape };
}

/** The part's own numbers, from those of its entry. */
export function keep({ kept }: Part, numbers: Float32Array): Float32Array {
  if (!kept) return numbers;
  const { groups, count, at } = kept;
  const each = groups === 0 ? 0 : numbers.length / (groups * count);
  const own = new Float32Array(groups * each);
  for (let group = 0; group < groups; group++) {
    const from = (group * count + at) * each;
    own.set(numbers.subarray(from, from + each), group * each);
  }
  return own;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total * size, 1);
}
