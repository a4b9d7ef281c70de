// The sections of the story, in the order in which they are read. The page's own, the matrix and its cell, stands in their midst.
// Each is a file that is fetched when it is wanted; its words are here.

import type { Opened } from './opened.ts';
import type { Chapter } from './section.ts';
import { UNSHARED, WORDS } from './words.ts';

/** What a state begins with; `start` where the section is as it comes. */
const begins =
  (form: RegExp, start = '') =>
  (state: string): string =>
    form.exec(state)?.[0] || start;

/** What stands beside the open head, whatever its normalizer is set to, and however it is shown. */
const beside = (state: string): string =>
  state
    .split('*')
    .filter((entry) => /^(heads|normalizers|captures|[bncf]\..+)$/.test(entry))
    .join('*');

/** The words of a section whose lead says what weights sum to: as the normalizer of what is open has it. */
const summed = (id: keyof typeof UNSHARED, opened: Opened): Pick<Chapter, 'id' | 'title' | 'lead' | 'follow'> => ({
  ...WORDS[id],
  follow: (tell) => opened.listen(() => tell(opened.sumsToOne ? WORDS[id].lead : UNSHARED[id])),
});

/** What is read before the matrix: nothing has to be open for it. */
export const OPENING: readonly Chapter[] = [
  { ...WORDS.plane, subject: begins(/^\w+/, 'product'), load: async () => (await import('./plane.ts')).PLANE },
  { ...WORDS.spread, subject: begins(/^\d+/, '64'), load: async () => (await import('./spread.ts')).spread },
];

/** What is read after it, of what is open. */
export function sequelOf(opened: Opened): readonly Chapter[] {
  return [
    {
      ...summed('steps', opened),
      subject: begins(/^\d+/),
      load: async () => (await import('./steps.ts')).steps(opened),
    },
    { ...summed('links', opened), load: async () => (await import('./links.ts')).links(opened) },
    { ...WORDS.heads, load: async () => (await import('./heads.ts')).heads(opened) },
    { ...WORDS.compare, subject: beside, load: async () => (await import('./compare.ts')).compare(opened) },
    {
      ...WORDS.student,
      subject: (state) => state.split('_')[1] ?? '',
      load: async () => (await import('./student.ts')).student(opened),
    },
  ];
}
