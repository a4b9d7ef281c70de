// What a section of the story is: a claim, a view that lets one play with it, and a line in the address that brings it back.

import type { Text } from '../../generated/catalog.ts';
import type { Language } from '../../views/parts/text.ts';
import type { About } from '../about.ts';

/** The sections in the order in which they are read, by their names in the address; the matrix stands before `steps`. */
export const SECTION_IDS = ['plane', 'spread', 'steps', 'links', 'heads', 'compare', 'student'] as const;
export type SectionId = (typeof SECTION_IDS)[number];

/** No section has more to say in an address, not with all that can be locked; what is longer is not from here. */
export const LONGEST_STATE = 1500;

/** What there is of a section from the start. */
export interface Words {
  readonly id: SectionId;
  readonly title: Text;
  /** One or two sentences, each of which is true and has a test that recomputes it. */
  readonly lead: Text;
}

/** A section that has yet to be fetched. */
export interface Chapter extends Words {
  /** What of a state says what it looks at: with another one Back leads back to it. */
  subject?(state: string): string;
  /** Calls `tell` whenever another lead is true of what is open. */
  follow?(tell: (lead: Text) => void): void;
  /** Rejects where it does not arrive; it may be asked for again. */
  load(): Promise<Section>;
}

/** A section: its words, and how it comes to life. */
export interface Section extends Words {
  /** Rejects with the reason where what is open cannot be shown, for those who then show nothing. */
  check?(): Promise<unknown>;
  /** Makes the view. It is called once, when the section comes near the window. */
  mount(host: HTMLElement, story: Story): Mounted;
}

/** What a section knows of the page. */
export interface Story {
  language: Language;
  /** What the address says of this section; '' where it says nothing. It may be anything: what is no state is passed over. */
  state: string;
  /** Puts into the address what would bring back what is seen; '' for the section as it comes. */
  remember(state: string): void;
  /** The section right below, and the way there; undefined: there is none. */
  beyond: { readonly title: Text; go(): void } | undefined;
}

/** A section that lives. */
export interface Mounted {
  /** Another language from here on. */
  speak(language: Language): void;
  /** The colours of the page have changed. */
  repaint(): void;
  /** Another state from here on: a link was followed in the open page. It may be anything, as the first one. */
  restore(state: string): void;
  /** What is seen, as numbers and as a picture, for those who take it along. */
  exported(): Exported;
}

/** What a cell of a table says; null: there is nothing to say. */
export type Entry = number | string | null;

/** The numbers behind a picture, and the picture itself. */
export interface Exported {
  /** Of the file: the section, and what it is of; without what all begin with, and what it ends in. */
  name: string;
  columns: readonly string[];
  /** How many columns, from the first on, say which row it is; the others are what was measured. */
  naming: number;
  rows: readonly (readonly Entry[])[];
  /** What to know of the rows, where they are not all that is seen. */
  note?: Text | undefined;
  /** What else JSON says of them: where they are from, and how they were computed. */
  about?: About | undefined;
  /** The picture, or how it is made where that takes a moment. */
  picture: SVGSVGElement | (() => SVGSVGElement);
}
