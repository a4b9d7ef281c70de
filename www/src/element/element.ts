/**
 * `<qk-scope>`: a figure of attention in a page of documentation.
 *
 * Attributes say which numbers (`src`, `q`, `k`, `v`, `tokens`), which view of them, and how they are computed; each is a property as
 * well, and `data` and `options` take objects. Nothing is fetched and nothing computed before the figure is near the window. What
 * stands inside the element is seen until the figure is there, and where there are no scripts.
 */
import type { ProblemOptions } from '../engine/index.ts';
import { preferKernel } from '../engine/prefer.ts';
import { isEqual } from '../page/equal.ts';
import { reasonOf } from '../page/reason.ts';
import type { Work } from '../page/pickers.ts';
import type { Reading, Source } from '../page/source.ts';
import { ancestorsOf } from '../views/parts/dom.ts';
import { Latest } from '../views/parts/latest.ts';
import type { Language } from '../views/parts/text.ts';
import {
  addressIn,
  askedBy,
  ATTRIBUTES,
  DATA_ATTRIBUTES,
  DRESS_ATTRIBUTES,
  isOn,
  isPlace,
  languageIn,
  loadingIn,
  maskOf,
  MIRRORED,
  themeIn,
  written,
  type Asked,
  type Read,
} from './attributes.ts';
import { Changes } from './changes.ts';
import { AttributeError } from './fault.ts';
import { Figure, needsNumbers, type Place } from './figure.ts';
import { Ground } from './ground.ts';
import { optionsOf } from './members.ts';
import type { ReadyDetail } from './public.d.ts';
import { numbersIn, sourceIn, type Data } from './numbers.ts';
import { Shell } from './shell.ts';

/** Properties that a page may have set before the element was defined. */
const PROPERTIES = ['data', 'options', ...MIRRORED.keys()];

/** Which numbers: how often attributes have said others, and the property. */
interface Numbers {
  edition: number;
  data: Data | undefined;
}

/** How far from the window a figure begins to be made. */
const NEAR = '200px';

/** Importing this in Node, where pages are rendered ahead, defines a class that nobody makes an instance of. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

export class QkScopeElement extends Base {
  static readonly observedAttributes = ATTRIBUTES;

  readonly #said: Read = (name) => this.getAttribute(name);
  /** A mask may be long: what was made of one is kept from step to step. */
  readonly #mask = keptOf(maskOf);
  readonly #shell: Shell;
  readonly #figure: Figure;
  readonly #ground: Ground;
  readonly #changes = new Changes((detail) => this.#tell('qk-change', detail));
  readonly #jobs = new Latest((error) => this.#fail(error));
  #near: IntersectionObserver | undefined;
  /** Whether the window has come near, or nobody waits for that. */
  #awake = false;
  /** What is to be done once everything that is said at a time has been: dress the figure, or make it anew as well. */
  #due: 'dress' | 'make' | undefined;
  /** Whether it stands in a page, with all that it holds. */
  #alive = false;
  #data: Data | undefined;
  #options: ProblemOptions = {};
  /** How often attributes have said other numbers: to compare what they say would be to read it all. */
  #edition = 0;
  /** What was read, and from what. */
  #source: (Numbers & { source: Source }) | undefined;
  /** Which numbers are drawn. */
  #drawn: Numbers | undefined;
  /** The place that was chosen in the figure itself: each part counts until its attribute is set, or there are other numbers. */
  #chosen: Partial<Place> = {};
  /** Whether what was asked for last could not be shown: whatever is said next may mend it. */
  #failed = false;
  /** What is shown, as it was told. */
  #shown: ReadyDetail | undefined;
  /** The sign that numbers are on their way. */
  #loading: Work | undefined;

  constructor() {
    super();
    this.#shell = new Shell(this.attachShadow({ mode: 'open' }), {
      place: (change) => this.#choose(this.#figure.placeAt(change)),
      cancel: () => this.#cancel(),
      again: () => this.#schedule('make'),
    });
    this.#figure = new Figure(this.#shell.view, {
      point: ({ queries, keys, value, byKeyboard }) => {
        const state = [queries[0], keys[0]].join();
        this.#changes.hear({ view: 'matrix', state, queries: [...queries], keys: [...keys], value }, byKeyboard);
      },
      state: (view, state) => this.#changes.hear({ view, state }, false),
      read: () => this.#loading?.stop(),
      open: (place) => this.#choose(place),
      again: () => this.#schedule('make'),
    });
    this.#ground = new Ground(this, this.#shell.frame, {
      repaint: () => this.#figure.repaint(),
      speak: () => this.#schedule('dress'),
    });
  }

  /**
   * Numbers as an object: Q, K and more, or the bytes of a capture. Frameworks set a property where there is one, and so the text
   * of the attribute does as well.
   */
  get data(): Data | undefined {
    return this.#data;
  }

  set data(given: Data | undefined) {
    const data = typeof given === 'string' && given.trim() === '' ? undefined : (given ?? undefined);
    // Frameworks make an object that says the same with each rendering.
    if (isEqual(data, this.#data)) return;
    this.#data = data;
    this.#chosen = {};
    this.#schedule('make');
  }

  /** Options of the problem as the package takes them; they go before those of attributes. */
  get options(): ProblemOptions {
    return this.#options;
  }

  set options(options: ProblemOptions | undefined) {
    if (isEqual(options ?? {}, this.#options)) return;
    this.#options = options ?? {};
    this.#schedule('make');
  }

  /** What is seen, as the last `qk-ready` told it: attributes say what was asked for. */
  get shown(): ReadyDetail | undefined {
    return this.#shown;
  }

  connectedCallback(): void {
    // Moved, it stays as it was.
    if (this.#alive) return;
    this.#alive = true;
    for (const name of PROPERTIES) this.#upgrade(name);
    addEventListener('beforeprint', this.#wake);
    this.#ground.watch();
    this.#schedule('make');
  }

  disconnectedCallback(): void {
    // Who is moved is connected again before anything else happens.
    queueMicrotask(() => !this.isConnected && this.#alive && this.#release());
  }

  attributeChangedCallback(name: string, before: string | null, after: string | null): void {
    if (before === after) return;
    if (DATA_ATTRIBUTES.some((one) => one === name)) {
      this.#chosen = {};
      this.#edition += 1;
    }
    if (isPlace(name)) {
      const { [name]: chosen, ...others } = this.#chosen;
      this.#chosen = others;
      // What is asked for now is what was chosen: it is there, or on its way.
      if (chosen !== undefined && String(chosen) === after) return;
    }
    if (name === 'state') {
      this.#figure.renew();
      this.#changes.forget();
    }
    this.#schedule(DRESS_ATTRIBUTES.includes(name) ? 'dress' : 'make');
  }

  readonly #wake = (): void => {
    if (this.#awake) return;
    this.#awake = true;
    this.#schedule('make');
  };

  #upgrade(name: string): void {
    const own = Object.getOwnPropertyDescriptor(this, name);
    if (!own || !Reflect.deleteProperty(this, name)) return;
    Object.assign(this, { [name]: own.value as unknown });
  }

  #schedule(due: 'dress' | 'make'): void {
    if (!this.#alive) return;
    const scheduled = this.#due !== undefined;
    if (this.#due !== 'make') this.#due = due;
    if (!scheduled) queueMicrotask(() => this.#update());
  }

  #update(): void {
    const due = this.#failed ? 'make' : this.#due;
    this.#due = undefined;
    this.#failed = false;
    if (!this.#alive) return;
    try {
      this.#dress();
      if (due === 'make') this.#make();
    } catch (error) {
      this.#jobs.cancel();
      this.#fail(error);
    }
  }

  /** What is around the view: language, theme, caption and controls. */
  #dress(): void {
    const read = this.#said;
    const language = languageIn(read) ?? languageAround(this);
    this.#shell.language = this.#figure.language = language;
    this.#shell.caption = read('caption');
    this.#shell.controls = isOn(read('controls'));
    this.#ground.theme = themeIn(read);
  }

  #make(): void {
    const read = this.#said;
    const chosen = this.#chosen;
    const asked = { ...askedBy(read, this.#mask), ...chosen };
    if (!this.#awake && loadingIn(read) === 'lazy') return this.#wait();
    this.#near?.disconnect();
    this.#near = undefined;
    this.#awake = true;
    const kernel = addressIn(read, 'wasm-url', this.baseURI);
    if (kernel) preferKernel(kernel);
    const options = { ...asked.options, ...checkedOptions(this.#options) };
    this.#jobs.run((signal) => this.#show({ ...asked, options }, chosen, signal), true);
  }

  async #show(asked: Asked, chosen: Partial<Place>, signal: AbortSignal): Promise<void> {
    this.#changes.wait();
    const numbers = this.#numbers;
    const work = this.#shell.start('computing');
    const loading = needsNumbers(asked.view) ? this.#shell.start('loading') : undefined;
    this.#loading = loading;
    try {
      const source = loading && (await this.#read({ signal, onProgress: loading.progress }));
      signal.throwIfAborted();
      const given = sourceIn(this.#said, this.#data) !== undefined;
      const shown = { ...asked, source, given };
      const { choice, note } = await this.#figure.show(shown, { signal, onProgress: work.progress });
      signal.throwIfAborted();
      this.#shell.choice = choice;
      this.#shell.note = note;
      this.#shell.ready();
      this.#drawn = numbers;
      const { view, head, batch } = asked;
      const detail = { view, layer: this.#figure.layerOf(choice), head, batch, chosen } as ReadyDetail;
      this.#shown = detail;
      this.#tell('qk-ready', detail);
      this.#changes.ready(view);
    } finally {
      loading?.stop();
      work.stop();
    }
  }

  /** The numbers that are asked for, read anew where they are others. */
  async #read(reading: Reading): Promise<Source> {
    const asked = this.#numbers;
    if (isSame(this.#source, asked)) return this.#source.source;
    const source = await numbersIn(this.#said, asked.data, this.baseURI, reading);
    reading.signal.throwIfAborted();
    this.#source = { ...asked, source };
    return source;
  }

  /** Which numbers are asked for. */
  get #numbers(): Numbers {
    return { edition: this.#edition, data: this.#data };
  }

  #choose(place: Partial<Place>): void {
    this.#chosen = { ...this.#chosen, ...place };
    this.#schedule('make');
  }

  #cancel(): void {
    this.#jobs.cancel();
    this.#changes.ready();
    this.#clearOther();
    this.#shell.stop();
  }

  #wait(): void {
    if (this.#near) return;
    this.#near = new IntersectionObserver((entries) => entries.at(-1)?.isIntersecting && this.#wake(), {
      rootMargin: NEAR,
    });
    this.#near.observe(this);
  }

  #fail(error: unknown): void {
    const { language } = this.#shell;
    this.#failed = true;
    this.#changes.ready();
    this.#clearOther();
    this.#shell.fail(`${reasonOf(error, language)}${language === 'zh' ? '。' : '.'}`);
    this.#tell('qk-error', { error });
  }

  #tell(name: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }

  /** Gives everything back: it begins anew where it is put into a page again. */
  #release(): void {
    this.#alive = this.#awake = this.#failed = false;
    removeEventListener('beforeprint', this.#wake);
    this.#near?.disconnect();
    this.#near = undefined;
    this.#jobs.cancel();
    this.#ground.leave();
    this.#clear();
    this.#source = this.#due = undefined;
    this.#chosen = {};
  }

  /** Better nothing than other numbers than those that are asked for, or a frame without a view. */
  #clearOther(): void {
    if (this.#drawn && (this.#figure.isEmpty || !isSame(this.#drawn, this.#numbers))) this.#clear();
  }

  /** As before anything was shown. */
  #clear(): void {
    this.#figure.free();
    this.#changes.forget();
    this.#shell.clear();
    this.#shown = this.#drawn = undefined;
  }
}

const isSame = <T extends Numbers>(one: T | undefined, other: Numbers): one is T =>
  one?.edition === other.edition && one.data === other.data;

for (const [property, attribute] of MIRRORED) {
  Object.defineProperty(QkScopeElement.prototype, property, {
    enumerable: true,
    configurable: true,
    get(this: QkScopeElement) {
      return this.getAttribute(attribute);
    },
    set(this: QkScopeElement, value: unknown) {
      const words = written(attribute, value);
      if (words === null) this.removeAttribute(attribute);
      else this.setAttribute(attribute, words);
    },
  });
}

/** A property takes anything: of a text, or a list, the parts would be options. */
function checkedOptions(options: unknown): ProblemOptions {
  if (typeof options === 'object' && options && !Array.isArray(options)) return optionsOf(options);
  throw new AttributeError('options', 'an object', options);
}

/** Makes something of a text, and keeps it until there is another one. */
function keptOf<T>(make: (text: string) => T): (text: string) => T {
  let kept: { text: string; made: T } | undefined;
  return (text) => (kept = kept?.text === text ? kept : { text, made: make(text) }).made;
}

/** The language of what stands around an element. */
function languageAround(node: Element): Language {
  let tag = '';
  for (const around of ancestorsOf(node)) tag ||= around.getAttribute('lang') ?? '';
  return (tag || navigator.language).toLowerCase().startsWith('zh') ? 'zh' : 'en';
}
