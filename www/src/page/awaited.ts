// Links to a file of the visitor's: the file itself is not in them, so they name it, and what they say applies once it is open.

import { clip } from '../views/parts/text.ts';
import type { Source } from './source.ts';
import { nothingSaid, type Link } from './state.ts';

/** Characters of a file's name that a link holds. */
export const LONGEST_MARK = 80;

/** What a link calls `source`; undefined: it is an example, which links bring along. */
export function markOf(source: Source | undefined): string | undefined {
  return source && !source.example ? clip(source.name.en, LONGEST_MARK) : undefined;
}

/** Whether a mark may be from here: `clip` adds a character. */
export function isMark(text: string): boolean {
  return text !== '' && text.length <= LONGEST_MARK + 1;
}

/** What of a link goes for the page whatever is open in it. */
function withoutFile({ story, at, language, theme }: Link): Link {
  return { ...nothingSaid(), story, at, language, theme };
}

/** A link that was made for a file of the visitor's, until that is open: so long the address is left as it is. */
export class Awaited {
  #link: Link | undefined;
  /** Whether the visitor is to open the file. */
  #asks = false;

  get link(): Link | undefined {
    return this.#link;
  }

  /** The file that the visitor is asked for; undefined: none, or it comes by itself. */
  get file(): string | undefined {
    return this.#asks ? this.#link?.file : undefined;
  }

  /** Keeps a link whose file is not open until it is; returns what of it goes for the page as it is. */
  keep(link: Link, open: Source | undefined): Link {
    const missing = link.file !== undefined && link.file !== markOf(open);
    this.#link = missing ? link : undefined;
    this.#asks = missing;
    return missing ? withoutFile(link) : link;
  }

  /** Whether the visitor is to open the file: it may be about to come by itself, or may not have come. */
  set asks(asks: boolean) {
    this.#asks = asks;
  }

  /** The link that was made for `source`, if it is the one that is awaited. */
  fulfil(source: Source): Link | undefined {
    const link = this.#link;
    if (!link || markOf(source) !== link.file) return undefined;
    this.drop();
    return link;
  }

  drop(): void {
    this.#link = undefined;
  }
}
