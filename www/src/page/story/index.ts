// The sections of the story, in the order in which they are read. The page's own, the matrix and its cell, stands in their midst.
// Each is a file that is fetched when it is wanted; its words are here.

import type { Opened } from './opened.ts';
import type { Chapter } from './section.ts';
import { WORDS } from './words.ts';

/** What is read before the matrix: nothing has to be open for it. */
export const OPENING: readonly Chapter[] = [
  { ...WORDS.plane, load: async () => (await import('./plane.ts')).PLANE },
  { ...WORDS.spread, load: async () => (await import('./spread.ts')).spread },
];

/** What is read after it, of what is open. */
export function sequelOf(opened: Opened): readonly Chapter[] {
  return [
    { ...WORDS.steps, load: async () => (await import('./steps.ts')).steps(opened) },
    { ...WORDS.links, load: async () => (await import('./links.ts')).links(opened) },
    { ...WORDS.heads, load: async () => (await import('./heads.ts')).heads(opened) },
    { ...WORDS.compare, load: async () => (await import('./compare.ts')).compare(opened) },
    { ...WORDS.student, load: async () => (await import('./student.ts')).student },
  ];
}
