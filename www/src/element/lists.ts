// Lists of lists of equal lengths as numbers with a shape, out of JSON or as somebody hands them over.

import type { Tensor } from '../engine/index.ts';
import { AttributeError } from './fault.ts';

/** What an entry is, where that is said to whoever wrote another, and its number; undefined: it is none. */
export interface Entries {
  expected: string;
  numberOf(entry: unknown): number | undefined;
}

const NUMBERS: Entries = {
  expected: 'numbers',
  numberOf: (entry) => (typeof entry === 'number' ? entry : undefined),
};

/** A tensor as it is, or of lists of equal lengths, with so many axes at least. */
export function tensorOf(name: string, given: unknown, least?: number): Tensor {
  if (isGiven(given)) return given;
  const { data, shape } = numbersOf(name, given, NUMBERS, least);
  return { data: Float32Array.from(data), shape };
}

/** Whether its numbers are no list: the kernel says which they have to be. */
function isGiven(given: unknown): given is Tensor {
  return typeof given === 'object' && !!given && 'data' in given && 'shape' in given && !Array.isArray(given.data);
}

/** The numbers of `given`, which has up to 4 axes: lists, or a tensor, whose numbers JSON has as a list as well. */
export function numbersOf(
  name: string,
  given: unknown,
  entries: Entries,
  least = 2,
): { data: number[]; shape: number[] } {
  const data: number[] = [];
  const add = (entry: unknown): void => {
    const number = entries.numberOf(entry);
    if (number === undefined) throw new AttributeError(name, entries.expected, entry);
    data.push(number);
  };
  if (isTensor(given)) {
    given.data.forEach(add);
    return { data, shape: given.shape };
  }
  const shape = shapeOf(given);
  if (shape.length < least || shape.length > 4)
    throw new AttributeError(name, `${'lists of '.repeat(least)}${entries.expected}`, given);
  const take = (part: unknown, axis: number): void => {
    const size = shape[axis];
    if (size === undefined) return add(part);
    if (!isList(part) || part.length !== size) throw new AttributeError(name, `lists of ${size}`, part);
    for (const one of part) take(one, axis + 1);
  };
  take(given, 0);
  return { data, shape };
}

function shapeOf(given: unknown): number[] {
  const shape: number[] = [];
  for (let level = given; isList(level) && shape.length < 5; level = level[0]) shape.push(level.length);
  return shape;
}

/** Whether it is an array that holds nothing but numbers. */
export const isNumbers = (given: unknown): given is ArrayLike<unknown> & Iterable<unknown> =>
  ArrayBuffer.isView(given) && !(given instanceof DataView);

const isList = (given: unknown): given is ArrayLike<unknown> & Iterable<unknown> =>
  Array.isArray(given) || isNumbers(given);

function isTensor(given: unknown): given is { data: unknown[]; shape: number[] } {
  if (typeof given !== 'object' || given === null || !('data' in given && 'shape' in given)) return false;
  return Array.isArray(given.data) && Array.isArray(given.shape);
}
