// What the attributes of a figure say: which view of which numbers, computed how. Everything that computes is driven by the catalogue.

import { catalog, type Colormap, type Pool, type Stage } from '../generated/catalog.ts';
import type { Mask, ProblemOptions } from '../engine/index.ts';
import type { Language } from '../views/parts/text.ts';
import { VIEWS, type ViewId } from './views.ts';
import { AttributeError } from './fault.ts';
import { isNumbers, numbersOf, type Entries } from './lists.ts';
import { memberOf, MEMBERS } from './members.ts';

export type Theme = 'auto' | 'light' | 'dark';
export type Loading = 'lazy' | 'eager';

/** The option that is a matrix of yes and no. */
export const MASK = 'mask';

/** The other options of the problem that one number, word or switch sets, by their attributes: `left-window-size`. */
export const OPTIONS = new Map(catalog.options.map((option) => [kebab(option.name), option]));

/** Attributes that numbers may come from; the first that says anything counts. */
export const SOURCES = ['data', 'src', 'q', 'k', 'v'] as const;
/** Attributes that say which numbers. */
export const DATA_ATTRIBUTES = [...SOURCES, 'assign', 'tokens', 'key-tokens'] as const;
/** Attributes that say what is looked at, and how. */
export const VIEW_ATTRIBUTES = ['view', 'state', 'layer', 'head', 'batch', 'stage', 'colors', 'pool'] as const;
/** Attributes that decide what is around a view, and leave it alone. */
const DRESS = ['lang', 'theme', 'caption', 'controls'] as const;
export const DRESS_ATTRIBUTES: readonly string[] = DRESS;
/** Attributes of the figure itself. */
export const OWN_ATTRIBUTES = [...DRESS, 'loading', 'wasm-url'] as const;

export const ATTRIBUTES: readonly string[] = [
  ...DATA_ATTRIBUTES,
  ...VIEW_ATTRIBUTES,
  ...OWN_ATTRIBUTES,
  ...MEMBERS,
  MASK,
  ...OPTIONS.keys(),
];

/** Attributes that say where to look, as a reader chooses it in the figure as well. */
const PLACE_ATTRIBUTES = ['layer', 'head', 'batch'] as const;
export const isPlace = (name: string): name is (typeof PLACE_ATTRIBUTES)[number] =>
  PLACE_ATTRIBUTES.some((one) => one === name);

/**
 * The properties that mirror attributes, by their names: `leftWindowSize` of `left-window-size`. What takes objects, and what every
 * element has, is none of them.
 */
export const MIRRORED: ReadonlyMap<string, string> = new Map(
  ATTRIBUTES.filter((name) => !['data', 'lang'].includes(name)).map((name) => [camel(name), name]),
);

/** A property's value as its attribute says it; null: by not being there. */
export function written(attribute: string, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  // A file may switch on what is not to be: only if the attribute is there, it says no.
  if (value === false) return OPTIONS.get(attribute)?.kind === 'flag' ? 'false' : null;
  if (value === true) return '';
  return typeof value === 'object' && !(value instanceof URL) ? JSON.stringify(value, listed) : String(value);
}

/** JSON writes an array of numbers as an object, unless it is told. */
const listed = (_: string, value: unknown): unknown => (isNumbers(value) ? Array.from(value) : value);

/** What is looked at, and how. */
export interface Asked {
  view: ViewId;
  /** What brings back what was seen in a view; '' where it is as it comes. */
  state: string;
  /** The layer as a file numbers it, the head and the batch item; undefined: the first. */
  layer: number | undefined;
  head: number;
  batch: number;
  stage: Stage;
  colors: Colormap | undefined;
  pool: Pool;
  options: ProblemOptions;
}

/** Gives the text of an attribute; null: it is not there. */
export type Read = (name: string) => string | null;

/** What the attributes ask for, a mask by what makes one of its text. Throws where one says nothing that makes sense. */
export function askedBy(read: Read, maskIn = maskOf): Asked {
  return {
    view:
      wordIn(
        read,
        'view',
        VIEWS.map(({ id }) => id),
      ) ?? 'matrix',
    state: read('state') ?? '',
    layer: wholeIn(read, 'layer'),
    head: wholeIn(read, 'head') ?? 0,
    batch: wholeIn(read, 'batch') ?? 0,
    stage: wordIn(read, 'stage', ids(catalog.stages)) ?? 'weights',
    colors: wordIn(read, 'colors', ids(catalog.colormaps)),
    pool: wordIn(read, 'pool', ids(catalog.pools)) ?? 'max',
    options: optionsIn(read, maskIn),
  };
}

export const languageIn = (read: Read): Language | undefined => {
  const tag = read('lang')?.toLowerCase();
  if (!tag) return undefined;
  return tag.startsWith('zh') ? 'zh' : 'en';
};

/** Whether a switch is on: frameworks write `false` where HTML leaves the attribute out. */
export const isOn = (said: string | null): boolean => said !== null && said !== 'false';

export const themeIn = (read: Read): Theme => wordIn(read, 'theme', ['auto', 'light', 'dark']) ?? 'auto';
export const loadingIn = (read: Read): Loading => wordIn(read, 'loading', ['lazy', 'eager']) ?? 'lazy';

function optionsIn(read: Read, maskIn: (said: string) => Mask): ProblemOptions {
  const options: Record<string, unknown> = {};
  for (const name of MEMBERS) {
    const said = read(name);
    // A member with parameters is an object: {"id":"topk","k":4}.
    if (said !== null) options[name] = said.trimStart().startsWith('{') ? memberOf(name, jsonIn(read, name)) : said;
  }
  const mask = read(MASK);
  if (mask !== null) options['attnMask'] = maskIn(mask);
  for (const [attribute, { name, kind }] of OPTIONS) {
    const said = read(attribute);
    if (said !== null) options[name] = valueOf(attribute, said, kind);
  }
  return options;
}

const MARKS: Entries = {
  expected: '1 and 0',
  numberOf: (entry) => [0, 1].find((mark) => mark === entry || (mark === 1) === entry),
};

export function maskOf(said: string): Mask {
  const { data, shape } = numbersOf(
    MASK,
    jsonIn(() => said, MASK),
    MARKS,
  );
  return { data: Uint8Array.from(data), shape };
}

function valueOf(attribute: string, said: string, kind: string): unknown {
  if (kind === 'flag') return isOn(said);
  if (kind === 'choice') return said;
  const number = Number(said);
  if (said.trim() === '' || Number.isNaN(number)) throw new AttributeError(attribute, 'a number', said);
  return number;
}

/** JSON of an attribute; undefined where it is not there. */
export function jsonIn(read: Read, name: string): unknown {
  const said = read(name);
  if (said === null) return undefined;
  try {
    return JSON.parse(said) as unknown;
  } catch {
    throw new AttributeError(name, 'JSON', said);
  }
}

/** An address, from `base`; undefined where it is not there, or empty: that would be the page itself. */
export function addressIn(read: Read, name: string, base: string): URL | undefined {
  const said = read(name)?.trim();
  if (!said) return undefined;
  try {
    return new URL(said, base);
  } catch {
    throw new AttributeError(name, 'an address', said);
  }
}

function wholeIn(read: Read, name: string): number | undefined {
  const said = read(name);
  if (said === null) return undefined;
  if (!/^\d{1,9}$/.test(said)) throw new AttributeError(name, 'a whole number', said);
  return Number(said);
}

function wordIn<T extends string>(read: Read, name: string, allowed: readonly T[]): T | undefined {
  const said = read(name);
  if (said === null) return undefined;
  const found = allowed.find((one) => one === said);
  if (found === undefined) throw new AttributeError(name, allowed.join(', '), said);
  return found;
}

const ids = <T extends string>(members: readonly { id: T }[]): T[] => members.map(({ id }) => id);

function camel(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
