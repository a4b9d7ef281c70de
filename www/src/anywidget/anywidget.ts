/**
 * A figure in a notebook: a module as anywidget's front ends load it (https://anywidget.dev/en/afm/), for Jupyter, marimo, MyST and
 * whoever else speaks that format. Traits of the model say what is shown; what happens in the figure is written into them.
 */
import '../element/define.ts';
import type { QkScopeElement } from '../element/public.d.ts';
import { FOLLOWED, hold, reported, shownBy } from './traits.ts';

/** The model as front ends hand it out: of what they offer, what is needed here. */
interface Model {
  get(trait: string): unknown;
  set(trait: string, value: unknown): void;
  on(event: string, heard: () => void): void;
  off(event: string, heard: () => void): void;
  save_changes(): void;
}

interface Context {
  model: Model;
  el: HTMLElement;
}

/** Shows the figure in `el`; what comes back takes it away again. */
function render({ model, el }: Context): () => void {
  // Where another version was registered first, that one is what there is.
  const figure = document.createElement('qk-scope');
  const view = new View(model, figure);
  el.append(figure);
  return () => {
    view.leave();
    figure.remove();
  };
}

/** The state that a figure of a model told last. */
const told = new WeakMap<Model, unknown>();

/** A figure and the model behind it: several may show the same. */
class View {
  readonly #model: Model;
  readonly #figure: QkScopeElement;
  /** The traits as the figure has them. */
  readonly #known = new Map<string, unknown>();
  readonly #left = new AbortController();
  #scheduled = false;

  constructor(model: Model, figure: QkScopeElement) {
    this.#model = model;
    this.#figure = figure;
    for (const trait of FOLLOWED) model.on(`change:${trait}`, this.#changed);
    for (const [event, traitsOf] of Object.entries(reported)) {
      const write = ({ detail }: CustomEventInit): void => this.#write(traitsOf(detail));
      figure.addEventListener(event, write as EventListener, { signal: this.#left.signal });
    }
    this.#follow();
  }

  leave(): void {
    for (const trait of FOLLOWED) this.#model.off(`change:${trait}`, this.#changed);
    this.#left.abort();
  }

  /** Several traits that are set at a time are one change. */
  readonly #changed = (): void => {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (!this.#left.signal.aborted) this.#follow();
    });
  };

  /** Hands the figure the traits that it does not have yet. */
  #follow(): void {
    const isNew = (trait: string): boolean => this.#known.get(trait) !== this.#model.get(trait);
    if (isNew('view') && !isNew('state')) this.#forget();
    const news = FOLLOWED.filter(isNew);
    for (const trait of news) this.#known.set(trait, this.#model.get(trait));
    for (const [traits, show] of shownBy) {
      if (traits.some((trait) => news.includes(trait))) show(this.#figure, (trait) => this.#known.get(trait));
    }
  }

  /** Takes back the state that was told, for every figure of the model: what was come to in one view means nothing to another. */
  #forget(): void {
    const state = told.get(this.#model);
    if (!state || this.#model.get('state') !== state) return;
    told.delete(this.#model);
    this.#model.set('state', '');
    this.#model.save_changes();
  }

  /** Writes what the figure tells into traits that there are and say another; the figure itself knows it already. */
  #write(traits: Record<string, unknown>): void {
    const news = Object.entries(traits).filter(
      ([trait, value]) => ![undefined, value].includes(this.#model.get(trait)),
    );
    if (news.length === 0) return;
    if (traits['state']) told.set(this.#model, traits['state']);
    for (const [trait, value] of news) {
      this.#known.set(trait, value);
      hold(this.#figure, trait, value);
      this.#model.set(trait, value);
    }
    this.#model.save_changes();
  }
}

export default { render };
