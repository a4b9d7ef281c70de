// Whether two values say the same, however they are nested.

/** Whether two options say the same. */
export function isEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return false;
  if (isNumbers(one) && isNumbers(other)) return sameNumbers(one, other);
  // Of a file or a buffer nothing says what is in it.
  if (!isPlain(one) || !isPlain(other)) return false;
  const [names, others] = [Object.keys(one), Object.keys(other)];
  const at = (value: object, name: string): unknown => (value as Record<string, unknown>)[name];
  return names.length === others.length && names.every((name) => isEqual(at(one, name), at(other, name)));
}

type Numbers = Float32Array | Uint8Array;

/** Whether it is a list, or an object that holds what its names say. */
export const isPlain = (value: object): boolean =>
  Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value) as object | null);

const isNumbers = (value: object): value is Numbers => value instanceof Float32Array || value instanceof Uint8Array;

/** Number by number: of millions in milliseconds. */
function sameNumbers(one: Numbers, other: Numbers): boolean {
  if (one.constructor !== other.constructor || one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (!Object.is(one[at], other[at])) return false;
  return true;
}
