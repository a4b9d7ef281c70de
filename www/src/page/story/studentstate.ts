// What of students and teachers a link brings back: `0.25_3_q0.k2_t`, which is soft, the batch item, what is locked, and
// whether the table is open; all that is as it comes is left out.

import type { NumberParameter } from '../../generated/catalog.ts';
import { isAllowed } from '../settings.ts';
import { TEMPERATURE } from './planestate.ts';

/** Beyond these nothing is seen to change: one teacher has it all, or all have alike. */
const ENDS = [1e-3, 1e3] as const;

/** The temperature under the name that it has where students learn. */
export const SOFT: NumberParameter = {
  ...TEMPERATURE,
  name: 'soft',
  label: { en: 'soft, the temperature', zh: 'soft（温度）' },
  about: {
    en: 'Divides q·k before softmax. Low is sharp, high is even.',
    zh: '在 softmax 之前除 q·k。低则尖锐，高则平均。',
  },
  min: ENDS[0],
  aboveMin: false,
  max: ENDS[1],
  slider: ENDS,
};

/** The value that is usual, and that the section comes with. */
export const USUAL = SOFT.default ?? 1;

/** What the visitor has chosen. */
export interface StudentState {
  soft: number;
  /** A batch item; undefined: the mean over the batch. */
  item: number | undefined;
  /** As the links write them. */
  locks: string;
  table: boolean;
}

/** Reads what a link says; what makes no sense is passed over. */
export function readState(state: string): StudentState {
  const [soft = '', item = '', locks = '', table = ''] = state.split('_');
  const number = soft === '' || soft.length > 24 ? NaN : Number(soft);
  return {
    soft: isAllowed(SOFT, number) ? number : USUAL,
    item: /^\d{1,6}$/.test(item) ? Number(item) : undefined,
    locks,
    table: table === 't',
  };
}

export function writeState({ soft, item, locks, table }: StudentState): string {
  const parts = [soft === USUAL ? '' : String(soft), String(item ?? ''), locks, table ? 't' : ''];
  return parts.join('_').replace(/_+$/, '');
}
