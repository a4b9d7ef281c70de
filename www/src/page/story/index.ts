// The sections of the story, in the order in which they are read. The page's own, the matrix and its cell, stands in their midst.

import { heads } from './heads.ts';
import { links } from './links.ts';
import type { Opened } from './opened.ts';
import { PLANE } from './plane.ts';
import type { Section } from './section.ts';
import { spread } from './spread.ts';
import { steps } from './steps.ts';

/** What is read before the matrix: nothing has to be open for it. */
export const OPENING: readonly Section[] = [PLANE, spread];

/** What is read after it, of what is open. */
export function sequelOf(opened: Opened): readonly Section[] {
  return [steps(opened), links(opened), heads(opened)];
}
