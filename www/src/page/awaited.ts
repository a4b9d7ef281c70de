// Links to a file of the visitor's: the file itself is not in them, so they name it, and what they say applies once it is open.

import { clip } from '../views/parts/text.ts';
import type { Source } from './source.ts';
import type { Link } from './state.ts';

/** Characters of a file's name that a link holds. */
const LONGEST_MARK = 80;

/** What a link calls `source`; undefined: it is an example, which links bring along. */
export function markOf(source: Source | undefined): string | undefined {
  return source && !source.example ? clip(source.name.en, LONGEST_MARK) : undefined;
}

/** Whether a mark may be from here: `clip` adds a character. */
export function isMark(text: string): boolean {
  return text !== '' && text.length <= LONGEST_MARK + 1;
}

/** What of a link goes for the page whatever is open in it. */
export function withoutFile({ story, at, language, theme }: Link): Link {
  return { story, at, language, theme, settings: new Map() };
}
