// What stands around the picture and is chosen from: example or files, layer and head, the stage.

import type { Stage } from '../engine/index.ts';
import { catalog } from '../generated/catalog.ts';
import { element, focusedBeside, uniqueId } from '../views/parts/dom.ts';
import { isTouch } from '../views/parts/pointer.ts';
import { clip, phrase, visibleToken, type Language } from '../views/parts/text.ts';
import { fileButton } from './drop.ts';
import { choices, listed, numbered, stepper } from './pickers.ts';
import { EXAMPLES, type Example, type Source } from './source.ts';
import type { Link, Place } from './state.ts';
import { text } from './text.ts';

/** The stages that carry the story; the others are steps between, shown smaller. */
const MAIN_STAGES: readonly Stage[] = ['raw', 'scaled', 'weights'];

/**
 * What is open; `expected` is the example that is on its way, `awaited` the name of a file that a link was made for, and `unread`
 * what of a link means nothing.
 */
interface SourceState {
  language: Language;
  source: Source | undefined;
  expected: Example;
  awaited: string | undefined;
  unread: Link['unread'];
}

/** Examples, own files, and a sentence on what is open. */
export function renderSource(
  host: HTMLElement,
  { language, source, expected, awaited, unread }: SourceState,
  listen: {
    example: (example: Example) => void;
    files: (files: File[]) => void;
    dismiss: () => void;
    hush: () => void;
  },
): void {
  const id = uniqueId('example');
  const menu = element('select', { id, name: 'example' });
  for (const example of EXAMPLES) menu.append(element('option', { value: example.id }, example.name[language]));
  const own = source && !source.example;
  if (own) menu.append(element('option', { value: '' }, `${text.ownFile[language]}: ${source.name[language]}`));
  menu.value = source ? (source.example ?? '') : expected.id;
  menu.addEventListener('change', () => {
    const example = EXAMPLES.find((one) => one.id === menu.value);
    if (example) listen.example(example);
  });
  const about = (source ?? expected).about[language];
  const label = element('label', { for: id }, text.example[language]);
  const hint = element('span', { class: 'drop-hint' }, (isTouch() ? text.openHint : text.dropHint)[language]);
  replaceKeepingFocus(host, [
    element('div', { class: 'source-row' }, label, menu, fileButton(text.open[language], listen.files), hint),
    element('p', { class: 'source-about', title: about }, about),
    ...(unread.length > 0 ? [linkLine('unread', sayUnread(unread, language), text.close[language], listen.hush)] : []),
    ...(awaited === undefined
      ? []
      : [linkLine('awaited', sayAwaited(awaited, source, language), text.dismiss[language], listen.dismiss)]),
    ...(source?.note ? [element('p', { class: 'source-note' }, source.note[language])] : []),
  ]);
}

/** That a link was made for a file. Its name is whatever a link says: text, made visible. */
export function sayAwaited(name: string, source: Source | undefined, language: Language): string {
  const own = source !== undefined && source.example === undefined;
  return phrase(own ? text.notAwaited : text.awaited, language, { name: visibleToken(name) });
}

/** Parts of a link that are named where they mean nothing, and characters of each. */
const [MOST_UNREAD, LONGEST_UNREAD] = [4, 40];

/** That parts of a link mean nothing. They are whatever it says, as the name of a file is. */
export function sayUnread(unread: Link['unread'], language: Language): string {
  const parts = unread.slice(0, MOST_UNREAD).map(([name, value]) => {
    const part = visibleToken(clip(value === '' ? name : `${name}=${value}`, LONGEST_UNREAD));
    return phrase(text.unreadPart, language, { part });
  });
  const more = unread.length > MOST_UNREAD ? ' …' : '';
  return phrase(text.unread, language, { parts: parts.join(language === 'zh' ? '、' : ', ') + more });
}

/** A line on a link, and a way to have done with it. */
function linkLine(kind: 'awaited' | 'unread', words: string, says: string, done: () => void): HTMLElement {
  const name = kind === 'awaited' ? 'dismiss' : 'hush';
  const button = element('button', { type: 'button', class: 'button quiet', name }, says);
  button.addEventListener('click', done);
  return element('div', { class: `source-link source-${kind}` }, element('p', { role: 'status' }, words), button);
}

/** What there is to step through, and where it stands. */
export interface PickerState {
  language: Language;
  place: Place;
  layers: readonly string[];
  heads: number;
  batch: number;
  colors: string | undefined;
  /** How blocks become cells; undefined where every cell is drawn. */
  pool: string | undefined;
}

/** Layer, head and batch item, each where there are several. */
export function renderSteppers(
  { layers, heads, batch, place }: Pick<PickerState, 'layers' | 'heads' | 'batch' | 'place'>,
  language: Language,
  choose: (change: Partial<Place>) => void,
): HTMLElement[] {
  const axes = [
    { name: 'layer', steps: listed(layers) },
    { name: 'head', steps: numbered(heads) },
    { name: 'batch', steps: numbered(batch) },
  ] as const;
  return axes
    .filter(({ steps }) => steps.count > 1)
    .map(({ name, steps }) => stepper(name, steps, place[name], language, (index) => choose({ [name]: index })));
}

/** Layer, head and batch item; and the colours. */
export function renderPickers(
  host: HTMLElement,
  { language, place, layers, heads, batch, colors, pool }: PickerState,
  listen: {
    place: (change: Partial<Place>) => void;
    colors: (id: string | undefined) => void;
    pool: (id: string) => void;
  },
): void {
  const steppers = renderSteppers({ layers, heads, batch, place }, language, listen.place);
  const menus = [colorMenu(language, colors, listen.colors)];
  if (pool !== undefined) menus.push(poolMenu(language, pool, listen.pool));
  replaceKeepingFocus(host, [...steppers, ...menus]);
}

function poolMenu(language: Language, pool: string, choose: (id: string) => void): HTMLElement {
  const id = uniqueId('pool');
  const menu = element('select', { id, name: 'pool' });
  for (const { id: value, label, about } of catalog.pools) {
    menu.append(element('option', { value, title: about[language] }, label[language]));
  }
  menu.value = pool;
  menu.addEventListener('change', () => choose(menu.value));
  return element('div', { class: 'stepper' }, element('label', { for: id }, text.pool[language]), menu);
}

function colorMenu(
  language: Language,
  colors: string | undefined,
  choose: (id: string | undefined) => void,
): HTMLElement {
  const id = uniqueId('colors');
  const menu = element('select', { id, name: 'colors' }, element('option', { value: '' }, text.automatic[language]));
  for (const map of catalog.colormaps) menu.append(element('option', { value: map.id }, map.label[language]));
  menu.value = colors ?? '';
  menu.addEventListener('change', () => choose(menu.value || undefined));
  return element('div', { class: 'stepper' }, element('label', { for: id }, text.colors[language]), menu);
}

/** The steps from raw score to weight, of which one is drawn. */
export function renderStages(
  host: HTMLElement,
  { language, stage }: { language: Language; stage: Stage },
  choose: (stage: Stage) => void,
): void {
  const options = catalog.stages.map(({ id, label, about }) => ({
    id,
    label: label[language],
    title: about[language],
    minor: !MAIN_STAGES.includes(id),
  }));
  replaceKeepingFocus(host, [
    choices('stage', 'stage', text.stage[language], options, stage, (id) => choose(id as Stage)),
  ]);
}

/** Puts new children in place of the old; the control that had the focus has it again, by its name and value. */
export function replaceKeepingFocus(host: HTMLElement, children: HTMLElement[]): void {
  const before = focusedBeside(host);
  const key = before && host.contains(before) ? focusKey(before) : undefined;
  host.replaceChildren(...children);
  if (key === undefined) return;
  const controls = [...host.querySelectorAll<HTMLElement>('input:not([hidden]), select, button')];
  (controls.find((control) => focusKey(control) === key) ?? controls[0])?.focus();
}

/** One of several radio buttons is told by its value too; the value of other controls may just have changed. */
function focusKey(control: Element): string {
  const name = control.getAttribute('name') ?? '';
  return control.getAttribute('type') === 'radio' ? `${name}=${control.getAttribute('value')}` : name;
}
