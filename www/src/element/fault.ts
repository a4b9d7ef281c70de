// What an attribute or a property says that makes no sense, in words for who wrote it.

import type { Text } from '../generated/catalog.ts';
import { isPlain } from '../page/problem.ts';
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

export class AttributeError extends PageError {
  constructor(name: string, expected: string, found: unknown) {
    super(text.fault, { name, expected, found: clip(said(found), LONGEST) });
  }
}

/** As JSON writes it; of what JSON would spell out number by number, or leave out, what it is. */
function said(found: unknown): string {
  const kindOf = (value: unknown): string | undefined =>
    typeof value === 'object' && value && !isPlain(value) ? value.constructor.name : undefined;
  return kindOf(found) ?? JSON.stringify(found, (_, value: unknown) => kindOf(value) ?? value) ?? String(found);
}
