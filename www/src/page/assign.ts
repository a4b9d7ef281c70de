// "Which tensors are Q, K and V?": three menus and a check, shown where names do not say.

import { element, uniqueId } from '../views/parts/dom.ts';
import { phrase, visibleToken, type Language } from '../views/parts/text.ts';
import { faultOf, type Candidate, type Roles, type Source, type Unassigned } from './source.ts';
import { text } from './text.ts';

const ROLES = ['query', 'key', 'value'] as const;

/** The panel. It hides itself once there is an answer. */
export class AssignPanel {
  readonly #host: HTMLElement;
  readonly #answer: (source: Source) => void;
  readonly #leave: () => void;
  #question: Unassigned | undefined;
  #roles: Roles = { query: undefined, key: undefined, value: undefined };
  #language: Language = 'en';

  /** `answer` hears what was chosen, `leave` that nothing was: the focus was in the panel and needs another place. */
  constructor(host: HTMLElement, answer: (source: Source) => void, leave: () => void) {
    this.#host = host;
    this.#answer = answer;
    this.#leave = leave;
  }

  /** Asks about `question`; undefined takes the panel away. */
  ask(question: Unassigned | undefined, language: Language): void {
    this.#question = question;
    this.#language = language;
    this.#roles = question ? { ...question.guess } : this.#roles;
    this.#render();
    if (question) this.#host.querySelector('select')?.focus();
  }

  set language(language: Language) {
    this.#language = language;
    this.#render();
  }

  #render(): void {
    const question = this.#question;
    this.#host.hidden = question === undefined;
    if (!question) return this.#host.replaceChildren();
    const fault = element('p', { class: 'field-fault', role: 'status' });
    const show = element('button', { type: 'submit', class: 'button' }, text.show[this.#language]);
    const cancel = element('button', { type: 'button', class: 'button quiet' }, text.cancel[this.#language]);
    cancel.addEventListener('click', () => {
      this.ask(undefined, this.#language);
      this.#leave();
    });
    const menus = element(
      'div',
      { class: 'assign-menus' },
      ...ROLES.map((role) => this.#menu(question, role, () => check(false))),
    );
    const form = element('form', {}, menus, fault, element('div', { class: 'assign-buttons' }, show, cancel));
    const check = (pressed: boolean): boolean => {
      const found = faultOf(question.candidates, this.#roles);
      const unfinished = this.#roles.query === undefined || this.#roles.key === undefined;
      fault.textContent = found && (pressed || !unfinished) ? found.in(this.#language) : '';
      return found === undefined;
    };
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (check(true)) this.#finish(question);
    });
    const { name, candidates } = question;
    const about = phrase(candidates.length > 1 ? text.assignAbout : text.assignOne, this.#language, { name });
    this.#host.replaceChildren(element('h2', {}, text.assignTitle[this.#language]), element('p', {}, about), form);
    check(false);
  }

  #finish(question: Unassigned): void {
    const source = question.assign(this.#roles);
    this.ask(undefined, this.#language);
    this.#answer(source);
  }

  #menu(question: Unassigned, role: (typeof ROLES)[number], changed: () => void): HTMLElement {
    const id = uniqueId('role');
    const menu = element('select', { id, name: role });
    const nothing = role === 'value' ? text.none : text.choose;
    menu.append(element('option', { value: '' }, nothing[this.#language]));
    question.candidates.forEach((candidate, index) => {
      menu.append(element('option', { value: index, disabled: !candidate.supported }, describe(candidate)));
    });
    menu.value = String(this.#roles[role] ?? '');
    menu.addEventListener('change', () => {
      this.#roles = { ...this.#roles, [role]: menu.value === '' ? undefined : Number(menu.value) };
      changed();
    });
    return element('div', { class: 'field' }, element('label', { for: id }, text[role][this.#language]), menu);
  }
}

function describe({ name, shape, dtype }: Candidate): string {
  return `${visibleToken(name)}  (${shape.join(' × ') || 'scalar'}, ${dtype})`;
}
