// Where the numbers of a figure come from: a file at an address, JSON in an attribute or a property, or Q and K one by one.

import { openCapture, type Tensor } from '../engine/index.ts';
import { captured, type Content, type Reading, type Source } from '../page/source.ts';
import { addressIn, jsonIn, type Read } from './attributes.ts';
import { AttributeError } from './fault.ts';
import { numbersOf, type Entries } from './lists.ts';
import type { Given } from './public.d.ts';

const NUMBERS: Entries = {
  expected: 'numbers',
  numberOf: (entry) => (typeof entry === 'number' ? entry : undefined),
};

/** What the property `data` takes; text is JSON. */
export type Data = Given | Blob | ArrayBuffer | string;

/** The numbers of a figure: those of the property, of `data`, at `src`, or of `q` and `k`. */
export async function numbersIn(read: Read, data: Data | undefined, base: string, reading: Reading): Promise<Source> {
  const said = data ?? read('data') ?? undefined;
  const given = typeof said === 'string' ? jsonIn(() => said, 'data') : said;
  if (given instanceof Blob || given instanceof ArrayBuffer) return captured(await openCapture(given, reading), '');
  if (given !== undefined) return fromObject(given);
  const address = addressIn(read, 'src', base);
  if (address) return captured(await openCapture(address, reading), read('src') ?? '');
  const [q, k, v, tokens, keyTokens] = ['q', 'k', 'v', 'tokens', 'key-tokens'].map((name) => jsonIn(read, name));
  if (q === undefined) throw new AttributeError('src', 'an address, or q and k given', 'missing');
  return fromObject({ q, k, v, tokens, keyTokens });
}

function fromObject(given: unknown): Source {
  if (typeof given !== 'object' || given === null || !('q' in given) || !('k' in given)) {
    throw new AttributeError('data', 'an object with q and k', given);
  }
  const { q, k, v, tokens, keyTokens } = given as Record<'q' | 'k' | 'v' | 'tokens' | 'keyTokens', unknown>;
  const [query, key] = [tensorOf('q', q), tensorOf('k', k)];
  const value = v === undefined || v === null ? null : tensorOf('v', v);
  const names = wordsOf('tokens', tokens);
  const content: Content = {
    layers: [0],
    options: {},
    queryTokens: names,
    keyTokens: wordsOf('key-tokens', keyTokens) ?? names,
    layer: () => Promise.resolve({ query, key }),
    value: () => Promise.resolve(value),
  };
  const words = { en: '', zh: '' };
  return { ...content, name: words, about: words };
}

/** A tensor as it is, or of lists of equal lengths. */
function tensorOf(name: string, given: unknown): Tensor {
  if (isTensor(given)) return given;
  const { data, shape } = numbersOf(name, given, NUMBERS);
  return { data: Float32Array.from(data), shape };
}

/** Whether its numbers are no list: the kernel says which they have to be. */
function isTensor(given: unknown): given is Tensor {
  return (
    typeof given === 'object' && given !== null && 'data' in given && 'shape' in given && !Array.isArray(given.data)
  );
}

function wordsOf(name: string, given: unknown): readonly string[] | undefined {
  if (given === undefined || given === null) return undefined;
  if (Array.isArray(given) && given.every((one) => typeof one === 'string')) return given as string[];
  throw new AttributeError(name, 'a list of strings', given);
}
