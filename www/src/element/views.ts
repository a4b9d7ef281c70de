// The views that a figure can show: the heat map, and the sections of the story.

import type { Text } from '../generated/catalog.ts';
import type { Opened } from '../page/story/opened.ts';
import { OPENING, sequelOf } from '../page/story/index.ts';
import { SECTION_IDS, type Chapter, type SectionId } from '../page/story/section.ts';
import { WORDS } from '../page/story/words.ts';

export type ViewId = 'matrix' | SectionId;

/** What stands by itself, without numbers from outside. */
const ALONE: readonly ViewId[] = OPENING.map(({ id }) => id);

/** Each view, what it is called, and whether it needs numbers. */
export const VIEWS: readonly { id: ViewId; title: Text; alone: boolean }[] = [
  { id: 'matrix', title: { en: 'Heat map', zh: '热图' }, alone: false },
  ...SECTION_IDS.map((id) => ({ id, title: WORDS[id].title, alone: ALONE.includes(id) })),
];

/** The section of a view, over what a figure has open; undefined: the heat map, which is none. */
export function chapterOf(id: ViewId, opened: Opened): Chapter | undefined {
  return [...OPENING, ...sequelOf(opened)].find((chapter) => chapter.id === id);
}
