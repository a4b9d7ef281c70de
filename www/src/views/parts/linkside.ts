// One side of the links: the tokens of one sequence as buttons below each other, one of which the keyboard is at.

import { element } from './dom.ts';
import { isSameEnd, type LinkEnd } from './linkset.ts';
import { nameElement } from './name.ts';

/** A token at its place in the sequence. */
export interface LinkToken {
  index: number;
  name: string;
}

/** What happens on a side. */
export interface SideListener {
  /** The mouse or the keyboard is at an end, or has left it. */
  point(end: LinkEnd | undefined): void;
  lock(end: LinkEnd): void;
  /** @returns whether anything was locked: if not, Escape is free for others. */
  unlock(): boolean;
  /** To the other side. */
  cross(from: LinkEnd): void;
}

export class LinkSide {
  readonly element: HTMLElement;
  readonly #side: LinkEnd['side'];
  readonly #listener: SideListener;
  #tokens: readonly LinkToken[] = [];
  #buttons: HTMLButtonElement[] = [];
  #isCut = false;

  constructor(side: LinkEnd['side'], listener: SideListener) {
    this.#side = side;
    this.#listener = listener;
    this.element = element('div', { class: `links-side links-${side}`, role: 'group' });
  }

  /** The tokens of this side. */
  set tokens(tokens: readonly LinkToken[]) {
    this.#tokens = tokens;
    // Of a sequence that was cut, the places say where its tokens stand.
    this.#isCut = tokens.some(({ index }, at) => index !== at);
    this.#buttons = tokens.map((token, at) => this.#button(token, at));
    this.element.replaceChildren(...this.#buttons);
  }

  /** Names them, and marks those that are locked and those that links lead to. */
  show(
    label: string,
    locked: readonly LinkEnd[],
    lit: ReadonlySet<number>,
    nameOf: (token: LinkToken) => string,
  ): void {
    this.element.setAttribute('aria-label', label);
    this.#tokens.forEach((token, at) => {
      const button = this.#buttons[at];
      const pressed = locked.some((end) => isSameEnd(end, this.#end(token)));
      button?.setAttribute('aria-label', nameOf(token));
      button?.setAttribute('aria-pressed', String(pressed));
      button?.classList.toggle('links-dim', !lit.has(token.index));
    });
  }

  focus(index: number): void {
    this.#go(this.#tokens.findIndex((token) => token.index === index));
  }

  #end({ index }: LinkToken): LinkEnd {
    return { side: this.#side, index };
  }

  #button(token: LinkToken, at: number): HTMLButtonElement {
    const button = element(
      'button',
      { type: 'button', class: 'links-token', tabindex: at === 0 ? 0 : -1, title: token.name },
      nameElement(token.name),
      ...(this.#isCut && token.name !== String(token.index)
        ? [element('i', { class: 'links-place' }, ` ${token.index}`)]
        : []),
    );
    const end = this.#end(token);
    button.addEventListener('pointerenter', () => this.#listener.point(end));
    button.addEventListener('pointerleave', () => this.#listener.point(undefined));
    button.addEventListener('focus', () => this.#enter(at));
    button.addEventListener('blur', () => this.#listener.point(undefined));
    button.addEventListener('click', () => this.#listener.lock(end));
    button.addEventListener('keydown', (event) => this.#key(event, at));
    return button;
  }

  #enter(at: number): void {
    this.#buttons.forEach((button, index) => button.setAttribute('tabindex', index === at ? '0' : '-1'));
    const token = this.#tokens[at];
    if (token) this.#listener.point(this.#end(token));
  }

  #go(at: number): void {
    this.#buttons[Math.max(0, Math.min(this.#buttons.length - 1, at))]?.focus();
  }

  #key(event: KeyboardEvent, at: number): void {
    if (event.altKey || event.metaKey || event.ctrlKey) return;
    const across = this.#side === 'query' ? 'ArrowRight' : 'ArrowLeft';
    const token = this.#tokens[at];
    const steps: Record<string, () => unknown> = {
      ArrowUp: () => this.#go(at - 1),
      ArrowDown: () => this.#go(at + 1),
      Home: () => this.#go(0),
      End: () => this.#go(this.#buttons.length - 1),
      Escape: () => this.#listener.unlock(),
      [across]: () => token && this.#listener.cross(this.#end(token)),
    };
    if (Object.hasOwn(steps, event.key) && steps[event.key]?.() !== false) event.preventDefault();
  }
}
