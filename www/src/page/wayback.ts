// From among all heads to the one in the picture, and back again.

import { element } from '../views/parts/dom.ts';
import type { Language } from '../views/parts/text.ts';
import { text } from './text.ts';

/** The way back, above the picture; hidden for who did not come that way. */
export class WayBack {
  readonly #button = element('button', { type: 'button', class: 'button quiet', name: 'back-to-heads' });
  readonly element = element('p', { class: 'way-back', hidden: true }, this.#button);
  readonly #heads: () => HTMLElement;

  /** `heads` is the section to go back to. */
  constructor(heads: () => HTMLElement) {
    this.#heads = heads;
    this.#button.addEventListener('click', () => this.#goBack());
  }

  speak(language: Language): void {
    this.#button.textContent = text.backToHeads[language];
  }

  /** Goes to the head that was opened, shown in `picture`. */
  leave(picture: HTMLElement): void {
    this.element.hidden = false;
    picture.scrollIntoView({ behavior: glide() });
  }

  #goBack(): void {
    this.element.hidden = true;
    const heads = this.#heads();
    heads.scrollIntoView({ behavior: glide() });
    heads.querySelector<HTMLElement>('.heads-cell[tabindex="0"]')?.focus({ preventScroll: true });
  }
}

/** How far ways are gone: at once for those who want no motion. */
function glide(): ScrollBehavior {
  return matchMedia('(prefers-reduced-motion: reduce)').matches ? 'instant' : 'smooth';
}
