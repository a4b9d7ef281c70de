// Small controls of the page itself: a stepper over numbered things, a row of choices, the busy sign, the notice.

import { element, uniqueId } from '../views/parts/dom.ts';
import { phrase, type Language } from '../views/parts/text.ts';
import { text } from './text.ts';

/** A menu with a step back and a step forward: layer, head, batch item. */
export function stepper(
  name: string,
  labels: readonly string[],
  at: number,
  language: Language,
  choose: (index: number) => void,
): HTMLElement {
  const id = uniqueId('stepper');
  const menu = element('select', { id, name });
  labels.forEach((label, index) => menu.append(element('option', { value: index }, label)));
  const label = text[name as 'layer' | 'head' | 'batch'][language];
  const button = (step: 1 | -1, says: string, sign: string): HTMLButtonElement => {
    const made = element('button', { type: 'button', class: 'step', 'aria-label': says, title: says }, sign);
    made.addEventListener('click', () => move(Number(menu.value) + step));
    return made;
  };
  const back = button(-1, phrase(text.previous, language, { name: label }), '‹');
  const forward = button(1, phrase(text.next, language, { name: label }), '›');
  const show = (index: number): void => {
    menu.value = String(index);
    back.setAttribute('aria-disabled', String(index <= 0));
    forward.setAttribute('aria-disabled', String(index >= labels.length - 1));
  };
  const move = (index: number): void => {
    if (index < 0 || index >= labels.length) return;
    show(index);
    choose(index);
  };
  menu.addEventListener('change', () => move(Number(menu.value)));
  show(at);
  const row = element('div', { class: 'stepper-row' }, back, menu, forward);
  return element('div', { class: 'stepper' }, element('label', { for: id }, label), row);
}

/** One of several, all in sight, as radio buttons. */
export interface Option {
  id: string;
  label: string;
  title?: string;
  minor?: boolean;
}

/** A row of choices under one name. */
export function choices(
  kind: string,
  label: string,
  options: readonly Option[],
  at: string,
  choose: (id: string) => void,
): HTMLElement {
  const name = uniqueId(kind);
  const items = options.map(({ id, label: words, title, minor }) => {
    const radio = element('input', { type: 'radio', name, value: id, class: 'visually-hidden' });
    radio.checked = id === at;
    radio.addEventListener('change', () => choose(id));
    return element('label', { class: minor ? 'choice minor' : 'choice', title }, radio, element('span', {}, words));
  });
  const legend = element('legend', { class: 'visually-hidden' }, label);
  return element('fieldset', { class: `choices ${kind}` }, legend, ...items);
}

/** Says over the picture what takes long, how far it is, and lets it be cancelled. */
export class Busy {
  readonly #element = element('div', { class: 'busy', role: 'status' });
  readonly #words = element('span', { class: 'busy-words' });
  readonly #bar = element('progress', { max: 1, value: 0 });
  readonly #button = element('button', { type: 'button', class: 'button quiet' });
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: HTMLElement, cancel: () => void) {
    this.#element.hidden = true;
    this.#element.append(this.#words, this.#bar, this.#button);
    this.#button.addEventListener('click', cancel);
    host.append(this.#element);
  }

  /** Shows `words` unless the work ends within a moment. */
  start(words: string, language: Language): void {
    this.#words.textContent = words;
    this.#button.textContent = text.cancel[language];
    this.#bar.value = 0;
    this.#bar.setAttribute('aria-label', words);
    this.#timer ??= setTimeout(() => (this.#element.hidden = false), 400);
  }

  /** How far it is, from 0 to 1. */
  progress(fraction: number): void {
    this.#bar.value = fraction;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#element.hidden = true;
  }
}

/** A sentence at the foot of the window, until it is closed or replaced. */
export class Notice {
  readonly #host: HTMLElement;

  constructor(host: HTMLElement) {
    this.#host = host;
  }

  show(message: string, language: Language): void {
    const close = element('button', { type: 'button', class: 'button quiet' }, text.close[language]);
    close.addEventListener('click', () => this.clear());
    this.#host.replaceChildren(element('p', {}, message), close);
  }

  clear(): void {
    this.#host.replaceChildren();
  }
}
