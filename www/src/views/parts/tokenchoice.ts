// One token of a sequence, chosen where it stands in the text; of a long one, by its number.

import { element, uniqueId } from './dom.ts';
import { formatCount } from './format.ts';
import { cutMiddle, nameElement } from './name.ts';
import { phrase, visibleToken, type Language } from './text.ts';

/** More tokens than this are no text to point into. */
const MOST = 64;
/** Characters of a name beside a number. */
const LONGEST = 24;

const text = {
  label: { en: 'Query', zh: '查询' },
  place: { en: 'Query at position', zh: '查询的位置' },
  of: { en: 'of 0 to {last}', zh: '（0 到 {last}）' },
  named: { en: 'of 0 to {last}: {name}', zh: '（0 到 {last}）：{name}' },
};

/** The sequence. */
export interface Sequence {
  count: number;
  name(index: number): string;
}

/** The choice. */
export class TokenChoice {
  readonly element = element('div', { class: 'steps-queries' });
  readonly #choose: (index: number) => void;
  #shown: { tokens: Sequence; language: Language; update: (at: number) => void } | undefined;

  constructor(choose: (index: number) => void) {
    this.#choose = choose;
  }

  show(tokens: Sequence, at: number, language: Language): void {
    if (this.#shown?.tokens !== tokens || this.#shown.language !== language) {
      const update = tokens.count > MOST ? this.#field(tokens, language) : this.#words(tokens, language);
      this.#shown = { tokens, language, update };
    }
    this.#shown.update(at);
  }

  #words({ count, name }: Sequence, language: Language): (at: number) => void {
    const group = uniqueId('steps-query');
    const radios: HTMLInputElement[] = [];
    const words = Array.from({ length: count }, (_, index) => {
      const radio = element('input', { type: 'radio', name: group, value: index, class: 'visually-hidden' });
      radio.addEventListener('change', () => this.#choose(index));
      radios.push(radio);
      return element('label', { class: 'steps-token' }, radio, nameElement(visibleToken(name(index))));
    });
    const legend = element('legend', { class: 'steps-label' }, text.label[language]);
    const row = element('div', { class: 'steps-tokens' }, ...words);
    this.element.replaceChildren(element('fieldset', {}, legend, row));
    return (at) => radios.forEach((radio, index) => (radio.checked = index === at));
  }

  #field({ count, name }: Sequence, language: Language): (at: number) => void {
    const id = uniqueId('steps-query');
    const field = element('input', { id, name: 'steps-query', inputmode: 'numeric', autocomplete: 'off' });
    const words = element('span', { class: 'steps-of' });
    let current = 0;
    const update = (at: number): void => {
      current = at;
      field.value = String(at);
      const said = { last: formatCount(count - 1, language), name: cutMiddle(visibleToken(name(at)), LONGEST) };
      words.textContent = phrase(said.name === String(at) ? text.of : text.named, language, said);
    };
    field.addEventListener('change', () => {
      const typed = field.value.trim();
      if (/^\d+$/.test(typed) && Number(typed) < count) this.#choose(Number(typed));
      else update(current);
    });
    const label = element('label', { for: id, class: 'steps-label' }, text.place[language]);
    this.element.replaceChildren(label, element('div', { class: 'steps-field' }, field, words));
    return update;
  }
}
