// On which ground a figure stands, light or dark, as the site says it.
//
// Sites say it by the property `color-scheme`, which a figure inherits. Some do not: there the ground is as light as it looks.

import type { Theme } from './attributes.ts';

export class Ground {
  readonly #host: HTMLElement;
  readonly #frame: HTMLElement;
  readonly #changed: () => void;
  readonly #system = globalThis.matchMedia?.('(prefers-color-scheme: dark)');
  /** Sees the classes and attributes by which sites switch, where nothing else tells of it. */
  #switches: MutationObserver | undefined;
  #theme: Theme = 'auto';

  /** `changed` hears that the ground is another. */
  constructor(host: HTMLElement, frame: HTMLElement, changed: () => void) {
    this.#host = host;
    this.#frame = frame;
    this.#changed = changed;
    // A colour that depends on the scheme has a transition, which begins when the scheme is another.
    frame.addEventListener('transitionrun', ({ target }) => target === frame && this.#look());
  }

  set theme(theme: Theme) {
    this.#theme = theme;
    this.#look();
  }

  watch(): void {
    this.#system?.addEventListener('change', this.#look);
    this.#switches = new MutationObserver(this.#look);
    for (const node of [document.documentElement, document.body]) {
      this.#switches.observe(node, { attributes: true, attributeFilter: ['class', 'style', 'data-theme'] });
    }
  }

  leave(): void {
    this.#system?.removeEventListener('change', this.#look);
    this.#switches?.disconnect();
    this.#switches = undefined;
  }

  readonly #look = (): void => {
    const ground = this.#theme === 'auto' ? this.#around() : this.#theme;
    if (ground) this.#frame.dataset['ground'] = ground;
    else delete this.#frame.dataset['ground'];
    this.#changed();
  };

  /** What the site looks like where it does not say; undefined: it says it. */
  #around(): 'light' | 'dark' | undefined {
    if (getComputedStyle(this.#host).colorScheme !== 'normal') return undefined;
    for (let node: Element | null = this.#host; node; node = node.parentElement) {
      const light = lightness(getComputedStyle(node).backgroundColor);
      if (light !== undefined) return light < 0.5 ? 'dark' : 'light';
    }
    return 'light';
  }
}

/** How light a colour is, from 0 to 1; undefined where one sees through it. */
function lightness(color: string): number | undefined {
  const [red, green, blue, alpha = 1] = (color.match(/[\d.]+/g) ?? []).map(Number);
  if (red === undefined || green === undefined || blue === undefined || alpha < 0.5) return undefined;
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}
