// What stands around the view of a figure, in a shadow root: steppers, a caption, what went wrong, and what is under way.

import { Busy, type Work } from '../page/pickers.ts';
import { renderSteppers, replaceKeepingFocus } from '../page/toolbar.ts';
import { text } from '../page/text.ts';
import type { Text } from '../generated/catalog.ts';
import { element } from '../views/parts/dom.ts';
import type { Language } from '../views/parts/text.ts';
import type { Choice } from './figure.ts';
import { figureSheet } from './sheets.ts';

const OWN = { loading: { en: 'Loading', zh: '正在加载' } } satisfies Record<string, Text>;

/** Who hears what is done in it. */
export interface ShellHeard {
  /** A place was chosen: a layer by its index, a head, a batch item. */
  place(change: { layer?: number; head?: number; batch?: number }): void;
  /** What is under way is not wanted. */
  cancel(): void;
  /** It is wanted after all. */
  again(): void;
}

export class Shell {
  readonly frame: HTMLElement;
  readonly view = element('div', { class: 'view', part: 'view', tabindex: -1 });
  readonly #bar = element('div', { class: 'pickers', part: 'controls', hidden: true });
  readonly #fault = element('p', { class: 'fault', part: 'error', role: 'alert', hidden: true });
  readonly #note = element('p', { class: 'note', part: 'note', role: 'status', hidden: true });
  readonly #again = element('button', { type: 'button', class: 'button', name: 'again' });
  readonly #stopped = element('div', { class: 'stopped', hidden: true }, this.#again);
  readonly #caption = element('figcaption', { class: 'caption', part: 'caption', hidden: true });
  readonly #heard: ShellHeard;
  readonly #busy: Busy;
  #choice: Choice | undefined;
  #says: Text | undefined;
  #language: Language = 'en';
  #hasControls = false;

  constructor(root: ShadowRoot, heard: ShellHeard) {
    root.adoptedStyleSheets = [figureSheet()];
    this.#heard = heard;
    const slot = document.createElement('slot');
    const parts = [this.#fault, this.#stopped, slot, this.#bar, this.#note, this.view, this.#caption];
    this.frame = element('figure', { class: 'figure', part: 'figure' }, ...parts);
    this.#busy = new Busy(this.frame, () => heard.cancel());
    this.#again.addEventListener('click', () => {
      this.#stopped.hidden = true;
      this.view.focus({ preventScroll: true });
      heard.again();
    });
    root.append(element('div', { class: 'place' }, this.frame));
  }

  get language(): Language {
    return this.#language;
  }

  set language(language: Language) {
    this.#language = language;
    this.frame.lang = language === 'zh' ? 'zh-Hans' : 'en';
    this.note = this.#says;
    this.#again.textContent = text.again[language];
    this.#offer();
  }

  set caption(caption: string | null) {
    this.#caption.textContent = caption;
    this.#caption.hidden = caption === null;
  }

  /** Whether there are steppers, the numbers of a cell beside the heat map, and menus that save what is seen. */
  set controls(there: boolean) {
    this.#hasControls = there;
    this.frame.toggleAttribute('data-controls', there);
    this.#offer();
  }

  /** What there is to choose from. */
  set choice(choice: Choice | undefined) {
    this.#choice = choice;
    this.#offer();
  }

  /** What is to know of the numbers. */
  set note(says: Text | undefined) {
    this.#says = says;
    const words = says?.[this.#language] ?? '';
    this.#note.textContent = words;
    this.#note.hidden = words === '';
  }

  /** Numbers are on their way, or something is computed, until that is stopped. */
  start(what: 'loading' | 'computing'): Work {
    this.view.ariaBusy = 'true';
    this.#stopped.hidden = true;
    return this.#busy.start({ ...text, ...OWN }[what][this.#language], this.#language);
  }

  /** The figure is there: what stands inside the element gives way to it. */
  ready(): void {
    this.view.ariaBusy = null;
    this.#fault.hidden = true;
    this.frame.dataset['ready'] = '';
    // What is a heading on the page is none here: the outline is that of the site.
    for (const heading of this.view.querySelectorAll('h2, h3')) heading.role = 'presentation';
  }

  /** It could not be made, or be made anew. */
  fail(sentence: string): void {
    this.view.ariaBusy = null;
    this.#fault.textContent = sentence;
    this.#fault.hidden = false;
  }

  /** It was stopped: a way to begin again. */
  stop(): void {
    this.view.ariaBusy = null;
    this.#stopped.hidden = false;
    this.#again.focus({ preventScroll: true });
  }

  /** As before anything was shown. */
  clear(): void {
    this.view.ariaBusy = null;
    this.choice = undefined;
    this.note = undefined;
    this.#fault.hidden = this.#stopped.hidden = true;
    delete this.frame.dataset['ready'];
  }

  /** Layer, head and batch item to step through, where that is wanted and there are several. */
  #offer(): void {
    const choice = this.#choice;
    this.#bar.hidden = !choice || !this.#hasControls;
    if (!choice || this.#bar.hidden) return;
    replaceKeepingFocus(
      this.#bar,
      renderSteppers(choice, this.#language, (change) => this.#heard.place(change)),
    );
  }
}
