// What of the spread of dot products a link brings back: size, temperature and seed, as in `64_24_1`.

import { TEMPERATURES, temperatureIndex } from '../../views/parts/temperatures.ts';

/** The sizes d that are compared. */
export const SIZES = [2, 16, 64, 256] as const;

/** What a link can ask for. */
export const LARGEST_SEED = 99_999;

/** The section as it comes: of 64 components, not divided. */
const START = { chosen: SIZES.indexOf(64), at: temperatureIndex(1), seed: 1 };
export type SpreadState = typeof START;

/** Reads what a link says; what makes no sense stays as it comes. */
export function readState(state: string): SpreadState {
  const parts = state.split('_');
  const number = (at: number, allowed: (value: number) => boolean): number | undefined => {
    const part = parts[at] ?? '';
    return /^\d{1,5}$/.test(part) && allowed(Number(part)) ? Number(part) : undefined;
  };
  const size = number(0, (value) => (SIZES as readonly number[]).includes(value));
  return {
    chosen: size === undefined ? START.chosen : (SIZES as readonly number[]).indexOf(size),
    at: number(1, (value) => value < TEMPERATURES.length) ?? START.at,
    seed: number(2, (value) => value > 0) ?? START.seed,
  };
}

/** What brings that back; '' for the section as it comes. */
export function writeState({ chosen, at, seed }: SpreadState): string {
  if (chosen === START.chosen && at === START.at && seed === START.seed) return '';
  return `${SIZES[chosen]}_${at}_${seed}`;
}
