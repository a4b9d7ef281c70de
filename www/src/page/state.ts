// What a link restores: the example, the place in it, the view, the language and the theme, in the address's hash.

import { catalog, type CatalogParameter } from '../generated/catalog.ts';
import type { Sight } from '../views/parts/camera.ts';
import type { Language } from '../views/parts/text.ts';
import type { Asked, Theme } from './frame.ts';
import { isMark } from './awaited.ts';
import { isMaskName, linkOf, paintedFrom } from './painted.ts';
import {
  isAllowed,
  LISTS,
  members,
  valueAt,
  withValue,
  type ListName,
  type Masks,
  type Settings,
  type Value,
} from './settings.ts';
import { isState, pairIn } from './story/forms.ts';
import { SECTION_IDS, type SectionId } from './story/section.ts';
import { isTensorValue, parseTensor, tensorText } from './tensors.ts';

/** A query and a key. */
export type Pair = readonly [query: number, key: number];

/** The place that is looked at. */
export interface Place {
  layer: number;
  batch: number;
  head: number;
}

/** Everything that a hash says; what it does not say is undefined. */
export interface Link {
  example?: string;
  /** The name of the visitor's file that it was made for, as far as it is in the link. */
  file?: string;
  layer?: number;
  batch?: number;
  head?: number;
  stage?: string;
  colors?: string;
  pool?: string;
  /** The part of the matrix in sight. */
  sight?: Sight;
  /** The query and key of the locked cell. */
  lock?: readonly [query: number, key: number];
  language?: Language | undefined;
  theme?: Theme | undefined;
  /** Where on the page to begin. */
  at?: Spot | undefined;
  /** What sections of the story have to bring back: what looks like a state, of which each makes what it can. */
  story: Map<SectionId, string>;
  /** Paths and texts of settings, not yet checked. */
  settings: Map<string, string>;
  /** What means nothing, whatever is open. */
  unread: [name: string, value: string][];
}

/** A link that says nothing. */
export function nothingSaid(): Link {
  return { story: new Map(), settings: new Map(), unread: [] };
}

/** A part of the page that a link can lead to. */
export type Spot = SectionId | 'explore';

const isSection = (name: string): name is SectionId => (SECTION_IDS as readonly string[]).includes(name);
const isSpot = (name: string | undefined): name is Spot =>
  name !== undefined && (name === 'explore' || isSection(name));

/** What the frame reads, and what it is called here. */
const ASKED = { lang: 'language', theme: 'theme', at: 'at' } as const;

/** What goes by the name of one of a list. */
const NAMED = { stage: catalog.stages, colors: catalog.colormaps, pool: catalog.pools };

/** Reads a hash, of which the frame has read the rest. What means nothing is left out and listed, never an error. */
export function readLink(hash: string, { language, theme, at }: Asked = {}): Link {
  const entries = new URLSearchParams(hash.replace(/^#/, ''));
  const link: Link = { ...nothingSaid(), language, theme, at: isSpot(at) ? at : undefined };
  for (const [name, value] of entries) if (!readEntry(link, name, value)) link.unread.push([name, value]);
  if (link.sight || link.lock) link.at ??= 'explore';
  return link;
}

/** Takes over one entry. @returns whether it was understood, as far as that can be said before anything is open. */
function readEntry(link: Link, name: string, value: string): boolean {
  if (name === 'layer' || name === 'head' || name === 'batch') {
    if (/^\d{1,6}$/.test(value)) link[name] = Number(value);
    return link[name] !== undefined;
  }
  if (name === 'stage' || name === 'colors' || name === 'pool') {
    if (NAMED[name].some(({ id }) => id === value)) link[name] = value;
    return link[name] !== undefined;
  }
  if (name === 'sight') {
    const [zoom, query, key] = numbersIn(value, /^\d{1,6}(\.\d{1,6})?(,\d{1,9}(\.\d{1,3})?){2}$/);
    if (key !== undefined) link.sight = { zoom: zoom!, query: query!, key };
    return link.sight !== undefined;
  }
  if (name === 'lock') {
    const pair = pairIn(value);
    if (pair) link.lock = pair;
    return link.lock !== undefined;
  }
  if (name === 'file') {
    if (isMark(value)) link.file = value;
    return link.file !== undefined;
  }
  if (isSection(name)) {
    if (isState(name, value)) link.story.set(name, value);
    return link.story.has(name);
  }
  if (Object.hasOwn(ASKED, name)) return link[ASKED[name as keyof typeof ASKED]] !== undefined;
  if (name === 'example') link.example = value;
  else link.settings.set(name, value);
  return true;
}

/** The numbers of a list that looks like `form`; none where it does not. */
function numbersIn(value: string, form: RegExp): number[] {
  return form.test(value) ? value.split(',').map(Number) : [];
}

/** `own` settings with those of a link over them, each checked against its parameter's rule. */
export function applyLink(own: Settings, link: Link): Settings {
  let settings = own;
  for (const list of Object.keys(LISTS) as ListName[]) {
    const id = link.settings.get(list);
    if (id && id !== settings[list].id && members(list).some((member) => member.id === id)) {
      settings = { ...settings, [list]: { id, values: {} } };
    }
  }
  for (const [path, parameter] of parametersOf(settings)) {
    const value = allowedValue(parameter, link.settings.get(path));
    if (value !== undefined) settings = withValue(settings, path, value);
  }
  return { ...settings, masks: masksFrom(settings.masks, link.settings) };
}

function allowedValue(parameter: CatalogParameter, typed: string | undefined): Value | undefined {
  const value = typed === undefined ? undefined : parseValue(parameter, typed);
  return value !== undefined && isAllowed(parameter, value) ? value : undefined;
}

/** What of a link's settings means nothing beside `settings`, which it was applied to. */
export function unreadSettings(settings: Settings, link: Link): Link['unread'] {
  const parameters = new Map(parametersOf(settings));
  const understood = (name: string, typed: string): boolean => {
    if (Object.hasOwn(LISTS, name)) return settings[name as ListName].id === typed;
    if (isMaskName(name)) return settings.masks.painted !== undefined;
    if (LENGTHS.some(([length]) => length === name)) return typed === 'all' || LENGTH_LIST.test(typed);
    const parameter = parameters.get(name);
    return parameter !== undefined && allowedValue(parameter, typed) !== undefined;
  };
  return [...link.settings].filter(([name, typed]) => !understood(name, typed));
}

/** The lengths as a link says them, and as the settings hold them. */
const LENGTHS = [
  ['keyValueSeqLengths', 'keyLengths'],
  ['querySeqLengths', 'queryLengths'],
] as const;
const LENGTH_LIST = /^\d{1,8}(,\d{1,8})*$/;

function masksFrom(own: Masks, entries: ReadonlyMap<string, string>): Masks {
  const masks: Record<string, unknown> = { ...own, painted: paintedFrom(entries) };
  for (const [name, field] of LENGTHS) {
    const typed = entries.get(name);
    if (typed === 'all') masks[field] = undefined;
    else if (typed !== undefined && LENGTH_LIST.test(typed)) masks[field] = typed.split(',').map(Number);
  }
  return masks;
}

function writeMasks(entries: URLSearchParams, masks: Masks, own: Masks): void {
  for (const [name, field] of LENGTHS) {
    if (masks[field]?.join() !== own[field]?.join()) entries.set(name, masks[field]?.join() ?? 'all');
  }
  for (const [name, code] of linkOf(masks.painted) ?? []) entries.set(name, code);
}

/** Every parameter that `settings` has a place for, by its path. */
function parametersOf(settings: Settings): [string, CatalogParameter][] {
  const lists = (Object.keys(LISTS) as ListName[]).flatMap((list) => {
    const member = members(list).find(({ id }) => id === settings[list].id);
    return (member?.parameters ?? []).map((parameter): [string, CatalogParameter] => [
      `${list}.${parameter.name}`,
      parameter,
    ]);
  });
  return [...lists, ...catalog.options.map((parameter): [string, CatalogParameter] => [parameter.name, parameter])];
}

/** The value that a link says for `parameter`; undefined where it makes no sense. */
export function parseValue(parameter: CatalogParameter, typed: string): Value | undefined {
  // Number('') would be 0.
  if (typed.trim() === '') return undefined;
  if (typed === 'auto') return null;
  if (parameter.kind === 'tensor') return parseTensor(parameter, typed);
  if (parameter.kind === 'flag') return typed === 'true' ? true : typed === 'false' ? false : undefined;
  return parameter.kind === 'number' ? Number(typed) : typed;
}

/** A value as a link says it; undefined where it cannot. */
export function valueText(value: Value): string | undefined {
  if (isTensorValue(value)) return tensorText(value);
  return value === null ? 'auto' : String(value);
}

/** What the address should say; settings only where they differ from the capture's `own`. */
export interface Shown extends Place {
  example: string | undefined;
  file: string | undefined;
  stage: string;
  colors: string | undefined;
  pool: string;
  sight: Sight | undefined;
  lock: readonly [query: number, key: number] | undefined;
  language: Language | undefined;
  theme: Theme;
  at: Spot | undefined;
  story: ReadonlyMap<SectionId, string>;
  settings: Settings;
  own: Settings;
}

/** Writes a hash, without the `#`. */
export function writeLink(shown: Shown): string {
  const entries = new URLSearchParams();
  const { example, file, stage, colors, pool, language, theme, layer, head, batch } = shown;
  if (example) entries.set('example', example);
  if (file) entries.set('file', file);
  entries.set('layer', String(layer));
  entries.set('head', String(head));
  if (batch) entries.set('batch', String(batch));
  entries.set('stage', stage);
  if (colors) entries.set('colors', colors);
  if (pool !== catalog.pools[0]?.id) entries.set('pool', pool);
  writeSettings(entries, shown.settings, shown.own);
  if (shown.sight) entries.set('sight', sightText(shown.sight));
  if (shown.lock) entries.set('lock', shown.lock.join());
  if (language) entries.set('lang', language);
  if (theme !== 'auto') entries.set('theme', theme);
  for (const [id, state] of shown.story) entries.set(id, state);
  if (shown.at) entries.set('at', shown.at);
  return entries.toString();
}

/** To a hundredth of a cell, which is less than a pixel of any cell that is drawn. */
function sightText({ zoom, query, key }: Sight): string {
  return [Number(zoom.toPrecision(5)), ...[query, key].map((at) => Math.round(100 * at) / 100)].join();
}

function writeSettings(entries: URLSearchParams, settings: Settings, own: Settings): void {
  for (const list of Object.keys(LISTS) as ListName[]) {
    if (settings[list].id !== own[list].id) entries.set(list, settings[list].id);
  }
  for (const [path, parameter] of parametersOf(settings)) {
    const value = valueAt(settings, path) ?? parameter.default;
    const list = path.split('.', 1)[0] as ListName;
    const sameMember = !path.includes('.') || settings[list].id === own[list].id;
    const before = (sameMember ? valueAt(own, path) : undefined) ?? parameter.default;
    if (value === before) continue;
    const written = valueText(value);
    if (written !== undefined) entries.set(path, written);
  }
  writeMasks(entries, settings.masks, own.masks);
}
