// What each trait is for a figure, and what becomes of what a figure tells. A trait that is None, or that the model has not, says nothing.

import { ATTRIBUTES, isPlace, MASK, written } from '../element/attributes.ts';
import type { Given, Numbers, QkScopeElement } from '../element/public.d.ts';

type Get = (trait: string) => unknown;

/** Shows what traits say: one of them is new. */
type Show = (figure: QkScopeElement, get: Get) => void;

/** Traits that are numbers, and go to the figure as an object: JSON would cost a second copy as text. */
const NUMBERS = ['data', 'q', 'k', 'v'];

/** Traits that are attributes as they are: `left-window-size` is `left_window_size`. */
const SAID = ATTRIBUTES.filter((name) => !NUMBERS.includes(name));

/** Which traits there are, and how each is shown. */
export const shownBy: readonly (readonly [readonly string[], Show])[] = [
  [NUMBERS, (figure, get) => (figure.data = dataOf(get))],
  [['options', MASK], (figure, get) => (figure.options = optionsIn(get))],
  ...SAID.map((name): [string[], Show] => [[snake(name)], (figure, get) => say(figure, name, get(snake(name)))]),
];

export const FOLLOWED: readonly string[] = [...new Set(shownBy.flatMap(([traits]) => traits))];

/** What events of a figure say, as traits. */
export const reported: Record<string, (detail: any) => Record<string, unknown>> = {
  'qk-ready': ({ chosen }) => ({ error: '', ...chosen }),
  'qk-change': ({ view, state, ...cell }) => (view === 'matrix' ? { cell } : { state }),
  'qk-error': ({ error }) => ({ error: error instanceof Error ? error.message : String(error) }),
};

/** Leaves what a reader chose where the figure looks for it: other numbers, and other traits, find it there. */
export function hold(figure: QkScopeElement, trait: string, value: unknown): void {
  if (isPlace(trait)) say(figure, trait, value);
}

/** An attribute by a trait's value, as the element's own property would write it; what comes as bytes goes another way. */
function say(figure: QkScopeElement, name: string, value: unknown): void {
  const said = isPacked(value) ? null : written(name, value);
  // The state that was asked for before is asked for again: it leads back from what was come to in the figure since.
  if (name === 'state' && figure.getAttribute(name) === said) figure.toggleAttribute(name);
  if (said === null) figure.removeAttribute(name);
  else figure.setAttribute(name, said);
}

/** The bytes of a capture or what else the element takes, or Q, K and more. */
function dataOf(get: Get): QkScopeElement['data'] {
  const given = get('data');
  if (given instanceof DataView) return bytesOf(given);
  // A trait that was never set is a text or a dictionary without anything in it; a text may be long, and the element looks at it.
  if (given && (typeof given !== 'object' || Object.keys(given).length > 0)) return given as QkScopeElement['data'];
  const [q, k, v] = ['q', 'k', 'v'].map((trait) => get(trait) ?? undefined);
  if (q === undefined) return undefined;
  return { q: numbersOf(q), k: numbersOf(k), v: v && numbersOf(v) } as Given;
}

/** Bytes with a shape. */
interface Packed {
  data: DataView;
  shape: readonly number[];
}

const isPacked = (given: unknown): given is Packed => Object(given).data instanceof DataView;

/** Lists as they are; bytes are 32-bit floats, little-endian as every notebook's machine has them. */
function numbersOf(given: unknown): Numbers {
  if (!isPacked(given)) return given as Numbers;
  const { data, shape } = given;
  // What is left of a number is no number: the shape does not fit then, and is refused.
  return { data: new Float32Array(bytesOf(data), 0, Math.floor(data.byteLength / 4)), shape };
}

/** The options, and a mask that comes as bytes: as an attribute's text it would be read anew with each step. */
function optionsIn(get: Get): QkScopeElement['options'] {
  const [options, mask] = [(get('options') ?? {}) as QkScopeElement['options'], get(MASK)];
  if (!isPacked(mask)) return options;
  return { attnMask: { data: new Uint8Array(bytesOf(mask.data)), shape: mask.shape }, ...options };
}

/** A buffer of their own: bytes of a message begin anywhere in it. */
const bytesOf = ({ buffer, byteOffset, byteLength }: DataView): ArrayBuffer =>
  (buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength);

function snake(name: string): string {
  return name.replaceAll('-', '_');
}
