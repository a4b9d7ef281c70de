// One control for one parameter of the catalogue: a slider with a number field, a menu, or a box to tick.

import type {
  CatalogParameter,
  ChoiceParameter,
  FlagParameter,
  NumberParameter,
  TensorParameter,
} from '../generated/catalog.ts';
import { element, uniqueId } from '../views/parts/dom.ts';
import { phrase, type Language } from '../views/parts/text.ts';
import { numberFault, type Value } from './settings.ts';
import { tensorControl } from './tensorfield.ts';
import type { Sizes } from './tensors.ts';
import { text } from './text.ts';

/** Positions on a slider. */
const SLIDER_STEPS = 1000;

/** What a control needs: its parameter, the value now, the language, and whom to tell. */
export interface FieldSetup<P extends CatalogParameter = CatalogParameter> {
  parameter: P;
  /** Undefined: at its default. */
  value: Value | undefined;
  language: Language;
  /** Of the open problem, once they are known. */
  sizes: Sizes | undefined;
  /** Whether the opened file has a value that counts where none is set. */
  brought: boolean;
  /** Hears each allowed value; undefined goes back to the default. */
  change: (value: Value | undefined) => void;
}

/** A control on the page. */
export interface Field {
  readonly element: HTMLElement;
  /** Shows what is wrong at the control, or clears it. */
  fail(message: string | null): void;
  /** Shows what depends on the sizes of the problem. */
  resize?(sizes: Sizes): void;
}

/** Makes the control that fits the parameter's kind. */
export function makeField(setup: FieldSetup): Field {
  const { parameter } = setup;
  if (parameter.kind === 'flag') return flagField({ ...setup, parameter });
  if (parameter.kind === 'choice') return choiceField({ ...setup, parameter });
  if (parameter.kind === 'tensor') return tensorField({ ...setup, parameter });
  return numberField({ ...setup, parameter });
}

function flagField({ parameter, value, language, change }: FieldSetup<FlagParameter>): Field {
  const id = uniqueId('flag');
  const box = element('input', { type: 'checkbox', id, name: parameter.name });
  box.checked = (value ?? parameter.default) === true;
  box.addEventListener('change', () => change(box.checked));
  const label = element('label', { for: id, class: 'tick' }, box, parameter.label[language]);
  return wrap(parameter, language, 'field field-flag', box, label);
}

function choiceField({ parameter, value, language, change }: FieldSetup<ChoiceParameter>): Field {
  const id = uniqueId('choice');
  const menu = element('select', { id, name: parameter.name });
  if (parameter.default === null) menu.append(element('option', { value: '' }, text.notSet[language]));
  for (const [option, label] of parameter.options) menu.append(element('option', { value: option }, label[language]));
  menu.value = String(value ?? parameter.default ?? '');
  menu.addEventListener('change', () => change(menu.value === '' ? undefined : menu.value));
  const label = element('label', { for: id }, parameter.label[language]);
  return wrap(parameter, language, 'field field-choice', menu, label, menu);
}

function tensorField(setup: FieldSetup<TensorParameter>): Field {
  const { parameter, language } = setup;
  let fail: Field['fail'] = () => undefined;
  const { menu, shape, more, resize } = tensorControl(setup, (message) => fail(message));
  const label = element('label', { for: menu.id }, parameter.label[language]);
  const field = wrap(parameter, language, 'field field-tensor', menu, label, shape, menu, more);
  fail = field.fail;
  return { ...field, resize };
}

function numberField({ parameter, value, language, change }: FieldSetup<NumberParameter>): Field {
  const id = uniqueId('number');
  const shown = value ?? parameter.default;
  const typed = element('input', {
    id,
    name: parameter.name,
    inputmode: 'decimal',
    autocomplete: 'off',
    placeholder: parameter.default === null ? text.automatic[language] : String(parameter.default),
  });
  typed.value = shown === null ? '' : briefly(Number(shown));
  const slider = element('input', { type: 'range', min: 0, max: SLIDER_STEPS, step: 1 });
  slider.setAttribute('aria-label', phrase(text.slider, language, { name: parameter.label[language] }));
  const follow = (number: number | null): void => placeSlider(slider, parameter, number, language);
  follow(typeof shown === 'number' ? shown : null);
  const field = wrap(
    parameter,
    language,
    'field field-number',
    typed,
    element('label', { for: id }, parameter.label[language]),
    slider,
    typed,
  );
  slider.addEventListener('input', () => {
    const number = fromSlider(Number(slider.value), parameter);
    typed.value = String(number);
    field.fail(null);
    follow(number);
    change(number);
  });
  typed.addEventListener('input', () => {
    const entered = typed.value.trim().replace('−', '-');
    const fault = entered === '' ? null : numberFault(parameter, entered);
    const values = { name: parameter.label[language], found: entered, limit: fault?.limit ?? '' };
    field.fail(fault && phrase(fault.text, language, values));
    if (fault) return;
    follow(entered === '' ? parameter.default : Number(entered));
    change(entered === '' ? undefined : Number(entered));
  });
  return field;
}

function placeSlider(
  slider: HTMLInputElement,
  parameter: NumberParameter,
  number: number | null,
  language: Language,
): void {
  slider.classList.toggle('slider-automatic', number === null);
  slider.value = String(number === null ? SLIDER_STEPS / 2 : toSlider(number, parameter));
  slider.style.setProperty('--filled', `${(Number(slider.value) / SLIDER_STEPS) * 100}%`);
  slider.setAttribute('aria-valuetext', number === null ? text.automatic[language] : String(number));
}

/** A number as it fits into its field: `1e-6` for 0.000001. */
function briefly(number: number): string {
  return Math.abs(number) < 1e-3 && number !== 0 ? number.toExponential() : String(number);
}

/** A number's position on its slider. */
function toSlider(number: number, { slider: [from, to], logarithmic }: NumberParameter): number {
  const share = logarithmic ? Math.log(number / from) / Math.log(to / from) : (number - from) / (to - from);
  return Math.round(Math.max(0, Math.min(1, share)) * SLIDER_STEPS);
}

/** The number at a slider's position, rounded to what a person would type. */
function fromSlider(position: number, { slider: [from, to], logarithmic, integer }: NumberParameter): number {
  const share = position / SLIDER_STEPS;
  const number = logarithmic ? from * (to / from) ** share : from + (to - from) * share;
  if (integer) return Math.round(number);
  if (logarithmic) return Number(number.toPrecision(2));
  const step = (to - from) / 200;
  return Number(number.toFixed(Math.max(0, Math.ceil(-Math.log10(step)))));
}

function wrap(
  parameter: CatalogParameter,
  language: Language,
  kind: string,
  input: HTMLElement,
  ...parts: Node[]
): Field {
  const about = element('p', { class: 'visually-hidden', id: uniqueId('about') }, parameter.about[language]);
  const { fault, fail } = faultLine(input, about.id);
  const box = element(
    'div',
    { class: kind, title: parameter.about[language], 'data-parameter': parameter.name },
    ...parts,
    about,
    fault,
  );
  return { element: box, fail };
}

/** A line under `input` for what is wrong with it; `about` is the id of what else describes the input. */
export function faultLine(input: HTMLElement, about: string): { fault: HTMLElement; fail: Field['fail'] } {
  const fault = element('p', { class: 'field-fault', id: uniqueId('fault'), 'aria-live': 'polite' });
  input.setAttribute('aria-describedby', `${about} ${fault.id}`);
  const fail = (message: string | null): void => {
    fault.textContent = message ?? '';
    if (message === null) input.removeAttribute('aria-invalid');
    else input.setAttribute('aria-invalid', 'true');
  };
  return { fault, fail };
}
