// The numbers of the head in the picture: a section that is worked out while it is open.

import type { AttentionMap } from '../engine/index.ts';
import { catalog } from '../generated/catalog.ts';
import { HeadView } from '../views/index.ts';
import { element } from '../views/parts/dom.ts';
import { phrase, type Language } from '../views/parts/text.ts';
import { Latest } from '../views/parts/latest.ts';
import type { Place } from './state.ts';
import { headTitle } from './headname.ts';
import { text } from './text.ts';

/** The head in the picture. */
export interface ShownHead {
  map: AttentionMap;
  place: Place;
  /** What stands at each position, where queries and keys are the same tokens. */
  tokens: readonly string[] | undefined;
}

/** The collapsible section. */
export class HeadPanel {
  readonly #name = element('span', { class: 'section-name' });
  readonly #note = element('p', { class: 'visually-hidden', role: 'status' });
  readonly #details: HTMLDetailsElement;
  readonly #view: HeadView;
  readonly #body: HTMLElement;
  // Numbers that could not be had are none: those of the head before must not stand under this one's name.
  readonly #jobs = new Latest(
    () => this.#view.show([]),
    () => this.#mark(),
  );
  #shown: ShownHead | undefined;
  /** Whose numbers stand there. */
  #drawn: ShownHead | undefined;
  #language: Language = 'en';

  constructor(host: HTMLElement) {
    this.#body = element('div', { class: 'head-body' }, this.#note);
    this.#view = new HeadView(this.#body);
    const summary = element('summary', { class: 'section-summary' }, this.#name);
    this.#details = element('details', { class: 'section-details' }, summary, this.#body);
    this.#details.addEventListener('toggle', () => this.#work());
    host.append(this.#details);
  }

  /** Shows the numbers of `shown`, or none. */
  show(shown: ShownHead | undefined, language: Language): void {
    if (isSame(shown, this.#shown) && language === this.#language) return;
    this.#shown = shown;
    this.#language = language;
    const name = shown && headTitle({ ...shown.place, layer: undefined }, shown.map);
    const head = name && phrase(text.headNumbersOf, language, { head: name[language] });
    this.#name.textContent = head ?? text.headNumbers[language];
    this.#work();
  }

  #work(): void {
    const [shown, language] = [this.#shown, this.#language];
    this.#mark();
    if (!shown) this.#view.show([]);
    if (!shown || !this.#details.open) return this.#jobs.cancel();
    this.#jobs.run(async (signal) => {
      const { map, tokens } = shown;
      const { batch, head } = shown.place;
      const known = tokens && map.queries === map.keys && tokens.length === map.keys ? { tokens } : {};
      const { values } = await map.headStatistics({ batch, head, signal, ...known });
      if (this.#shown !== shown || this.#language !== language) return;
      this.#drawn = shown;
      this.#note.textContent = 'tokens' in known ? '' : text.headWithoutTokens[language];
      this.#view.show(
        catalog.headStatistics.map(({ id, label, about, formula }) => ({
          id,
          label: label[language],
          about: about[language],
          formula,
          value: values[id][0] ?? NaN,
        })),
      );
    }, true);
  }

  /** Numbers of another head than the one named are marked until its own are there. */
  #mark(): void {
    this.#body.setAttribute('aria-busy', String(this.#drawn !== this.#shown));
  }
}

function isSame(a: ShownHead | undefined, b: ShownHead | undefined): boolean {
  if (!a || !b) return false;
  return a.map === b.map && a.place.batch === b.place.batch && a.place.head === b.place.head;
}
