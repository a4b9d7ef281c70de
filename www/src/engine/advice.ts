/** What to say of a tensor that is none: what was expected, and how what was given becomes it. */
import { QkscopeError, show } from './error.ts';

/** The element types that tensors have. */
export type Kind = 'Float32Array' | 'Uint8Array';

/** Letters, outermost axis first. */
export type Axes = readonly string[];

/**
 * The axes of each kind of tensor, outermost first, by the letters of the field. Those in front may be left out, up to the
 * last two.
 */
export const axes = {
  query: ['B', 'H', 'N', 'd'],
  key: ['B', 'H', 'M', 'd'],
  value: ['B', 'H', 'M', 'dv'],
  weights: ['B', 'H', 'N', 'M'],
  output: ['B', 'H', 'N', 'dv'],
  norms: ['B', 'H', 'M'],
  layer: ['H', 'N', 'N'],
  projection: ['H * dv', 'E'],
  rows: ['B', 'N', 'E'],
  keyRows: ['B', 'S', 'E'],
  padding: ['B', 'S'],
} as const satisfies Record<string, readonly string[]>;

/** What the letters count. */
const counts: Readonly<Record<string, string>> = {
  B: 'batch items',
  H: 'heads',
  N: 'queries',
  M: 'keys',
  S: 'keys',
  d: 'numbers in each query and key',
  dv: 'numbers in each value',
  E: 'numbers in each row',
};

/** Says what shapes there are, and what their letters count. */
export function misshapen(subject: string, shape: unknown, axes: Axes): QkscopeError {
  const shapes = axes.slice(1).map((_, more) => `(${axes.slice(-2 - more).join(', ')})`);
  const expected = `whole numbers from 0 to 2^53 - 1, as ${either(shapes)}`;
  const letters = [...new Set(axes)]
    .filter((letter) => letter in counts)
    .map((letter) => `${letter} ${counts[letter]}`);
  const single = Array.isArray(shape) && shape.length === 1 ? `; a single row is ${show([1, ...shape])}` : '';
  const message = `${subject}.shape must be ${expected}, not ${show(shape)}: ${letters.join(', ')}${single}`;
  return new QkscopeError('shape', `${subject}.shape`, expected, show(shape), message);
}

/** `a, b or c`. */
function either(texts: readonly string[]): string {
  const first = texts.slice(0, -1).join(', ');
  return first ? `${first} or ${texts.at(-1)}` : String(texts.at(-1));
}

/** What is no tensor; of numbers without a shape it says how they become one. */
export function shapeless(subject: string, value: unknown, type: Kind, axes: Axes = ['…']): QkscopeError {
  const sizes = `[${axes.slice(-2).join(', ')}]`;
  const expected = `{ data: ${type}, shape: ${sizes} }`;
  const found = Array.isArray(value) ? 'an array' : show(value);
  const shape = Array.isArray(value) ? show(shapeOf(value, axes.length)) : sizes;
  const data = tag(value) === type ? subject : converted(subject, value, type);
  const hint = added(subject, value, type) || (data && `give { data: ${data}, shape: ${shape} }`);
  const message = `${subject} must be ${expected}, not ${found}${hint && `: ${hint}`}`;
  return new QkscopeError('tensor', subject, expected, found, message);
}

/** A tensor that was left out, where there is a way to say that there is none. */
export function leftOut(subject: string, axes: Axes, none: string): QkscopeError {
  const expected = `{ data: Float32Array, shape: [${axes.slice(-2).join(', ')}] }, or ${none}`;
  return new QkscopeError('tensor', subject, expected, 'undefined');
}

/** Data of another kind, and how it becomes the right one. */
export function mistyped(subject: string, data: unknown, type: Kind): QkscopeError {
  const mask = type === 'Uint8Array';
  const expected = mask ? 'a Uint8Array of 1 (may attend) and 0 (removed)' : 'a Float32Array';
  const way = converted(subject, data, type);
  const hint = added(subject, data, type) || (way && `give ${way}`);
  const message = `${subject} must be ${expected}, not ${show(data)}${hint && `: ${hint}`}`;
  return new QkscopeError('tensor', subject, expected, show(data), message);
}

/** The expression that makes numbers of another kind the right one; empty where they are none. */
function converted(subject: string, value: unknown, type: Kind): string {
  if (Array.isArray(value) ? !holds(value, type) : !/^(Float|Int|Uint)\d/.test(tag(value))) return '';
  const flat = Array.isArray(value) && Array.isArray(value[0]) ? `${subject}.flat(Infinity)` : subject;
  return `${type}.from(${flat})`;
}

/** What to say of a mask that holds more than yes and no. */
function added(subject: string, value: unknown, type: Kind): string {
  if (type !== 'Uint8Array' || !subject.startsWith('attnMask')) return '';
  const adds = Array.isArray(value)
    ? holds(value, 'Float32Array') && !holds(value, type)
    : tag(value).startsWith('Float');
  return adds ? 'what is added to the logits is attnBias' : '';
}

/** Whether nested arrays hold nothing but what becomes numbers of a type as it is: `from` makes something of anything. */
function holds(value: unknown, type: Kind, depth = 4): boolean {
  if (Array.isArray(value)) return depth > 0 && value.every((inner) => holds(inner, type, depth - 1));
  const isBit = value === 0 || value === 1 || typeof value === 'boolean';
  return type === 'Uint8Array' ? isBit : typeof value === 'number';
}

/** The shape of nested arrays, read off the first of each; a flat one is a row, where there are rows. */
function shapeOf(nested: readonly unknown[], axes: number): number[] {
  const shape: number[] = [];
  for (let inner: unknown = nested; Array.isArray(inner) && shape.length < 4; inner = inner[0])
    shape.push(inner.length);
  return shape.length === 1 && axes > 1 ? [1, ...shape] : shape;
}

/** The name of a kind of array or buffer; empty for anything else. */
export function tag(value: unknown): string {
  const name = (value as { [Symbol.toStringTag]?: unknown } | null | undefined)?.[Symbol.toStringTag];
  return typeof name === 'string' ? name : '';
}
