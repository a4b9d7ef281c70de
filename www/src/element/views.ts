// The views that a figure can show: the heat map, and the sections of the story.

import type { Opened } from '../page/story/opened.ts';
import { OPENING, sequelOf } from '../page/story/index.ts';
import { SECTION_IDS, type Chapter } from '../page/story/section.ts';
import type { ViewId } from './public.d.ts';

export type { ViewId };

/** What stands by itself, without numbers from outside. */
const ALONE: readonly ViewId[] = OPENING.map(({ id }) => id);

/** Each view, whether it stands by itself, and whether it shows a layer as a whole, whichever head is chosen. */
export const VIEWS: readonly { id: ViewId; alone: boolean; whole: boolean }[] = [
  { id: 'matrix', alone: false, whole: false },
  ...SECTION_IDS.map((id) => ({ id, alone: ALONE.includes(id), whole: id === 'student' })),
];

/** The section of a view, over what a figure has open; undefined: the heat map, which is none. */
export function chapterOf(id: ViewId, opened: Opened): Chapter | undefined {
  return [...OPENING, ...sequelOf(opened)].find((chapter) => chapter.id === id);
}
