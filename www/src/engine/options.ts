/**
 * Options from a caller, checked against the kernel's own lists before the glue sees them: it would drop a misspelled
 * name and wrap a number out of range in silence.
 */
import { axes } from './advice.ts';
import { catalog } from '../generated/catalog.ts';
import type { CatalogMember, CatalogParameter, Stage } from '../generated/catalog.ts';
import type { AttentionOptions, Tensor } from './api.ts';
import { QkscopeError, show } from './error.ts';
import type { RawOptions } from './raw.ts';
import { checkBroadcast, copyMask, copyNumbers, copyTensor } from './tensor.ts';
import type { Shape4 } from './tensor.ts';

/** Options that are no plain parameters of the kernel's list. */
const others = [
  'score',
  'normalizer',
  'position',
  'attnMask',
  'attnBias',
  'causalOffset',
  'keyValueSeqLengths',
  'querySeqLengths',
];
const parameters = catalog.options as readonly CatalogParameter[];
/** The options of an open map, which has no results of its own, and those of a whole computation. */
export const ofProblem: readonly string[] = [...parameters.map(({ name }) => name), ...others, 'signal', 'onProgress'];
const known: readonly string[] = [...ofProblem, 'needWeights', 'needStatistics', 'stages'];

/**
 * The part of the options that makes the problem: checked, masks and bias copied, everything unset left out. `scores`
 * is `[B, Hq, N, M]`.
 */
export function problemOptions(options: AttentionOptions, scores: Shape4): RawOptions {
  checkNames('options', options, known);
  const raw: Record<string, unknown> = {};
  for (const parameter of parameters) {
    const value = options[parameter.name as keyof AttentionOptions];
    if (checkParameter(parameter.name, value, parameter)) raw[parameter.name] = value;
  }
  if (given(options.score)) raw.score = choice('score', options.score, catalog.scores);
  if (given(options.normalizer)) raw.normalizer = choice('normalizer', options.normalizer, catalog.normalizers);
  if (given(options.causalOffset)) raw.causalOffset = wholeNumber('causalOffset', options.causalOffset, -(2 ** 31));
  if (given(options.position)) raw.position = choice('position', options.position, catalog.positions);
  const [batch, , queries, keys] = scores;
  for (const [name, most] of [
    ['keyValueSeqLengths', keys],
    ['querySeqLengths', queries],
  ] as const) {
    if (given(options[name])) raw[name] = lengths(name, options[name], batch, most);
  }
  return Object.assign(raw, masks(options, scores)) as RawOptions;
}

/** The stages asked for, each once, in the order of the pipeline. */
export function stagesOf(stages: readonly Stage[] | undefined): Stage[] {
  if (!given(stages)) return [];
  if (!Array.isArray(stages)) throw new QkscopeError('parameter', 'stages', 'an array of stages', show(stages));
  stages.forEach((stage) => member('stages', stage, catalog.stages));
  return catalog.stages.map(({ id }) => id).filter((id) => stages.includes(id));
}

/** A name out of one of the kernel's lists. */
export function member<Id extends string>(subject: string, id: unknown, list: readonly { readonly id: Id }[]): Id {
  const found = list.find((entry) => entry.id === id);
  if (found) return found.id;
  const expected = list.map((entry) => entry.id).join(', ');
  throw new QkscopeError(
    'unknown',
    subject,
    expected,
    show(id),
    `no ${subject} is called ${show(id)}; there are ${expected}`,
  );
}

/** A whole number in a range, ends included. */
export function wholeNumber(subject: string, value: unknown, min: number, max = 2 ** 31 - 1): number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number;
  throw new QkscopeError('parameter', subject, `a whole number from ${min} to ${max}`, show(value));
}

/** Yes or no. */
export function flag(subject: string, value: unknown, fallback: boolean): boolean {
  if (!given(value)) return fallback;
  if (typeof value === 'boolean') return value;
  throw new QkscopeError('parameter', subject, 'true or false', show(value));
}

/** A number that is neither NaN nor infinite. */
export function finite(subject: string, value: unknown): number {
  if (Number.isFinite(value)) return value as number;
  throw new QkscopeError('parameter', subject, 'a finite number', show(value));
}

/** `[from, to)` inside `[0, size)`, at least one entry. */
export function range(subject: string, value: unknown, size: number): readonly [number, number] {
  const [from, to] = Array.isArray(value) ? (value as unknown[]) : [];
  const inside =
    Number.isSafeInteger(from) && Number.isSafeInteger(to) && (from as number) >= 0 && (to as number) <= size;
  if (inside && (from as number) < (to as number)) return [from as number, to as number];
  throw new QkscopeError('parameter', subject, `[from, to) with 0 <= from < to <= ${size}`, show(value));
}

/** Refuses a name that nothing reads, with the names that are read. */
export function checkNames(subject: string, options: object, names: readonly string[]): void {
  if (typeof options !== 'object' || options === null) {
    throw new QkscopeError('parameter', subject, 'an object', show(options));
  }
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue;
    const expected = names.join(', ') || 'none';
    throw new QkscopeError(
      'parameter',
      subject,
      expected,
      show(name),
      `no option is called ${show(name)}; there are ${expected}`,
    );
  }
}

/** A function to call, or nothing. */
export function checkControl(options: Pick<AttentionOptions, 'signal' | 'onProgress'>): void {
  if (!given(options)) throw new QkscopeError('parameter', 'options', 'an object, or left out', show(options));
  const { signal, onProgress } = options;
  checkCallback('onProgress', onProgress);
  if (given(signal) && typeof (signal as Partial<AbortSignal>).addEventListener !== 'function') {
    throw new QkscopeError('parameter', 'signal', 'an AbortSignal', show(signal));
  }
}

/** A function, or left out. */
export function checkCallback(subject: string, value: unknown): void {
  if (!given(value) || typeof value === 'function') return;
  throw new QkscopeError('parameter', subject, 'a function', show(value));
}

/** Whether the parameter is set; throws when it breaks its rule. */
function checkParameter(subject: string, value: unknown, parameter: CatalogParameter): boolean {
  if (!given(value)) return false;
  if (keepsRule(value, parameter)) return true;
  throw new QkscopeError('parameter', subject, rule(parameter), show(value));
}

function keepsRule(value: unknown, parameter: CatalogParameter): boolean {
  switch (parameter.kind) {
    case 'flag':
      return typeof value === 'boolean';
    case 'choice':
      return parameter.options.some(([id]) => id === value);
    case 'tensor':
      return typeof value === 'object';
    case 'number': {
      const { min, max, aboveMin, integer } = parameter;
      if (typeof value !== 'number' || !Number.isFinite(value)) return false;
      if (integer && !Number.isSafeInteger(value)) return false;
      return (min === null || (aboveMin ? value > min : value >= min)) && (max === null || value <= max);
    }
  }
}

function rule(parameter: CatalogParameter): string {
  if (parameter.kind === 'flag') return 'true or false';
  if (parameter.kind === 'tensor') return `a tensor (${parameter.axes.join(', ')})`;
  if (parameter.kind === 'choice') return parameter.options.map(([id]) => id).join(' or ');
  const { min, max, aboveMin, integer } = parameter;
  const kind = integer ? 'a whole number' : 'a finite number';
  if (min !== null && max !== null) return `${kind} from ${min} to ${max}`;
  if (min !== null) return `${kind} ${aboveMin ? 'above' : 'of at least'} ${min}`;
  return max !== null ? `${kind} of at most ${max}` : kind;
}

/** A member by id, or by id with some of its parameters. */
function choice(subject: string, value: unknown, list: readonly CatalogMember[]): unknown {
  if (typeof value !== 'object') return member(subject, value, list);
  const { id, ...settings } = value as Record<string, unknown>;
  member(subject, id, list);
  const own = list.find((entry) => entry.id === id)!.parameters;
  checkNames(
    `${subject} ${String(id)}`,
    settings,
    own.map(({ name }) => name),
  );
  const set = own.filter((parameter) =>
    checkParameter(`${subject}.${parameter.name}`, settings[parameter.name], parameter),
  );
  const copy = ({ name, kind }: CatalogParameter): unknown =>
    kind === 'tensor' ? copyNumbers(`${subject}.${name}`, settings[name] as Tensor) : settings[name];
  return Object.fromEntries([['id', id], ...set.map((parameter) => [parameter.name, copy(parameter)])]);
}

function lengths(subject: string, value: unknown, batch: number, most: number): number[] {
  if (!Array.isArray(value) || value.length !== batch) {
    throw new QkscopeError('parameter', subject, `${batch} numbers, one per batch`, show(value));
  }
  return value.map((length, index) => wholeNumber(`${subject}[${index}]`, length, 0, most));
}

function masks({ attnMask, attnBias }: AttentionOptions, scores: Shape4): Pick<RawOptions, 'attnMask' | 'attnBias'> {
  const copies: Pick<RawOptions, 'attnMask' | 'attnBias'> = {};
  if (given(attnMask)) copies.attnMask = copyMask('attnMask', attnMask, axes.weights);
  if (given(attnBias)) copies.attnBias = copyTensor('attnBias', attnBias, axes.weights);
  for (const [name, copy] of Object.entries(copies)) checkBroadcast(name, copy.shape, scores);
  return copies;
}

/** Neither undefined nor null. */
export function given<T>(value: T): value is NonNullable<T> {
  return value !== undefined && value !== null;
}
