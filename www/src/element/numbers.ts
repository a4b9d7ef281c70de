// Where the numbers of a figure come from: a file at an address, JSON in an attribute or a property, or Q and K one by one.

import { openCapture, type Tensor } from '../engine/index.ts';
import { captured, type Content, type Reading, type Source } from '../page/source.ts';
import { AttributeError } from './fault.ts';

/** Numbers as a list of lists, or as the package has them. */
export type Numbers = Tensor | readonly unknown[];

/** What a figure can be given: Q and K, at most four axes each, `[tokens, size]` where there are two. */
export interface Given {
  q: Numbers;
  k: Numbers;
  v?: Numbers | undefined;
  /** What the queries are called; the keys too, unless `keyTokens` says otherwise. */
  tokens?: readonly string[] | undefined;
  keyTokens?: readonly string[] | undefined;
}

/** The capture at an address, or in bytes. */
export async function fromCapture(from: string | Blob | ArrayBuffer, base: string, reading: Reading): Promise<Source> {
  if (typeof from !== 'string') return captured(await openCapture(from, reading), '');
  return captured(await openCapture(new URL(from, base), reading), from);
}

/** The numbers that somebody gave. */
export function fromGiven({ q, k, v, tokens, keyTokens }: Given): Source {
  const [query, key] = [tensorOf('q', q), tensorOf('k', k)];
  const value = v === undefined ? null : tensorOf('v', v);
  const content: Content = {
    layers: [0],
    options: {},
    queryTokens: wordsOf('tokens', tokens),
    keyTokens: wordsOf('key-tokens', keyTokens) ?? wordsOf('tokens', tokens),
    layer: () => Promise.resolve({ query, key }),
    value: () => Promise.resolve(value),
  };
  const words = { en: '', zh: '' };
  return { ...content, name: words, about: words };
}

/** A tensor as it is, or of lists of equal lengths. */
function tensorOf(name: string, given: unknown): Tensor {
  if (isTensor(given)) return given;
  const shape: number[] = [];
  for (let level = given; Array.isArray(level); level = level[0] as unknown) shape.push(level.length);
  const data: number[] = [];
  const take = (part: unknown, axis: number): void => {
    if (axis === shape.length) {
      if (typeof part !== 'number') throw new AttributeError(name, 'numbers', JSON.stringify(part) ?? '');
      data.push(part);
      return;
    }
    if (!Array.isArray(part) || part.length !== shape[axis]) {
      throw new AttributeError(name, `lists of ${shape[axis]}`, JSON.stringify(part) ?? '');
    }
    for (const one of part as unknown[]) take(one, axis + 1);
  };
  if (shape.length < 2 || shape.length > 4)
    throw new AttributeError(name, 'a list of lists of numbers', JSON.stringify(given) ?? '');
  take(given, 0);
  return { data: Float32Array.from(data), shape };
}

function isTensor(given: unknown): given is Tensor {
  return typeof given === 'object' && given !== null && 'data' in given && 'shape' in given;
}

function wordsOf(name: string, given: unknown): readonly string[] | undefined {
  if (given === undefined || given === null) return undefined;
  if (Array.isArray(given) && given.every((one) => typeof one === 'string')) return given as string[];
  throw new AttributeError(name, 'a list of strings', JSON.stringify(given) ?? '');
}
