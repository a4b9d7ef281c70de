// The sections of the story, in the order in which they are read.

import type { Section } from './section.ts';

export const SECTIONS: readonly Section[] = [];
