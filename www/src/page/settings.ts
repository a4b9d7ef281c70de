// What the controls hold: a score, a normalizer, a position, the other options, each value by its parameter's name; and
// the masks that are no parameters.
//
// Everything here is driven by the catalogue; nothing knows a parameter by name.

import { catalog, type CatalogMember, type CatalogParameter, type Text } from '../generated/catalog.ts';
import type { Mask, ProblemOptions, Tensor } from '../engine/index.ts';
import { isEqual } from './equal.ts';
import { bitsOf, toMask, type Painted } from './painted.ts';
import { isTensorValue, tensorsOf, type Sizes, type TensorValue } from './tensors.ts';
import { planeOf, type Bits, type Marks } from '../views/parts/bits.ts';
import type { Rules } from '../views/parts/rules.ts';

/** A parameter's value; null is automatic. */
export type Value = number | string | boolean | null | TensorValue;

/** A member of a list, with the values of its parameters. */
export interface Chosen {
  id: string;
  values: Record<string, Value>;
}

/** All that the controls set. A value that is not there stands at its default. */
export interface Settings {
  score: Chosen;
  normalizer: Chosen;
  position: Chosen;
  options: Record<string, Value>;
  masks: Masks;
}

/** The masks that no parameter sets. What is not there removes nothing. */
export interface Masks {
  /** How many keys and queries of each batch item are real. */
  readonly keyLengths?: readonly number[] | undefined;
  readonly queryLengths?: readonly number[] | undefined;
  readonly painted?: Painted | undefined;
  readonly bias?: LoadedBias | undefined;
  /** What the problem itself brings along, where nothing painted or loaded takes its place. */
  readonly attnMask?: Mask | undefined;
  readonly attnBias?: Tensor | undefined;
}

/** A bias from a file: added to logits, and where it is minus infinity the key is removed. */
export interface LoadedBias {
  readonly file: string;
  readonly tensor: Tensor;
  /** Where it removes, for each head or for all. */
  readonly removed: readonly Bits[];
}

/** Whether two choices are the same member with the same values. */
export function isSameChoice(one: Chosen, other: Chosen): boolean {
  const names = Object.keys({ ...one.values, ...other.values });
  return one.id === other.id && names.every((name) => isEqual(one.values[name], other.values[name]));
}

/** The lists that hold one chosen member each. */
export const LISTS = { score: 'scores', normalizer: 'normalizers', position: 'positions' } as const;
export type ListName = keyof typeof LISTS;

/** The members of a list. */
export function members(list: ListName): readonly CatalogMember[] {
  return catalog[LISTS[list]];
}

/** The member called `id`; the list's first where there is none. */
export function memberOf(list: ListName, id: string): CatalogMember {
  const found = members(list).find((member) => member.id === id) ?? members(list)[0];
  if (!found) throw new Error(`the list of ${list}s is empty`);
  return found;
}

/** The settings of a capture, or of a figure: what it says, masks among it, the rest at its default. */
export function settingsFrom(options: ProblemOptions): Settings {
  const given = options as Record<string, unknown>;
  const values: Record<string, Value> = {};
  for (const { name } of catalog.options) if (isValue(given[name])) values[name] = given[name];
  return {
    score: chosenFrom(options.score, 'scaled_dot'),
    normalizer: chosenFrom(options.normalizer, 'softmax'),
    position: chosenFrom(options.position, 'none'),
    options: values,
    masks: {
      keyLengths: options.keyValueSeqLengths ?? undefined,
      queryLengths: options.querySeqLengths ?? undefined,
      attnMask: options.attnMask ?? undefined,
      attnBias: options.attnBias ?? undefined,
    },
  };
}

function chosenFrom(option: unknown, fallback: string): Chosen {
  if (typeof option === 'string') return { id: option, values: {} };
  if (typeof option !== 'object' || option === null) return { id: fallback, values: {} };
  const { id, ...values } = option as Record<string, unknown>;
  const kept = Object.entries(values)
    .map(([name, value]) => [name, isNumbers(value) ? fromFile(value) : value])
    .filter((entry): entry is [string, Value] => isValue(entry[1]));
  return { id: String(id), values: Object.fromEntries(kept) };
}

/** Whether a file's own words give a tensor. */
function isNumbers(value: unknown): value is { shape: number[]; data: Iterable<number> } {
  return typeof value === 'object' && value !== null && 'shape' in value && 'data' in value;
}

function fromFile({ shape, data }: { shape: number[]; data: Iterable<number> }): TensorValue {
  return { kind: 'file', file: '', tensor: { shape: [...shape], data: Float32Array.from(data) } };
}

function isValue(value: unknown): value is Value {
  return value === null || ['number', 'string', 'boolean'].includes(typeof value) || isTensorValue(value);
}

/**
 * What the chosen normalizer does not let be set, by name: options, `score`, and `position` where the chosen one adds a
 * bias.
 */
export function forbidden({ normalizer, position }: Settings): ReadonlySet<string> {
  const names = new Set(catalog.normalizers.find(({ id }) => id === normalizer.id)?.forbids);
  if (names.has('attnBias') && addsBias(position.id)) names.add('position');
  return names;
}

/** Whether the position called `id` adds a bias to the logits. */
export function addsBias(id: string): boolean {
  return catalog.positions.find((member) => member.id === id)?.biases ?? false;
}

/**
 * The options for the engine: `base` keeps what no control sets, `settings` goes over it, and what the normalizer
 * forbids is left out.
 */
export function toOptions(settings: Settings, base: ProblemOptions, sizes: Sizes): ProblemOptions {
  const options: Record<string, unknown> = { ...base };
  for (const { name } of catalog.options) options[name] = settings.options[name] ?? undefined;
  for (const list of Object.keys(LISTS) as ListName[]) options[list] = toOption(list, settings[list], sizes);
  const { keyLengths, queryLengths, painted, bias } = settings.masks;
  options['keyValueSeqLengths'] = keyLengths;
  options['querySeqLengths'] = queryLengths;
  if (painted && fits(painted, sizes)) options['attnMask'] = toMask(painted, sizes.heads);
  if (bias) options['attnBias'] = bias.tensor;
  for (const name of forbidden(settings)) delete options[name];
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function toOption(list: ListName, { id, values }: Chosen, sizes: Sizes): unknown {
  if (Object.keys(values).length === 0) return id;
  const parameters = members(list).find((member) => member.id === id)?.parameters ?? [];
  return { id, ...values, ...tensorsOf(parameters, values, sizes) };
}

function fits({ queries, keys }: Painted, sizes: Pick<Sizes, 'queries' | 'keys'>): boolean {
  return queries === sizes.queries && keys === sizes.keys;
}

/** Where the diagonal starts, as the settings and the file say; undefined where that is still to be chosen. */
function offsetOf(
  { options }: Settings,
  { causalOffset }: ProblemOptions,
  { queries, keys }: Pick<Sizes, 'queries' | 'keys'>,
): number | undefined {
  if (causalOffset !== undefined) return causalOffset;
  const alignment = options['causalAlignment'];
  if (alignment === 'lower_right') return keys - queries;
  return alignment === 'upper_left' || queries === keys ? 0 : undefined;
}

/** Which keys each query of one head may see, as the settings say. */
export function rulesOf(
  settings: Settings,
  base: ProblemOptions,
  sizes: Pick<Sizes, 'queries' | 'keys'>,
  at: { batch: number; head: number },
): Rules {
  const { options, masks } = settings;
  const offset = offsetOf(settings, base, sizes);
  const bound = (name: string): number => (offset === undefined ? -1 : Number(options[name] ?? -1));
  const { queries, keys } = sizes;
  return {
    queries,
    keys,
    offset: offset ?? 0,
    causal: offset !== undefined && options['causal'] === true,
    left: bound('leftWindowSize'),
    right: bound('rightWindowSize'),
    // A link may say any length: what the kernel refuses stands at its limit here.
    queryLength: Math.min(masks.queryLengths?.[at.batch] ?? queries, queries),
    keyLength: Math.min(masks.keyLengths?.[at.batch] ?? keys, keys),
    painted: paintedAt(masks, sizes, at),
    bias: forbidden(settings).has('attnBias') ? undefined : biasAt(masks, at),
  };
}

function paintedAt(
  { painted, attnMask }: Masks,
  sizes: Pick<Sizes, 'queries' | 'keys'>,
  at: { batch: number; head: number },
): Marks | undefined {
  if (painted && fits(painted, sizes)) return bitsOf(painted, at.head);
  return attnMask && planeOf(attnMask, at, 0);
}

function biasAt({ bias, attnBias }: Masks, at: { batch: number; head: number }): Marks | undefined {
  if (bias) return bias.removed[bias.removed.length > 1 ? at.head : 0];
  return attnBias && planeOf(attnBias, at, -Infinity);
}

/** One place that a control can set, as `temperature` or `normalizer.bias`. */
export function valueAt(settings: Settings, path: string): Value | undefined {
  const [head = '', name] = path.split('.', 2);
  if (name === undefined) return settings.options[head];
  return isList(head) ? settings[head].values[name] : undefined;
}

/** The settings with `value` at `path`; undefined goes back to the default. A place that is not there stays away. */
export function withValue(settings: Settings, path: string, value: Value | undefined): Settings {
  const [head = '', name] = path.split('.', 2);
  if (name === undefined) return { ...settings, options: withEntry(settings.options, head, value) };
  if (!isList(head)) return settings;
  const chosen = settings[head];
  const member = members(head).find(({ id }) => id === chosen.id);
  if (!member?.parameters.some((parameter) => parameter.name === name)) return settings;
  return { ...settings, [head]: { ...chosen, values: withEntry(chosen.values, name, value) } };
}

function withEntry(values: Record<string, Value>, name: string, value: Value | undefined): Record<string, Value> {
  const { [name]: _, ...others } = values;
  return value === undefined ? others : { ...others, [name]: value };
}

function isList(name: string): name is ListName {
  return name in LISTS;
}

const rules = {
  number: { en: '{name} must be a number, not “{found}”.', zh: '“{name}”应为数字，而不是“{found}”。' },
  whole: { en: '{name} must be a whole number, not {found}.', zh: '“{name}”应为整数，而不是 {found}。' },
  above: { en: '{name} must be above {limit}, not {found}.', zh: '“{name}”应大于 {limit}，而不是 {found}。' },
  least: { en: '{name} must be at least {limit}, not {found}.', zh: '“{name}”应至少为 {limit}，而不是 {found}。' },
  most: { en: '{name} must be at most {limit}, not {found}.', zh: '“{name}”应至多为 {limit}，而不是 {found}。' },
} satisfies Record<string, Text>;

/** What is wrong with `typed` as a number for `parameter`, as a text with its limit; null when it is fine. */
export function numberFault(
  parameter: CatalogParameter & { kind: 'number' },
  typed: string,
): { text: Text; limit?: number } | null {
  const value = Number(typed);
  const { min, max, aboveMin, integer } = parameter;
  if (typed.trim() === '' || !Number.isFinite(value)) return { text: rules.number };
  if (integer && !Number.isSafeInteger(value)) return { text: rules.whole };
  if (min !== null && aboveMin && value <= min) return { text: rules.above, limit: min };
  if (min !== null && value < min) return { text: rules.least, limit: min };
  if (max !== null && value > max) return { text: rules.most, limit: max };
  return null;
}

/** Whether `value` can stand at `parameter`: for links, which anyone may have typed. */
export function isAllowed(parameter: CatalogParameter, value: Value): boolean {
  if (parameter.kind === 'flag') return typeof value === 'boolean';
  if (parameter.kind === 'choice') return parameter.options.some(([id]) => id === value);
  if (parameter.kind === 'tensor') return isTensorValue(value);
  if (value === null) return parameter.default === null;
  return typeof value === 'number' && numberFault(parameter, String(value)) === null;
}
