// PLANE: why a dot product is a similarity, and of what: arrows to drag, and all that becomes of them.

import { QkscopeError } from '../../engine/index.ts';
import { catalog } from '../../generated/catalog.ts';
import { PlaneView, planeRows, type Pair, type PlaneNumbers, type PlaneScene } from '../../views/index.ts';
import { element } from '../../views/parts/dom.ts';
import { Latest } from '../../views/parts/latest.ts';
import { phrase, type Language } from '../../views/parts/text.ts';
import { isWeight } from '../../views/parts/planescene.ts';
import { MOST_KEYS, QUERY, freePlace, nameOf, type Vector } from '../../views/parts/vectors.ts';
import { makeField, type Field } from '../field.ts';
import { History } from '../history.ts';
import { choices } from '../pickers.ts';
import { reasonOf } from '../reason.ts';
import { replaceKeepingFocus } from '../toolbar.ts';
import { PlaneCourse } from './planecourse.ts';
import { planeNumbers } from './planenumbers.ts';
import {
  PLANE_SCORES,
  TEMPERATURE,
  pairWithin,
  presetOf,
  readState,
  startOf,
  writeState,
  type PlaneControl,
  type PlaneScore,
  type PlaneState,
} from './planestate.ts';
import { PlaneTurns } from './planeturns.ts';
import { verdictOf } from './planeverdict.ts';
import type { Exported, Mounted, Section, Story } from './section.ts';
import { WORDS } from './words.ts';

/** Numbers that take longer than this do not hold the arrow back: it goes ahead, and they are left out. */
const LATE_MS = 120;

/** What the view calls the scores. */
const COLUMNS = { dot: 'dot', scaled_dot: 'scaled', cosine: 'cosine' } as const satisfies Record<PlaneScore, string>;

const text = {
  source: { en: 'Weights from', zh: '权重取自' },
  asks: { en: '{query} asks {key}:', zh: '{query} 问 {key}：' },
  add: { en: 'Add a key', zh: '添加键' },
  addVector: { en: 'Add a vector', zh: '添加向量' },
  remove: { en: 'Remove {name}', zh: '移除 {name}' },
  undo: { en: 'Undo', zh: '撤销' },
  redo: { en: 'Redo', zh: '重做' },
  reset: { en: 'Reset', zh: '重置' },
  failed: { en: 'This could not be computed: {reason}.', zh: '无法计算：{reason}。' },
};

export const PLANE: Section = {
  ...WORDS.plane,
  mount: (host, story) => new PlaneSection(host, story),
};

class PlaneSection implements Mounted {
  readonly #story: Story;
  readonly #view: PlaneView;
  readonly #history = new History<PlaneState>();
  readonly #questions = new Latest((error) => this.#fail(error));
  readonly #course: PlaneCourse;
  readonly #verdict = element('div', { class: 'plane-verdict', 'aria-live': 'polite' });
  readonly #choices = element('div', { class: 'plane-choices' });
  readonly #turns = new PlaneTurns((turns, stroke) => this.#set({ turns }, stroke));
  readonly #knobs = element('div', { class: 'plane-knobs' });
  /** What stands by the arrows in the steps that ask for it, and where it stands in the others. */
  readonly #controls: Readonly<Record<PlaneControl, { box: HTMLElement; home: HTMLElement | null }>>;
  readonly #buttons = element('div', { class: 'plane-buttons' });
  readonly #fault = element('p', { class: 'field-fault plane-fault', role: 'status' });
  #state: PlaneState;
  #language: Language;
  /** What is seen: a state, and its own numbers. */
  #shown: PlaneScene;
  #temperature: { field: Field; value: number; language: Language } | undefined;
  #rendered = '';
  #frame: number | undefined;
  #late: ReturnType<typeof setTimeout> | undefined;

  constructor(host: HTMLElement, story: Story) {
    this.#story = story;
    this.#language = story.language;
    this.#state = readState(story.state);
    this.#course = new PlaneCourse((id) => this.#begin(id), story.beyond);
    this.#view = new PlaneView({
      move: (of, to, stroke) => this.#move(of, to, stroke),
      choose: (pair) => this.#choose(pair),
      remove: (of) => this.#remove(of),
    });
    const { plane, tables, ledger, lengths } = this.#view;
    const numbers = element('div', { class: 'plane-numbers' }, tables, this.#verdict);
    const knobs = element('div', {}, this.#knobs);
    const controls = element('div', { class: 'plane-controls' }, this.#choices, knobs, this.#fault, this.#buttons);
    this.#controls = {
      lengths: { box: lengths, home: lengths.parentElement },
      temperature: { box: this.#knobs, home: knobs },
      turns: { box: this.#turns.element, home: null },
    };
    const body = element('div', { class: 'plane-body' }, plane, numbers, ledger, controls);
    const root = element('div', { class: 'plane' }, this.#course.element, body);
    root.addEventListener('keydown', (event) => this.#key(event));
    host.append(root);
    this.#render();
    this.#shown = this.#sceneOf(this.#state, undefined);
    this.#reveal(this.#shown);
    this.#ask();
  }

  speak(language: Language): void {
    this.#language = language;
    this.#render();
    this.#reveal(this.#shown);
  }

  /** The colours are the style sheet's own. */
  repaint(): void {}

  restore(state: string): void {
    this.#set(readState(state), 'link');
  }

  exported(): Exported {
    const ground = getComputedStyle(document.body).backgroundColor;
    return {
      name: `plane-${this.#state.preset}`,
      ...planeRows(this.#shown),
      naming: 2,
      picture: this.#view.picture(ground),
    };
  }

  // ---- what is set

  /** Goes on to another state; changes of one `stroke` are undone together. */
  #set(change: Partial<PlaneState>, stroke: string): void {
    const before = this.#state;
    const next = { ...before, ...change };
    if (writeState(next) === writeState(before)) return;
    this.#history.record(before, stroke);
    this.#enter(next);
  }

  #enter(state: PlaneState): void {
    this.#state = { ...state, pair: pairWithin(state) };
    this.#story.remember(writeState(this.#state));
    this.#render();
    this.#ask();
  }

  /** Goes to where another point begins. */
  #begin(preset: string): void {
    this.#set(startOf(presetOf(preset)), `preset ${preset}`);
  }

  #move(of: number, to: (at: Vector) => Vector, stroke: string): void {
    const { query, keys } = this.#state;
    if (of !== QUERY) return this.#set({ keys: keys.map((key, index) => (index === of ? to(key) : key)) }, stroke);
    if (query) this.#set({ query: to(query) }, stroke);
  }

  /** Looks at another pair: nothing is changed that would have to be undone. */
  #choose(pair: Partial<Pair>): void {
    const next = { ...this.#state, pair: { ...this.#state.pair, ...pair } };
    if (writeState(next) !== writeState(this.#state)) this.#enter(next);
  }

  #add(): void {
    const { query, keys } = this.#state;
    if (keys.length >= MOST_KEYS) return;
    const taken = [...keys, ...(query ? [query] : [])];
    const pair = query ? { query: 0, key: keys.length } : this.#state.pair;
    this.#set({ keys: [...keys, freePlace(taken)], pair }, 'add 1');
  }

  #remove(of: number): void {
    const { keys, pair } = this.#state;
    if (of === QUERY || keys.length === 1) return;
    const after = (at: number): number => (at > of ? at - 1 : at);
    const left = keys.filter((_, index) => index !== of);
    this.#set({ keys: left, pair: { query: after(pair.query), key: after(pair.key) } }, `remove ${of}`);
  }

  #travel(way: 'undo' | 'redo'): void {
    const state = this.#history[way](this.#state);
    if (state) this.#enter(state);
  }

  #key(event: KeyboardEvent): void {
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    // What is typed into a field is the field's own to take back.
    const typing = event.target instanceof HTMLInputElement && event.target.type === 'text';
    if (typing || !(ctrlKey || metaKey) || altKey || !/^[zy]$/i.test(key)) return;
    event.preventDefault();
    this.#travel(key.toLowerCase() === 'y' || shiftKey ? 'redo' : 'undo');
  }

  // ---- asking and showing

  /** Asks for the numbers of what is set: once a frame, however often it changes. */
  #ask(): void {
    this.#view.wait();
    this.#late ??= this.#goAheadLater();
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      const state = this.#state;
      this.#questions.run((signal) => this.#answer(state, signal));
    });
  }

  /** Shows a state that was asked for, with its numbers: on the way to the newest one, so that a hand sees them change. */
  async #answer(state: PlaneState, signal: AbortSignal): Promise<void> {
    const numbers = await planeNumbers(state, signal);
    const current = state === this.#state;
    // Where the arrow has gone ahead it does not come back.
    if (signal.aborted || (!current && this.#late === undefined)) return;
    this.#clearFault();
    this.#stopWaiting();
    this.#reveal(this.#sceneOf(state, numbers));
    if (current) return;
    this.#view.wait();
    this.#late = this.#goAheadLater();
  }

  #goAheadLater(): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#goAhead(), LATE_MS);
  }

  /** Shows what is set without numbers: those that there are belong to something else. */
  #goAhead(): void {
    this.#stopWaiting();
    this.#reveal(this.#sceneOf(this.#state, undefined));
  }

  #stopWaiting(): void {
    clearTimeout(this.#late);
    this.#late = undefined;
  }

  #sceneOf(state: PlaneState, numbers: PlaneNumbers | undefined): PlaneScene {
    const { query, keys, pair, score, preset } = state;
    const isPassing = state !== this.#state;
    return { query, keys, pair, chosen: COLUMNS[score], columns: presetOf(preset).shows, numbers, isPassing };
  }

  #reveal(scene: PlaneScene): void {
    this.#shown = scene;
    this.#view.show(scene, this.#language);
    this.#judge(scene);
  }

  #fail(error: unknown): void {
    this.#goAhead();
    const reason = reasonOf(error, this.#language);
    if (error instanceof QkscopeError && error.subject === TEMPERATURE.name) this.#temperature?.field.fail(reason);
    else this.#fault.textContent = phrase(text.failed, this.#language, { reason });
  }

  #clearFault(): void {
    this.#fault.textContent = '';
    this.#temperature?.field.fail(null);
  }

  // ---- what the numbers say

  #judge(scene: PlaneScene): void {
    const lines = verdictOf(scene, this.#language);
    const said = lines.map(([name, what]) => `${name} ${what}`).join('\n');
    if (this.#verdict.dataset['said'] === said) return;
    this.#verdict.dataset['said'] = said;
    this.#verdict.replaceChildren(
      ...lines.map(([name, what]) => element('p', {}, element('span', {}, name), ' ', element('b', {}, what))),
    );
  }

  // ---- the controls

  #render(): void {
    const { preset, query, keys, turns, score, pair } = this.#state;
    const { canUndo, canRedo } = this.#history;
    const language = this.#language;
    const facts = [language, preset, keys.length, score, pair.query, pair.key, canUndo, canRedo, query === undefined];
    this.#renderTemperature();
    this.#turns.show(turns, language);
    this.#placeControls();
    if (this.#rendered === facts.join()) return;
    this.#rendered = facts.join();
    this.#course.show(preset, language);
    replaceKeepingFocus(this.#choices, [this.#scoreChoices(language)]);
    replaceKeepingFocus(this.#buttons, this.#makeButtons(language));
  }

  /** Puts what the step asks for by the arrows; of weights nothing is set before there are any. */
  #placeControls(): void {
    const { control, shows } = presetOf(this.#state.preset);
    const focused = document.activeElement;
    for (const [name, { box, home }] of Object.entries(this.#controls)) {
      const to = name === control ? this.#view.control : home;
      if (box.parentElement === to) continue;
      if (to) to.append(box);
      else box.remove();
    }
    if (focused instanceof HTMLElement && focused.isConnected) focused.focus({ preventScroll: true });
    this.#choices.hidden = this.#knobs.hidden = !shows.some(isWeight);
  }

  #scoreChoices(language: Language): HTMLElement {
    const options = PLANE_SCORES.map((id) => ({ id, label: labelOf(id, language) }));
    return named(
      text.source[language],
      choices('pair', 'plane-score', text.source[language], options, this.#state.score, (id) =>
        this.#set({ score: PLANE_SCORES.find((score) => score === id) ?? 'dot' }, `score ${id}`),
      ),
    );
  }

  /** The field stays while it is the one that sets the temperature: a hand may be on it. */
  #renderTemperature(): void {
    const { temperature: value } = this.#state;
    const language = this.#language;
    const before = this.#temperature;
    if (before && before.value === value && before.language === language) return;
    const field = makeField({
      parameter: TEMPERATURE,
      value,
      language,
      sizes: undefined,
      brought: false,
      change: (set) => {
        const temperature = typeof set === 'number' ? set : (TEMPERATURE.default ?? 1);
        if (this.#temperature) this.#temperature.value = temperature;
        this.#set({ temperature }, 'temperature');
      },
    });
    this.#temperature = { field, value, language };
    replaceKeepingFocus(this.#knobs, [field.element]);
  }

  #makeButtons(language: Language): HTMLElement[] {
    const { query, keys, pair } = this.#state;
    const button = (name: string, label: string, enabled: boolean, press: () => void): HTMLElement => {
      const disabled = { 'aria-disabled': enabled ? undefined : 'true' };
      const made = element('button', { type: 'button', class: 'button', name: `plane-${name}`, ...disabled }, label);
      if (enabled) made.addEventListener('click', press);
      return made;
    };
    const add = (query ? text.add : text.addVector)[language];
    const [letter, of] = query ? ['k', pair.key] : ['x', pair.query];
    const remove = phrase(text.remove, language, { name: nameOf(letter, of) });
    const start = startOf(presetOf(this.#state.preset));
    return [
      button('add', add, keys.length < MOST_KEYS, () => this.#add()),
      // One stays: without any there is no row of weights.
      button('remove', remove, keys.length > 1, () => this.#remove(of)),
      button('undo', text.undo[language], this.#history.canUndo, () => this.#travel('undo')),
      button('redo', text.redo[language], this.#history.canRedo, () => this.#travel('redo')),
      button('reset', text.reset[language], true, () => this.#set(start, 'reset 1')),
    ];
  }
}

function labelOf(id: PlaneScore, language: Language): string {
  return catalog.scores.find((score) => score.id === id)?.label[language] ?? id;
}

/** A control with its name above it, for the eye; the control says it itself. */
function named(name: string, control: HTMLElement): HTMLElement {
  const label = element('span', { class: 'plane-label', 'aria-hidden': 'true' }, name);
  return element('div', { class: 'plane-choice' }, label, control);
}
