// Where the numbers of a figure come from: a file at an address, JSON in an attribute or a property, or Q and K one by one.

import { openCapture, type Assignment, type CaptureSource } from '../engine/index.ts';
import type { Text } from '../generated/catalog.ts';
import { PageError } from '../page/reason.ts';
import { captured, type Content, type Reading, type Source } from '../page/source.ts';
import { sameTokens } from '../page/tokens.ts';
import { clip, filled, visibleToken } from '../views/parts/text.ts';
import { addressIn, jsonIn, SOURCES, type Read } from './attributes.ts';
import { AttributeError } from './fault.ts';
import { tensorOf } from './lists.ts';
import type { Given } from './public.d.ts';

const text = {
  missing: {
    en: 'there are no numbers yet: src, data, or q and k say which',
    zh: '尚无数据：请用 src、data，或 q 与 k 给出',
  },
  unnamed: {
    en: 'the capture holds {names}, and which of these are Q and K is not said: say it by assign, {"query":"…","key":"…"}, or call them layers.0.q and layers.0.k',
    zh: '数据中有 {names}，但没有说明哪些是 Q 和 K：请用 assign 指明，如 {"query":"…","key":"…"}，或命名为 layers.0.q 与 layers.0.k',
  },
  unused: { en: 'Not used: {names}. The numbers are those of {used}.', zh: '未使用：{names}。数据取自 {used}。' },
} satisfies Record<string, Text>;

/** Names of tensors that are shown in a sentence, and characters of all of them. */
const MOST_NAMES = 8;
const LONGEST_NAMES = 200;

/** What the property `data` takes; text is JSON. */
export type Data = Given | Blob | ArrayBuffer | Uint8Array | string;

type From = (typeof SOURCES)[number];
const after = (name: From): From[] => SOURCES.slice(SOURCES.indexOf(name) + 1);

/** Where the numbers of a figure come from: the property, or the first attribute that says anything; undefined: nobody gives any. */
export function sourceIn(read: Read, data: Data | undefined): From | undefined {
  return data === undefined ? SOURCES.find((name) => read(name)?.trim()) : 'data';
}

/** The numbers of a figure, from where they come. */
export async function numbersIn(read: Read, data: Data | undefined, base: string, reading: Reading): Promise<Source> {
  const used = sourceIn(read, data);
  if (used === 'data') {
    const said = data ?? read(used);
    const given = typeof said === 'string' ? jsonIn(() => said, used) : said;
    if (isBytes(given)) return labelled(await opened(given, '', read, reading), read, used, after(used));
    return labelled(fromObject(given), read, used, [...after(used), 'assign']);
  }
  if (used === 'src') {
    const address = addressIn(read, used, base)!;
    return labelled(await opened(address, read(used) ?? '', read, reading), read, used, after(used));
  }
  if (used === undefined || used === 'v') throw new PageError(text.missing);
  const [q, k, v] = ['q', 'k', 'v'].map((name) => jsonIn(read, name));
  return labelled(fromObject({ q, k, v }), read, 'q', ['assign']);
}

const isBytes = (given: unknown): given is Blob | ArrayBuffer | Uint8Array =>
  [Blob, ArrayBuffer, Uint8Array].some((kind) => given instanceof kind);

/** A capture: its own names say which tensors are Q and K, or `assign` does. */
async function opened(from: CaptureSource, name: string, read: Read, reading: Reading): Promise<Source> {
  const assign = jsonIn(read, 'assign');
  if (assign !== undefined && !isAssignment(assign))
    throw new AttributeError('assign', 'an object with query and key, names of tensors', assign);
  const capture = await openCapture(from, { ...reading, assign });
  if (capture.layers.length > 0) return captured(capture, name);
  const names = capture.tensors.slice(0, MOST_NAMES).map((tensor) => `“${visibleToken(tensor.name)}”`);
  throw new PageError(text.unnamed, { names: clip(names.join(', '), LONGEST_NAMES) });
}

/** The reader of files says which name there is no tensor for. */
function isAssignment(given: unknown): given is Assignment {
  return isObject(given) && [Object(given).query, Object(given).key].every((name) => typeof name === 'string');
}

/** With the names that attributes give, and a word on those attributes that are passed over. */
function labelled(source: Source, read: Read, used: string, others: readonly string[]): Source {
  const [tokens, keyTokens] = ['tokens', 'key-tokens'].map((name) => wordsOf(name, jsonIn(read, name)));
  const unused = others.filter((name) => read(name));
  // One list names both sides, unless the sides of a capture are called differently.
  const isOfBoth = !source.keyTokens || sameTokens(source) !== undefined;
  return {
    ...source,
    ...((tokens ?? keyTokens) && { name: NAMELESS }),
    note: unused.length > 0 ? filled(text.unused, { names: unused.join(', '), used }) : source.note,
    queryTokens: tokens ?? source.queryTokens,
    keyTokens: keyTokens ?? (isOfBoth ? tokens : undefined) ?? source.keyTokens,
  };
}

const NAMELESS = { en: '', zh: '' };

const isObject = (given: unknown): given is object => typeof given === 'object' && given !== null;

function fromObject(given: unknown): Source {
  if (!isObject(given) || !('q' in given) || !('k' in given)) {
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
    keyTokens: wordsOf('keyTokens', keyTokens) ?? names,
    layer: () => Promise.resolve({ query, key }),
    value: () => Promise.resolve(value),
  };
  return { ...content, name: NAMELESS, about: NAMELESS };
}

function wordsOf(name: string, given: unknown): readonly string[] | undefined {
  if (given === undefined || given === null) return undefined;
  if (Array.isArray(given) && given.every((one) => typeof one === 'string')) return given as string[];
  throw new AttributeError(name, 'a list of strings', given);
}
