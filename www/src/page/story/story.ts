// The story on the page: its sections one below the other, each fetched and made when it comes near the window, so that the page
// is there at once however many there are.

import { element } from '../../views/parts/dom.ts';
import type { Text } from '../../generated/catalog.ts';
import type { Language } from '../../views/parts/text.ts';
import { excuse } from '../missing.ts';
import type { Piece } from '../pieces.ts';
import { text } from '../text.ts';
import type { Chapter, Mounted, Section, SectionId, Story } from './section.ts';
import { TakeMenu } from './take.ts';

/** How far below the window a section is made. Above it none is: it has been passed over, and its room is kept. */
const NEAR = '0px 0px 25% 0px';

/** What a visitor does in a section. */
const ACTS = ['pointerdown', 'keydown', 'click', 'input', 'change', 'drop'];

/** Where sections stand, and who hears of them. */
export interface Ground {
  parts: readonly { host: HTMLElement; sections: readonly Chapter[] }[];
  language: Language;
  /** What the address says of sections. */
  states: ReadonlyMap<SectionId, string>;
  /** What is seen is about to change: the address should say so. `goes`: to another subject. */
  changed(goes: boolean): void;
  /** An address that leads to a section as it is. */
  link(id: SectionId): string;
  /** The name of what is open, where links cannot bring it along. */
  file(): string | undefined;
}

/** A section, and its view once that is made. */
interface Place {
  section: Chapter;
  element: HTMLElement;
  language: Language;
  title: HTMLElement;
  lead: HTMLElement;
  /** What the lead says now. */
  words: Text;
  host: HTMLElement;
  take: TakeMenu;
  state: string;
  /** Whether the address led to that, and the visitor has done nothing here since. */
  led: boolean;
  mounted: Mounted | undefined;
  /** Whether it is on its way. */
  arriving: boolean;
  /** Why it did not arrive. */
  missing: { error: unknown } | undefined;
}

export class Storyboard {
  readonly #places: Place[];
  readonly #ground: Ground;

  constructor(ground: Ground) {
    this.#ground = ground;
    this.#places = ground.parts.flatMap(({ host, sections }) => sections.map((section) => this.#place(section, host)));
    const near = new IntersectionObserver((entries) => this.#see(entries), { rootMargin: NEAR });
    for (const { host } of this.#places) near.observe(host);
  }

  /** What would bring back what is seen; sections as they come are left out. */
  get states(): ReadonlyMap<SectionId, string> {
    return new Map(this.#places.flatMap(({ section: { id }, state }) => (state === '' ? [] : [[id, state]])));
  }

  /** The sections, each of which speaks and is painted for itself. */
  get pieces(): Piece[] {
    return this.#places.map((place) => ({
      element: place.element,
      speak: (language) => this.#speak(place, language),
      repaint: () => place.mounted?.repaint(),
    }));
  }

  /** A link was followed in the open page. */
  restore(states: ReadonlyMap<SectionId, string>): void {
    for (const place of this.#places) {
      const state = states.get(place.section.id) ?? '';
      if (state === place.state) continue;
      place.state = state;
      place.led = true;
      place.mounted?.restore(state);
    }
  }

  #speak(place: Place, language: Language): void {
    const { section, title, lead, words, take, mounted } = place;
    place.language = language;
    title.textContent = section.title[language];
    lead.textContent = words[language];
    take.speak(language);
    mounted?.speak(language);
    this.#excuse(place);
  }

  #place(section: Chapter, ground: HTMLElement): Place {
    const { id, title: name, lead: words } = section;
    const { language } = this.#ground;
    const title = element('h2', { id: `title-${id}`, class: 'story-title', tabindex: -1 }, name[language]);
    const lead = element('p', { class: 'story-lead' }, words[language]);
    const host = element('div', { class: 'story-view' });
    const take = new TakeMenu({
      language,
      name: text.take,
      exported: () => place.mounted?.exported(),
      link: { address: () => this.#ground.link(id), file: () => this.#ground.file() },
    });
    const named = { id, class: `story-section story-${id}`, 'aria-labelledby': title.id };
    const whole = element('section', named, title, lead, host, take.element);
    ground.append(whole);
    const state = this.#ground.states.get(id) ?? '';
    const waiting = { mounted: undefined, arriving: false, missing: undefined };
    const said = { title, lead, words, language };
    const place: Place = { section, element: whole, ...said, host, take, state, led: true, ...waiting };
    section.follow?.((words) => {
      place.words = words;
      lead.textContent = words[place.language];
    });
    const acted = (): void => void (place.led = false);
    for (const act of ACTS) host.addEventListener(act, acted, { capture: true });
    return place;
  }

  #see(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const place = this.#places.find(({ host }) => host === target);
      if (isIntersecting && place && !place.missing) void this.#make(place);
    }
  }

  /** Fetches a section and makes its view, once. While that is read, the next one is on its way. */
  async #make(place: Place): Promise<void> {
    if (place.mounted || place.arriving) return;
    place.arriving = true;
    const section = await place.section.load().catch((error: unknown) => {
      place.missing = { error };
    });
    place.arriving = false;
    if (!section) return this.#excuse(place);
    place.missing = undefined;
    place.host.classList.remove('missing');
    place.host.replaceChildren();
    place.mounted = this.#mount(section, place);
    const next = this.#places[this.#places.indexOf(place) + 1];
    next?.section.load().catch(() => undefined);
  }

  #mount(section: Section, place: Place): Mounted {
    return section.mount(place.host, {
      language: place.language,
      state: place.state,
      remember: (state) => {
        if (state === place.state) return;
        const { subject = () => '' } = place.section;
        // What a section makes of an address that says something else is no way that anybody has gone.
        const goes = !place.led && subject(state) !== subject(place.state);
        this.#ground.changed(goes);
        place.state = state;
      },
      beyond: this.#beyond(place),
    });
  }

  #beyond(place: Place): Story['beyond'] {
    const below = this.#places.find(({ element }) => element.previousElementSibling === place.element);
    return below && { title: below.section.title, go: () => goTo(below) };
  }

  /** Says what did not arrive, in the room that is kept for it, and how to have it after all. */
  #excuse(place: Place): void {
    const { host, title, missing, language } = place;
    if (!missing) return;
    const again = async (): Promise<void> => {
      await this.#make(place);
      const next = place.mounted ? title : host.querySelector('button');
      next?.focus({ preventScroll: true });
    };
    host.classList.add('missing');
    host.replaceChildren(...excuse(missing.error, language, () => void again()));
  }
}

/** Brings a section into sight, and the focus with it. */
function goTo({ element, title }: Place): void {
  element.scrollIntoView();
  title.focus({ preventScroll: true });
}
