// What of the link that led here means nothing. Some of it is known at once, some when what it asks for is open; what fits nothing is
// as if it had not been said.

import { EXAMPLES } from './source.ts';
import type { Link, Place } from './state.ts';

/** Where one begins in what says nothing of it. */
export const FIRST: Place = { layer: 0, batch: 0, head: 0 };

export class Doubts {
  /** The link, until it is known whether what is open has all that it asks for, and the place where it has not. */
  #led: { link: Link; place: Place } | undefined;
  #unread: Link['unread'] = [];

  /** The parts that are known to mean nothing. */
  get unread(): Link['unread'] {
    return this.#unread;
  }

  get link(): Link | undefined {
    return this.#led?.link;
  }

  /** Where to be if the place that was asked for is not there; undefined: no link asked for one. */
  get place(): Place | undefined {
    return this.#led?.place;
  }

  /** An address was put in, or is gone back to. */
  follow({ example, unread }: Link): void {
    const known = example === undefined || EXAMPLES.some(({ id }) => id === example);
    this.#unread = known ? unread : [['example', example], ...unread];
  }

  /** It led to what is open now; undefined: that was the visitor's own choice, another matter. */
  enter(link: Link | undefined, place: Place): void {
    this.#led = link && { link, place };
    if (!link) this.#unread = [];
  }

  /** Entries mean nothing to what is open, or the place is not the one that was asked for. @returns whether there is more to say. */
  add(entries: Link['unread'], place: Partial<Place>): boolean {
    const moved = Object.entries(place).flatMap(([name, at]): Link['unread'] => {
      const asked = this.link?.[name as keyof Place] ?? at;
      return asked === at ? [] : [[name, String(asked)]];
    });
    this.#unread = [...this.#unread, ...entries, ...moved];
    return entries.length + moved.length > 0;
  }

  /** All of the link is known, or the visitor has gone elsewhere. */
  settle(): void {
    this.#led = undefined;
  }

  /** The visitor has read it. */
  hush(): void {
    this.#unread = [];
  }
}

/** The place that is asked for, as far as it is among those that there are; where it is not, as if it had not been. */
export function placeIn(
  { layers, batch, heads }: { layers: number; batch: number; heads: number },
  asked: Partial<Place> | undefined,
  place: Place,
): Place {
  const one = (name: keyof Place, count: number): number => {
    const at = asked?.[name];
    return at !== undefined && at < count ? at : Math.min(place[name], count - 1);
  };
  return { layer: one('layer', layers), batch: one('batch', batch), head: one('head', heads) };
}
