// Says on the plot that it shows sampled rows, how far the pass over all of them is, and lets it be stopped and gone on with.

import { element } from './dom.ts';
import { phrase, type Language } from './text.ts';

/** A pass under way or stopped. */
export interface Pass {
  /** Of so many groups of rows one is shown. */
  sampled: number;
  /** How far it is, 0 to 1; undefined: it was stopped. */
  fraction: number | undefined;
}

const text = {
  sampled: { en: 'Sampled: 1 in {every}', zh: '抽样：1/{every}' },
  about: {
    en: 'Sampled: rows that are still to come stand in their neighbours, one group of eight in {every}.',
    zh: '抽样：尚未计算的行由邻近行代替，每 {every} 组（每组八行）取一组。',
  },
  progress: { en: 'Computing all rows', zh: '正在计算全部行' },
  stop: { en: 'Stop', zh: '停止' },
  resume: { en: 'All rows', zh: '计算全部行' },
};

/** A sign over a corner of the plot. */
export class PassMark {
  readonly #words = element('span', { class: 'pass-words' });
  readonly #bar = element('progress', { max: 1, value: 0 });
  readonly #button = element('button', { type: 'button', class: 'button quiet' });
  /** Says it once to those who hear the page; it stands there before it has words. */
  readonly status = element('p', { class: 'visually-hidden', 'aria-live': 'polite' });
  readonly element = element('div', { class: 'pass', hidden: true }, this.#words, this.#bar, this.#button);
  #running = false;
  /** What is said. It is heard many times a second how far the pass is; a percent is what can be seen. */
  #said = '';

  constructor(to: { stop: () => void; resume: () => void }) {
    this.#button.addEventListener('click', () => (this.#running ? to.stop() : to.resume()));
  }

  show(pass: Pass | undefined, language: Language): void {
    const percent = pass?.fraction === undefined ? undefined : Math.floor(100 * pass.fraction);
    const said = JSON.stringify([pass?.sampled, percent, language]);
    if (said === this.#said) return;
    this.#said = said;
    this.element.hidden = pass === undefined;
    const about = pass ? phrase(text.about, language, { every: pass.sampled }) : '';
    if (this.status.textContent !== about) this.status.textContent = about;
    if (!pass) return;
    this.#running = pass.fraction !== undefined;
    this.element.title = about;
    this.#words.textContent = phrase(text.sampled, language, { every: pass.sampled });
    this.#bar.hidden = !this.#running;
    this.#bar.value = pass.fraction ?? 0;
    this.#bar.setAttribute('aria-label', text.progress[language]);
    this.#button.textContent = (this.#running ? text.stop : text.resume)[language];
  }
}
