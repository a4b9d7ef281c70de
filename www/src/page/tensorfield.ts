// A control for a matrix or a vector: automatic, seeded random numbers, numbers typed by hand, or a file.

import { openCapture, type Capture, type TensorInfo } from './engine.ts';
import type { TensorParameter } from '../generated/catalog.ts';
import { element, uniqueId } from '../views/parts/dom.ts';
import { phrase, visibleToken, type Language } from '../views/parts/text.ts';
import { fileButton } from './drop.ts';
import type { Field, FieldSetup } from './field.ts';
import { PageError, reasonOf } from './reason.ts';
import {
  defaultNumber,
  isPerHead,
  isTensorValue,
  LARGEST_SEED,
  parseNumbers,
  shapeOf,
  type Sizes,
  type TensorValue,
} from './tensors.ts';
import { tensorDefaults, text } from './text.ts';

/** What the menu offers. */
type Kind = 'automatic' | TensorValue['kind'];

/** The seed to begin with. */
const FIRST_SEED = 1;

/** The parts of the control: its menu, what stands below for the chosen kind, and its shape. */
export interface TensorControl {
  menu: HTMLSelectElement;
  shape: HTMLElement;
  more: HTMLElement;
  /** Shows the shape in a problem of these sizes. */
  resize(sizes: Sizes | undefined): void;
}

/** Makes the parts; `fail` says at the control what is wrong. */
export function tensorControl(
  { parameter, value, language, sizes, brought, change }: FieldSetup<TensorParameter>,
  fail: Field['fail'],
): TensorControl {
  const given = isTensorValue(value) ? value : undefined;
  const menu = element('select', { id: uniqueId('tensor'), name: parameter.name });
  for (const [kind, label] of kindsOf(parameter, language, brought))
    menu.append(element('option', { value: kind }, label));
  menu.value = given?.kind ?? 'automatic';
  const shape = element('span', { class: 'field-shape' });
  const more = element('div', { class: 'field-more' });
  let now = sizes;
  let last = given;
  const context = { parameter, language, fail, sizes: () => now };
  const set = (next: TensorValue | undefined): void => {
    last = next;
    fail(null);
    resize(now);
    change(next);
  };
  const render = (start: TensorValue | undefined): void => {
    more.replaceChildren(...partsFor(menu.value as Kind, start, { ...context, set }));
  };
  menu.addEventListener('change', () => {
    const start = startOf(menu.value as Kind, parameter, now);
    render(start);
    // A file is chosen first: until then nothing changes.
    if (menu.value !== 'file') set(start);
    else fail(null);
  });
  const resize = (sizes: Sizes | undefined): void => {
    now = sizes;
    const file = last?.kind === 'file' ? last.tensor.shape : undefined;
    const lengths = file ?? (sizes ? shapeOf(parameter, sizes) : parameter.axes);
    shape.textContent = lengths.join(' × ');
    shape.title = parameter.axes.join(' × ');
  };
  render(given);
  resize(sizes);
  return { menu, shape, more, resize };
}

function kindsOf(parameter: TensorParameter, language: Language, brought: boolean): [Kind, string][] {
  const name = brought ? text.tensorBrought[language] : tensorDefaults[parameter.default]?.[language];
  const kinds: [Kind, string][] = [
    ['automatic', phrase(text.tensorAutomatic, language, { name: name ?? parameter.default })],
    ['random', text.tensorRandom[language]],
    ['file', text.tensorFile[language]],
  ];
  if (isPerHead(parameter)) kinds.splice(1, 0, ['list', text.tensorList[language]]);
  return kinds;
}

function startOf(kind: Kind, parameter: TensorParameter, sizes: Sizes | undefined): TensorValue | undefined {
  if (kind === 'random') return { kind, seed: FIRST_SEED };
  if (kind !== 'list') return undefined;
  return { kind, numbers: Array<number>(sizes?.heads ?? 1).fill(defaultNumber(parameter.default)) };
}

interface Context {
  parameter: TensorParameter;
  language: Language;
  fail: Field['fail'];
  sizes: () => Sizes | undefined;
  set: (value: TensorValue) => void;
}

function partsFor(kind: Kind, value: TensorValue | undefined, context: Context): HTMLElement[] {
  if (kind === 'random') return seedParts(value?.kind === 'random' ? value.seed : FIRST_SEED, context);
  if (kind === 'list') return listParts(value?.kind === 'list' ? value.numbers : [], context);
  return kind === 'file' ? fileParts(value?.kind === 'file' ? value.file : undefined, context) : [];
}

function seedParts(seed: number, { parameter, language, fail, set }: Context): HTMLElement[] {
  const id = uniqueId('seed');
  const typed = element('input', { id, name: `${parameter.name}-seed`, inputmode: 'numeric', autocomplete: 'off' });
  typed.value = String(seed);
  typed.addEventListener('input', () => {
    const entered = typed.value.trim();
    if (/^\d+$/.test(entered) && Number(entered) <= LARGEST_SEED) set({ kind: 'random', seed: Number(entered) });
    else fail(phrase(text.seedFault, language, { most: LARGEST_SEED, found: entered }));
  });
  const other = element(
    'button',
    { type: 'button', class: 'button', name: `${parameter.name}-next`, title: text.seedNext[language] },
    text.seedNext[language],
  );
  other.addEventListener('click', () => {
    const next = /^\d+$/.test(typed.value.trim()) ? (Number(typed.value) + 1) % (LARGEST_SEED + 1) : FIRST_SEED;
    typed.value = String(next);
    set({ kind: 'random', seed: next });
  });
  return [element('label', { for: id }, text.seed[language]), typed, other];
}

function listParts(numbers: readonly number[], { parameter, language, fail, sizes, set }: Context): HTMLElement[] {
  const id = uniqueId('list');
  const typed = element('input', {
    id,
    name: `${parameter.name}-list`,
    class: 'field-list',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  typed.value = numbers.join(', ');
  typed.addEventListener('input', () => {
    const parsed = parseNumbers(typed.value);
    const heads = sizes()?.heads ?? parsed?.length;
    if (!parsed) fail(text.listFault[language]);
    else if (parsed.length !== heads)
      fail(phrase(text.listCount, language, { heads: heads ?? 0, found: parsed.length }));
    else set({ kind: 'list', numbers: parsed });
  });
  return [element('label', { for: id, class: 'field-wide' }, text.listLabel[language]), typed];
}

function fileParts(file: string | undefined, { parameter, language, fail, set }: Context): HTMLElement[] {
  const said = (name: string): string => (name ? visibleToken(name) : text.tensorOwn[language]);
  const name = element('span', { class: 'field-file' }, file === undefined ? text.noFileYet[language] : said(file));
  const question = element('div', { class: 'field-wide' });
  const note = element('p', { class: 'field-wide field-note' }, file === undefined ? '' : text.fileNotLinked[language]);
  let asked = 0;
  // A file takes its time: by then another may be asked for, or another control may stand here.
  const isWanted = (request: number): boolean => request === asked && question.isConnected;
  const refuse = (request: number, title: string, error: unknown): void => {
    if (!isWanted(request)) return;
    fail(phrase(text.openFailed, language, { name: title, reason: reasonOf(error, language) }));
  };
  const read = async (capture: Capture, { name: tensor }: TensorInfo, title: string): Promise<void> => {
    const request = (asked += 1);
    try {
      const numbers = await capture.tensor(tensor);
      if (!isWanted(request)) return;
      name.textContent = said(title);
      note.textContent = text.fileNotLinked[language];
      set({ kind: 'file', file: title, tensor: numbers });
    } catch (error) {
      refuse(request, title, error);
    }
  };
  const open = async ([chosen]: File[]): Promise<void> => {
    if (!chosen) return;
    question.replaceChildren();
    const title = visibleToken(chosen.name);
    const request = (asked += 1);
    try {
      const capture = await openCapture(chosen);
      if (!isWanted(request)) return;
      const readable = capture.tensors.filter(({ supported }) => supported);
      const [first] = readable;
      if (!first) throw new PageError(text.noTensor, { count: capture.tensors.length });
      if (readable.length === 1) await read(capture, first, title);
      else
        question.replaceChildren(...tensorMenu(readable, parameter.name, language, (one) => read(capture, one, title)));
      question.querySelector('select')?.focus();
    } catch (error) {
      refuse(request, title, error);
    }
  };
  const button = fileButton(text.chooseFile[language], (files) => void open(files), `${parameter.name}-file`);
  return [name, button, question, note];
}

/** Asks which tensor of a file is meant. */
export function tensorMenu(
  tensors: readonly TensorInfo[],
  name: string,
  language: Language,
  choose: (tensor: TensorInfo) => void,
): HTMLElement[] {
  const id = uniqueId('which');
  const menu = element(
    'select',
    { id, name: `${name}-tensor` },
    element('option', { value: '' }, text.choose[language]),
  );
  tensors.forEach(({ name: tensor, shape }, index) => {
    menu.append(element('option', { value: index }, `${visibleToken(tensor)}  (${shape.join(' × ')})`));
  });
  menu.addEventListener('change', () => {
    const chosen = tensors[Number(menu.value)];
    if (menu.value !== '' && chosen) choose(chosen);
  });
  return [element('label', { for: id }, text.whichTensor[language]), menu];
}
