// What an attribute or a property says that makes no sense, in words for who wrote it.

import type { Text } from '../generated/catalog.ts';
import { isPlain } from '../page/equal.ts';
import { PageError } from '../page/reason.ts';
import { clip } from '../views/parts/text.ts';

const text = {
  fault: {
    en: '{name} should be {expected}, and is {found}',
    zh: '{name} 应为 {expected}，实际为 {found}',
  },
} satisfies Record<string, Text>;

/** Characters of a value that are shown. */
const LONGEST = 80;
/** Lists in lists that are shown. */
const DEEPEST = 5;

export class AttributeError extends PageError {
  constructor(name: string, expected: string, found: unknown) {
    super(text.fault, { name, expected, found: clip(said(found), LONGEST) });
  }
}

/** As JSON writes it, as far as it is shown: a value may be large or deep. Of what JSON cannot say, what it is. */
function said(found: unknown, level = 0): string {
  if (typeof found === 'string') return JSON.stringify(found.slice(0, LONGEST));
  if (typeof found !== 'object' || !found) return String(found);
  if (!isPlain(found)) return found.constructor.name;
  if (level === DEEPEST) return '…';
  const isList = Array.isArray(found);
  const parts: string[] = [];
  let length = 0;
  for (const name of isList ? found.keys() : Object.keys(found)) {
    const value = said((found as Record<string | number, unknown>)[name], level + 1);
    parts.push(isList ? value : `${JSON.stringify(name)}:${value}`);
    length += value.length;
    if (length > LONGEST) break;
  }
  return isList ? `[${parts.join()}]` : `{${parts.join()}}`;
}
