/**
 * `<qk-scope>`: a figure of attention in a page of documentation.
 *
 * Attributes say which numbers (`src`, `q`, `k`, `v`, `tokens`), which view of them, and how they are computed; properties of the same
 * names take the same, and `data` and `options` take objects. Nothing is fetched and nothing computed before the figure is near the
 * window. What stands inside the element is seen until the figure is there, and where there are no scripts.
 */
import type { ProblemOptions } from '../engine/index.ts';
import { reasonOf } from '../page/reason.ts';
import type { Reading, Source } from '../page/source.ts';
import { element } from '../views/parts/dom.ts';
import type { Language } from '../views/parts/text.ts';
import {
  askedBy,
  ATTRIBUTES,
  DATA_ATTRIBUTES,
  jsonIn,
  languageIn,
  MIRRORED,
  PLACE_ATTRIBUTES,
  written,
  loadingIn,
  themeIn,
  type Asked,
} from './attributes.ts';
import { AttributeError } from './fault.ts';
import { Figure, type Choice } from './figure.ts';
import { fromCapture, fromGiven, type Given } from './numbers.ts';
import { figureSheet } from './sheets.ts';
import { preferKernel } from '../engine/prefer.ts';
import { Busy, listed, numbered, stepper } from '../page/pickers.ts';
import { replaceKeepingFocus } from '../page/toolbar.ts';
import { text } from '../page/text.ts';
import { Latest } from '../views/parts/latest.ts';
import { Ground } from './ground.ts';
import { VIEWS } from './views.ts';

/** Properties that a page may have set before the element was defined. */
const PROPERTIES = ['data', 'options', ...MIRRORED.keys()];

/** A place that was chosen in a figure. */
type Chosen = Partial<Pick<Asked, 'layer' | 'head' | 'batch'>>;

/** How far from the window a figure begins to be made. */
const NEAR = '200px';

/** Importing this in Node, where pages are rendered ahead, defines a class that nobody makes an instance of. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

export class QkScopeElement extends Base {
  static readonly observedAttributes = ATTRIBUTES;

  readonly #frame: HTMLElement;
  readonly #bar: HTMLElement;
  readonly #view: HTMLElement;
  readonly #status: HTMLElement;
  readonly #caption: HTMLElement;
  readonly #figure: Figure;
  readonly #busy: Busy;
  readonly #ground: Ground;
  readonly #jobs = new Latest((error) => this.#fail(error));
  #near: IntersectionObserver | undefined;
  /** Whether the window has come near, or nobody waits for that. */
  #awake = false;
  #scheduled = false;
  /** Whether it stands in a page, with all that it holds. */
  #alive = false;
  #data: Given | Blob | ArrayBuffer | undefined;
  #options: ProblemOptions = {};
  /** What was read, and from what. */
  #source: { key: string; data: unknown; source: Source } | undefined;
  /** What was chosen in the figure itself: it counts until attributes say something else. */
  #chosen: Chosen = {};
  /** What there is to choose from. */
  #choice: Choice | undefined;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [figureSheet()];
    this.#bar = element('div', { class: 'pickers', part: 'controls', hidden: true });
    this.#view = element('div', { part: 'view' });
    this.#status = element('p', { class: 'fault', part: 'error', role: 'alert', hidden: true });
    this.#caption = element('figcaption', { class: 'caption', part: 'caption', hidden: true });
    const fallback = document.createElement('slot');
    this.#frame = element(
      'figure',
      { class: 'figure', part: 'figure' },
      this.#status,
      fallback,
      this.#bar,
      this.#view,
      this.#caption,
    );
    root.append(this.#frame);
    this.#busy = new Busy(this.#frame, () => this.#cancel());
    this.#ground = new Ground(this, this.#frame, () => this.#figure.repaint());
    this.#figure = new Figure(this.#view, 'en', {
      point: ({ queries, keys, value }) => this.#tell('qk-change', { view: 'matrix', queries, keys, value }),
      state: (state) => this.#tell('qk-change', { view: this.#asked?.view, state }),
      open: ({ layer, head }) => this.#choose({ layer: this.#choice?.layers[layer], head }),
    });
  }

  /** Numbers as an object: Q, K and more, or the bytes of a capture. */
  get data(): Given | Blob | ArrayBuffer | undefined {
    return this.#data;
  }

  set data(data: Given | Blob | ArrayBuffer | undefined) {
    this.#data = data;
    this.#schedule();
  }

  /** Options of the problem as the package takes them; they go before those of attributes. */
  get options(): ProblemOptions {
    return this.#options;
  }

  set options(options: ProblemOptions) {
    this.#options = options ?? {};
    this.#schedule();
  }

  connectedCallback(): void {
    // Moved, it stays as it was.
    if (this.#alive) return;
    this.#alive = true;
    for (const name of PROPERTIES) this.#upgrade(name);
    addEventListener('beforeprint', this.#wake);
    this.#ground.watch();
    this.#schedule();
  }

  disconnectedCallback(): void {
    // Who is moved is connected again before anything else happens.
    queueMicrotask(() => !this.isConnected && this.#alive && this.#release());
  }

  attributeChangedCallback(name: string): void {
    if (PLACE_ATTRIBUTES.includes(name)) this.#chosen = {};
    this.#schedule();
  }

  readonly #wake = (): void => {
    this.#near?.disconnect();
    this.#near = undefined;
    this.#awake = true;
    this.#schedule();
  };

  /** A property that was set before the element was defined. */
  #upgrade(name: string): void {
    const own = Object.getOwnPropertyDescriptor(this, name);
    if (!own || !Reflect.deleteProperty(this, name)) return;
    Object.assign(this, { [name]: own.value as unknown });
  }

  /** Shows what is asked for, once everything that is said at a time has been. */
  #schedule(): void {
    if (this.#scheduled || !this.isConnected) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (this.isConnected) this.#update();
    });
  }

  #update(): void {
    const read = (name: string): string | null => this.getAttribute(name);
    try {
      this.#dress(read);
      if (!this.#awake && loadingIn(read) === 'lazy') return this.#wait();
      const asked = { ...askedBy(read), ...this.#chosen };
      const options = { ...asked.options, ...this.#options };
      this.#jobs.run((signal) => this.#show({ ...asked, options }, signal), true);
    } catch (error) {
      this.#fail(error);
    }
  }

  #asked: Asked | undefined;

  async #show(asked: Asked, signal: AbortSignal): Promise<void> {
    this.#frame.ariaBusy = 'true';
    const work = this.#busy.start(text.computing[this.#language], this.#language);
    try {
      await this.#make(asked, { signal, onProgress: work.progress });
    } finally {
      work.stop();
    }
  }

  async #make(asked: Asked, reading: Reading): Promise<void> {
    const { signal } = reading;
    const needs = VIEWS.find(({ id }) => id === asked.view)?.alone === false;
    const source = needs ? await this.#read(reading) : undefined;
    signal.throwIfAborted();
    this.#asked = asked;
    this.#choice = await this.#figure.show({ ...asked, source }, reading);
    signal.throwIfAborted();
    this.#offer();
    this.#status.hidden = true;
    this.#frame.ariaBusy = null;
    this.#frame.dataset['ready'] = '';
    this.#tell('qk-ready', { view: asked.view });
  }

  /** The numbers that are asked for, read anew where they are others. */
  async #read(reading: Reading): Promise<Source> {
    const read = (name: string): string | null => this.getAttribute(name);
    const key = JSON.stringify(DATA_ATTRIBUTES.map(read));
    if (this.#source?.key === key && this.#source.data === this.#data) return this.#source.source;
    const data = this.#data;
    const source = await this.#open(read, reading);
    this.#source = { key, data, source };
    return source;
  }

  async #open(read: (name: string) => string | null, reading: Reading) {
    const given = this.#data ?? jsonIn(read, 'data');
    if (given instanceof Blob || given instanceof ArrayBuffer) return fromCapture(given, this.baseURI, reading);
    if (given !== undefined) return fromGiven(given as Given);
    const src = read('src');
    if (src !== null) return fromCapture(src, this.baseURI, reading);
    const [q, k, v, tokens, keyTokens] = ['q', 'k', 'v', 'tokens', 'key-tokens'].map((name) => jsonIn(read, name));
    if (q === undefined) throw new AttributeError('src', 'an address, or q and k', '');
    return fromGiven({ q, k, v, tokens, keyTokens } as Given);
  }

  /** What is around the figure: language, theme and caption. */
  #dress(read: (name: string) => string | null): void {
    const language = languageIn(read) ?? languageAround(this);
    this.#frame.lang = language === 'zh' ? 'zh-Hans' : 'en';
    this.#figure.speak(language);
    this.#ground.theme = themeIn(read);
    const caption = read('caption');
    this.#caption.textContent = caption;
    this.#caption.hidden = caption === null;
    this.#frame.toggleAttribute('data-controls', read('controls') !== null);
    this.#offer();
    const address = read('wasm-url');
    if (address !== null) preferKernel(new URL(address, this.baseURI));
  }

  /** Layer, head and batch item to step through, where that is wanted and there are several. */
  #offer(): void {
    const choice = this.#choice;
    this.#bar.hidden = !choice || !this.#frame.hasAttribute('data-controls');
    if (!choice || this.#bar.hidden) return;
    const { layers, heads, batch, place } = choice;
    const axes = [
      { name: 'layer', steps: listed(layers.map(String)), chosen: (at: number) => ({ layer: layers[at] }) },
      { name: 'head', steps: numbered(heads), chosen: (head: number) => ({ head }) },
      { name: 'batch', steps: numbered(batch), chosen: (item: number) => ({ batch: item }) },
    ] as const;
    const steppers = axes
      .filter(({ steps }) => steps.count > 1)
      .map(({ name, steps, chosen }) =>
        stepper(name, steps, place[name], this.#language, (at) => this.#choose(chosen(at))),
      );
    replaceKeepingFocus(this.#bar, steppers);
  }

  #choose(chosen: Chosen): void {
    this.#chosen = { ...this.#chosen, ...chosen };
    this.#schedule();
  }

  get #language(): Language {
    return this.#frame.lang === 'en' ? 'en' : 'zh';
  }

  /** What takes long is not wanted any more: what stands inside the element does in its place, and a way to begin again. */
  #cancel(): void {
    this.#jobs.cancel();
    this.#frame.ariaBusy = null;
    const again = element('button', { type: 'button', class: 'button' }, text.again[this.#language]);
    again.addEventListener('click', () => {
      this.#status.hidden = true;
      this.#schedule();
    });
    this.#status.replaceChildren(again);
    this.#status.hidden = false;
  }

  #wait(): void {
    if (this.#near) return;
    this.#near = new IntersectionObserver((entries) => entries.at(-1)?.isIntersecting && this.#wake(), {
      rootMargin: NEAR,
    });
    this.#near.observe(this);
  }

  #fail(error: unknown): void {
    const language = this.#language;
    this.#frame.ariaBusy = null;
    this.#status.textContent = `${reasonOf(error, language)}${language === 'zh' ? '。' : '.'}`;
    this.#status.hidden = false;
    this.#tell('qk-error', { error });
  }

  #tell(name: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  #release(): void {
    this.#alive = false;
    removeEventListener('beforeprint', this.#wake);
    this.#near?.disconnect();
    this.#near = undefined;
    this.#jobs.cancel();
    this.#ground.leave();
    this.#figure.free();
    this.#source = undefined;
    delete this.#frame.dataset['ready'];
  }
}

for (const [property, attribute] of MIRRORED) {
  Object.defineProperty(QkScopeElement.prototype, property, {
    enumerable: true,
    configurable: true,
    get(this: QkScopeElement) {
      return this.getAttribute(attribute);
    },
    set(this: QkScopeElement, value: unknown) {
      const words = written(value);
      if (words === null) this.removeAttribute(attribute);
      else this.setAttribute(attribute, words);
    },
  });
}

/** The language of what stands around an element. */
function languageAround(node: Element): Language {
  const tag = node.closest('[lang]')?.getAttribute('lang') || navigator.language;
  return tag.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}
