// What an attribute says that makes no sense, in words for who wrote it.

import type { Text } from '../generated/catalog.ts';
import { PageError } from '../page/reason.ts';
import { clip } from '../views/parts/text.ts';

const text = {
  attribute: {
    en: 'the attribute {name} should be {expected}, and is {found}',
    zh: '属性 {name} 应为 {expected}，实际为 {found}',
  },
} satisfies Record<string, Text>;

/** Characters of an attribute's value that are shown. */
const LONGEST = 80;

export class AttributeError extends PageError {
  constructor(name: string, expected: string, found: unknown) {
    super(text.attribute, { name, expected, found: clip(JSON.stringify(found) ?? String(found), LONGEST) });
  }
}
