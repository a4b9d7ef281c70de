// The address of the page, which says what is seen, and the entries that the browser's Back goes back over.
//
// Whoever goes to another place makes an entry: another example or file, another layer, head or batch item, another subject of a
// section, or the explorer by a way that leads there. How a place is looked at, by sliders, drags, zoom and menus, is written into the
// entry that is there, and so is what the page itself finds. Language and theme are no place: Back leaves them as they are.

/** How long what is seen must rest: browsers refuse an address that changes a hundred times while a slider is dragged. */
const REST_MS = 100;

/** Marks the entries from here. What has no mark was put in by the visitor, or followed. */
const MARK = 'qkscope';

/** The page, whose address it is. */
export interface Addressed {
  /** What the address should say; undefined: what it says already. */
  says(): string | undefined;
  /** The address says `hash` now, which is what is seen. */
  written(hash: string): void;
  /** There is another address. `back`: its entry is from here, and the visitor has gone back to it, or forward. */
  arrived(back: boolean): void;
}

export class Address {
  readonly #page: Addressed;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whether there is a new entry, which has yet to say what is seen. */
  #goes = false;
  /** As it was last read or written here. */
  #known = location.hash;

  constructor(page: Addressed) {
    this.#page = page;
    addEventListener('popstate', () => {
      clearTimeout(this.#timer);
      // An entry that has yet to say what is seen bears the address of the one before.
      const went = this.#goes;
      this.#goes = false;
      if (this.#isOurs && !went) return;
      this.#known = location.hash;
      page.arrived(history.state === MARK);
    });
  }

  /**
   * Says what is seen, once that rests; `goes`: it is about to be another place. That is said before anything changes, so that the
   * entry that is left says what was seen last, and the browser keeps with it where in the window that was.
   */
  write(goes = false): void {
    const left = goes && !this.#goes && this.#isOurs ? this.#page.says() : undefined;
    if (left !== undefined) {
      this.#write(left);
      history.pushState(MARK, '');
      this.#goes = true;
    }
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#goes = false;
      if (this.#isOurs) this.#write(this.#page.says());
    }, REST_MS);
  }

  #write(says: string | undefined): void {
    const hash = says ?? location.hash.slice(1);
    if (location.hash.slice(1) !== hash) history.replaceState(MARK, '', `#${hash}`);
    else if (history.state !== MARK) history.replaceState(MARK, '');
    this.#known = location.hash;
    if (says !== undefined) this.#page.written(says);
  }

  /** Whether no other address was put in: the event that says so may be on its way, and it is not written over. */
  get #isOurs(): boolean {
    return location.hash === this.#known;
  }
}
