// What the controls hold: a score, a normalizer and the other options, each value by its parameter's name.
//
// Everything here is driven by the catalogue; nothing knows a parameter by name.

import { catalog, type CatalogMember, type CatalogParameter, type Text } from '../generated/catalog.ts';
import type { ProblemOptions } from '../engine/index.ts';

/** A parameter's value; null is automatic. */
export type Value = number | string | boolean | null;

/** A member of a list, with the values of its parameters. */
export interface Chosen {
  id: string;
  values: Record<string, Value>;
}

/** All that the controls set. A value that is not there stands at its default. */
export interface Settings {
  score: Chosen;
  normalizer: Chosen;
  options: Record<string, Value>;
}

/** The lists that hold one chosen member each. */
export const LISTS = { score: 'scores', normalizer: 'normalizers' } as const;
export type ListName = keyof typeof LISTS;

/** The members of the list `scores` or `normalizers`. */
export function members(list: ListName): readonly CatalogMember[] {
  return catalog[LISTS[list]];
}

/** The member called `id`; the list's first where there is none. */
export function memberOf(list: ListName, id: string): CatalogMember {
  const found = members(list).find((member) => member.id === id) ?? members(list)[0];
  if (!found) throw new Error(`the list of ${list}s is empty`);
  return found;
}

/** The settings of a capture: what its file says, the rest at its default. */
export function settingsFrom(options: ProblemOptions): Settings {
  const given = options as Record<string, unknown>;
  const values: Record<string, Value> = {};
  for (const { name } of catalog.options) if (isValue(given[name])) values[name] = given[name];
  return {
    score: chosenFrom(options.score, 'scaled_dot'),
    normalizer: chosenFrom(options.normalizer, 'softmax'),
    options: values,
  };
}

function chosenFrom(option: unknown, fallback: string): Chosen {
  if (typeof option === 'string') return { id: option, values: {} };
  if (typeof option !== 'object' || option === null) return { id: fallback, values: {} };
  const { id, ...values } = option as Record<string, unknown>;
  const kept = Object.entries(values).filter((entry): entry is [string, Value] => isValue(entry[1]));
  return { id: String(id), values: Object.fromEntries(kept) };
}

function isValue(value: unknown): value is Value {
  return value === null || ['number', 'string', 'boolean'].includes(typeof value);
}

/** The options for the engine: `base` keeps what no control sets (masks, key lengths), `settings` goes over it. */
export function toOptions(settings: Settings, base: ProblemOptions): ProblemOptions {
  const rest = { ...base } as Record<string, unknown>;
  for (const { name } of catalog.options) delete rest[name];
  const values = Object.entries(settings.options).filter(([, value]) => value !== null);
  return {
    ...rest,
    ...Object.fromEntries(values),
    score: toOption(settings.score),
    normalizer: toOption(settings.normalizer),
  } as ProblemOptions;
}

function toOption({ id, values }: Chosen): unknown {
  return Object.keys(values).length ? { id, ...values } : id;
}

/** One place that a control can set, as `temperature` or `normalizer.bias`. */
export function valueAt(settings: Settings, path: string): Value | undefined {
  const [head = '', name] = path.split('.', 2);
  if (name === undefined) return settings.options[head];
  return isList(head) ? settings[head].values[name] : undefined;
}

/** The settings with `value` at `path`; undefined goes back to the default. */
export function withValue(settings: Settings, path: string, value: Value | undefined): Settings {
  const [head = '', name] = path.split('.', 2);
  if (name === undefined) return { ...settings, options: withEntry(settings.options, head, value) };
  if (!isList(head)) return settings;
  const chosen = settings[head];
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
  if (parameter.kind === 'tensor') return false;
  if (value === null) return parameter.default === null;
  return typeof value === 'number' && numberFault(parameter, String(value)) === null;
}
