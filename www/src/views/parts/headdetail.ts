// One of many heads from close by: its picture, larger, and all its numbers.

import { element } from './dom.ts';
import { formatTrimmed } from './format.ts';
import type { HeadNumber } from '../head.ts';
import type { Language } from './text.ts';

const text = {
  meaning: { en: 'What each number says', zh: '各数值的含义' },
};

/** What is shown of a head; undefined: nothing yet. */
export interface HeadSheet {
  title: string;
  /** What to do, or that it is open already. */
  hint: string;
  picture: HTMLCanvasElement | undefined;
  numbers: readonly HeadNumber[];
  /** The id of the number that pictures are sorted and coloured by. */
  chosen: string;
}

export class HeadDetail {
  readonly #title = element('h3', { class: 'heads-title' });
  readonly #hint = element('p', { class: 'heads-hint' });
  readonly #canvas = element('canvas', { class: 'heads-large', width: 1, height: 1, 'aria-hidden': 'true' });
  readonly #about = element('p', { class: 'heads-about' });
  readonly #list = element('dl', { class: 'heads-numbers' });
  /** What all numbers are, to stand where there is room for it. */
  readonly meaning = element('details', { class: 'heads-meaning' });
  readonly element = element(
    'div',
    { class: 'heads-detail' },
    element('div', { class: 'heads-words' }, this.#title, this.#hint),
    this.#canvas,
    this.#about,
    this.#list,
  );

  /** Says what each number is, once for all heads. */
  explain(numbers: readonly Pick<HeadNumber, 'label' | 'about'>[], language: Language): void {
    const list = element('dl', { class: 'heads-meanings' });
    for (const { label, about } of numbers) {
      list.append(element('div', {}, element('dt', {}, label), element('dd', {}, about)));
    }
    this.meaning.replaceChildren(element('summary', { class: 'story-fold' }, text.meaning[language]), list);
  }

  show({ title, hint, picture, numbers, chosen }: HeadSheet): void {
    this.#title.textContent = title;
    this.#hint.textContent = hint;
    this.draw(picture);
    this.#about.textContent = numbers.find(({ id }) => id === chosen)?.about ?? '';
    this.#list.replaceChildren(...numbers.map((number) => row(number, number.id === chosen)));
  }

  /** Copies the small picture, whose pixels are its cells. */
  draw(picture: HTMLCanvasElement | undefined): void {
    this.#canvas.width = picture?.width ?? 1;
    this.#canvas.height = picture?.height ?? 1;
    if (picture) this.#canvas.getContext('2d')?.drawImage(picture, 0, 0);
  }
}

function row({ id, label, about, value }: HeadNumber, chosen: boolean): HTMLElement {
  return element(
    'div',
    { class: chosen ? 'heads-number heads-chosen' : 'heads-number', title: about },
    element('dt', {}, label),
    element('dd', { 'data-heads-number': id }, formatHeadNumber(value)),
  );
}

/** A number of a head; a dash where it has no answer. */
export function formatHeadNumber(value: number): string {
  return Number.isNaN(value) ? '–' : formatTrimmed(value);
}
