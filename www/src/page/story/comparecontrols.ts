// The controls of the comparison: what B is, and the search for the one that differs most or least.

import { catalog, type CatalogParameter, type Text } from '../../generated/catalog.ts';
import { element, uniqueId } from '../../views/parts/dom.ts';
import { formulaText } from '../../views/parts/formula.ts';
import type { HeadAt } from '../../views/parts/headorder.ts';
import { phrase, type Language } from '../../views/parts/text.ts';
import { fileButton } from '../drop.ts';
import { makeField, type Field } from '../field.ts';
import { choices, listed, numbered, stepper } from '../pickers.ts';
import type { Chosen, Value } from '../settings.ts';
import { EXAMPLES } from '../source.ts';
import type { Sizes } from '../tensors.ts';
import { replaceKeepingFocus } from '../toolbar.ts';
import { normalizerOf, type Kind, type ResolvedChoice } from './comparechoice.ts';

/** What the controls show. */
export interface ControlsState {
  choice: ResolvedChoice;
  /** The numbers of the layers in their model, and how many heads each has. */
  layers: readonly number[];
  heads: number;
  /** Of the open problem, once they are known. */
  sizes: Sizes | undefined;
  /** What the visitor's own file is called, where that is B. */
  file: string | undefined;
}

/** What the visitor does. */
export interface ControlsListener {
  kind(kind: Kind): void;
  head(at: HeadAt): void;
  normalizer(chosen: Chosen): void;
  example(id: string): void;
  files(files: File[]): void;
  search(want: 'furthest' | 'nearest'): void;
}

const text = {
  kind: { en: 'Beside A, the head that is open, stands', zh: '打开的头为 A，与它并排的 B 是' },
  normalizer: { en: 'Normalizer of B', zh: 'B 的归一化' },
  capture: { en: 'File of B', zh: 'B 的文件' },
  none: { en: 'Choose one', zh: '请选择' },
  open: { en: 'Open a file…', zh: '打开文件…' },
  own: { en: 'Your file: {name}', zh: '你的文件：{name}' },
  notLinked: {
    en: 'Your file stays on your device: a link does not bring it along.',
    zh: '你的文件不会离开你的设备：链接不会带上它。',
  },
  furthest: { en: 'Find what differs most', zh: '找出差异最大者' },
  nearest: { en: 'Find what differs least', zh: '找出差异最小者' },
} satisfies Record<string, Text>;

const KIND_NAMES: Record<Kind, Text> = {
  heads: { en: 'Another head', zh: '另一个头' },
  normalizers: { en: 'Another normalizer', zh: '另一种归一化' },
  captures: { en: 'Another file', zh: '另一个文件' },
};

export class CompareControls {
  readonly #name = element('p', { class: 'compare-name', 'aria-hidden': 'true' });
  readonly #kinds = element('div', { class: 'compare-kinds' });
  readonly #what = element('div', { class: 'compare-what' });
  readonly element = element('div', { class: 'compare-controls' }, this.#name, this.#kinds, this.#what);
  readonly #listener: ControlsListener;
  #fields = new Map<string, Field>();
  readonly #kindsThere: readonly Kind[];
  /** What the controls were made for: a slider that is dragged is not made anew. */
  #made = '';

  /** `kinds` are those that can stand beside A. */
  constructor(kinds: readonly Kind[], listener: ControlsListener) {
    this.#kindsThere = kinds;
    this.#listener = listener;
  }

  show(state: ControlsState, language: Language): void {
    const { choice, layers, heads, file } = state;
    const shown =
      choice.kind === 'normalizers' ? choice.normalizer.id : choice.kind === 'heads' ? choice.head : choice.capture;
    const made = JSON.stringify([language, choice.kind, shown, layers, heads, file, state.sizes]);
    if (made === this.#made) return;
    this.#made = made;
    this.#name.textContent = text.kind[language];
    const kinds = this.#kindsThere.map((id) => ({ id, label: KIND_NAMES[id][language] }));
    replaceKeepingFocus(this.#kinds, [
      choices('pair', 'compare-kind', text.kind[language], kinds, choice.kind, (id) => this.#listener.kind(id as Kind)),
    ]);
    this.#fields = new Map();
    replaceKeepingFocus(this.#what, this.#parts(state, language));
  }

  /** Says at a parameter what is wrong with it; whether there is such a one. */
  fail(subject: string, message: string): boolean {
    const field = this.#fields.get(subject.replace(/^normalizer\./, ''));
    field?.fail(message);
    return field !== undefined;
  }

  #parts(state: ControlsState, language: Language): HTMLElement[] {
    switch (state.choice.kind) {
      case 'heads':
        return [...this.#heads(state, language), this.#search(language)];
      case 'normalizers':
        return [...this.#normalizer(state, language), this.#search(language)];
      case 'captures':
        return this.#captures(state, language);
    }
  }

  #heads({ choice: { head: at }, layers, heads }: ControlsState, language: Language): HTMLElement[] {
    const axes = [
      { name: 'layer', steps: listed(layers.map(String)) },
      { name: 'head', steps: numbered(heads) },
    ] as const;
    return axes
      .filter(({ steps }) => steps.count > 1)
      .map(({ name, steps }) =>
        stepper(name, steps, at[name], language, (index) => this.#listener.head({ ...at, [name]: index }), 'compare-'),
      );
  }

  #normalizer({ choice: { normalizer }, sizes }: ControlsState, language: Language): HTMLElement[] {
    const id = uniqueId('compare');
    const menu = element('select', { id, name: 'compare-normalizer' });
    for (const { id: value, label } of catalog.normalizers) menu.append(element('option', { value }, label[language]));
    menu.value = normalizer.id;
    menu.addEventListener('change', () => this.#listener.normalizer({ id: menu.value, values: {} }));
    const member = normalizerOf(normalizer.id);
    const field = element(
      'div',
      { class: 'compare-field' },
      element('label', { for: id }, text.normalizer[language]),
      menu,
    );
    const formula = element('p', { class: 'compare-formula' }, formulaText(member?.formula ?? ''));
    formula.title = member?.about[language] ?? '';
    let values = normalizer.values;
    const change = (name: string, value: Value | undefined): void => {
      const { [name]: _, ...others } = values;
      values = value === undefined ? others : { ...others, [name]: value };
      this.#listener.normalizer({ id: normalizer.id, values });
    };
    const fields = (member?.parameters ?? []).map((parameter) =>
      this.#parameter(parameter, values, sizes, language, change),
    );
    return [field, formula, ...fields];
  }

  #parameter(
    parameter: CatalogParameter,
    values: Chosen['values'],
    sizes: Sizes | undefined,
    language: Language,
    change: (name: string, value: Value | undefined) => void,
  ): HTMLElement {
    const { name } = parameter;
    const field = makeField({
      parameter,
      value: values[name],
      language,
      sizes,
      brought: false,
      change: (value) => change(name, value),
    });
    this.#fields.set(name, field);
    return field.element;
  }

  #captures({ choice: { capture }, file }: ControlsState, language: Language): HTMLElement[] {
    const id = uniqueId('compare');
    const menu = element('select', { id, name: 'compare-capture' });
    const none = element(
      'option',
      { value: '' },
      file === undefined ? text.none[language] : phrase(text.own, language, { name: file }),
    );
    menu.append(none, ...EXAMPLES.map((one) => element('option', { value: one.id }, one.name[language])));
    menu.value = file === undefined ? (capture ?? '') : '';
    menu.addEventListener('change', () => menu.value !== '' && this.#listener.example(menu.value));
    const field = element(
      'div',
      { class: 'compare-field' },
      element('label', { for: id }, text.capture[language]),
      menu,
    );
    const open = fileButton(text.open[language], this.#listener.files, 'compare-file');
    const note = file === undefined ? [] : [element('p', { class: 'compare-formula' }, text.notLinked[language])];
    return [field, open, ...note];
  }

  #search(language: Language): HTMLElement {
    const button = (want: 'furthest' | 'nearest'): HTMLElement => {
      const made = element(
        'button',
        { type: 'button', class: 'button', name: `compare-${want}` },
        text[want][language],
      );
      made.addEventListener('click', () => this.#listener.search(want));
      return made;
    };
    return element('div', { class: 'compare-search' }, button('furthest'), button('nearest'));
  }
}
