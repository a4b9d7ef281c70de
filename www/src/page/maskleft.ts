// What masks leave, in a line.

import { formatCount } from '../views/parts/format.ts';
import type { Left } from '../views/parts/rules.ts';
import { phrase, type Language } from '../views/parts/text.ts';
import type { Sizes } from './tensors.ts';
import { text } from './text.ts';

/** How many pairs are left of how many, and how many queries have none. */
export function sayLeft(
  { pairs, empty }: Left,
  { queries, keys }: Pick<Sizes, 'queries' | 'keys'>,
  language: Language,
): string {
  const written = (count: number): string => formatCount(count, language);
  const total = queries * keys;
  const counted = { allowed: written(pairs), total: written(total) };
  const parts = [phrase(pairs === total ? text.maskAll : text.maskSome, language, counted)];
  if (empty) parts.push(phrase(text.maskEmpty, language, { count: written(empty) }));
  return parts.join(' · ');
}
