// A figure: numbers, the problem that is made of them, and the view that shows it. It knows nothing of attributes and events.

import { QkscopeError, type AttentionMap, type ProblemOptions } from '../engine/index.ts';
import { catalog, type Text } from '../generated/catalog.ts';
import { isEqual } from '../page/equal.ts';
import { Problem } from '../page/problem.ts';
import { PageError } from '../page/reason.ts';
import { settingsFrom, type Settings } from '../page/settings.ts';
import { ownOf, type Reading, type Source } from '../page/source.ts';
import type { Place as Indexed } from '../page/state.ts';
import { isState } from '../page/story/forms.ts';
import { Opened } from '../page/story/opened.ts';
import type { Mounted, Section } from '../page/story/section.ts';
import { TakeMenu } from '../page/story/take.ts';
import { text as pageText } from '../page/text.ts';
import { tokensFor } from '../page/tokens.ts';
import { element, isLaidOut } from '../views/parts/dom.ts';
import { clip, filled, inARow, type Language } from '../views/parts/text.ts';
import type { Asked } from './attributes.ts';
import { Heat, type Drawn, type HeatHeard } from './heat.ts';
import { chapterOf, VIEWS, type ViewId } from './views.ts';

const text = {
  take: { en: 'Export this figure', zh: '导出此图' },
  alone: {
    en: 'This view shows numbers of its own, and not those that are given.',
    zh: '此视图显示自带的数值，而非所给的数据。',
  },
  state: { en: 'The state “{state}” means nothing to this view.', zh: '状态“{state}”在此视图中没有意义。' },
  table: {
    en: 'The position “{id}” changes nothing without its parameter “{name}”.',
    zh: '位置编码“{id}”缺少参数“{name}”，不起作用。',
  },
} satisfies Record<string, Text>;

/** A layer as its file numbers it, a head, and a batch item. */
export interface Place {
  layer: number | undefined;
  head: number;
  batch: number;
}

/** Who hears of what happens in a figure. */
export interface Heard extends HeatHeard {
  /** What would bring back what is seen in a view. */
  state(view: Exclude<ViewId, 'matrix'>, state: string): void;
  /** The numbers that were asked for are there, and are about to be computed with. */
  read(): void;
  /** A head was chosen in a view. */
  open(place: Partial<Place>): void;
}

/** What is shown, and of what. */
export interface Shown extends Asked {
  source: Source | undefined;
  /** Whether numbers are given, be they looked at or not. */
  given: boolean;
}

/** The places of what is open: layers by their names, and where one is, by index. */
export interface Choice {
  layers: readonly string[];
  heads: number;
  batch: number;
  place: Indexed;
}

/** A view that lives: the heat map, or a section, over what it has open. */
interface View {
  id: ViewId;
  opened: Opened;
  section: Section | undefined;
  /** The state that was asked for, unless it is asked for anew, and the one it has come to. */
  asked: string | undefined;
  state: string;
  heat: Heat | undefined;
  mounted: Mounted | undefined;
  /** What a section gives away; the heat map has menus of its own. */
  take: TakeMenu | undefined;
}

/** Characters of a list of layers, or of a state, in a sentence. */
const LONGEST_LIST = 80;

const kindOf = (view: ViewId) => VIEWS.find(({ id }) => id === view)!;

/** Whether a view shows numbers that somebody has to give. */
export const needsNumbers = (view: ViewId): boolean => !kindOf(view).alone;

export class Figure {
  readonly #host: HTMLElement;
  readonly #heard: Heard;
  readonly #problem: Problem;
  #language: Language = 'en';
  #source: Source | undefined;
  #view: View | undefined;
  /** The options that were asked for last, one object as long as they say the same. */
  #given: ProblemOptions = {};

  constructor(host: HTMLElement, heard: Heard) {
    this.#host = host;
    this.#heard = heard;
    this.#problem = new Problem(() => heard.read());
  }

  set language(language: Language) {
    if (language === this.#language) return;
    this.#language = language;
    this.#view?.heat?.speak(language);
    this.#view?.mounted?.speak(language);
    this.#view?.take?.speak(language);
  }

  /** Shows what is asked for; settles when it is there, with what there is to choose from and to know. */
  async show(asked: Shown, reading: Reading): Promise<{ choice: Choice | undefined; note: Text }> {
    const { signal } = reading;
    const isUnread = !isState(asked.view, asked.state);
    const shown = isUnread ? { ...asked, state: '' } : asked;
    const notes = isUnread ? [filled(text.state, { state: clip(asked.state, LONGEST_LIST) })] : [];
    if (!needsNumbers(shown.view)) {
      await this.#mount(shown, undefined, signal);
      return { choice: undefined, note: inARow(shown.given ? [text.alone, ...notes] : notes) };
    }
    const { source } = shown;
    if (!source) throw new PageError(pageText.nothingOpen);
    const { map, place } = await this.#open(source, shown, signal);
    const { misfit, ...tokens } = tokensFor(source, map);
    const { stage, colors, pool } = shown;
    const drawn = { source, map, place, options: this.#problem.optionsOf(map), stage, colors, pool, tokens };
    await this.#mount(shown, drawn, signal);
    await this.#view?.heat?.show(drawn, reading, () => this.#problem.show(map));
    const { heads, batch } = kindOf(shown.view).whole ? { heads: 1, batch: 1 } : map;
    const choice = { layers: source.layers.map(String), heads, batch, place };
    if (source.note) notes.push(source.note);
    if (misfit) notes.push(misfitIn(source, misfit));
    return { choice, note: inARow([...notes, ...missingIn(drawn.options)]) };
  }

  repaint(): void {
    this.#view?.heat?.repaint();
    this.#view?.mounted?.repaint();
  }

  /** A state is asked for, be it the one that was before: what somebody has come to since gives way to it. */
  renew(): void {
    if (this.#view) this.#view.asked = undefined;
  }

  /** A place by indices, as steppers and sections know it, in the numbers of its file. */
  placeAt({ layer, ...rest }: Partial<Indexed>): Partial<Place> {
    return layer === undefined ? rest : { ...rest, layer: this.#source?.layers[layer] };
  }

  /** The number of the layer that is open. */
  layerOf(choice: Choice | undefined): number | undefined {
    return choice && this.#source?.layers[choice.place.layer];
  }

  /** Whether there is no view. */
  get isEmpty(): boolean {
    return this.#view === undefined;
  }

  /** Gives everything back. */
  free(): void {
    this.#leave();
    this.#problem.show(undefined);
    this.#source = undefined;
  }

  async #open(
    source: Source,
    { batch, head, layer: wanted, options: given }: Asked,
    signal: AbortSignal,
  ): Promise<{ map: AttentionMap; place: Indexed }> {
    const layer = wanted === undefined ? 0 : source.layers.indexOf(wanted);
    if (layer < 0) throw outside('layer', `one of ${clip(source.layers.join(', '), LONGEST_LIST)}`, wanted);
    const place = { layer, batch, head };
    const options = optionsOf(source, layer, given);
    const map = await this.#problem.open({ source, place, options: () => options }, signal);
    signal.throwIfAborted();
    if (head >= map.heads) throw outside('head', `below ${map.heads}`, head);
    if (batch >= map.batch) throw outside('batch', `below ${map.batch}`, batch);
    this.#source = source;
    return { map, place };
  }

  /** Makes the view that is asked for, unless it is there, and tells it what is open. */
  async #mount(
    { view: id, state, options: given }: Shown,
    open: Drawn | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const known = this.#view?.id === id ? this.#view : undefined;
    const opened = known?.opened ?? this.#newOpened();
    if (!isEqual(given, this.#given)) this.#given = given;
    if (open) {
      const { source, map, place, options } = open;
      const rules = [this.#given];
      const own = (layer: number): ProblemOptions => optionsOf(source, layer, given);
      const settingsOf = (layer: number): Settings => settingsFrom(own(layer));
      opened.show({ source, map, place, options, rules, optionsOf: own, settingsOf });
      // A section that is there looks at the new map already; the heat map keeps its own until there is a picture of the new one.
      if (known?.section) this.#problem.show(map);
    }
    const section = known ? known.section : await chapterOf(id, opened)?.load();
    signal.throwIfAborted();
    await section?.check?.().catch((error: unknown) => {
      // Better nothing than other numbers than those that were given.
      if (!signal.aborted) this.#leave();
      throw error;
    });
    signal.throwIfAborted();
    if (known && known === this.#view) return restore(known, state);
    this.#leave();
    if (open) this.#problem.show(open.map);
    const host = element('div', { class: section ? `story-view story-${id}` : 'workspace' });
    this.#host.append(host);
    this.#view = this.#alive(host, {
      id,
      opened,
      section,
      asked: state,
      state,
      heat: undefined,
      mounted: undefined,
      take: undefined,
    });
    if (section) await seen(host, signal);
  }

  #alive(host: HTMLElement, view: View): View {
    const { section } = view;
    if (!section) {
      view.heat = new Heat(host, this.#language, this.#heard);
      view.heat.restore(view.state);
    }
    view.mounted = section?.mount(host, {
      language: this.#language,
      state: view.state,
      remember: (state) => {
        if (state === view.state) return;
        view.state = state;
        if (this.#view === view && view.id !== 'matrix') this.#heard.state(view.id, state);
      },
      beyond: undefined,
    });
    if (!section) return view;
    view.take = this.#menu(view);
    this.#host.append(view.take.element);
    return view;
  }

  #menu({ mounted }: View): TakeMenu {
    return new TakeMenu({ name: text.take, language: this.#language, exported: () => mounted?.exported() });
  }

  #newOpened(): Opened {
    return new Opened({
      expected: () => undefined,
      open: ({ layer, head }) => this.#heard.open(this.placeAt({ layer, head })),
      see: undefined,
      hasSample: false,
    });
  }

  /** What a view has under way ends with what it looks at. */
  #leave(): void {
    this.#view?.opened.show(undefined);
    this.#view?.heat?.free();
    this.#view = undefined;
    this.#host.replaceChildren();
  }
}

/** What is computed with in a layer: what was asked for goes before what its file says. */
const optionsOf = (source: Source, layer: number, given: ProblemOptions): ProblemOptions => ({
  ...ownOf(source, layer).options,
  ...given,
});

function misfitIn(source: Source, misfit: NonNullable<ReturnType<typeof tokensFor>['misfit']>): Text {
  return filled(pageText.tokensFault, { ...misfit, name: source.name.en || 'tokens', what: pageText[misfit.what] });
}

/** A position that is a table is none without it. */
function missingIn({ position: given }: ProblemOptions): Text[] {
  const position = given ?? 'none';
  const chosen = typeof position === 'object' ? position : { id: position };
  const parameters = catalog.positions.find(({ id }) => id === chosen.id)?.parameters ?? [];
  return parameters
    .filter(({ kind, name }) => kind === 'tensor' && !(name in chosen))
    .map(({ name }) => filled(text.table, { id: chosen.id, name }));
}

/** Another state that is asked for is not told as one that was come to. */
function restore(view: View, state: string): void {
  if (state === view.asked) return;
  view.asked = view.state = state;
  (view.heat ?? view.mounted)?.restore(state);
}

function outside(name: string, expected: string, found: number | undefined): QkscopeError {
  return new QkscopeError('parameter', name, expected, String(found));
}

/** Until there is something to see of a view, where that can be: some ask for their numbers first. */
function seen(host: HTMLElement, signal: AbortSignal): Promise<void> | undefined {
  if (!isLaidOut(host)) return undefined;
  return new Promise((resolve, reject) => {
    const end = (): void => {
      sized.disconnect();
      signal.removeEventListener('abort', end);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve();
    };
    const sized = new ResizeObserver(([entry]) => entry && entry.contentRect.height > 0 && end());
    sized.observe(host);
    signal.addEventListener('abort', end);
  });
}
