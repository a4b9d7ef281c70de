// The temperatures that one can choose: steps of an eighth of an octave, so that 1 and √d of every power of two are among
// them.

/** Steps to a doubling, the first temperature and the last as powers of two. */
const STEPS = 8;
const LOWEST = -3;
const HIGHEST = 10;

/** All of them, rising. */
export const TEMPERATURES: readonly number[] = Array.from(
  { length: (HIGHEST - LOWEST) * STEPS + 1 },
  (_, index) => 2 ** (LOWEST + index / STEPS),
);

/** The index of the temperature nearest to `temperature`, by ratio. */
export function temperatureIndex(temperature: number): number {
  const index = Math.round((Math.log2(temperature) - LOWEST) * STEPS);
  return Math.max(0, Math.min(TEMPERATURES.length - 1, index));
}

/** Those that an axis names: eight times the one before. */
export const NAMED: readonly number[] = TEMPERATURES.filter((_, index) => index % (3 * STEPS) === 0);
