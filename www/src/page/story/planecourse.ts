// The course of the plane: the points to be made one after the other, any of which can be chosen, and the way on and back.

import { element } from '../../views/parts/dom.ts';
import { phrase, type Language } from '../../views/parts/text.ts';
import { choices } from '../pickers.ts';
import { replaceKeepingFocus } from '../toolbar.ts';
import { PRESETS, presetOf } from './planestate.ts';
import type { Story } from './section.ts';

const text = {
  points: { en: 'Points that build on each other', zh: '循序渐进的要点' },
  way: { en: 'Back and on', zh: '上一步与下一步' },
  count: { en: 'Step {at} of {count}', zh: '第 {at} 步，共 {count} 步' },
  back: { en: 'Back: {name}', zh: '上一步：{name}' },
  none: { en: 'Back: this is the first', zh: '上一步：这是第一步' },
  next: { en: 'Next: {name}', zh: '下一步：{name}' },
};

export class PlaneCourse {
  readonly element: HTMLElement;
  readonly #choose: (id: string) => void;
  readonly #beyond: Story['beyond'];
  readonly #points = element('div', { class: 'plane-points' });
  /** Where there is no room for names among the points, that of the current one stands above its words. */
  readonly #name = element('h3', { class: 'plane-point' });
  readonly #words = element('p', { class: 'plane-words' });
  readonly #way = element('div', { class: 'plane-way', role: 'group' });

  /** `choose` hears the id of the preset to go to; `beyond` comes after the last. */
  constructor(choose: (id: string) => void, beyond: Story['beyond']) {
    this.#choose = choose;
    this.#beyond = beyond;
    const lesson = element('div', { 'aria-live': 'polite' }, this.#name, this.#words);
    this.element = element('div', { class: 'plane-course' }, this.#points, lesson, this.#way);
  }

  show(preset: string, language: Language): void {
    const { id, name, words } = presetOf(preset);
    this.#name.textContent = name[language];
    this.#words.textContent = words[language];
    this.#way.setAttribute('aria-label', text.way[language]);
    replaceKeepingFocus(this.#points, [this.#makePoints(id, language)]);
    replaceKeepingFocus(this.#way, this.#makeWay(id, language));
  }

  #makePoints(preset: string, language: Language): HTMLElement {
    const options = PRESETS.map(({ id, name }) => ({ id, label: name[language] }));
    const made = choices('plane-presets', 'plane-preset', text.points[language], options, preset, this.#choose);
    // Where there is no room for names, only numbers are seen.
    made.querySelectorAll('label').forEach(({ control, textContent }, at) => {
      control?.setAttribute('aria-label', `${at + 1} ${textContent}`);
    });
    return made;
  }

  #makeWay(preset: string, language: Language): HTMLElement[] {
    const at = PRESETS.findIndex(({ id }) => id === preset);
    const [before, after] = [PRESETS[at - 1], PRESETS[at + 1]];
    const says = before ? phrase(text.back, language, { name: before.name[language] }) : text.none[language];
    const disabled = { 'aria-disabled': before ? undefined : 'true' };
    const back = element(
      'button',
      { type: 'button', class: 'button', name: 'plane-back', 'aria-label': says, title: says, ...disabled },
      '‹',
    );
    if (before) back.addEventListener('click', () => this.#choose(before.id));
    const count = phrase(text.count, language, { at: at + 1, count: PRESETS.length });
    const on = after
      ? { name: after.name, go: () => this.#choose(after.id) }
      : this.#beyond && { name: this.#beyond.title, go: this.#beyond.go };
    const parts = [back, element('span', { class: 'plane-count' }, count)];
    return on ? [...parts, this.#makeNext(phrase(text.next, language, { name: on.name[language] }), on.go)] : parts;
  }

  #makeNext(says: string, go: () => void): HTMLElement {
    const next = element('button', { type: 'button', class: 'button', name: 'plane-next' }, says);
    next.addEventListener('click', go);
    return next;
  }
}
