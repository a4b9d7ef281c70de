// The legend: which colour is which number, and what the tones beside the scale mean.

import { element } from './dom.ts';
import { formatNumber } from './format.ts';
import { hatchRemoved } from './hatch.ts';
import { isDark, neutralTones, putPicture, type Painter, type Palette } from './palette.ts';
import { phrase, type Language } from './text.ts';

const STEPS = 256;

const text = {
  removed: { en: 'removed by the mask', zh: '被掩码去除' },
  invalid: { en: 'not a number', zh: '非数值' },
};

/** The colour scale with its numbers. */
export class Legend {
  readonly element: HTMLElement;
  readonly #scale = element('canvas', { width: STEPS, height: 1, class: 'legend-scale', role: 'img' });
  readonly #numbers = element('div', { class: 'legend-numbers' });
  readonly #removed = element('canvas', { width: 20, height: 20, class: 'legend-swatch', 'aria-hidden': 'true' });
  readonly #removedNote = element('span', { class: 'legend-note legend-absent' });
  readonly #invalidNote = element('span', { class: 'legend-note legend-absent' });
  readonly #paint: Painter;

  constructor(paint: Painter) {
    this.#paint = paint;
    const scale = element('div', { class: 'legend-bar' }, this.#scale, this.#numbers);
    const notes = element('div', { class: 'legend-notes' }, this.#removedNote, this.#invalidNote);
    this.element = element('div', { class: 'legend' }, scale, notes);
  }

  /** Writes the notes. They have their room before their tones occur, so that nothing moves when they do. */
  set language(language: Language) {
    const invalid = element('span', { class: 'legend-swatch legend-invalid', 'aria-hidden': 'true' });
    this.#removedNote.replaceChildren(this.#removed, phrase(text.removed, language));
    this.#invalidNote.replaceChildren(invalid, phrase(text.invalid, language));
  }

  /** Shows the scale of `palette`, the name of what it measures, and notes for the tones that occur. */
  async show(palette: Palette, name: string, occurs: { removed: boolean; invalid: boolean }): Promise<void> {
    const numbers = [palette.low, (palette.low + palette.high) / 2, palette.high].map(formatNumber);
    this.#numbers.replaceChildren(...numbers.map((number) => element('span', {}, number)));
    this.#scale.setAttribute('aria-label', `${name}: ${numbers[0]} – ${numbers[2]}`);
    if (occurs.removed) this.#drawRemoved();
    this.#removedNote.classList.toggle('legend-absent', !occurs.removed);
    this.#invalidNote.classList.toggle('legend-absent', !occurs.invalid);
    const context = this.#scale.getContext('2d');
    if (!context) return;
    const size = { rows: 1, columns: STEPS, width: STEPS, height: 1 };
    putPicture(context, await this.#paint(ramp(palette.low, palette.high), { ...size, ...palette }));
  }

  #drawRemoved(): void {
    const context = this.#removed.getContext('2d');
    if (!context) return;
    const tones = neutralTones(isDark(this.element));
    context.fillStyle = `rgb(${tones.removed.join(' ')})`;
    context.fillRect(0, 0, 20, 20);
    hatchRemoved(context, new Float32Array([-Infinity]), 1, 1, tones.ink);
  }
}

function ramp(low: number, high: number): Float32Array {
  return Float32Array.from({ length: STEPS }, (_, step) => low + ((high - low) * step) / (STEPS - 1));
}
