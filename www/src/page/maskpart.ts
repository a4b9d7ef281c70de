// What of the settings the mask's editor changes and undoes, and what was before.

import { History } from './history.ts';
import type { MaskState } from './mask.ts';
import type { Masks, Settings, Value } from './settings.ts';

/** Options that are masks. */
export const OPTIONS = ['causal', 'causalAlignment', 'leftWindowSize', 'rightWindowSize'] as const;

export interface Part {
  masks: Masks;
  options: Partial<Record<string, Value>>;
}

/** What was before, whoever changed it: the editor, or the controls beside it. */
export class MaskHistory extends History<Part> {
  /** Hears of every state. What has changed can be undone, unless another file was opened; says which of the two it was. */
  follow(before: MaskState | undefined, now: MaskState, stroke: string): 'opened' | 'changed' | 'same' {
    if (before?.base !== now.base) {
      this.clear();
      return 'opened';
    }
    if (isSame(partOf(before.settings), partOf(now.settings))) return 'same';
    this.record(partOf(before.settings), stroke);
    return 'changed';
  }
}

export function partOf({ masks, options }: Settings): Part {
  return {
    masks,
    options: Object.fromEntries(OPTIONS.flatMap((name) => (name in options ? [[name, options[name]]] : []))),
  };
}

/** Whether two records hold the same, one level of records down. */
export function isSame(one: object, other: object): boolean {
  const [names, others] = [Object.keys(one), Object.keys(other)];
  const at = (record: object, name: string): unknown => (record as Record<string, unknown>)[name];
  return [...new Set([...names, ...others])].every((name) => {
    const [a, b] = [at(one, name), at(other, name)];
    if (Object.is(a, b)) return true;
    return isRecord(a) && isRecord(b) && isSame(a, b);
  });
}

/** Bits and tensors are told apart by which they are, not by what they hold. */
function isRecord(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) || !('queries' in value || 'tensor' in value);
}
