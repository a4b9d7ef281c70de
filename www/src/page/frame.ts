// What stands in the page's HTML, whatever is open in it: its words in both languages, and the switches of language and theme. It is
// there before anything is painted, so that text appears once, in the visitor's language, and before the page's own script is.

import type { Language } from '../views/parts/text.ts';

export type Theme = 'auto' | 'light' | 'dark';

/** What an address says that matters before the page is made. */
export interface Asked {
  language?: Language | undefined;
  theme?: Theme | undefined;
  /** The part of the page that it leads to. */
  at?: string | undefined;
}

/** Who hears what the visitor switches. */
export interface Heard {
  language(language: Language): void;
  theme(theme: Theme): void;
}

export class Frame {
  readonly #root = document.documentElement;
  readonly #main = document.querySelector('main')!;
  readonly #switches = document.querySelectorAll<HTMLInputElement>('#switches input');
  readonly #english = new Map<HTMLElement, string>();
  /** What the visitor has asked for here before the page is made, which goes before what its address says. */
  readonly #pressed: Asked = {};
  heard: Heard | undefined;

  constructor(hash: string) {
    if (navigator.language.toLowerCase().startsWith('zh')) this.language = 'zh';
    const { at } = this.follow(hash);
    for (const input of this.#switches) input.addEventListener('change', () => this.#switch(input));
    document.querySelector('#to-explore')!.addEventListener('click', (event) => this.#lead(event));
    this.busy = true;
    // Better nothing for a moment than what is left at once.
    if (at) this.#root.dataset['leads'] = '';
  }

  /** What `hash` asks for; what is no language and no theme is passed over. What it says of the matrix leads there. */
  read(hash: string): Asked {
    const entries = new URLSearchParams(hash.replace(/^#/, ''));
    const one = <T extends string>(name: string, ...allowed: T[]) =>
      allowed.find((value) => value === entries.get(name));
    return {
      language: one('lang', 'en', 'zh'),
      theme: one('theme', 'auto', 'light', 'dark'),
      at: entries.get('at') ?? (entries.has('sight') || entries.has('lock') ? 'explore' : undefined),
    };
  }

  /** Says and shows what is asked for by `hash`, and before it by what was pressed; returns that. */
  follow(hash: string): Asked {
    const asked = { ...this.read(hash), ...this.#pressed };
    this.language = asked.language ?? this.language;
    this.theme = asked.theme ?? 'auto';
    return asked;
  }

  get language(): Language {
    return this.#root.lang === 'en' ? 'en' : 'zh';
  }

  set language(language: Language) {
    this.#check('language', language);
    this.translate(this.#root, language);
  }

  /** Puts the words of the HTML in `part` into `language`, unless they are. @returns whether they were not. */
  translate(part: HTMLElement, language: Language): boolean {
    const lang = language === 'zh' ? 'zh-Hans' : 'en';
    if (part.lang === lang) return false;
    part.lang = lang;
    for (const node of part.querySelectorAll<HTMLElement>('[data-zh]')) {
      if (!this.#english.has(node)) this.#english.set(node, node.textContent);
      const words = language === 'zh' ? node.dataset['zh']! : this.#english.get(node)!;
      if (node.textContent !== words) node.textContent = words;
    }
    return true;
  }

  get theme(): Theme {
    return this.#root.dataset['theme'] as Theme;
  }

  set theme(theme: Theme) {
    this.#root.dataset['theme'] = theme;
    this.#check('theme', theme);
  }

  set busy(busy: boolean) {
    this.#main.ariaBusy = busy ? 'true' : null;
  }

  /** The page is made, or never will be. */
  ready(): void {
    this.busy = false;
    delete this.#root.dataset['leads'];
  }

  /** The way to the explorer, before that is there: by itself the link would say nothing of what the address asks for. */
  #lead(event: Event): void {
    if (this.heard || this.#main.ariaBusy !== 'true') return;
    event.preventDefault();
    this.#pressed.at = 'explore';
  }

  #check(name: string, chosen: string): void {
    for (const input of this.#switches) if (input.name === name) input.checked = input.value === chosen;
  }

  #switch({ name, value }: HTMLInputElement): void {
    if (name === 'language') {
      const language = value as Language;
      if (this.heard) this.heard.language(language);
      else this.#pressed.language = this.language = language;
    } else {
      this.theme = value as Theme;
      if (this.heard) this.heard.theme(this.theme);
      else this.#pressed.theme = this.theme;
    }
  }
}
