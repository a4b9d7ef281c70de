// Steps that one can play: back, play, forward, and a slider over all of them.

import { element, listenWeakly, svg, uniqueId } from './dom.ts';
import { phrase, type Language } from './text.ts';

/** How long a step stays while they are played: to look, and to read each character of what is said of it. */
const LOOK_MS = 1500;
const READ_MS: Record<Language, number> = { en: 40, zh: 130 };

const text = {
  group: { en: 'Steps', zh: '步骤' },
  back: { en: 'Back', zh: '后退' },
  play: { en: 'Play', zh: '播放' },
  pause: { en: 'Pause', zh: '暂停' },
  forward: { en: 'Step', zh: '前进' },
  at: { en: '{name}, step {step} of {count}', zh: '{name}，第 {step} 步，共 {count} 步' },
};

/** Signs as lines in a square of 16. */
const SIGNS = {
  back: 'M10.5 3 5 8l5.5 5',
  play: 'M5 3v10l8-5z',
  pause: 'M5 3v10M11 3v10',
  forward: 'M5.5 3 11 8l-5.5 5',
};

/** The buttons and the slider. Where motion is to be spared nothing plays by itself. */
export class Player {
  /** Made where no instance is in sight, which it would hold. */
  static readonly #changed = (one: Player): void => one.#quiet();

  readonly element: HTMLElement;
  readonly #go: (step: number) => void;
  readonly #back = button('back');
  readonly #play = button('play');
  readonly #forward = button('forward');
  readonly #slider = element('input', { type: 'range', name: 'steps-at', min: 0, step: 1, id: uniqueId('steps-at') });
  readonly #still = matchMedia('(prefers-reduced-motion: reduce)');
  #timer: ReturnType<typeof setTimeout> | undefined;
  #names: readonly string[] = [];
  #at = 0;
  #stay = LOOK_MS;
  #language: Language = 'en';

  /** `go` hears which step to show. */
  constructor(go: (step: number) => void) {
    this.#go = go;
    this.element = element('div', { class: 'steps-player', role: 'group' });
    this.element.append(this.#back, this.#play, this.#forward, this.#slider);
    this.#back.addEventListener('click', () => this.move(-1));
    this.#forward.addEventListener('click', () => this.move(1));
    this.#play.addEventListener('click', () => this.#toggle());
    this.#slider.addEventListener('input', () => this.jump(this.#slider.valueAsNumber));
    listenWeakly(this.#still, 'change', this, Player.#changed);
    this.#quiet();
  }

  /** Shows the step at `at` of those called `names`, of which so many characters are to be read. */
  show(names: readonly string[], at: number, language: Language, toRead: number): void {
    [this.#names, this.#at, this.#language] = [names, at, language];
    this.#stay = LOOK_MS + READ_MS[language] * toRead;
    const most = Math.max(0, names.length - 1);
    this.element.setAttribute('aria-label', text.group[language]);
    this.#slider.setAttribute('aria-label', text.group[language]);
    this.#slider.max = String(most);
    this.#slider.value = String(at);
    this.#slider.style.setProperty('--filled', `${most ? (100 * at) / most : 0}%`);
    const values = { name: names[at] ?? '', step: at + 1, count: names.length };
    this.#slider.setAttribute('aria-valuetext', phrase(text.at, language, values));
    this.#name();
    this.#back.setAttribute('aria-disabled', String(at <= 0));
    this.#forward.setAttribute('aria-disabled', String(at >= most));
    if (at >= most) this.pause();
  }

  /** Goes `by` steps further, if there are as many. Whoever steps plays no more. */
  move(by: number): void {
    this.jump(this.#at + by);
  }

  /** Goes to a step, if there is one. */
  jump(to: number): void {
    this.pause();
    if (to >= 0 && to < this.#names.length && to !== this.#at) this.#go(to);
  }

  /** Stops playing. */
  pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#name();
  }

  #toggle(): void {
    if (this.#timer !== undefined) return this.pause();
    if (this.#names.length < 2) return;
    this.#playTo(this.#isLast ? 0 : this.#at + 1);
  }

  /** Shows a step, and the next one once this has been read. */
  #playTo(step: number): void {
    this.#go(step);
    this.#timer = this.#isLast ? undefined : setTimeout(() => this.#next(), this.#stay);
    this.#name();
  }

  #next(): void {
    if (this.element.isConnected && !this.#isLast) this.#playTo(this.#at + 1);
    else this.pause();
  }

  get #isLast(): boolean {
    return this.#at >= this.#names.length - 1;
  }

  #quiet(): void {
    this.#play.hidden = this.#still.matches;
    if (this.#still.matches) this.pause();
  }

  #name(): void {
    const playing = this.#timer !== undefined;
    const named = [
      [this.#back, text.back, 'back'],
      [this.#play, playing ? text.pause : text.play, playing ? 'pause' : 'play'],
      [this.#forward, text.forward, 'forward'],
    ] as const;
    for (const [one, name, sign] of named) {
      one.querySelector('path')?.setAttribute('d', SIGNS[sign]);
      one.setAttribute('aria-label', name[this.#language]);
      one.title = name[this.#language];
    }
  }
}

function button(name: 'back' | 'play' | 'forward'): HTMLButtonElement {
  const sign = svg('svg', { viewBox: '0 0 16 16', 'aria-hidden': 'true' }, svg('path', {}));
  return element('button', { type: 'button', class: 'steps-button', name: `steps-${name}` }, sign);
}
