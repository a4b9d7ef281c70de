// Small controls of the page itself: a stepper over numbered things, a row of choices, the busy sign, the notice.

import { element, uniqueId } from '../views/parts/dom.ts';
import { phrase, type Language } from '../views/parts/text.ts';
import { text } from './text.ts';

/** Things to step through, each under a number. */
export interface Steps {
  count: number;
  /** What the thing at `index` is called. */
  label(index: number): string;
  /** Where the thing called `label` is; -1 where there is none. */
  find(label: string): number;
}

/** Things numbered from 0. */
export function numbered(count: number): Steps {
  return {
    count,
    label: String,
    find: (label) => (/^\d+$/.test(label) && Number(label) < count ? Number(label) : -1),
  };
}

/** Things with numbers of their own. */
export function listed(labels: readonly string[]): Steps {
  return { count: labels.length, label: (index) => labels[index] ?? '', find: (label) => labels.indexOf(label) };
}

/** A menu of more entries than this is slow to make and no help to choose from: a number is typed instead. */
const LONGEST_MENU = 300;

/**
 * A menu, or a field for a number, with a step back and a step forward: layer, head, batch item, window over many queries.
 * Where there are several of one kind, `whose` goes before the names of its controls.
 */
export function stepper(
  kind: 'layer' | 'head' | 'batch' | 'window',
  steps: Steps,
  start: number,
  language: Language,
  choose: (index: number) => void,
  whose = '',
): HTMLElement {
  const id = uniqueId('stepper');
  const name = `${whose}${kind}`;
  const entry = steps.count > LONGEST_MENU ? numberEntry(id, name, steps) : menuEntry(id, name, steps);
  const label = text[kind][language];
  let at = start;
  const button = (step: 1 | -1, says: string, sign: string): HTMLButtonElement => {
    const names = { name: `${name}${step > 0 ? '-next' : '-previous'}`, 'aria-label': says, title: says };
    const made = element('button', { type: 'button', class: 'step', ...names }, sign);
    made.addEventListener('click', () => move(at + step));
    return made;
  };
  const back = button(-1, phrase(text.previous, language, { name: label }), '‹');
  const forward = button(1, phrase(text.next, language, { name: label }), '›');
  const show = (index: number): void => {
    at = index;
    entry.value = steps.label(index);
    back.setAttribute('aria-disabled', String(index <= 0));
    forward.setAttribute('aria-disabled', String(index >= steps.count - 1));
  };
  const move = (index: number): void => {
    if (index < 0 || index >= steps.count) return show(at);
    show(index);
    choose(index);
  };
  entry.addEventListener('change', () => move(steps.find(entry.value.trim())));
  show(start);
  const row = element('div', { class: 'stepper-row' }, back, entry, forward);
  return element('div', { class: 'stepper' }, element('label', { for: id }, label), row);
}

function menuEntry(id: string, name: string, { count, label }: Steps): HTMLSelectElement {
  const menu = element('select', { id, name });
  for (let index = 0; index < count; index += 1) menu.append(element('option', { value: label(index) }, label(index)));
  return menu;
}

function numberEntry(id: string, name: string, { count, label }: Steps): HTMLInputElement {
  const range = `${label(0)} – ${label(count - 1)}`;
  return element('input', { id, name, inputmode: 'numeric', autocomplete: 'off', title: range });
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
  name: string,
  label: string,
  options: readonly Option[],
  at: string,
  choose: (id: string) => void,
): HTMLElement {
  const items = options.map(({ id, label: words, title, minor }) => {
    const radio = element('input', { type: 'radio', name, value: id, class: 'visually-hidden' });
    radio.checked = id === at;
    radio.addEventListener('change', () => choose(id));
    return element('label', { class: minor ? 'choice minor' : 'choice', title }, radio, element('span', {}, words));
  });
  const legend = element('legend', { class: 'visually-hidden' }, label);
  return element('fieldset', { class: `choices ${kind}` }, legend, ...items);
}

/** One piece of work that the busy sign speaks for. */
export interface Work {
  /** How far it is, from 0 to 1. */
  progress(fraction: number): void;
  stop(): void;
}

/** Work that lasts less than this is not worth a sign. */
const MOMENT_MS = 400;

/** Says over the picture what takes long, how far it is, and lets it be cancelled: the newest of what is under way. */
export class Busy {
  readonly #sign = element('div', { class: 'busy', hidden: true });
  // What screen readers hear stands there before it has words, outside of everything that is marked as busy.
  readonly #status = element('p', { class: 'visually-hidden', role: 'status' });
  readonly #words = element('span', { class: 'busy-words', 'aria-hidden': 'true' });
  readonly #bar = element('progress', { max: 1, value: 0 });
  readonly #button = element('button', { type: 'button', class: 'button quiet' });
  readonly #works: { words: string; fraction: number }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: HTMLElement, cancel: () => void) {
    this.#sign.append(this.#words, this.#bar, this.#button);
    this.#button.addEventListener('click', cancel);
    host.append(this.#sign, this.#status);
  }

  /** Shows `words` unless the work ends within a moment. */
  start(words: string, language: Language): Work {
    const work = { words, fraction: 0 };
    this.#works.push(work);
    this.#button.textContent = text.cancel[language];
    this.#timer ??= setTimeout(() => this.#show(), MOMENT_MS);
    this.#render();
    const progress = (fraction: number): void => {
      work.fraction = fraction;
      this.#render();
    };
    return { progress, stop: () => this.#end(work) };
  }

  #show(): void {
    this.#sign.hidden = false;
    this.#render();
  }

  #render(): void {
    const work = this.#works.at(-1);
    if (!work) return;
    this.#words.textContent = work.words;
    this.#bar.value = work.fraction;
    this.#bar.setAttribute('aria-label', work.words);
    if (!this.#sign.hidden && this.#status.textContent !== work.words) this.#status.textContent = work.words;
  }

  #end(work: { words: string; fraction: number }): void {
    const at = this.#works.indexOf(work);
    if (at >= 0) this.#works.splice(at, 1);
    if (this.#works.length > 0) return this.#render();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sign.hidden = true;
    this.#status.textContent = '';
  }
}

/** What a notice is about, so that it can go when that is over. */
export type Subject = 'file' | 'picture';

/** A sentence at the foot of the window, until it is closed, by its button or Escape, replaced or over. */
export class Notice {
  readonly #host: HTMLElement;
  #subject: Subject | undefined;
  /** What had the focus before it came here. */
  #before: EventTarget | null = null;

  constructor(host: HTMLElement) {
    this.#host = host;
    host.addEventListener('focusin', ({ relatedTarget: from }) => {
      if (from instanceof Node && !host.contains(from)) this.#before = from;
    });
    addEventListener('keydown', (event) => {
      // What takes the key for itself has said so.
      if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing || !host.hasChildNodes()) return;
      event.preventDefault();
      this.clear();
    });
  }

  show(message: string, language: Language, subject: Subject = 'file'): void {
    const close = element('button', { type: 'button', class: 'button quiet' }, text.close[language]);
    close.addEventListener('click', () => this.clear());
    this.#subject = subject;
    const hadFocus = this.#hasFocus;
    this.#host.replaceChildren(element('p', {}, message), close);
    if (hadFocus) close.focus();
  }

  /** Takes the notice away; with a subject only if it is about that. */
  clear(subject?: Subject): void {
    if (subject !== undefined && subject !== this.#subject) return;
    const hadFocus = this.#hasFocus;
    this.#host.replaceChildren();
    if (hadFocus && this.#before instanceof HTMLElement) this.#before.focus({ preventScroll: true });
  }

  get #hasFocus(): boolean {
    return this.#host.contains(document.activeElement);
  }
}
