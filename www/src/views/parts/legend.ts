// The legend: which colour is which number, and what the tones beside the scale mean.

import { element } from './dom.ts';
import { formatTrimmed } from './format.ts';
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
  readonly #scale = element('canvas', { width: STEPS, height: 1, class: 'legend-scale', 'aria-hidden': 'true' });
  readonly #numbers = element('div', { class: 'legend-numbers' });
  readonly #removed = element('canvas', { width: 20, height: 20, class: 'legend-swatch', 'aria-hidden': 'true' });
  readonly #removedNote = element('span', { class: 'legend-note legend-absent' });
  readonly #invalidNote = element('span', { class: 'legend-note legend-absent' });
  readonly #paint: Painter;
  /** Whether each colour of the scale is light. */
  #light: readonly boolean[] = [];
  #range = { low: 0, high: 1 };

  constructor(paint: Painter) {
    this.#paint = paint;
    const scale = element('div', { class: 'legend-bar' }, this.#scale, this.#numbers);
    const notes = element('div', { class: 'legend-notes' }, this.#removedNote, this.#invalidNote);
    this.element = element('div', { class: 'legend' }, scale, notes);
  }

  /** The scale as it is painted. */
  get scale(): HTMLCanvasElement {
    return this.#scale;
  }

  /** Writes the notes. They have their room before their tones occur, so that nothing moves when they do. */
  set language(language: Language) {
    const invalid = element('span', { class: 'legend-swatch legend-invalid', 'aria-hidden': 'true' });
    this.#removedNote.replaceChildren(this.#removed, phrase(text.removed, language));
    this.#invalidNote.replaceChildren(invalid, phrase(text.invalid, language));
  }

  /** Shows notes for the tones beside the scale that occur. */
  mark(occurs: { removed: boolean; invalid: boolean }): void {
    this.#removedNote.classList.toggle('legend-absent', !occurs.removed);
    this.#invalidNote.classList.toggle('legend-absent', !occurs.invalid);
  }

  /** Shows the scale of `palette`, and the name of what it measures. */
  async show(palette: Palette, name: string): Promise<void> {
    const numbers = [palette.low, (palette.low + palette.high) / 2, palette.high].map(formatTrimmed);
    this.#numbers.replaceChildren(...numbers.map((number) => element('span', {}, number)));
    this.#scale.removeAttribute('aria-hidden');
    this.#scale.role = 'img';
    this.#scale.setAttribute('aria-label', `${name}: ${numbers[0]} – ${numbers[2]}`);
    this.#drawRemoved();
    const context = this.#scale.getContext('2d', { willReadFrequently: true });
    if (!context) return;
    const size = { rows: 1, columns: STEPS, width: STEPS, height: 1 };
    putPicture(context, await this.#paint(ramp(palette.low, palette.high), { ...size, ...palette }));
    const { data } = context.getImageData(0, 0, STEPS, 1);
    this.#light = Array.from({ length: STEPS }, (_, step) => isLightColor(data.subarray(4 * step, 4 * step + 3)));
    this.#range = { low: palette.low, high: palette.high };
  }

  /** The scale as a picture, and the numbers at its ends and in its middle. */
  get taken(): { scale: string; numbers: string[] } {
    return {
      scale: this.#scale.toDataURL(),
      numbers: [...this.#numbers.children].map(({ textContent }) => textContent ?? ''),
    };
  }

  /** Whether the colour of `value` is light, so that dark writing is read on it. */
  isLight(value: number): boolean {
    const { low, high } = this.#range;
    const share = (value - low) / (high - low || 1);
    return this.#light[Math.max(0, Math.min(STEPS - 1, Math.floor(share * STEPS)))] ?? true;
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

/** Whether black is read better than white: by relative luminance (WCAG 2.2), where the two contrasts are equal. */
function isLightColor(rgb: Uint8ClampedArray): boolean {
  const [red = 0, green = 0, blue = 0] = Array.from(rgb, (byte) => {
    const share = byte / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179;
}

function ramp(low: number, high: number): Float32Array {
  return Float32Array.from({ length: STEPS }, (_, step) => low + ((high - low) * step) / (STEPS - 1));
}
