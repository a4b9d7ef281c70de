// The panel of controls, made from the catalogue: score, normalizer and position with their parameters, then the options.

import { catalog, type CatalogMember, type CatalogParameter } from '../generated/catalog.ts';
import { element, uniqueId } from '../views/parts/dom.ts';
import { formulaText } from '../views/parts/formula.ts';
import { phrase, visibleToken, type Language } from '../views/parts/text.ts';
import { faultLine, makeField, type Field } from './field.ts';
import {
  addsBias,
  forbidden,
  LISTS,
  memberOf,
  members,
  valueAt,
  withValue,
  type ListName,
  type Masks,
  type Settings,
} from './settings.ts';
import type { Sizes } from './tensors.ts';
import { text } from './text.ts';

/** The panel. `change` hears the new settings after each allowed change; `reset` asks for the capture's own. */
export class Controls {
  readonly #host: HTMLElement;
  readonly #change: (settings: Settings) => void;
  readonly #reset: () => void;
  readonly #fields = new Map<string, Field>();
  #settings: Settings;
  #language: Language;
  #sizes: Sizes | undefined;
  /** The path of what the opened file has for its layers. */
  brings: string | undefined;
  /** What the normalizer does not let be set. */
  #forbidden: ReadonlySet<string> = new Set();

  constructor(
    host: HTMLElement,
    start: { settings: Settings; language: Language },
    listen: { change: (settings: Settings) => void; reset: () => void },
  ) {
    this.#host = host;
    this.#settings = start.settings;
    this.#language = start.language;
    this.#change = listen.change;
    this.#reset = listen.reset;
    this.#render();
  }

  /** Takes over what changed elsewhere and has no control here, so that it is in the next change too. */
  set masks(masks: Masks) {
    this.#settings = { ...this.#settings, masks };
  }

  /** Shows `settings` in `language`, without telling anyone. */
  show(settings: Settings, language: Language): void {
    this.#settings = settings;
    this.#language = language;
    this.#render();
  }

  /** Shows `message` at the control called `subject`, as `temperature` or `score.eps`, if there is one. */
  fail(subject: string, message: string): 'in sight' | 'out of sight' | 'no control' {
    const field = this.#find(subject);
    field?.fail(message);
    if (!field) return 'no control';
    const { top, bottom } = field.element.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight ? 'in sight' : 'out of sight';
  }

  /** Takes the sizes of the open problem, which the shapes of tensors follow. */
  set sizes(sizes: Sizes) {
    this.#sizes = sizes;
    for (const field of this.#fields.values()) field.resize?.(sizes);
  }

  /** The control of `temperature`, `score.eps` or `eps`; also of a part of its value, as `sinks[3]` or `score.w.shape`. */
  #find(subject: string): Field | undefined {
    const fits = (name: string): boolean => subject.startsWith(name) && /^$|^[.[]/.test(subject.slice(name.length));
    const paths = [...this.#fields].sort(([one], [other]) => other.length - one.length);
    return (paths.find(([path]) => fits(path)) ?? paths.find(([path]) => fits(path.replace(/^\w+\./, ''))))?.[1];
  }

  /** Takes all messages away. */
  clearFaults(): void {
    for (const field of this.#fields.values()) field.fail(null);
  }

  #render(): void {
    this.#fields.clear();
    this.#forbidden = forbidden(this.#settings);
    const reset = element(
      'button',
      { type: 'button', class: 'button quiet', name: 'reset' },
      text.reset[this.#language],
    );
    reset.addEventListener('click', () => {
      this.#reset();
      // The panel was made anew, and this button with it.
      this.#host.querySelector<HTMLButtonElement>('[name="reset"]')?.focus();
    });
    this.#host.replaceChildren(
      element('h2', {}, text.controls[this.#language]),
      ...(Object.keys(LISTS) as ListName[]).map((list) => this.#list(list)),
      this.#group(text.options[this.#language], catalog.options, ''),
      reset,
    );
  }

  #list(list: ListName): HTMLElement {
    const id = uniqueId(list);
    const about = uniqueId('about');
    const menu = element('select', { id, name: list });
    for (const member of members(list)) {
      const disabled = list === 'position' && this.#forbidden.has('attnBias') && addsBias(member.id);
      menu.append(element('option', { value: member.id, disabled }, member.label[this.#language]));
    }
    const chosen = this.#settings[list].id;
    const member = members(list).find((one) => one.id === chosen);
    // A file may ask for what nobody knows: the menu says so, and the kernel's refusal stands under it.
    if (!member) menu.append(element('option', { value: chosen }, visibleToken(chosen)));
    menu.value = chosen;
    menu.addEventListener('change', () => this.#choose(list, menu.value));
    const { fault, fail } = faultLine(menu, about);
    const label = element('label', { for: id, class: 'group-name' }, text[list][this.#language]);
    const group = element('div', { class: 'group', 'data-parameter': list }, label, menu, fault);
    this.#fields.set(list, { element: group, fail });
    if (this.#forbidden.has(list)) {
      // A position of another kind would be allowed: its menu stays open.
      menu.disabled = list !== 'position';
      group.append(this.#reason(about));
    } else if (member) group.append(...this.#member(list, member, about));
    return group;
  }

  /** Why a control has no say. */
  #reason(id: string): HTMLElement {
    const name = memberOf('normalizer', this.#settings.normalizer.id).label[this.#language];
    return element('p', { class: 'field-reason', id }, phrase(text.forbidden, this.#language, { name }));
  }

  #member(list: ListName, { formula, about, parameters }: CatalogMember, id: string): Node[] {
    return [
      element('p', { class: 'member-formula' }, formulaText(formula)),
      element('p', { class: 'member-about', id }, about[this.#language]),
      ...parameters.map((parameter) => this.#field(parameter, `${list}.${parameter.name}`)),
    ];
  }

  #choose(list: ListName, id: string): void {
    this.#settings = { ...this.#settings, [list]: { id, values: {} } };
    this.#render();
    this.#host.querySelector<HTMLSelectElement>(`select[name="${list}"]`)?.focus();
    this.#change(this.#settings);
  }

  #group(name: string, parameters: readonly CatalogParameter[], prefix: string): HTMLElement {
    const fields = parameters.map((parameter) => this.#field(parameter, prefix + parameter.name));
    const shut = parameters.filter(({ name: option }) => this.#forbidden.has(option));
    const last = shut.at(-1);
    // One sentence, below the last of the controls that it speaks of.
    if (last) fields.splice(parameters.indexOf(last) + 1, 0, this.#reason(uniqueId('reason')));
    return element('fieldset', { class: 'group' }, element('legend', { class: 'group-name' }, name), ...fields);
  }

  #field(parameter: CatalogParameter, path: string): HTMLElement {
    const field = makeField({
      parameter,
      value: valueAt(this.#settings, path),
      language: this.#language,
      sizes: this.#sizes,
      brought: path === this.brings,
      change: (value) => {
        this.#settings = withValue(this.#settings, path, value);
        this.#change(this.#settings);
      },
    });
    this.#fields.set(path, field);
    if (this.#forbidden.has(path)) {
      field.element.classList.add('field-shut');
      for (const input of field.element.querySelectorAll('input')) input.disabled = true;
    }
    return field.element;
  }
}
