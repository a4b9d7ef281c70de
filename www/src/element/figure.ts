// A figure: numbers, the problem that is made of them, and the view that shows it. It knows nothing of attributes and events.

import { QkscopeError, type ProblemOptions } from '../engine/index.ts';
import { Problem } from '../page/problem.ts';
import { PageError } from '../page/reason.ts';
import { ownOf, type Source } from '../page/source.ts';
import { settingsFrom } from '../page/settings.ts';
import type { Place } from '../page/state.ts';
import { Opened } from '../page/story/opened.ts';
import type { Mounted } from '../page/story/section.ts';
import { text } from '../page/text.ts';
import type { MatrixCell } from '../views/index.ts';
import type { Language } from '../views/parts/text.ts';
import type { Asked } from './attributes.ts';
import { Heat } from './heat.ts';
import { chapterOf, VIEWS, type ViewId } from './views.ts';

/** Who hears of what happens in a figure. */
export interface Heard {
  /** The cell that is current in the heat map. */
  point(cell: MatrixCell): void;
  /** What would bring back what is seen. */
  state(state: string): void;
  /** A head was chosen in a view. */
  open(at: { layer: number; head: number }): void;
}

/** What is shown, and of what. */
export interface Shown extends Asked {
  source: Source | undefined;
}

/** A view that lives: the heat map, or a section. */
interface View {
  id: ViewId;
  state: string;
  heat: Heat | undefined;
  mounted: Mounted | undefined;
}

/** The places of what is open: layers by their numbers in the model. */
export interface Choice {
  layers: readonly number[];
  heads: number;
  batch: number;
  place: Place;
}

interface Control {
  signal: AbortSignal;
  onProgress: (fraction: number) => void;
}

export class Figure {
  readonly #host: HTMLElement;
  readonly #heard: Heard;
  readonly #problem = new Problem(() => undefined);
  readonly #opened: Opened;
  #language: Language;
  #view: View | undefined;

  constructor(host: HTMLElement, language: Language, heard: Heard) {
    this.#host = host;
    this.#language = language;
    this.#heard = heard;
    this.#opened = new Opened({
      expected: () => undefined,
      open: (at) => heard.open(at),
      see: () => undefined,
      hasSample: false,
    });
  }

  /** Shows what is asked for; settles when it is there, with what there is to choose from. */
  async show(shown: Shown, control: Control): Promise<Choice | undefined> {
    const needs = VIEWS.find(({ id }) => id === shown.view)?.alone === false;
    const open = needs ? await this.#open(shown, control.signal) : undefined;
    await this.#mount(shown, control.signal);
    const { heat } = this.#view!;
    if (heat && open) await heat.show(open, control);
    return (
      open && { layers: shown.source?.layers ?? [], heads: open.map.heads, batch: open.map.batch, place: open.place }
    );
  }

  speak(language: Language): void {
    this.#language = language;
    this.#view?.heat?.speak(language);
    this.#view?.mounted?.speak(language);
  }

  repaint(): void {
    this.#view?.heat?.repaint();
    this.#view?.mounted?.repaint();
  }

  /** Gives everything back. */
  free(): void {
    this.#leave();
    this.#opened.show(undefined);
    this.#problem.show(undefined);
  }

  async #open({ source, batch, head, layer: wanted, options: given, stage, colors, pool }: Shown, signal: AbortSignal) {
    if (!source) throw new PageError(text.nothingOpen);
    const layer = wanted === undefined ? 0 : source.layers.indexOf(wanted);
    if (layer < 0) throw new QkscopeError('parameter', 'layer', `one of ${source.layers.join(', ')}`, String(wanted));
    const place = { layer, batch, head };
    const options: ProblemOptions = { ...ownOf(source, layer).options, ...given };
    const map = await this.#problem.open({ source, place, options: () => options }, signal);
    if (head >= map.heads) throw new QkscopeError('parameter', 'head', `below ${map.heads}`, String(head));
    if (batch >= map.batch) throw new QkscopeError('parameter', 'batch', `below ${map.batch}`, String(batch));
    this.#problem.show(map);
    const { normalizer, score, position } = settingsFrom(given);
    this.#opened.show({
      source,
      map,
      place,
      options: this.#problem.options,
      rules: [JSON.stringify([normalizer, score, position]), given],
      optionsOf: (at) => ({ ...ownOf(source, at).options, ...given }),
    });
    const fitting = (tokens: readonly string[] | undefined, size: number) =>
      tokens?.length === size ? tokens : undefined;
    const tokens = { queries: fitting(source.queryTokens, map.queries), keys: fitting(source.keyTokens, map.keys) };
    return { map, place, options: this.#problem.options, stage, colors, pool, tokens };
  }

  /** Makes the view that is asked for, unless it is there. */
  async #mount({ view: id, state }: Shown, signal: AbortSignal): Promise<void> {
    if (this.#view?.id === id) {
      if (state !== this.#view.state) this.#view.mounted?.restore(state);
      this.#view.state = state;
      return;
    }
    const section = await chapterOf(id, this.#opened)?.load();
    signal.throwIfAborted();
    this.#leave();
    const host = document.createElement('div');
    host.className = id === 'matrix' ? 'workspace' : `story-view story-${id}`;
    this.#host.append(host);
    const view: View = { id, state, heat: undefined, mounted: undefined };
    this.#view = view;
    const language = this.#language;
    if (!section) view.heat = new Heat(host, language, (cell) => this.#heard.point(cell));
    else
      view.mounted = section.mount(host, {
        language,
        state,
        remember: (now) => {
          if (now === view.state) return;
          view.state = now;
          this.#heard.state(now);
        },
        beyond: undefined,
      });
    if (section) await seen(host, signal);
  }

  #leave(): void {
    this.#view?.heat?.free();
    this.#view = undefined;
    this.#host.replaceChildren();
  }
}

/** Until there is something to see of a view: some ask for their numbers first. */
function seen(host: HTMLElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      sized.disconnect();
      if (signal.aborted) reject(signal.reason as Error);
      else resolve();
    };
    const sized = new ResizeObserver(([entry]) => entry && entry.contentRect.height > 0 && end());
    sized.observe(host);
    signal.addEventListener('abort', end, { once: true });
  });
}
