// Vectors of the plane: where they may end, what a hand or a key does to them, what they are called.

/** Where an arrow from the origin ends. */
export type Vector = readonly [x: number, y: number];

/** In place of a key's number: the query. */
export const QUERY = -1;

/** No coordinate is further from zero. */
export const REACH = 4;
/** So many keys are told apart by colour and by name, and still fit a phone. */
export const MOST_KEYS = 5;
/** A hand puts a tip on multiples of this. */
const GRID = 0.05;
/** An arrow that is made shorter keeps its direction down to this length. */
export const SHORTEST = 0.1;
/** What is kept of a coordinate: short enough for an address, and no angle turns visibly. */
const DIGITS = 4;

const SUBSCRIPTS = '₀₁₂₃₄₅₆₇₈₉';

/** `k` and 1 make `k₂`: arrows are counted from 1. */
export function nameOf(letter: string, index: number): string {
  return index === QUERY ? letter : `${letter}${SUBSCRIPTS[index + 1] ?? index + 1}`;
}

/** The nearest vector within reach, as precise as any is kept. */
export function within([x, y]: Vector): Vector {
  const kept = (value: number): number => tidy(Math.max(-REACH, Math.min(REACH, value)), 10 ** DIGITS);
  return [kept(x), kept(y)];
}

/** Where a hand at `at` puts a tip. */
export function snapped([x, y]: Vector): Vector {
  return within([tidy(x, 1 / GRID), tidy(y, 1 / GRID)]);
}

/** A multiple of one over `parts`, without a negative zero. */
function tidy(value: number, parts: number): number {
  return Math.round(value * parts) / parts + 0;
}

export function lengthOf([x, y]: Vector): number {
  return Math.hypot(x, y);
}

/** The longest that an arrow of this direction may be; 0 where it has none. */
export function longest([x, y]: Vector): number {
  const size = Math.max(Math.abs(x), Math.abs(y));
  return size > 0 ? (lengthOf([x, y]) * REACH) / size : 0;
}

/** An arrow of the same direction, as long as asked for where that is within reach. One without a direction stays. */
export function withLength(vector: Vector, length: number): Vector {
  const now = lengthOf(vector);
  if (now === 0) return vector;
  const factor = Math.max(SHORTEST, Math.min(longest(vector), length)) / now;
  return within([vector[0] * factor, vector[1] * factor]);
}

/** Steps of the keyboard: along the axes, and along the arrow itself. */
const STEP = { fine: 0.1, coarse: 1 };

/** Where a key leads a vector; undefined: nowhere. */
export function movedBy({ key, shiftKey }: { key: string; shiftKey: boolean }): ((at: Vector) => Vector) | undefined {
  const step = shiftKey ? STEP.coarse : STEP.fine;
  const along = (by: number) => (at: Vector) => withLength(at, lengthOf(at) + by);
  switch (key) {
    case 'ArrowUp':
      return ([x, y]) => within([x, y + step]);
    case 'ArrowDown':
      return ([x, y]) => within([x, y - step]);
    case 'ArrowLeft':
      return ([x, y]) => within([x - step, y]);
    case 'ArrowRight':
      return ([x, y]) => within([x + step, y]);
    case '+':
    case '=':
      return along(STEP.fine);
    case '-':
    case '_':
      return along(-STEP.fine);
    default:
      return undefined;
  }
}

/** Where one more key is put: the place furthest from those that are there. */
export function freePlace(taken: readonly Vector[]): Vector {
  const places = Array.from({ length: 12 }, (_, at): Vector => {
    const angle = (at * Math.PI) / 6;
    return snapped([2 * Math.cos(angle), 2 * Math.sin(angle)]);
  });
  const room = ([x, y]: Vector): number => Math.min(...taken.map(([a, b]) => Math.hypot(x - a, y - b)));
  return places.reduce((best, place) => (room(place) > room(best) ? place : best));
}
