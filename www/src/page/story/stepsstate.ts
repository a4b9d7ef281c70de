// What of the steps of one query a link brings back: query, stage, key and dimension, as in `10_weights_2_0`.

/** What the visitor has chosen; undefined: as it comes. */
export interface StepsState {
  query: number | undefined;
  stage: string;
  key: number | undefined;
  dimension: number;
}

/** The stage to begin with. */
export const FIRST = 'raw';

/** All that there can be. */
export const STAGES = ['raw', 'scaled', 'capped', 'biased', 'masked', 'exponentials', 'weights', 'weighted', 'output'];

/** Reads what a link says; what makes no sense stays as it comes. */
export function readState(state: string): StepsState {
  const parts = state.split('_', 4);
  const number = (at: number): number | undefined => {
    const part = parts[at] ?? '';
    return /^\d{1,8}$/.test(part) ? Number(part) : undefined;
  };
  const stage = STAGES.find((id) => id === parts[1]) ?? FIRST;
  return { query: number(0), stage, key: number(2), dimension: number(3) ?? 0 };
}

/** What brings that back; '' for the section as it comes. */
export function writeState({ query, stage, key, dimension }: StepsState): string {
  const said = [query ?? '', stage === FIRST ? '' : stage, key ?? '', dimension || ''].join('_');
  return said.replace(/_+$/, '');
}
