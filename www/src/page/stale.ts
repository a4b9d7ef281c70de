// Says over the picture that it is not of what is set: while a control shows a fault, or after a refusal.

import { element } from '../views/parts/dom.ts';
import type { Language } from '../views/parts/text.ts';
import { text } from './text.ts';

/** What a control shows when it refuses. */
const FAULT = '.field-fault:not(:empty)';

/** The mark on a picture that has been left behind. */
export class Stale {
  // It has no words at first, and stands outside of what is marked as busy: otherwise it would not be heard.
  readonly #sign = element('p', { class: 'stale', role: 'status' });
  readonly #picture: HTMLElement;
  readonly #controls: readonly HTMLElement[];
  #there = false;
  #refused = false;
  #language: Language = 'en';

  /** Stands in `room` over `picture`, and watches `controls` for faults. */
  constructor(room: HTMLElement, picture: HTMLElement, controls: readonly HTMLElement[]) {
    this.#picture = picture;
    this.#controls = controls;
    room.append(this.#sign);
    const observer = new MutationObserver(() => this.#render());
    for (const control of controls) observer.observe(control, { childList: true, subtree: true });
  }

  set language(language: Language) {
    this.#language = language;
    this.#render();
  }

  /** There is a new picture, or none any more. */
  show(there: boolean): void {
    this.#there = there;
    this.#refused = false;
    this.#render();
  }

  /** The next picture could not be computed. */
  refuse(): void {
    this.#refused = true;
    this.#render();
  }

  #render(): void {
    const fault = this.#refused || this.#controls.some((control) => control.querySelector(FAULT));
    const stale = this.#there && fault;
    this.#picture.classList.toggle('matrix-stale', stale);
    const words = stale ? text.stale[this.#language] : '';
    if (this.#sign.textContent !== words) this.#sign.textContent = words;
  }
}
