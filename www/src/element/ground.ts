// On which ground a figure stands, light or dark, as the site says it, and when the site says another language.
//
// Sites say it by the property `color-scheme`, which a figure inherits. Some do not: there the ground is as light as it looks.

import { element, paperUnder } from '../views/parts/dom.ts';
import type { Theme } from './attributes.ts';

/** Who hears of it. */
export interface GroundHeard {
  /** It is another. */
  repaint(): void;
  /** The site says another language. */
  speak(): void;
}

export class Ground {
  readonly #host: HTMLElement;
  readonly #frame: HTMLElement;
  readonly #heard: GroundHeard;
  readonly #system = globalThis.matchMedia?.('(prefers-color-scheme: dark)');
  /** Sees the classes and attributes by which sites switch. */
  #switches: MutationObserver | undefined;
  #theme: Theme = 'auto';
  /** What the figure was painted for last. */
  #scheme = '';

  constructor(host: HTMLElement, frame: HTMLElement, heard: GroundHeard) {
    this.#host = host;
    this.#frame = frame;
    this.#heard = heard;
    // A colour that depends on the scheme has a transition, which begins when the scheme is another.
    frame.addEventListener('transitionrun', ({ target }) => target === frame && this.#look());
  }

  set theme(theme: Theme) {
    this.#theme = theme;
    this.#look();
  }

  watch(): void {
    this.#system?.addEventListener('change', this.#look);
    this.#switches = new MutationObserver((changes) => {
      this.#look();
      if (changes.some(({ attributeName }) => attributeName === 'lang')) this.#heard.speak();
    });
    for (const node of [document.documentElement, document.body]) this.#switches.observe(node, { attributes: true });
    document.addEventListener('transitionend', this.#settled);
    this.#look();
  }

  leave(): void {
    this.#system?.removeEventListener('change', this.#look);
    this.#switches?.disconnect();
    this.#switches = undefined;
    document.removeEventListener('transitionend', this.#settled);
  }

  /** The site may take its time to another ground. */
  readonly #settled = ({ target }: Event): void => {
    if (target instanceof Element && target !== this.#host && target.contains(this.#host)) this.#look();
  };

  readonly #look = (): void => {
    if (!this.#switches) return;
    this.#frame.toggleAttribute(
      'data-paper',
      getComputedStyle(this.#host).getPropertyValue('--qk-paper').trim() !== '',
    );
    const ground = this.#theme === 'auto' ? this.#around() : this.#theme;
    if (ground) this.#frame.dataset['ground'] = ground;
    else delete this.#frame.dataset['ground'];
    this.#cover();
    const scheme = `${getComputedStyle(this.#frame).colorScheme} ${this.#system?.matches}`;
    if (scheme === this.#scheme) return;
    this.#scheme = scheme;
    this.#heard.repaint();
  };

  /** What lies over something else in it has the colour of what it stands on; told to be light or dark, it brings its own. */
  #cover(): void {
    const { style } = this.#frame;
    if (this.#theme === 'auto') style.setProperty('--paper', paperUnder(this.#frame, 'Canvas'));
    else style.removeProperty('--paper');
  }

  /** What the ground that it was given looks like, or the site, where that does not say; undefined: it says it. */
  #around(): 'light' | 'dark' | undefined {
    const isOwn = this.#frame.hasAttribute('data-paper');
    if (!isOwn && getComputedStyle(this.#host).colorScheme !== 'normal') return undefined;
    return isLight(paperUnder(this.#frame)) ? 'light' : 'dark';
  }
}

let pixel: CanvasRenderingContext2D | null | undefined;

/** Whether a colour, in whatever way it is written, is a light one. */
function isLight(color: string): boolean {
  pixel ??= element('canvas', { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
  if (!pixel) return true;
  pixel.fillStyle = 'white';
  pixel.fillRect(0, 0, 1, 1);
  pixel.fillStyle = color;
  pixel.fillRect(0, 0, 1, 1);
  const [red = 255, green = 255, blue = 255] = pixel.getImageData(0, 0, 1, 1).data;
  // As luma has it (ITU-R BT.709): near enough to tell paper from slate.
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 127;
}
