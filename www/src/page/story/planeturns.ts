// The two matrices of the plane, as what they do: each turns every vector, one into a query, the other into a key.

import { element, uniqueId } from '../../views/parts/dom.ts';
import { formulaText } from '../../views/parts/formula.ts';
import type { Language } from '../../views/parts/text.ts';
import { choices } from '../pickers.ts';
import { replaceKeepingFocus } from '../toolbar.ts';
import { TURNS, type PlaneState } from './planestate.ts';

type Turns = PlaneState['turns'];

const text = {
  matrices: { en: 'Query and key from', zh: '查询与键出自' },
  same: { en: 'one matrix (K = Q)', zh: '同一个矩阵（K = Q）' },
  two: { en: 'two matrices', zh: '两个矩阵' },
  query: { en: ' turns every x into its q by', zh: ' 把每个 x 转成 q，转过' },
  key: { en: ' turns every x into its k by', zh: ' 把每个 x 转成 k，转过' },
};

const PARTS = ['query', 'key'] as const;
const MATRICES = { query: 'W_Q', key: 'W_K' };
/** As far as a matrix turns, to either side. */
const MOST = 180;

/** A choice, and two sliders; they stay, as a hand may be on them. */
export class PlaneTurns {
  readonly element: HTMLElement;
  readonly #set: (turns: Turns, stroke: string) => void;
  readonly #choices = element('div', { class: 'plane-choices' });
  readonly #sliders = { query: this.#slider('query'), key: this.#slider('key') };
  #turns: Turns = TURNS;
  #rendered = '';

  constructor(set: (turns: Turns, stroke: string) => void) {
    this.#set = set;
    const { query, key } = this.#sliders;
    this.element = element('div', { class: 'plane-turns' }, query.box, key.box, this.#choices);
  }

  show(turns: Turns, language: Language): void {
    this.#turns = turns;
    for (const part of PARTS) this.#showSlider(part, language);
    const rendered = [turns.query === turns.key, language].join();
    if (this.#rendered === rendered) return;
    this.#rendered = rendered;
    replaceKeepingFocus(this.#choices, [this.#made(language)]);
  }

  #made(language: Language): HTMLElement {
    const { query, key } = this.#turns;
    const options = (['same', 'two'] as const).map((id) => ({ id, label: text[id][language] }));
    const chosen = query === key ? 'same' : 'two';
    return choices('pair', 'plane-keys', text.matrices[language], options, chosen, (id) =>
      this.#set(id === 'same' ? { query, key: query } : TURNS, `keys ${id}`),
    );
  }

  #slider(part: keyof Turns) {
    const id = uniqueId('turn');
    const range = { min: -MOST, max: MOST, step: 5 };
    const input = element('input', { type: 'range', id, name: `plane-turn-${part}`, ...range });
    input.addEventListener('input', () => this.#set({ ...this.#turns, [part]: Number(input.value) }, `turn ${part}`));
    const [label, output] = [element('label', { for: id }), element('output', { for: id })];
    return { input, label, output, box: element('div', { class: 'plane-turn' }, label, output, input) };
  }

  #showSlider(part: keyof Turns, language: Language): void {
    const { input, label, output } = this.#sliders[part];
    const degrees = this.#turns[part];
    const written = `${degrees}°`.replace('-', '−');
    input.value = String(degrees);
    input.style.setProperty('--filled', `${((degrees + MOST) / (2 * MOST)) * 100}%`);
    input.setAttribute('aria-valuetext', written);
    output.textContent = written;
    label.replaceChildren(formulaText(MATRICES[part]), text[part][language]);
  }
}
